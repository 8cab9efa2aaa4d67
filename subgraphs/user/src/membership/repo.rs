//! Memberships: SQL. A membership is always read together with its person.

use chrono::{DateTime, Utc};
use common::{IdentityId, MembershipId, Page, Result, Role};
use database::Tx;

use super::model::{CataloguedPermission, Grant};
use super::{Filter, Membership, MembershipStatus};
use crate::user::User;

struct Row {
    id: MembershipId,
    user_id: IdentityId,
    display_name: String,
    email: String,
    status: MembershipStatus,
    roles: Vec<String>,
    joined_at: DateTime<Utc>,
}

impl From<Row> for Membership {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user: User { id: row.user_id, display_name: row.display_name, email: row.email },
            status: row.status,
            roles: row.roles.iter().filter_map(|role| Role::parse(role)).collect(),
            joined_at: row.joined_at,
        }
    }
}

/// The active owners, locked in one order.
pub(super) async fn lock_active_owners(tx: &mut Tx) -> Result<Vec<MembershipId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: MembershipId" from "user".membership
           where status = 'ACTIVE' and 'OWNER' = any(roles) order by id for update"#
    )
    .fetch_all(tx.conn())
    .await?)
}

pub(super) async fn lock(tx: &mut Tx, id: MembershipId) -> Result<Option<Membership>> {
    let row = sqlx::query_as!(
        Row,
        r#"select m.id as "id: MembershipId", m.user_id as "user_id: IdentityId", u.display_name, u.email,
               m.status as "status: MembershipStatus", m.roles, m.joined_at
           from "user".membership m join "user"."user" u on u.id = m.user_id
           where m.id = $1 for update of m"#,
        id as MembershipId,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Into::into))
}

pub(super) async fn save(tx: &mut Tx, member: &Membership) -> Result<()> {
    let roles: Vec<String> = member.roles.iter().map(|role| role.as_str().to_owned()).collect();
    sqlx::query!(
        r#"update "user".membership set status = $2, roles = $3 where id = $1"#,
        member.id as MembershipId,
        member.status as MembershipStatus,
        &roles,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The memberships with these ids, removed ones included: records still name them as who acted.
pub(crate) async fn select_many(tx: &mut Tx, ids: &[MembershipId]) -> Result<Vec<Membership>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select m.id as "id: MembershipId", m.user_id as "user_id: IdentityId", u.display_name, u.email,
               m.status as "status: MembershipStatus", m.roles, m.joined_at
           from "user".membership m join "user"."user" u on u.id = m.user_id
           where m.id = any($1)"#,
        ids as &[MembershipId],
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(super) async fn select_page(
    tx: &mut Tx,
    filter: &Filter,
    page: &Page<String>,
) -> Result<Vec<Membership>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select m.id as "id: MembershipId", m.user_id as "user_id: IdentityId", u.display_name, u.email,
               m.status as "status: MembershipStatus", m.roles, m.joined_at
           from "user".membership m join "user"."user" u on u.id = m.user_id
           where case when $1::text is null then m.status <> 'REMOVED' else m.status = $1 end
             and ($2::text is null or $2 = any(m.roles))
             and ($3::text is null or position(lower($3) in lower(u.display_name)) > 0
                  or position(lower($3) in u.email) > 0)
             and ($4::text is null or (u.display_name, m.id) > ($4, $5))
           order by u.display_name, m.id limit $6"#,
        filter.status as Option<MembershipStatus>,
        filter.role.map(Role::as_str),
        filter.search,
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Whether somebody with this mail address is a member now.
pub(crate) async fn exists_email(tx: &mut Tx, email: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from "user".membership m join "user"."user" u on u.id = m.user_id
               where u.email = $1 and m.status <> 'REMOVED') as "exists!""#,
        email,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The rights that the modules declare which the organization has on.
pub(super) async fn select_permissions(tx: &mut Tx) -> Result<Vec<CataloguedPermission>> {
    let rows = sqlx::query!(
        r#"select p.key, p.grants as "grants: sqlx::types::Json<Vec<Grant>>"
           from core.permission p join core.module m on m.id = p.module_id
           where m.is_core or m.id = any (
               select unnest(state.modules) from tenant.organization_state(core.organization_id()) state)
           order by p.key"#
    )
    .fetch_all(tx.conn())
    .await?;
    let catalogued = |key, grants: sqlx::types::Json<Vec<Grant>>| CataloguedPermission {
        key,
        roles: grants.0.into_iter().map(|grant| grant.role).collect(),
    };
    Ok(rows.into_iter().map(|row| catalogued(row.key, row.grants)).collect())
}
