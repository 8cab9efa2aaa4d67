//! The SQL of memberships.

use common::{Page, Result, Role, Slice};
use database::{Tx, page};

use super::graphql::{MemberFilter, MemberSort};
use super::model::{Membership, MembershipStatus, select_membership};
use crate::ids::MembershipId;

pub(super) async fn select_page(
    tx: &mut Tx,
    filter: &MemberFilter,
    sort: MemberSort,
    page: Page,
) -> Result<Slice<Membership>> {
    let search = tx.search::<Membership>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, Membership, page, sort: MemberSort { Name => "display_name", JoinedAt => "joined_at" },
        "(case when $3::text is null then status <> 'REMOVED' else status = $3 end)
         and ($4::text is null or $4 = any(roles))
         and ($5::uuid[] is null or id = any($5)) and ($6::text[] is null or search_text like all($6))",
        [
            filter.status as Option<MembershipStatus>,
            filter.role.map(Role::as_str),
            search.ids.as_deref(),
            search.patterns.as_deref(),
        ],
    ))
}

/// Locks the active owners, in one order: before the member who is changed, and by everybody. Otherwise two owners
/// who remove each other at once would leave none.
pub(super) async fn lock_owners(tx: &mut Tx) -> Result<()> {
    sqlx::query!(
        r#"select id from "user".membership where status = 'ACTIVE' and 'OWNER' = any(roles) order by id for update"#
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// Whether somebody else is an active owner.
pub(super) async fn has_other_owner(tx: &mut Tx, id: MembershipId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from "user".membership
               where status = 'ACTIVE' and 'OWNER' = any(roles) and id <> $1) as "exists!""#,
        id as MembershipId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Whether somebody with this mail address is a member now.
pub(crate) async fn exists_email(tx: &mut Tx, email: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from "user".membership where email = $1 and status <> 'REMOVED') as "exists!""#,
        email,
    )
    .fetch_one(tx.conn())
    .await?)
}
