//! The SQL of notifications.

use chrono::{DateTime, Utc};
use common::{Page, Result, Slice};
use database::{Tx, page};
use serde_json::Value as Json;

use super::catalogue::Subject;
use super::graphql::{NotificationFilter, NotificationSort};
use super::model::{Notification, select_notification};
use crate::ids::{MembershipId, NotificationId};

/// A page of a recipient's notifications. Their ids grow in the order of committing, and so are the order.
pub(super) async fn select_page(
    tx: &mut Tx,
    recipient: MembershipId,
    filter: &NotificationFilter,
    sort: NotificationSort,
    page: Page,
) -> Result<Slice<Notification>> {
    Ok(page!(
        tx, Notification, page, sort: NotificationSort { CreatedAt => "id" },
        "recipient_membership_id = $3 and (archived_at is not null) = $4
         and ($5::boolean is null or (read_at is null) = $5) and ($6::text is null or type = $6)",
        [recipient as MembershipId, filter.is_archived, filter.is_unread, filter.kind],
    ))
}

/// A recipient's notifications after one, oldest first.
pub(super) async fn after(
    tx: &mut Tx,
    recipient: MembershipId,
    after: NotificationId,
    count_max: i64,
) -> Result<Vec<Notification>> {
    Ok(select_notification!(
        "where recipient_membership_id = $1 and id > $2 and archived_at is null order by id limit $3",
        recipient as MembershipId,
        after as NotificationId,
        count_max,
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

pub(super) async fn mark_all_read(
    tx: &mut Tx,
    recipient: MembershipId,
    up_to: Option<DateTime<Utc>>,
) -> Result<u64> {
    let now = tx.now();
    let marked = sqlx::query!(
        "update notification.notification set read_at = $3
         where recipient_membership_id = $1 and created_at <= $2 and read_at is null and archived_at is null",
        recipient as MembershipId,
        up_to.unwrap_or(now),
        now,
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

/// Keeps what a thing is, for events about it that do not say: its phrase, and its words in English.
pub(super) async fn note_topic(tx: &mut Tx, subject: &Subject, words: &str, phrase: Json) -> Result<()> {
    sqlx::query!(
        "insert into notification.topic as t (link_type, link_id, words, phrase) values ($1, $2, $3, $4)
         on conflict on constraint topic_pkey do update set words = excluded.words, phrase = excluded.phrase
         where (t.words, t.phrase) is distinct from (excluded.words, excluded.phrase)",
        subject.link_type,
        subject.link_id,
        words,
        phrase,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a thing was said to be last, in words and as a phrase; `None` when nobody said.
pub(super) async fn topic(tx: &mut Tx, subject: &Subject) -> Result<Option<(String, Option<Json>)>> {
    let noted = sqlx::query!(
        "select words, phrase from notification.topic where link_type = $1 and link_id = $2",
        subject.link_type,
        subject.link_id,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(noted.map(|noted| (noted.words, noted.phrase)))
}

/// What recipients read, and what keeps them from reading it twice.
pub(super) struct Words<'a> {
    pub(super) kind: &'a str,
    pub(super) message: &'a str,
    pub(super) values: &'a Json,
    /// In English, as the body: for programs that do not know the message.
    pub(super) title: Option<String>,
    pub(super) body: Option<String>,
    pub(super) dedupe_key: &'a str,
}

/// Writes a notification per recipient, and rings for each who had not been told yet.
pub(super) async fn insert(
    tx: &mut Tx,
    ids: &[NotificationId],
    recipients: &[MembershipId],
    words: &Words<'_>,
    subject: &Subject,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "with told as (
             insert into notification.notification (id, recipient_membership_id, type, message, values, title, body,
                 link_type, link_id, actor_membership_id, dedupe_key, created_at)
             select t.id, t.recipient, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
             from unnest($1::uuid[], $2::uuid[]) as t (id, recipient)
             on conflict on constraint notification_dedupe_key do nothing
             returning organization_id, recipient_membership_id)
         select pg_notify('notification', organization_id || ':' || recipient_membership_id) from told",
        ids as &[NotificationId],
        recipients as &[MembershipId],
        words.kind,
        words.message,
        words.values,
        words.title.as_deref(),
        words.body.as_deref(),
        subject.link_type,
        subject.link_id,
        subject.actor as Option<MembershipId>,
        words.dedupe_key,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
