//! What auth keeps in memory between requests: the signing key, and the keys derived from the shared secret.

use hmac::Mac as _;
use service::SecretKey;

use crate::password::Hasher;
use crate::signing_key::Signers;

/// What the use-cases of auth need beside a context. One per process; never printed.
pub struct Vault {
    secret_key: SecretKey,
    pub(crate) hasher: Hasher,
    pub(crate) signers: Signers,
}

impl Vault {
    /// A vault under the secret that the process was started with.
    #[must_use]
    pub fn new(secret_key: &SecretKey) -> Self {
        Self {
            secret_key: secret_key.clone(),
            hasher: Hasher::new(),
            signers: Signers::new(secret_key.derive("signing-key")),
        }
    }

    /// What attempts to log in are counted under: nobody without the secret learns the mail address from it.
    pub(crate) fn account(&self, email: &str) -> Vec<u8> {
        self.mac("login-attempt", email.as_bytes())
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
