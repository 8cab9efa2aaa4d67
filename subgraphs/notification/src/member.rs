//! Our copy of members: the roles they hold and whether they are active, as the user module's events say.

use chrono::{DateTime, Utc};
use common::{Envelope, MembershipId, Result};
use database::Tx;
use serde::Deserialize;

/// What happens to members, as far as it matters here.
pub(crate) const EVENTS: [&str; 5] = [
    "user.member.joined",
    "user.member.roles_changed",
    "user.member.suspended",
    "user.member.reactivated",
    "user.member.removed",
];

// Use-cases.

/// Follows what happened to a member.
pub(crate) async fn follow(tx: &mut Tx, envelope: &Envelope) -> Result<()> {
    let at = envelope.occurred_at;
    let id = MemberEvent::deserialize(&envelope.payload)?.membership_id;
    match envelope.event_type.as_str() {
        "user.member.joined" => {
            save_roles(tx, id, &RolesEvent::deserialize(&envelope.payload)?.roles, at).await?;
            save_active(tx, id, true, at).await
        }
        "user.member.roles_changed" => {
            save_roles(tx, id, &RolesEvent::deserialize(&envelope.payload)?.roles, at).await
        }
        "user.member.reactivated" => save_active(tx, id, true, at).await,
        "user.member.suspended" | "user.member.removed" => save_active(tx, id, false, at).await,
        _ => Ok(()),
    }
}

// Rules.

/// A member, as far as it takes to know whether to tell them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: MembershipId,
    pub(crate) roles: Vec<String>,
    pub(crate) is_active: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MemberEvent {
    membership_id: MembershipId,
}

#[derive(Deserialize)]
struct RolesEvent {
    roles: Vec<String>,
}

// SQL.

async fn save_roles(tx: &mut Tx, id: MembershipId, roles: &[String], at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into notification.member as m (id, roles, roles_as_of) values ($1, $2, $3)
         on conflict on constraint member_pkey do update
         set roles = excluded.roles, roles_as_of = excluded.roles_as_of where m.roles_as_of <= excluded.roles_as_of",
        id as MembershipId,
        roles,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn save_active(tx: &mut Tx, id: MembershipId, is_active: bool, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into notification.member as m (id, is_active, is_active_as_of) values ($1, $2, $3)
         on conflict on constraint member_pkey do update
         set is_active = excluded.is_active, is_active_as_of = excluded.is_active_as_of
         where m.is_active_as_of <= excluded.is_active_as_of",
        id as MembershipId,
        is_active,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What is known of these members, and of every active one in HR or with the organization in their care.
pub(crate) async fn select_office_and(tx: &mut Tx, ids: &[MembershipId]) -> Result<Vec<Member>> {
    Ok(sqlx::query_as!(
        Member,
        r#"select id as "id!: MembershipId", roles as "roles!", is_active as "is_active!" from notification.member
           where is_active and roles && array['HR', 'ADMIN', 'OWNER']
           union
           select id, roles, is_active from notification.member where id = any($1)"#,
        ids as &[MembershipId],
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Whether a member is active, and nobody else is.
pub(crate) async fn is_alone(tx: &mut Tx, id: MembershipId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from notification.member where is_active and id = $1)
           and not exists (select from notification.member where is_active and id <> $1) as "is_alone!""#,
        id as MembershipId,
    )
    .fetch_one(tx.conn())
    .await?)
}
