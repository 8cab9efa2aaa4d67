//! Notifications: each tells one member one thing that happened, and leads there.

mod catalogue;
mod graphql;
mod model;
mod repo;
mod wording;

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use common::{EVERYBODY_OWN, Envelope, Error, EventActor, Page, Permission, Result, Slice};
use database::{Ctx, Tx};
use futures::Stream;
use futures::stream;

use self::catalogue::{Audience, NotificationType, Subject, Topic};
pub(crate) use self::catalogue::{CATALOGUE, type_of};
pub use self::graphql::{
    NotificationFilter, NotificationMutation, NotificationQuery, NotificationSort, NotificationSubscription,
};
pub use self::model::Notification;
use self::repo::Words;
use self::wording::Part;
use crate::feed::{Bell, Feed};
use crate::ids::{MembershipId, NotificationId};

// Row-level security leaves one's own in sight, whatever the scope: no role reads another member's.
pub(crate) const READ: Permission =
    Permission::new("notification.own.read", "Read what one was told.", EVERYBODY_OWN);
pub(crate) const UPDATE: Permission =
    Permission::new("notification.own.update", "Mark as read and archive what one was told.", EVERYBODY_OWN);

/// How many notifications a subscriber reads at once.
const BATCH: i64 = 100;

/// The caller's notifications that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: NotificationFilter,
    sort: NotificationSort,
    page: Page,
) -> Result<Slice<Notification>> {
    let mut tx = ctx.read(&READ).await?;
    repo::select_page(&mut tx, ctx.member()?.membership_id, &filter, sort, page).await
}

/// How many of the caller's notifications are unread.
pub async fn unread_count(ctx: &Ctx) -> Result<i64> {
    let mut tx = ctx.read(&READ).await?;
    repo::unread_count(&mut tx, ctx.member()?.membership_id).await
}

/// Marks one as read; one that is already read keeps its time.
pub async fn mark_read(ctx: &Ctx, id: NotificationId) -> Result<Notification> {
    let mut tx = ctx.begin(&UPDATE).await?;
    let notification = mark_read_in(&mut tx, id).await?;
    tx.commit(notification).await
}

/// As [`mark_read`], for each of a list.
pub async fn mark_read_bulk(ctx: &Ctx, ids: Vec<NotificationId>) -> Result<Vec<Result<Notification>>> {
    let mut tx = ctx.begin(&UPDATE).await?;
    let done = tx.each(ids, |id| *id, |tx, id| Box::pin(mark_read_in(tx, id))).await?;
    tx.commit(done).await
}

async fn mark_read_in(tx: &mut Tx, id: NotificationId) -> Result<Notification> {
    let mut notification: Notification = tx.lock(id).await?;
    if notification.is_unread() {
        notification.read_at = Some(tx.now());
        tx.save(&mut notification).await?;
    }
    Ok(notification)
}

/// Marks all as read that had come by an instant, or by now; answers how many.
pub async fn mark_all_read(ctx: &Ctx, up_to: Option<DateTime<Utc>>) -> Result<i32> {
    let mut tx = ctx.begin(&UPDATE).await?;
    let count = repo::mark_all_read(&mut tx, ctx.member()?.membership_id, up_to).await?;
    tx.commit(i32::try_from(count).unwrap_or(i32::MAX)).await
}

/// The caller's notifications as they come: those after `after` first, oldest first; without it, only new ones.
pub async fn received(
    ctx: &Ctx,
    feed: &Arc<Feed>,
    after: Option<NotificationId>,
) -> Result<impl Stream<Item = Result<Notification>> + use<>> {
    let mut tx = ctx.read(&READ).await?;
    let me = ctx.member()?;
    let last_sent = match after {
        Some(id) => id,
        None => {
            let newest = repo::newest(&mut tx, &[me.membership_id]).await?;
            newest.first().map_or(NotificationId::FIRST, |(_, id)| *id)
        }
    };
    drop(tx);
    ctx.end_reading().await;
    // From here on the bell counts, and reading begins only after: nothing falls between.
    let bell = feed.bell((me.organization_id, me.membership_id));
    let receiving = Receiving {
        ctx: ctx.clone(),
        feed: feed.clone(),
        bell,
        last_sent,
        ready: VecDeque::new(),
        me: me.membership_id,
    };
    Ok(stream::try_unfold(receiving, Receiving::next))
}

/// Where one subscriber stands.
struct Receiving {
    ctx: Ctx,
    feed: Arc<Feed>,
    bell: Bell,
    me: MembershipId,
    last_sent: NotificationId,
    ready: VecDeque<Notification>,
}

impl Receiving {
    async fn next(mut self) -> Result<Option<(Notification, Self)>> {
        loop {
            if let Some(next) = self.ready.pop_front() {
                self.last_sent = next.id;
                return Ok(Some((next, self)));
            }
            let goes_on = match self.read().await {
                Ok(rows) if rows.is_empty() => self.bell.wait().await,
                Ok(rows) => {
                    self.ready = rows.into();
                    true
                }
                // The database is restarting, or busy: who listens need not know.
                Err(Error::Unavailable) => self.bell.recover().await,
                Err(error) => return Err(error),
            };
            if !goes_on {
                return Ok(None);
            }
        }
    }

    async fn read(&self) -> Result<Vec<Notification>> {
        let _turn = self.feed.turn().await;
        let mut tx = self.ctx.read(&READ).await?;
        let rows = repo::after(&mut tx, self.me, self.last_sent, BATCH).await;
        drop(tx);
        // Who waits holds no connection, and the next look is at another moment.
        self.ctx.end_reading().await;
        rows
    }
}

/// Writes one notification for each member whom an event concerns, and rings their bells.
pub(crate) async fn tell(tx: &mut Tx, kind: &NotificationType, envelope: &Envelope) -> Result<()> {
    let mut subject = (kind.subject)(&envelope.payload)?;
    if subject.actor.is_none()
        && let EventActor::Member(id) = &envelope.actor
    {
        subject.actor = Some(MembershipId(*id));
    }
    settle_topic(tx, &mut subject).await?;
    let values = serde_json::to_value(&subject.values)?;
    // A thing is requested, approved, rejected, cancelled once: better than the event's id, which another announcement of
    // the same fact would not share.
    let occasion = if kind.recurs { format!(":{}", envelope.event_id) } else { subject.occasion.clone() };
    let dedupe_key = format!("{}:{}{occasion}", kind.key, subject.link_id);
    let mut heard = model::Recipients::new();
    for telling in kind.tellings {
        let recipients = recipients(tx, telling.audience, &subject).await?;
        let recipients: Vec<MembershipId> = recipients.into_iter().filter(|id| heard.insert(*id)).collect();
        if !recipients.is_empty() {
            let message = (telling.message)(&subject);
            let in_english = |part| wording::in_english(message, part, &subject.values);
            let (title, body) = (in_english(Part::Title), in_english(Part::Body));
            repo::lock_order(tx).await?;
            let ids = next_ids(tx, &recipients).await?;
            let words =
                Words { kind: kind.key, message, values: &values, title, body, dedupe_key: &dedupe_key };
            repo::insert(tx, &ids, &recipients, &words, &subject).await?;
        }
    }
    Ok(())
}

/// The most characters of what a thing is called.
const TOPIC_MAX: usize = 200;

/// Notes what the thing is where the event says it; looks for what an earlier one said where this one needs it.
async fn settle_topic(tx: &mut Tx, subject: &mut Subject) -> Result<()> {
    match &subject.topic {
        Topic::Unasked => {}
        Topic::Said(phrase) => {
            if let Some(words) = wording::phrase_in_english(phrase) {
                let words: String = words.chars().take(TOPIC_MAX).collect();
                repo::note_topic(tx, subject, &words, serde_json::to_value(phrase)?).await?;
            }
        }
        Topic::AsBefore => {
            if let Some((words, phrase)) = repo::topic(tx, subject).await? {
                let values = std::mem::take(&mut subject.values);
                subject.values = values.with("topic", wording::noted(words, phrase));
            }
        }
    }
    Ok(())
}

/// An id for each recipient, greater than those that they have.
async fn next_ids(tx: &mut Tx, recipients: &[MembershipId]) -> Result<Vec<NotificationId>> {
    let newest = repo::newest(tx, recipients).await?;
    let newest_of = |recipient| newest.iter().find(|(of, _)| of == recipient).map(|(_, id)| *id);
    Ok(recipients.iter().map(|recipient| NotificationId::after(newest_of(recipient))).collect())
}

async fn recipients(tx: &mut Tx, audience: Audience, subject: &Subject) -> Result<model::Recipients> {
    Ok(match audience {
        Audience::Approvers => {
            let members = people::office_and(tx, &subject.approvers).await?;
            let is_alone = match subject.owner {
                Some(owner) => people::is_alone(tx, owner).await?,
                None => false,
            };
            model::approvers(subject, &members, is_alone)
        }
        Audience::Owner => model::others(subject.owner, subject.actor),
        Audience::Told => {
            let told = repo::told_of(tx, subject).await?;
            model::others(told.into_iter().filter(|id| subject.owner != Some(*id)), subject.actor)
        }
        Audience::Office => {
            let members = people::office_and(tx, &[]).await?;
            model::others(people::office(&[], subject.owner, &members), subject.actor)
        }
        // Also of what follows from their own deed: that they took the last one does not say that they know.
        Audience::Keepers => {
            let members = people::office_and(tx, &subject.approvers).await?;
            model::keepers(subject, &members)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use common::Role;
    use serde_json::json;
    use testing::{App, Person};
    use tokio::time::timeout;
    use uuid::Uuid;

    use super::*;

    fn submitted(person: &Person) -> Envelope {
        let payload = json!({ "requestId": Uuid::now_v7(), "approverMembershipIds": [person.member().membership_id],
            "firstDay": "2026-03-09", "lastDay": "2026-03-13", "days": "5" });
        Envelope {
            event_id: Uuid::now_v7(),
            event_type: "leave.request.submitted".to_owned(),
            occurred_at: DateTime::<Utc>::MIN_UTC,
            organization_id: person.member().organization_id,
            actor: EventActor::System("leave".to_owned()),
            aggregate_id: Uuid::now_v7(),
            correlation_id: "test".to_owned(),
            payload,
        }
    }

    #[tokio::test]
    async fn a_later_notification_is_never_visible_before_an_earlier_one() {
        let app = App::start(vec![crate::subgraph()]).await;
        let person = Person::new(&[Role::Manager]);
        let kind = type_of("leave.request.submitted").unwrap();
        let ctx = Ctx::system(app.database.clone(), "notification", person.member().organization_id, "test");
        let mut first = ctx.begin(&Permission::SYSTEM).await.unwrap();
        let mut second = ctx.begin(&Permission::SYSTEM).await.unwrap();
        tell(&mut first, kind, &submitted(&person)).await.unwrap();
        let event = submitted(&person);
        let mut telling = Box::pin(tell(&mut second, kind, &event));
        assert!(
            timeout(Duration::from_millis(200), &mut telling).await.is_err(),
            "it did not wait for the first"
        );
        first.commit(()).await.unwrap();
        telling.await.unwrap();
        second.commit(()).await.unwrap();
        let page = Page::new(None, None).unwrap();
        let ctx = app.ctx(&person, "notification");
        let newest_first =
            list(&ctx, NotificationFilter::default(), NotificationSort::default(), page).await.unwrap();
        let links: Vec<_> = newest_first.rows.iter().map(|(_, row)| json!(row.link_id)).collect();
        assert_eq!(links.len(), 2);
        assert_eq!(links[0], event.payload["requestId"]);
    }
}
