//! What has changed a moment ago, for those who look on: ids alone, which the relay of whichever process tells all processes
//! as it moves events out of an outbox. Whoever hears of an id reads the thing itself, as themselves.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use common::{Envelope, OrganizationId};
use database::{Database, Heard};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The channel of PostgreSQL. `<aggregate> <organization> <id>,<id>…` is said on it, or no ids where they were many.
pub(crate) const CHANNEL: &str = "change";

/// How many ids are told at once; a message has 8,000 bytes. Where more change at once, whoever looks on reads all anew.
const IDS_MAX: usize = 100;

/// How many messages are kept for one who reads slowly.
const KEPT: usize = 64;

/// What somebody looks at: the aggregates of one name, such as `contact.contact`, of one organization.
type Subject = (String, OrganizationId);

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The things with these ids.
    Those(Arc<[Uuid]>),
    /// Nobody knows what, or too much to say.
    Anything,
}

/// Those of a process who look on. Cheap to clone; one connection listens from when the first one comes.
#[derive(Clone)]
pub struct Changes(Arc<Inner>);

struct Inner {
    database: Database,
    cancel: CancellationToken,
    onlookers: Arc<Onlookers>,
    listener: OnceLock<AbortHandle>,
}

#[derive(Default)]
struct Onlookers(Mutex<HashMap<Subject, Sender<Changed>>>);

impl Changes {
    /// Nobody looks on yet, and no connection is opened before somebody does. All stop when `cancel` is cancelled.
    #[must_use]
    pub fn new(database: Database, cancel: CancellationToken) -> Self {
        let (onlookers, listener) = Default::default();
        Self(Arc::new(Inner { database, cancel, onlookers, listener }))
    }

    /// Looks at an organization's things of one kind, from now on. `aggregate` is what the names of their events begin
    /// with, such as `contact.contact`.
    #[must_use]
    pub fn look_at(&self, aggregate: &str, organization_id: OrganizationId) -> Looking {
        self.0.listener.get_or_init(|| {
            let (database, onlookers) = (self.0.database.clone(), self.0.onlookers.clone());
            let cancel = self.0.cancel.clone();
            let listening = async move {
                let heard = |heard: Heard<'_>| onlookers.tell(heard);
                cancel.run_until_cancelled(database.listen(CHANNEL, heard)).await;
            };
            tokio::spawn(listening).abort_handle()
        });
        let subject = (aggregate.to_owned(), organization_id);
        let mut onlookers = self.0.onlookers.lock();
        let changed = onlookers.entry(subject.clone()).or_insert_with(|| channel(KEPT).0).subscribe();
        Looking { of: self.0.clone(), subject, changed }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
    }
}

/// One who looks on. Dropped, it is forgotten.
pub struct Looking {
    of: Arc<Inner>,
    subject: Subject,
    changed: Receiver<Changed>,
}

impl Looking {
    /// What changes next; `None` when the process comes to its end.
    pub async fn next(&mut self) -> Option<Changed> {
        let heard = tokio::select! {
            () = self.of.cancel.cancelled() => return None,
            heard = self.changed.recv() => heard,
        };
        match heard {
            Ok(changed) => Some(changed),
            Err(RecvError::Lagged(_)) => Some(Changed::Anything),
            // The sender stays as long as anybody looks on.
            Err(RecvError::Closed) => None,
        }
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        let mut onlookers = self.of.onlookers.lock();
        // The one left is this one: all come and go under the lock.
        if onlookers.get(&self.subject).is_some_and(|changed| changed.receiver_count() <= 1) {
            onlookers.remove(&self.subject);
        }
    }
}

impl Onlookers {
    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, Sender<Changed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, heard: Heard<'_>) {
        // Nobody receives what nobody waits for any more; that is no failure.
        match heard {
            Heard::Missed => {
                for changed in self.lock().values() {
                    let _ = changed.send(Changed::Anything);
                }
            }
            Heard::Said(said) => {
                if let Some((subject, what)) = parse(said)
                    && let Some(changed) = self.lock().get(&subject)
                {
                    let _ = changed.send(what);
                }
            }
        }
    }
}

/// What the relay says of events, a message for each kind of thing and organization.
pub(crate) fn messages(events: &[Envelope]) -> Vec<String> {
    let mut ids: BTreeMap<(&str, OrganizationId), Vec<Uuid>> = BTreeMap::new();
    for event in events {
        let aggregate = event.event_type.rsplit_once('.').map_or("", |(aggregate, _)| aggregate);
        let ids = ids.entry((aggregate, event.organization_id)).or_default();
        if !ids.contains(&event.aggregate_id) && ids.len() <= IDS_MAX {
            ids.push(event.aggregate_id);
        }
    }
    let message = |((aggregate, organization_id), ids): ((&str, OrganizationId), Vec<Uuid>)| {
        let mut message = format!("{aggregate} {organization_id} ");
        if ids.len() <= IDS_MAX {
            for id in ids {
                let _ = write!(message, "{},", id.simple());
            }
        }
        message
    };
    ids.into_iter().map(message).collect()
}

fn parse(said: &str) -> Option<(Subject, Changed)> {
    let mut words = said.split(' ');
    let subject = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    let ids = words.next()?.split_terminator(',').map(Uuid::try_parse);
    let ids = ids.collect::<Result<Vec<_>, _>>().ok()?;
    let what = if ids.is_empty() { Changed::Anything } else { Changed::Those(ids.into()) };
    Some((subject, what))
}

#[cfg(test)]
mod tests {
    use common::EventActor;

    use super::*;

    fn event(event_type: &str, organization_id: OrganizationId, aggregate_id: Uuid) -> Envelope {
        Envelope {
            event_id: Uuid::now_v7(),
            event_type: event_type.to_owned(),
            occurred_at: chrono::Utc::now(),
            organization_id,
            actor: EventActor::System("contact".to_owned()),
            aggregate_id,
            correlation_id: "request".to_owned(),
            payload: serde_json::Value::Null,
        }
    }

    #[test]
    fn each_thing_is_told_once_to_those_who_look_at_its_kind_in_its_organization() {
        let [here, there] = [OrganizationId::new(), OrganizationId::new()];
        let [one, two] = [Uuid::now_v7(), Uuid::now_v7()];
        let said = messages(&[
            event("contact.contact.created", here, one),
            event("contact.contact.updated", here, one),
            event("contact.contact.updated", here, two),
            event("contact.contact.updated", there, two),
            event("contact.consent.changed", here, one),
        ]);
        let mut heard: Vec<_> = said.iter().map(|said| parse(said).unwrap()).collect();
        heard.sort_by_key(|((aggregate, organization), _)| (aggregate.clone(), *organization != here));
        let those = |ids: &[Uuid]| Changed::Those(ids.into());
        assert_eq!(heard[0], (("contact.consent".to_owned(), here), those(&[one])));
        assert_eq!(heard[1], (("contact.contact".to_owned(), here), those(&[one, two])));
        assert_eq!(heard[2], (("contact.contact".to_owned(), there), those(&[two])));
        assert_eq!(heard.len(), 3);
    }

    #[test]
    fn where_much_changes_at_once_it_is_said_that_anything_may_have() {
        let here = OrganizationId::new();
        let events: Vec<_> =
            (0..=IDS_MAX).map(|_| event("contact.contact.created", here, Uuid::now_v7())).collect();
        let said = messages(&events[1..]);
        assert!(said[0].len() < 8000, "{}", said[0].len());
        assert!(matches!(parse(&said[0]).unwrap().1, Changed::Those(ids) if ids.len() == IDS_MAX));
        assert_eq!(parse(&messages(&events)[0]).unwrap().1, Changed::Anything);
    }

    #[test]
    fn what_is_no_message_is_not_heard() {
        for said in ["", "contact.contact", "contact.contact x ", "contact.contact 1 2"] {
            assert_eq!(parse(said), None, "{said}");
        }
    }
}
