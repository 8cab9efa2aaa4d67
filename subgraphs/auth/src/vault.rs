//! What auth keeps in memory between requests: the signing key, and the keys derived from the shared secret.

use hmac::Mac as _;
use service::SecretKey;
use store::Store;

use crate::account::Account;
use crate::line::Line;
use crate::signing_key::{self, Signers};

/// What the use-cases of auth need beside a context. One per process; never printed.
pub struct Vault {
    secret_key: SecretKey,
    /// Before the processors that hash passwords: all but one of the machine.
    pub(crate) line: Line,
    pub(crate) signers: Signers,
}

impl Vault {
    /// A vault under the secret that the process was started with.
    #[must_use]
    pub fn new(secret_key: &SecretKey) -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            secret_key: secret_key.clone(),
            line: Line::new(processors.saturating_sub(1)),
            signers: Signers::new(secret_key.derive(signing_key::PURPOSE)),
        }
    }

    /// The same, where tries are counted over all processes that share a store. Nobody stands in the line yet.
    #[must_use]
    pub fn sharing(self, store: &Store) -> Self {
        Self { line: self.line.counting_in(store.clone()), ..self }
    }

    /// What attempts to log in with a mail address are counted under.
    pub(crate) fn account(&self, email: &str) -> Account {
        Account(self.mac("login-attempt", email.as_bytes()))
    }

    /// What attempts with a one-time token are counted under: whoever has it may be anybody, and their failures are not
    /// those of the person that it is for.
    pub(crate) fn bearer(&self, token: &str) -> Account {
        Account(self.mac("token-attempt", token.as_bytes()))
    }

    /// Marks a device's token as one that this installation gave out for an account.
    pub(crate) fn device_tag(&self, account: &Account, token: &[u8]) -> Vec<u8> {
        self.mac("device-token", &[&account.0, token].concat())
    }

    /// Whether a mark, or its beginning, is of this token and this account.
    pub(crate) fn is_device_tag(&self, account: &Account, token: &[u8], tag: &[u8]) -> bool {
        let mac = self.secret_key.hmac("device-token").chain_update(&account.0).chain_update(token);
        mac.verify_truncated_left(tag).is_ok()
    }

    /// Marks a refresh token as one that this installation gave out.
    pub(crate) fn refresh_tag(&self, token: &[u8]) -> Vec<u8> {
        self.mac("refresh-token", token)
    }

    /// Whether a mark, or its beginning, is of this token.
    pub(crate) fn is_refresh_tag(&self, token: &[u8], tag: &[u8]) -> bool {
        self.secret_key.hmac("refresh-token").chain_update(token).verify_truncated_left(tag).is_ok()
    }

    /// The secret of the refresh token that follows another one, made with a salt.
    pub(crate) fn successor(&self, token: &[u8], salt: &[u8]) -> Vec<u8> {
        self.mac("refresh-successor", &[salt, token].concat())
    }

    fn mac(&self, purpose: &str, data: &[u8]) -> Vec<u8> {
        self.secret_key.hmac(purpose).chain_update(data).finalize().into_bytes().to_vec()
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

/// The vault of the process, from a resolver.
pub(crate) fn vault<'c>(gql: &'c async_graphql::Context<'_>) -> &'c Vault {
    gql.data_unchecked::<Vault>()
}
