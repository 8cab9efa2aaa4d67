//! Invitations: SQL.

use chrono::{DateTime, Utc};
use common::{MembershipId, Page, Result, Role};
use database::Tx;

use super::model::LIFETIME;
use super::{Invitation, InvitationId, InvitationStatus};

struct Row {
    id: InvitationId,
    email: String,
    roles: Vec<String>,
    status: InvitationStatus,
    expires_at: DateTime<Utc>,
    invited_by: Option<MembershipId>,
    created_at: DateTime<Utc>,
}

impl Row {
    /// The invitation as it stands at an instant: nothing runs when its week ends.
    fn at(self, now: DateTime<Utc>) -> Invitation {
        let is_over = self.status == InvitationStatus::Pending && self.expires_at <= now;
        Invitation {
            id: self.id,
            email: self.email,
            roles: self.roles.iter().filter_map(|role| Role::parse(role)).collect(),
            status: if is_over { InvitationStatus::Expired } else { self.status },
            expires_at: self.expires_at,
            created_at: self.created_at,
            invited_by_id: self.invited_by,
        }
    }
}

/// Marks what is over, so that the address can be invited again.
pub(super) async fn expire(tx: &mut Tx, email: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        r#"update "user".invitation set status = 'EXPIRED'
           where email = $1 and status = 'PENDING' and expires_at <= $2"#,
        email,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn insert(
    tx: &mut Tx,
    email: &str,
    roles: &[Role],
    token_hash: &[u8],
) -> Result<Invitation> {
    let now = tx.now();
    let roles: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
    let row = sqlx::query_as!(
        Row,
        r#"insert into "user".invitation (id, email, roles, token_hash, expires_at, invited_by, created_at)
           values ($1, $2, $3, $4, $5, core.actor_id(), $6)
           returning id as "id: InvitationId", email, roles, status as "status: InvitationStatus", expires_at,
               invited_by as "invited_by: MembershipId", created_at"#,
        InvitationId::new() as InvitationId,
        email,
        &roles,
        token_hash,
        now + LIFETIME,
        now,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(row.at(now))
}

pub(super) async fn lock(tx: &mut Tx, id: InvitationId) -> Result<Option<Invitation>> {
    let now = tx.now();
    let row = sqlx::query_as!(
        Row,
        r#"select id as "id: InvitationId", email, roles, status as "status: InvitationStatus", expires_at,
               invited_by as "invited_by: MembershipId", created_at
           from "user".invitation where id = $1 for update"#,
        id as InvitationId,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row.at(now)))
}

pub(super) async fn save(tx: &mut Tx, invitation: &Invitation) -> Result<()> {
    sqlx::query!(
        r#"update "user".invitation set status = $2 where id = $1"#,
        invitation.id as InvitationId,
        invitation.status as InvitationStatus,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn select_page(tx: &mut Tx, page: &Page<DateTime<Utc>>) -> Result<Vec<Invitation>> {
    let now = tx.now();
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: InvitationId", email, roles, status as "status: InvitationStatus", expires_at,
               invited_by as "invited_by: MembershipId", created_at
           from "user".invitation
           where $1::timestamptz is null or (created_at, id) < ($1, $2)
           order by created_at desc, id desc limit $3"#,
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row.at(now)).collect())
}
