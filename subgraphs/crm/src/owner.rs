//! Whose something is: who may be given it, and by whom.

use common::{Error, MembershipId, Permission, Refusal, Result, Scope};
use database::{OnConstraint as _, Tx};
use uuid::Uuid;

pub(crate) const MEMBER_NOT_FOUND: Refusal =
    Refusal::of("ownerId", "MEMBER_NOT_FOUND", "nobody of this id works here and may come in");
pub(crate) const MAY_NOT_SEE: Refusal = Refusal::of(
    "ownerId",
    "MEMBER_MAY_NOT_SEE",
    "this member may not see such things; give them a role that may first",
);
const OUT_OF_SIGHT: Refusal = Refusal::of(
    "ownerId",
    "OWNER_OUT_OF_SIGHT",
    "you would not see it any more; whoever sees more than you can give it there",
);

/// Whether something may become somebody's: they may come in and see such things, and the caller goes on seeing it. `right` is
/// the right to read.
pub(crate) async fn check(
    tx: &mut Tx,
    field: &'static str,
    before: Option<MembershipId>,
    now: Option<MembershipId>,
    right: &Permission,
) -> Result<()> {
    if before == now {
        return Ok(());
    }
    let Some(owner) = now else {
        // What is nobody's is seen by those who lead and by those who take it.
        return if tx.scope() == Scope::Own { Err(OUT_OF_SIGHT.at(field).into()) } else { Ok(()) };
    };
    if tx.membership_id() == Some(owner) {
        return Ok(());
    }
    if !people::works_here(tx, owner).await? {
        return Err(MEMBER_NOT_FOUND.at(field).into());
    }
    if !people::may(tx, owner, right).await? {
        return Err(MAY_NOT_SEE.at(field).into());
    }
    if tx.scope() == Scope::All || is_in_scope(tx, owner, right.key).await? {
        Ok(())
    } else {
        Err(OUT_OF_SIGHT.at(field).into())
    }
}

/// Whether the caller sees what is a member's.
async fn is_in_scope(tx: &mut Tx, id: MembershipId, right: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select $1 = any (crm.members_in_scope($2)) as "is_in_scope!""#,
        Uuid::from(id),
        right,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// What the database says when somebody was given something who may not come in any more.
pub(crate) fn refusals<T>(saved: Result<T>) -> Result<T> {
    saved.on_constraint("owner_is_active_check", MEMBER_NOT_FOUND)
}

/// Whether something failed because whoever was to be given it may not come in any more.
pub(crate) fn has_gone(error: &Error) -> bool {
    matches!(error, Error::Refused(refusals) if refusals.iter().any(|one| one.code == MEMBER_NOT_FOUND.code))
}

/// Lets the module give something where the caller does not look: what rules decide is not bounded by what whoever set them
/// off may see. Until the transaction ends.
pub(crate) async fn widen(tx: &mut Tx) -> Result<()> {
    sqlx::query("select set_config('app.scope', 'all', true)").execute(tx.conn()).await?;
    Ok(())
}
