//! Identities: a mail address and a password, one per person, belonging to no organization.

use common::{IdentityId, Refusal, Result};
use database::{Ctx, OnConstraint as _, Tx};

use crate::throttle;
use crate::vault::Vault;

/// Nobody has this address, or the password is another: the two are never told apart.
pub(crate) const CREDENTIALS_INVALID: Refusal =
    Refusal::whole("CREDENTIALS_INVALID", "this mail address and this password do not belong together");

/// Somebody who can log in. Never printed.
pub(crate) struct Identity {
    pub(crate) id: IdentityId,
    pub(crate) email: String,
    pub(crate) password_hash: String,
    pub(crate) is_active: bool,
}

// Use-cases, as parts of those that begin with a mail address and a password.

/// Counts an attempt to prove that one is the owner of a mail address, and finds the identity, if there is one.
///
/// # Errors
/// `RATE_LIMITED`, whether there is one or not.
pub(crate) async fn present(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    email: &str,
) -> Result<(throttle::Attempt, Option<Identity>)> {
    let attempt = throttle::admit(tx, vault, email, address(ctx).as_deref()).await?;
    Ok((attempt, select_by_email(tx, email).await?))
}

/// Somebody who may go on: the owner of an identity, or the first with a mail address.
pub(crate) enum Proof {
    /// The password was right.
    Known(Identity),
    /// There was nobody; this is to be stored.
    New { id: IdentityId, password_hash: String },
}

impl Proof {
    /// Checks the password of a known identity, or hashes it for a new one. Takes as long either way.
    ///
    /// # Errors
    /// Refuses a wrong password.
    pub(crate) async fn of(vault: &Vault, known: Option<Identity>, password: String) -> Result<Self> {
        match known {
            Some(identity) => {
                let hash = identity.password_hash.clone();
                let is_right = vault.hasher.verify(password, Some(hash)).await?;
                if is_right && identity.is_active {
                    Ok(Self::Known(identity))
                } else {
                    Err(CREDENTIALS_INVALID.into())
                }
            }
            None => {
                Ok(Self::New { id: IdentityId::new(), password_hash: vault.hasher.hash(password).await? })
            }
        }
    }

    pub(crate) fn identity_id(&self) -> IdentityId {
        match self {
            Self::Known(identity) => identity.id,
            Self::New { id, .. } => *id,
        }
    }

    /// Makes it true in the transaction that relies on it.
    ///
    /// # Errors
    /// Refuses when password or address were changed or taken since it was looked at.
    pub(crate) async fn settle(&self, tx: &mut Tx, email: &str) -> Result<()> {
        match self {
            Self::Known(identity) if is_unchanged(tx, identity).await? => Ok(()),
            Self::Known(_) => Err(CREDENTIALS_INVALID.into()),
            Self::New { id, password_hash } => insert(tx, *id, email, password_hash)
                .await
                .on_constraint("identity_email_key", CREDENTIALS_INVALID),
        }
    }
}

/// The client's address as attempts are counted under.
pub(crate) fn address(ctx: &Ctx) -> Option<String> {
    ctx.request().client_address.map(|address| address.to_string())
}

// SQL.

async fn select_by_email(tx: &mut Tx, email: &str) -> Result<Option<Identity>> {
    Ok(sqlx::query_as!(
        Identity,
        r#"select id as "id: IdentityId", email, password_hash, status = 'ACTIVE' as "is_active!"
           from auth.identity where email = $1"#,
        email,
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub(crate) async fn select(tx: &mut Tx, id: IdentityId) -> Result<Option<Identity>> {
    Ok(sqlx::query_as!(
        Identity,
        r#"select id as "id: IdentityId", email, password_hash, status = 'ACTIVE' as "is_active!"
           from auth.identity where id = $1"#,
        id as IdentityId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether the identity still is as it was looked at; from now on it stays so until the transaction ends.
pub(crate) async fn is_unchanged(tx: &mut Tx, identity: &Identity) -> Result<bool> {
    let found = sqlx::query!(
        "select id from auth.identity
         where id = $1 and password_hash = $2 and status = 'ACTIVE' for update",
        identity.id as IdentityId,
        identity.password_hash,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.is_some())
}

async fn insert(tx: &mut Tx, id: IdentityId, email: &str, password_hash: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into auth.identity (id, email, password_hash, password_changed_at) values ($1, $2, $3, $4)",
        id as IdentityId,
        email,
        password_hash,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn save_password(tx: &mut Tx, id: IdentityId, password_hash: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update auth.identity set password_hash = $2, password_changed_at = $3 where id = $1",
        id as IdentityId,
        password_hash,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
