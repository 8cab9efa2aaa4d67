//! The keys that access tokens are signed with: made when the first is needed, renewed every two months.

use std::sync::Arc;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use chrono::{DateTime, Duration, Utc};
use common::{Error, OrganizationId, Permission, Result};
use database::{Ctx, Database, Tx};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use service::SecretKey;
use service::token::Claims;
use tokio::sync::RwLock;
use uuid::Uuid;

/// What the key that private keys are sealed with is derived for.
pub(crate) const PURPOSE: &str = "signing-key";
/// How long a key signs.
const SIGNS_FOR: Duration = Duration::days(60);
/// How long it is published after that: longer than any token lives.
const PUBLISHED_FOR: Duration = Duration::days(1);
/// How long a process relies on the key that it knows: one that is deleted is out of use by then.
const KNOWN_FOR: Duration = Duration::minutes(5);
/// Bytes of an AES-GCM nonce.
const NONCE_BYTES: usize = 12;

// Use-cases.

/// The keys of this process.
pub(crate) struct Signers {
    cipher: Aes256Gcm,
    known: RwLock<Option<Known>>,
}

struct Known {
    signer: Arc<Signer>,
    until: DateTime<Utc>,
}

impl Signers {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { cipher: Aes256Gcm::new(&key.into()), known: RwLock::default() }
    }

    /// The key to sign with now. The first one who needs one makes it, for all processes.
    pub(crate) async fn current(&self, ctx: &Ctx) -> Result<Arc<Signer>> {
        let now = ctx.now();
        if let Some(known) = self.known.read().await.as_ref()
            && now < known.until
        {
            return Ok(known.signer.clone());
        }
        let mut known = self.known.write().await;
        let mut tx = ctx.begin(&Permission::PUBLIC).await?;
        let (signer, retires_at) = match self.newest(&mut tx).await? {
            Some(found) => found,
            None => self.make(&mut tx).await?,
        };
        tx.commit(()).await?;
        let signer = Arc::new(signer);
        *known = Some(Known { signer: signer.clone(), until: retires_at.min(now + KNOWN_FOR) });
        Ok(signer)
    }

    /// The newest key that this process can decrypt: after the secret changed, that is none of the old ones.
    async fn newest(&self, tx: &mut Tx) -> Result<Option<(Signer, DateTime<Utc>)>> {
        lock(tx).await?;
        for row in select_signing(tx).await? {
            match self.decrypt(&row.kid, &row.private_key) {
                Some(seed) => return Ok(Some((Signer::try_new(row.kid, &seed)?, row.retires_at))),
                None => {
                    tracing::warn!(kid = row.kid, "a signing key is of another SECRET_KEY and is not used")
                }
            }
        }
        Ok(None)
    }

    async fn make(&self, tx: &mut Tx) -> Result<(Signer, DateTime<Utc>)> {
        let seed: [u8; 32] = rand::random();
        let key = SigningKey::from_bytes(&seed);
        let kid = Uuid::now_v7().simple().to_string();
        let private_key = self.encrypt(&kid, &seed)?;
        let retires_at = tx.now() + SIGNS_FOR;
        insert(tx, &kid, key.verifying_key().as_bytes(), &private_key, retires_at).await?;
        Ok((Signer::try_new(kid, &seed)?, retires_at))
    }

    /// Nonce and ciphertext, bound to the key's id.
    fn encrypt(&self, kid: &str, seed: &[u8; 32]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload { msg: seed, aad: kid.as_bytes() };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::internal("a signing key could not be encrypted"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn decrypt(&self, kid: &str, private_key: &[u8]) -> Option<[u8; 32]> {
        let (nonce, sealed) = private_key.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: kid.as_bytes() };
        self.cipher.decrypt(&Nonce::from(*nonce), payload).ok()?.try_into().ok()
    }
}

/// How many signing keys there are, and how many of them a secret opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningKeys {
    /// Those that may still sign.
    pub all: usize,
    /// Those that the secret opens.
    pub opened: usize,
}

/// Looks whether this secret is the one that the signing keys were sealed with. Makes no key.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer; `INTERNAL` for a login that cannot be the auth module.
pub async fn signing_keys(database: &Database, secret_key: &SecretKey) -> Result<SigningKeys> {
    let nowhere = OrganizationId(Uuid::nil());
    let ctx = Ctx::system(database.clone(), "auth", nowhere, "innoerp-signing-keys");
    let mut tx = ctx.begin(&Permission::SYSTEM).await?;
    let signers = Signers::new(secret_key.derive(PURPOSE));
    let rows = select_signing(&mut tx).await?;
    let opened = rows.iter().filter(|row| signers.decrypt(&row.kid, &row.private_key).is_some()).count();
    Ok(SigningKeys { all: rows.len(), opened })
}

/// Forgets the keys that nothing can be verified with any more.
pub(crate) async fn forget(tx: &mut Tx) -> Result<()> {
    let now = tx.now();
    sqlx::query!("delete from auth.signing_key where expires_at < $1", now).execute(tx.conn()).await?;
    Ok(())
}

// Rules.

/// A key, ready to sign.
pub(crate) struct Signer {
    kid: String,
    key: EncodingKey,
}

impl Signer {
    fn try_new(kid: String, seed: &[u8; 32]) -> Result<Self> {
        let der = SigningKey::from_bytes(seed).to_pkcs8_der().map_err(Error::internal)?;
        Ok(Self { kid, key: EncodingKey::from_ed_der(der.as_bytes()) })
    }

    /// The token that says these claims.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &self.key).map_err(Error::internal)
    }
}

// SQL.

struct Row {
    kid: String,
    private_key: Vec<u8>,
    retires_at: DateTime<Utc>,
}

/// One process makes a key, the others wait and find it.
async fn lock(tx: &mut Tx) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('auth.signing_key'))").execute(tx.conn()).await?;
    Ok(())
}

async fn select_signing(tx: &mut Tx) -> Result<Vec<Row>> {
    let now = tx.now();
    Ok(sqlx::query_as!(
        Row,
        "select kid, private_key, retires_at from auth.signing_key
         where retires_at > $1 order by created_at desc, kid desc",
        now,
    )
    .fetch_all(tx.conn())
    .await?)
}

async fn insert(
    tx: &mut Tx,
    kid: &str,
    public_key: &[u8; 32],
    private_key: &[u8],
    retires_at: DateTime<Utc>,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into auth.signing_key (kid, public_key, private_key, created_at, retires_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        kid,
        public_key.as_slice(),
        private_key,
        now,
        retires_at,
        retires_at + PUBLISHED_FOR,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The keys that something may still be signed with, by their ids, the newest first.
pub(crate) async fn select_published(tx: &mut Tx) -> Result<Vec<(String, Vec<u8>)>> {
    let now = tx.now();
    let rows = sqlx::query!(
        "select kid, public_key from auth.signing_key where expires_at > $1 order by created_at desc, kid desc",
        now
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.kid, row.public_key)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_opens_with_its_secret_and_its_id_only() {
        let signers = Signers::new([1; 32]);
        let sealed = signers.encrypt("kid", &[7; 32]).unwrap();
        assert!(!sealed.windows(32).any(|window| window == [7; 32]));
        assert_eq!(signers.decrypt("kid", &sealed), Some([7; 32]));
        assert_eq!(signers.decrypt("other", &sealed), None);
        assert_eq!(Signers::new([2; 32]).decrypt("kid", &sealed), None);
        assert_eq!(signers.decrypt("kid", &sealed[..5]), None);
    }
}
