//! Who in this process waits for notifications, and what wakes them.
//!
//! Whoever writes a notification, in whichever process, rings the recipient's bell by `pg_notify`, which
//! PostgreSQL sounds when the transaction commits. A process hears all bells on one connection, opened when
//! the first subscriber comes, and wakes its own subscribers; they read the rows themselves, as themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use common::{MembershipId, OrganizationId};
use database::Heard;
use service::Runtime;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::AbortHandle;

/// The PostgreSQL channel; `repo::insert` rings `<organization>:<membership>` on it.
pub(crate) const CHANNEL: &str = "notification";

/// How long a subscriber waits for a bell before it looks by itself. Only a net below the net: a connection
/// that was lost and found wakes everybody.
const POLL: Duration = Duration::from_secs(15);

/// How long to wait before reading again, when it failed.
const RETRY: Duration = Duration::from_secs(1);

/// How many subscribers read at the same time: a bell for thousands must not take the pool from everybody.
const READS_MAX: usize = 4;

/// Whose bell it is.
type Recipient = (OrganizationId, MembershipId);

/// The subscribers of one process.
pub(crate) struct Feed {
    runtime: Runtime,
    waiting: Arc<Waiting>,
    reads: Semaphore,
    listener: OnceLock<AbortHandle>,
}

impl Feed {
    /// A feed without subscribers; it opens no connection before the first one comes.
    pub(crate) fn new(runtime: &Runtime) -> Self {
        Self {
            runtime: runtime.clone(),
            waiting: Arc::default(),
            reads: Semaphore::new(READS_MAX),
            listener: OnceLock::new(),
        }
    }

    /// A bell for one subscriber. It counts what rings from now on, also while nobody waits for it.
    pub(crate) fn bell(&self, recipient: Recipient) -> Bell {
        self.listener
            .get_or_init(|| tokio::spawn(listen(self.runtime.clone(), self.waiting.clone())).abort_handle());
        let rings = self.waiting.lock().entry(recipient).or_default().subscribe();
        Bell { waiting: self.waiting.clone(), recipient, rings, runtime: self.runtime.clone() }
    }

    /// Waits for one's turn to read.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It fails when the semaphore is closed, and nobody closes it.
        self.reads.acquire().await.ok()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
    }
}

/// One subscriber's bell. Dropped, it is forgotten.
pub(crate) struct Bell {
    waiting: Arc<Waiting>,
    recipient: Recipient,
    rings: watch::Receiver<()>,
    runtime: Runtime,
}

impl Bell {
    /// Returns when there may be something new: `true`, or `false` when the process comes to its end.
    pub(crate) async fn wait(&mut self) -> bool {
        self.wait_at_most(POLL).await
    }

    /// Returns when reading, which failed, may work again; `false` when the process comes to its end.
    pub(crate) async fn recover(&mut self) -> bool {
        self.wait_at_most(RETRY).await
    }

    async fn wait_at_most(&mut self, at_most: Duration) -> bool {
        tokio::select! {
            () = self.runtime.cancel.cancelled() => false,
            _ = tokio::time::timeout(at_most, self.rings.changed()) => true,
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock();
        // The one left is this one: all come and go under the lock.
        if waiting.get(&self.recipient).is_some_and(|rings| rings.receiver_count() <= 1) {
            waiting.remove(&self.recipient);
        }
    }
}

/// The recipients who have subscribers here.
#[derive(Default)]
struct Waiting(Mutex<HashMap<Recipient, watch::Sender<()>>>);

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, HashMap<Recipient, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, recipient: Recipient) {
        if let Some(rings) = self.lock().get(&recipient) {
            rings.send_replace(());
        }
    }

    fn wake_all(&self) {
        for rings in self.lock().values() {
            rings.send_replace(());
        }
    }
}

async fn listen(runtime: Runtime, waiting: Arc<Waiting>) {
    let heard = |heard: Heard<'_>| match heard {
        Heard::Said(ring) => {
            if let Some(recipient) = parse(ring) {
                waiting.wake(recipient);
            }
        }
        // Nobody knows what rang.
        Heard::Missed => waiting.wake_all(),
    };
    runtime.cancel.run_until_cancelled(runtime.database.clone().listen(CHANNEL, heard)).await;
}

fn parse(payload: &str) -> Option<Recipient> {
    let (organization, membership) = payload.split_once(':')?;
    Some((organization.parse().ok()?, membership.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use common::Role;
    use futures::StreamExt as _;
    use testing::{App, Person};

    use super::*;
    use crate::notification;

    impl Feed {
        fn recipients_waiting(&self) -> usize {
            self.waiting.lock().len()
        }
    }

    #[tokio::test]
    async fn a_thousand_who_come_and_go_leave_nothing_behind() {
        let app = App::start(vec![crate::subgraph()]).await;
        let feed = Arc::new(Feed::new(app.runtime()));
        let people: Vec<_> = (0..10).map(|_| Person::new(&[Role::Member])).collect();
        for cycle in 0..1_000 {
            let ctx = app.ctx(&people[cycle % people.len()], "notification");
            let mut stream = Box::pin(notification::received(&ctx, &feed, None).await.unwrap());
            assert_eq!(feed.recipients_waiting(), 1);
            // Every other one is dropped in the middle of reading.
            if cycle % 2 == 0 {
                assert!(futures::poll!(stream.next()).is_pending());
            }
        }
        assert_eq!(feed.recipients_waiting(), 0);
    }

    #[tokio::test]
    async fn the_bell_stays_until_the_last_of_two_has_left() {
        let app = App::start(vec![crate::subgraph()]).await;
        let feed = Feed::new(app.runtime());
        let recipient = (OrganizationId::new(), MembershipId::new());
        let (first, mut second) = (feed.bell(recipient), feed.bell(recipient));
        drop(first);
        feed.waiting.wake(recipient);
        assert!(second.wait().await);
        drop(second);
        assert_eq!(feed.recipients_waiting(), 0);
    }

    #[tokio::test]
    async fn who_came_before_the_connection_was_open_looks_again_once_it_is() {
        let app = App::start(vec![crate::subgraph()]).await;
        let feed = Feed::new(app.runtime());
        let mut bell = feed.bell((OrganizationId::new(), MembershipId::new()));
        assert_eq!(tokio::time::timeout(POLL / 2, bell.wait()).await, Ok(true));
    }

    #[tokio::test]
    async fn whoever_waits_is_let_go_when_the_process_ends() {
        let app = App::start(vec![crate::subgraph()]).await;
        let feed = Feed::new(app.runtime());
        let mut bell = feed.bell((OrganizationId::new(), MembershipId::new()));
        app.runtime().cancel.cancel();
        // The opening of the connection may still ring once.
        while bell.wait().await {}
    }

    #[test]
    fn only_two_ids_are_a_recipient() {
        let (organization, membership) = (OrganizationId::new(), MembershipId::new());
        assert_eq!(parse(&format!("{organization}:{membership}")), Some((organization, membership)));
        for payload in ["", ":", "a:b", &organization.to_string()] {
            assert_eq!(parse(payload), None, "{payload}");
        }
    }
}
