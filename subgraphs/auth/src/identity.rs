//! Identities: a mail address and a password, one per person, belonging to no organization.

use common::{IdentityId, Refusal, Result};
use database::{Ctx, Tx};

/// Nobody has this address, or the password is another: the two are never told apart.
pub(crate) const CREDENTIALS_INVALID: Refusal =
    Refusal::whole("CREDENTIALS_INVALID", "this mail address and this password do not belong together");

/// Somebody who can log in. Never printed.
pub(crate) struct Identity {
    pub(crate) id: IdentityId,
    pub(crate) email: String,
    pub(crate) password_hash: String,
    pub(crate) is_active: bool,
    /// Whether somebody has shown that the address is theirs.
    pub(crate) is_proved: bool,
}

/// The client's address, as sessions show it.
pub(crate) fn address(ctx: &Ctx) -> Option<String> {
    ctx.request().client_address.map(|address| address.to_string())
}

// SQL.

pub(crate) async fn select_by_email(tx: &mut Tx, email: &str) -> Result<Option<Identity>> {
    Ok(sqlx::query_as!(
        Identity,
        r#"select id as "id: IdentityId", email, password_hash, status = 'ACTIVE' as "is_active!",
               proved_at is not null as "is_proved!"
           from auth.identity where email = $1"#,
        email,
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub(crate) async fn select(tx: &mut Tx, id: IdentityId) -> Result<Option<Identity>> {
    Ok(sqlx::query_as!(
        Identity,
        r#"select id as "id: IdentityId", email, password_hash, status = 'ACTIVE' as "is_active!",
               proved_at is not null as "is_proved!"
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

pub(crate) async fn insert(tx: &mut Tx, id: IdentityId, email: &str, password_hash: &str) -> Result<()> {
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

/// Saves another password. A link that was to give one is worthless from then on: whoever has it would undo this.
pub(crate) async fn save_password(tx: &mut Tx, id: IdentityId, password_hash: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query!("delete from auth.password_reset where identity_id = $1", id as IdentityId)
        .execute(tx.conn())
        .await?;
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

/// Notes that the address is proved; since when, if it was before.
pub(crate) async fn prove(tx: &mut Tx, id: IdentityId) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update auth.identity set proved_at = $2 where id = $1 and proved_at is null",
        id as IdentityId,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
