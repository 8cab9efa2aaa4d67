//! The line before the hashing of passwords: who is next when more want to log in than the processors can check.
//!
//! Known devices go first, then networks that somebody logged in to the account from, then strangers; each of the three
//! has its share of the turns and places of its own. In a lane, whoever was sent away and comes again as they were told
//! goes before whoever has not waited yet: a flood that knocks whenever it likes never does. Then those go first whose
//! network or device has the fewest tries behind it, and the fewest of its own and of the same account before it in the
//! line: a flood waits behind its own numbers, and one at an account behind that account's. Of equals whoever has waited
//! longest is next, and whoever has waited least is sent away, at the price of a look at memory. Nothing here asks the
//! database, and nobody is counted for a failure here.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::{Error, IdentityId, Result, network_of};
use store::{Key, Store};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::processors::Processors;

pub(crate) use queue::Knocker;
use queue::{Place, Queue, Standing};

#[cfg(test)]
mod floods;
mod queue;
mod recent;
#[cfg(test)]
mod tests;

/// How long somebody stands in it at most.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// How soon somebody may come again who was sent away.
const RETRY_AFTER: Duration = Duration::from_secs(3);

/// Who stands in the line: tries and places are counted under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// A network, as [`common::network_of`] has it; `None` when the address is unknown.
    Network(Option<IpAddr>),
    /// A device that somebody was let in from before.
    Device(Uuid),
    /// Somebody who is logged in.
    Member(IdentityId),
}

impl Source {
    /// The network of an address.
    pub(crate) fn network(address: Option<IpAddr>) -> Self {
        Self::Network(address.map(network_of))
    }

    /// What its tries are counted under.
    fn key(self) -> Key {
        match self {
            Self::Network(address) => Key::of_address("network", address),
            Self::Device(id) => Key::new("device", id),
            Self::Member(id) => Key::new("member", id.0),
        }
    }
}

/// The line of this process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Line(Arc<Inner>);

struct Inner {
    processors: Processors,
    queue: Mutex<Queue<oneshot::Sender<Turn>>>,
    /// Where tries are counted: those of all processes, if they share.
    tries: Store,
}

/// The right to use one processor, until it is dropped.
pub(crate) struct Turn {
    line: Line,
    knocker: Knocker,
    place: Place,
}

impl Line {
    /// A line before so many processors.
    pub(crate) fn new(processors: usize) -> Self {
        Self::with(processors, Store::in_process())
    }

    /// A line before as many processors, in which tries are counted in another store.
    pub(crate) fn counting_in(&self, tries: Store) -> Self {
        Self::with(self.0.processors.count, tries)
    }

    fn with(processors: usize, tries: Store) -> Self {
        let processors = Processors::new(processors);
        let queue = Mutex::new(Queue::new(processors.count));
        Self(Arc::new(Inner { processors, queue, tries }))
    }

    /// Stands in the line until it is one's turn.
    ///
    /// # Errors
    /// `RATE_LIMITED` for who has the least claim to a place when there is none, and after ten seconds.
    pub(crate) async fn turn(&self, knocker: Knocker) -> Result<Turn> {
        let (turn, granted) = oneshot::channel();
        let place = self.join(knocker, turn)?;
        let leaving = Leaving { line: self, place };
        match tokio::time::timeout(WAIT_MAX, granted).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) => Err(sent_away()),
            Err(_) => {
                leaving.line.queue().send_away(place, Instant::now());
                Err(sent_away())
            }
        }
    }

    fn join(&self, knocker: Knocker, turn: oneshot::Sender<Turn>) -> Result<Place> {
        let now = Instant::now();
        let arrival = self.queue().arrive(&knocker, now);
        let key = knocker.source.key();
        // Whoever comes again as they were told has been counted.
        let tries = if arrival.is_back { self.0.tries.tries(key) } else { self.0.tries.count(key) };
        let others = tries.saturating_sub(1);
        let place = self.queue().join(knocker, arrival, others, turn, now).ok_or_else(sent_away)?;
        self.go_on();
        Ok(place)
    }

    /// Gives processors that are free to those whose turn it is.
    fn go_on(&self) {
        // Taken in a function of its own: what is handed over may come back at once, and takes the same lock.
        while let Some(Standing { knocker, place, waiting }) = self.next() {
            // Whoever has left meanwhile gives it back by dropping it.
            let _ = waiting.send(Turn { line: self.clone(), knocker, place });
        }
    }

    fn next(&self) -> Option<Standing<oneshot::Sender<Turn>>> {
        self.queue().next()
    }

    fn queue(&self) -> MutexGuard<'_, Queue<oneshot::Sender<Turn>>> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sent_away() -> Error {
    Error::RateLimited { retry_after_s: RETRY_AFTER.as_secs() }
}

/// Takes whoever gives up waiting out of the line.
struct Leaving<'l> {
    line: &'l Line,
    place: Place,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.line.queue().leave(self.place);
    }
}

impl Turn {
    /// Uses the processor. The work has the turn meanwhile, and not the request: a client that hangs up frees none.
    ///
    /// # Errors
    /// As [`Processors::run`].
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Self)> {
        let line = self.line.clone();
        line.0.processors.run(move || (work(), self)).await
    }

    /// What was tried of late from the same network or device, at any account, before this.
    pub(crate) fn tries_before(&self) -> u32 {
        self.line.0.tries.tries(self.knocker.source.key()).saturating_sub(1)
    }

    /// The password was right: this was no try, and this network is one of the account's own from now on.
    pub(crate) fn succeeded(&self) {
        self.line.0.tries.count_less(self.knocker.source.key());
        self.line.queue().know(&self.knocker);
    }

    /// Nothing is checked now: whoever comes again after so long has waited meanwhile.
    pub(crate) fn put_off(self, wait: Duration) {
        self.line.queue().put_off(&self.knocker, self.place, Instant::now() + wait);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.line.queue().served(&self.knocker, self.place);
        self.line.go_on();
    }
}
