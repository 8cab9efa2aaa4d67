//! Notifications: each tells one member one thing that happened, and leads there.

mod catalogue;
mod graphql;
mod model;
mod repo;

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use common::{
    Cursor, Envelope, Error, EventActor, MembershipId, Page, Permission, Result, Role, Scope, Slice,
};
use database::{Ctx, Tx};
use futures::Stream;
use futures::stream;

use crate::feed::{Bell, Feed};
use crate::member;
use catalogue::{Audience, NotificationType, Subject};

pub(crate) use catalogue::{CATALOGUE, type_of};
pub use graphql::{NotificationMutation, NotificationQuery, NotificationSubscription};
pub use model::{Notification, NotificationId};

pub(crate) const READ: Permission =
    Permission { key: "notification.own.read", description: "Read what one was told.", grants: EVERYBODY };
pub(crate) const UPDATE: Permission = Permission {
    key: "notification.own.update",
    description: "Mark what one was told as read.",
    grants: EVERYBODY,
};
/// Their own: no use-case here reaches further, whatever the scope.
const EVERYBODY: &[(Role, Scope)] = &[
    (Role::Owner, Scope::Own),
    (Role::Admin, Scope::Own),
    (Role::Manager, Scope::Own),
    (Role::Hr, Scope::Own),
    (Role::Member, Scope::Own),
];

/// How many notifications a subscriber reads at once.
const BATCH: i64 = 100;

/// The caller's notifications, newest first.
pub(crate) async fn list(ctx: &Ctx, page: Page<()>, unread_only: bool) -> Result<Slice<Notification>> {
    let mut tx = ctx.begin(&READ).await?;
    let rows = repo::page(&mut tx, ctx.member()?.membership_id, &page, unread_only).await?;
    Ok(page.slice(rows, |row| Cursor { key: (), id: row.id.0 }))
}

/// How many of the caller's notifications are unread.
pub(crate) async fn unread_count(ctx: &Ctx) -> Result<i64> {
    let mut tx = ctx.begin(&READ).await?;
    repo::unread_count(&mut tx, ctx.member()?.membership_id).await
}

/// The caller's notifications with these ids.
pub(crate) async fn fetch(ctx: &Ctx, ids: &[NotificationId]) -> Result<Vec<Notification>> {
    let mut tx = ctx.begin(&READ).await?;
    repo::fetch(&mut tx, ctx.member()?.membership_id, ids).await
}

/// Marks one as read; one that is already read keeps its time.
pub(crate) async fn mark_read(ctx: &Ctx, id: NotificationId) -> Result<Notification> {
    let mut tx = ctx.begin(&UPDATE).await?;
    let at = tx.now();
    let marked = repo::mark_read(&mut tx, ctx.member()?.membership_id, id, at).await?;
    let marked = marked.ok_or(Error::NotFound("notification"))?;
    tx.commit().await?;
    Ok(marked)
}

/// Marks all as read that had come by an instant, or by now; answers how many.
pub(crate) async fn mark_all_read(ctx: &Ctx, up_to: Option<DateTime<Utc>>) -> Result<i32> {
    let mut tx = ctx.begin(&UPDATE).await?;
    let at = tx.now();
    let count = repo::mark_all_read(&mut tx, ctx.member()?.membership_id, up_to.unwrap_or(at), at).await?;
    tx.commit().await?;
    Ok(i32::try_from(count).unwrap_or(i32::MAX))
}

/// The caller's notifications as they come: those after `after` first, oldest first; without it, only new ones.
pub(crate) async fn received(
    ctx: &Ctx,
    feed: &Arc<Feed>,
    after: Option<NotificationId>,
) -> Result<impl Stream<Item = Result<Notification>> + use<>> {
    let mut tx = ctx.begin(&READ).await?;
    let me = ctx.member()?;
    let last_sent = match after {
        Some(id) => id,
        None => repo::newest(&mut tx, &[me.membership_id])
            .await?
            .first()
            .map_or(NotificationId::FIRST, |(_, id)| *id),
    };
    tx.commit().await?;
    let recipient = (me.organization_id, me.membership_id);
    // From here on the bell counts, and reading begins only after: nothing falls between.
    let bell = feed.bell(recipient);
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
        let mut tx = self.ctx.begin(&READ).await?;
        repo::after(&mut tx, self.me, self.last_sent, BATCH).await
    }
}

/// Tells everybody whom an event concerns, each once, and rings their bells.
pub(crate) async fn tell(tx: &mut Tx, kind: &NotificationType, envelope: &Envelope) -> Result<()> {
    let subject = (kind.subject)(&envelope.payload)?;
    let actor = match &envelope.actor {
        EventActor::Member(id) => Some(MembershipId(*id)),
        EventActor::System(_) => None,
    };
    let recipients: Vec<MembershipId> =
        recipients(tx, kind.audience, &subject, actor).await?.into_iter().collect();
    if recipients.is_empty() {
        return Ok(());
    }
    repo::lock_order(tx).await?;
    let newest = repo::newest(tx, &recipients).await?;
    let ids = recipients.iter().map(|recipient| {
        NotificationId::after(newest.iter().find(|(of, _)| of == recipient).map(|(_, id)| *id))
    });
    let ids: Vec<NotificationId> = ids.collect();
    repo::insert(tx, &ids, &recipients, kind, &subject, actor).await
}

async fn recipients(
    tx: &mut Tx,
    audience: Audience,
    subject: &Subject,
    actor: Option<MembershipId>,
) -> Result<model::Recipients> {
    Ok(match audience {
        Audience::Approvers => {
            let members = member::select_office_and(tx, &subject.approvers).await?;
            let is_alone = match subject.requester {
                Some(requester) => member::is_alone(tx, requester).await?,
                None => false,
            };
            model::approvers(subject, &members, is_alone)
        }
        Audience::Requester => model::requester(subject, actor),
        Audience::Told => model::told_before(repo::told_of(tx, subject).await?, actor),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        let mut first = ctx.begin(&Permission::PUBLIC).await.unwrap();
        let mut second = ctx.begin(&Permission::PUBLIC).await.unwrap();
        tell(&mut first, kind, &submitted(&person)).await.unwrap();
        let event = submitted(&person);
        let mut telling = Box::pin(tell(&mut second, kind, &event));
        assert!(
            timeout(Duration::from_millis(200), &mut telling).await.is_err(),
            "it did not wait for the first"
        );
        first.commit().await.unwrap();
        telling.await.unwrap();
        second.commit().await.unwrap();
        let newest_first =
            list(&app.ctx(&person, "notification"), Page::new(None, None).unwrap(), false).await.unwrap();
        let links: Vec<_> = newest_first.rows.iter().map(|(_, row)| json!(row.link_id)).collect();
        assert_eq!(links.len(), 2);
        assert_eq!(links[0], event.payload["requestId"]);
    }
}
