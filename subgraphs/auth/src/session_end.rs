//! The end of all sessions of a person, which more than sessions themselves decide on.

use common::{IdentityId, Result, SessionId};
use database::Tx;

/// Ends an identity's open sessions, but for one that is kept; answers how many.
pub(crate) async fn end_all(
    tx: &mut Tx,
    identity_id: IdentityId,
    kept: Option<SessionId>,
    because: &str,
) -> Result<i32> {
    let now = tx.now();
    let ended = sqlx::query_scalar!(
        r#"update auth.session set revoked_at = $3, revoked_because = $4
           where identity_id = $1 and id is distinct from $2 and revoked_at is null and expires_at > $3
           returning id as "id: SessionId""#,
        identity_id as IdentityId,
        kept as Option<SessionId>,
        now,
        because,
    )
    .fetch_all(tx.conn())
    .await?;
    ended.iter().for_each(|id| tx.session_ended(*id));
    Ok(i32::try_from(ended.len()).unwrap_or(i32::MAX))
}
