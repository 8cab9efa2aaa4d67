//! Tokens that go to the address that is invited, and to nobody else: by an operator, until mail does it.

use common::{OrganizationId, Permission, Result};
use database::{Ctx, Database};

use super::model::{LIFETIME, Token};

/// Makes a fresh token for a pending invitation, and another week for it; whoever has it has proved the address. `None`
/// when nobody is invited by it.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn send_invitation(
    database: &Database,
    organization_id: OrganizationId,
    email: &str,
) -> Result<Option<String>> {
    const WHO: &str = "innoerp-auth-invite-link";
    let Some(email) = common::text::email(email) else { return Ok(None) };
    let mut tx =
        Ctx::system(database.clone(), "user", organization_id, WHO).begin(&Permission::SYSTEM).await?;
    let token = Token::new();
    let (now, token_hash) = (tx.now(), token.hash());
    let sent = sqlx::query!(
        r#"update "user".invitation set token_hash = $2, sent_at = $3, expires_at = $4
           where email = $1 and status = 'PENDING' and expires_at > $3"#,
        email,
        token_hash.bytes(),
        now,
        now + LIFETIME,
    )
    .execute(tx.conn())
    .await?;
    tx.commit(()).await?;
    Ok((sent.rows_affected() == 1).then(|| token.reveal()))
}
