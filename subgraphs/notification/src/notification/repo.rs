//! SQL of notifications.

use chrono::{DateTime, Utc};
use common::{MembershipId, Page, Result};
use database::Tx;

use super::catalogue::{NotificationType, Subject};
use super::model::{Notification, NotificationId};

/// A page of a recipient's notifications, newest first.
pub(super) async fn page(
    tx: &mut Tx,
    recipient: MembershipId,
    page: &Page<()>,
    unread_only: bool,
) -> Result<Vec<Notification>> {
    let before = page.after_id().map_or(NotificationId::LAST, NotificationId);
    Ok(sqlx::query_as!(
        Notification,
        r#"select id as "id: NotificationId", type as kind, title, body, created_at, read_at,
               actor_membership_id as "actor_membership_id: MembershipId", link_type, link_id
           from notification.notification
           where recipient_membership_id = $1 and id < $2 and archived_at is null and (not $3 or read_at is null)
           order by id desc limit $4"#,
        recipient as MembershipId,
        before as NotificationId,
        unread_only,
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// A recipient's notifications after one, oldest first.
pub(super) async fn after(
    tx: &mut Tx,
    recipient: MembershipId,
    after: NotificationId,
    count_max: i64,
) -> Result<Vec<Notification>> {
    Ok(sqlx::query_as!(
        Notification,
        r#"select id as "id: NotificationId", type as kind, title, body, created_at, read_at,
               actor_membership_id as "actor_membership_id: MembershipId", link_type, link_id
           from notification.notification
           where recipient_membership_id = $1 and id > $2 and archived_at is null
           order by id limit $3"#,
        recipient as MembershipId,
        after as NotificationId,
        count_max,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Those of a recipient's notifications that have one of these ids.
pub(super) async fn fetch(
    tx: &mut Tx,
    recipient: MembershipId,
    ids: &[NotificationId],
) -> Result<Vec<Notification>> {
    Ok(sqlx::query_as!(
        Notification,
        r#"select id as "id: NotificationId", type as kind, title, body, created_at, read_at,
               actor_membership_id as "actor_membership_id: MembershipId", link_type, link_id
           from notification.notification where recipient_membership_id = $1 and id = any($2)"#,
        recipient as MembershipId,
        ids as &[NotificationId],
    )
    .fetch_all(tx.conn())
    .await?)
}

pub(super) async fn unread_count(tx: &mut Tx, recipient: MembershipId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from notification.notification
           where recipient_membership_id = $1 and read_at is null and archived_at is null"#,
        recipient as MembershipId,
    )
    .fetch_one(tx.conn())
    .await?)
}

pub(super) async fn mark_read(
    tx: &mut Tx,
    recipient: MembershipId,
    id: NotificationId,
    at: DateTime<Utc>,
) -> Result<Option<Notification>> {
    Ok(sqlx::query_as!(
        Notification,
        r#"update notification.notification set read_at = coalesce(read_at, $3)
           where recipient_membership_id = $1 and id = $2
           returning id as "id: NotificationId", type as kind, title, body, created_at, read_at,
               actor_membership_id as "actor_membership_id: MembershipId", link_type, link_id"#,
        recipient as MembershipId,
        id as NotificationId,
        at,
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub(super) async fn mark_all_read(
    tx: &mut Tx,
    recipient: MembershipId,
    up_to: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<u64> {
    let marked = sqlx::query!(
        "update notification.notification set read_at = $3
         where recipient_membership_id = $1 and created_at <= $2 and read_at is null and archived_at is null",
        recipient as MembershipId,
        up_to,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(marked.rows_affected())
}

/// Those who hold a notification about a thing.
pub(super) async fn told_of(tx: &mut Tx, subject: &Subject) -> Result<Vec<MembershipId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct recipient_membership_id as "id: MembershipId" from notification.notification
           where link_type = $1 and link_id = $2"#,
        subject.link_type,
        subject.link_id,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The id of the newest notification of each of these recipients who has one.
pub(super) async fn newest(
    tx: &mut Tx,
    recipients: &[MembershipId],
) -> Result<Vec<(MembershipId, NotificationId)>> {
    let rows = sqlx::query!(
        r#"select r.id as "recipient!: MembershipId", newest.id as "id: NotificationId"
           from unnest($1::uuid[]) as r (id),
               lateral (select n.id from notification.notification n
                        where n.recipient_membership_id = r.id order by n.id desc limit 1) as newest"#,
        recipients as &[MembershipId],
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.recipient, row.id)).collect())
}

/// Lets one transaction of an organization at a time give out ids, until it commits. Otherwise a lesser id
/// could become visible after a greater one was sent, and be passed over.
pub(super) async fn lock_order(tx: &mut Tx) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtext('notification'), hashtext(core.organization_id()::text))"
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a notification per recipient, and rings for each who had not been told yet.
pub(super) async fn insert(
    tx: &mut Tx,
    ids: &[NotificationId],
    recipients: &[MembershipId],
    kind: &NotificationType,
    subject: &Subject,
    actor: Option<MembershipId>,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "with told as (
             insert into notification.notification (id, recipient_membership_id, type, title, body, link_type, link_id,
                 actor_membership_id, dedupe_key, created_at)
             select t.id, t.recipient, $3, $4, $5, $6, $7, $8, $9, $10
             from unnest($1::uuid[], $2::uuid[]) as t (id, recipient)
             on conflict on constraint notification_dedupe_key do nothing
             returning organization_id, recipient_membership_id)
         select pg_notify('notification', organization_id || ':' || recipient_membership_id) from told",
        ids as &[NotificationId],
        recipients as &[MembershipId],
        kind.key,
        kind.title,
        subject.body,
        subject.link_type,
        subject.link_id,
        actor as Option<MembershipId>,
        // A thing is requested, approved, rejected, cancelled once: better than the event's id, which another
        // announcement of the same fact would not share.
        format!("{}:{}", kind.key, subject.link_id),
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
