//! Devices that somebody was let in from before. Each keeps a token of its own, and shows it when it logs in again: then
//! it waits behind no flood, and other people's failures on the account are not its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use common::{IdentityId, Result};
use database::Tx;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::account::Account;
use crate::vault::Vault;

/// How long a device is known after it was used last.
const KNOWN_FOR: Duration = Duration::days(90);
/// How many devices of one person are known; the ones used last stay.
const DEVICES_MAX: i64 = 50;

/// The device's id, 256 random bits, and a mark that this installation gave it out for one account: a flood with made-up
/// tokens is told from known devices without a look at the database. Never printed.
pub(crate) struct DeviceToken([u8; Self::BYTES]);

impl DeviceToken {
    const BYTES: usize = 64;
    const ID_BYTES: usize = 16;
    const UNMARKED_BYTES: usize = 48;

    fn new(vault: &Vault, account: &Account) -> Self {
        let mut bytes = [0; Self::BYTES];
        bytes[..Self::ID_BYTES].copy_from_slice(Uuid::now_v7().as_bytes());
        bytes[Self::ID_BYTES..Self::UNMARKED_BYTES].copy_from_slice(&rand::random::<[u8; 32]>());
        let tag = vault.device_tag(account, &bytes[..Self::UNMARKED_BYTES]);
        bytes[Self::UNMARKED_BYTES..].copy_from_slice(&tag[..Self::BYTES - Self::UNMARKED_BYTES]);
        Self(bytes)
    }

    /// A token that was given out for this account; `None` for every other text.
    pub(crate) fn parse(vault: &Vault, account: &Account, text: &str) -> Option<Self> {
        if text.len() > 2 * Self::BYTES {
            return None;
        }
        let bytes: [u8; Self::BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (unmarked, tag) = bytes.split_at(Self::UNMARKED_BYTES);
        vault.is_device_tag(account, unmarked, tag).then_some(Self(bytes))
    }

    /// The device's id.
    pub(crate) fn id(&self) -> Uuid {
        let mut id = [0; Self::ID_BYTES];
        id.copy_from_slice(&self.0[..Self::ID_BYTES]);
        Uuid::from_bytes(id)
    }

    fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0).to_vec()
    }

    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

/// Keeps the device that somebody was let in from, and answers the token that it shows next time.
pub(crate) async fn keep(
    tx: &mut Tx,
    vault: &Vault,
    account: &Account,
    identity_id: IdentityId,
    known: Option<DeviceToken>,
) -> Result<String> {
    let token = known.unwrap_or_else(|| DeviceToken::new(vault, account));
    let now = tx.now();
    sqlx::query!(
        "insert into auth.device (id, identity_id, token_hash, created_at, last_used_at) values ($1, $2, $3, $4, $4)
         on conflict (id) do update set last_used_at = excluded.last_used_at",
        token.id(),
        identity_id as IdentityId,
        token.hash(),
        now,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from auth.device where id in (
             select id from auth.device where identity_id = $1 order by last_used_at desc, id desc offset $2)",
        identity_id as IdentityId,
        DEVICES_MAX,
    )
    .execute(tx.conn())
    .await?;
    Ok(token.encode())
}

/// Whether a device is known still.
pub(crate) async fn is_known(tx: &mut Tx, token: &DeviceToken) -> Result<bool> {
    let since = tx.now() - KNOWN_FOR;
    Ok(sqlx::query_scalar!(
        r#"select exists (select from auth.device where id = $1 and token_hash = $2 and last_used_at > $3) as "is_known!""#,
        token.id(),
        token.hash(),
        since,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Forgets all devices of a person, whose sessions end everywhere.
pub(crate) async fn forget_all(tx: &mut Tx, identity_id: IdentityId) -> Result<()> {
    sqlx::query!("delete from auth.device where identity_id = $1", identity_id as IdentityId)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets the devices that were not used for long.
pub(crate) async fn forget(tx: &mut Tx) -> Result<()> {
    let before = tx.now() - KNOWN_FOR;
    sqlx::query!("delete from auth.device where last_used_at < $1", before).execute(tx.conn()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_the_account_that_it_was_given_out_for_and_for_no_other() {
        let vault = Vault::new(&"4f1c6a0b9d8e7f6a5b4c3d2e1f0a9b8c".parse().unwrap());
        let (ada, bob) = (vault.account("ada@example.org"), vault.account("bob@example.org"));
        let token = DeviceToken::new(&vault, &ada);
        let again = DeviceToken::parse(&vault, &ada, &token.encode()).unwrap();
        assert_eq!((again.id(), again.hash()), (token.id(), token.hash()));
        assert!(DeviceToken::parse(&vault, &bob, &token.encode()).is_none());
        let other = Vault::new(&"0f1c6a0b9d8e7f6a5b4c3d2e1f0a9b8d".parse().unwrap());
        assert!(DeviceToken::parse(&other, &other.account("ada@example.org"), &token.encode()).is_none());
        for text in ["", "A", "****", &"A".repeat(86), &"A".repeat(10_000)] {
            assert!(DeviceToken::parse(&vault, &ada, text).is_none(), "{text}");
        }
    }
}
