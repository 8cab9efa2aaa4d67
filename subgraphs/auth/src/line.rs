//! The line before the hashing of passwords: who is next when more want to log in than the processors can check.
//!
//! Known devices go first, and every fourth turn is a stranger's. Among their like, those go first whose network or
//! device has the fewest tries behind it and before it in the line: a flood waits behind its own numbers, and whoever
//! comes for the first time goes ahead of it. Places are bounded; who has the least claim to one is sent away, at the
//! price of a look at memory. Nothing here asks the database, and nobody is counted for a failure here.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{Error, IdentityId, Result, network_of};
use store::{Key, Store};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::processors::Processors;

/// Places in the line for each processor: what it checks in six to eight seconds.
const WAITING_PER_PROCESSOR: usize = 24;
/// How long somebody stands in it at most.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// How soon somebody may come again who was sent away.
const RETRY_AFTER_S: u64 = 5;
/// Every so many turns strangers go before known devices, which may be a flood as well.
const STRANGERS_TURN: u64 = 4;

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

    /// Which of the two queues it is in: known ones are in the first.
    fn lane(self) -> usize {
        usize::from(matches!(self, Self::Network(_)))
    }
}

/// The line of this process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Line(Arc<Inner>);

struct Inner {
    processors: Processors,
    state: Mutex<State>,
    /// Where tries are counted: those of all processes, if they share.
    tries: Store,
}

/// The fewest tries first, and then who came first.
type Place = (u32, u64);

struct State {
    free: usize,
    places: usize,
    arrivals: u64,
    turns: u64,
    lanes: [BTreeMap<Place, Waiting>; 2],
    /// How many of each source wait or are being served.
    here: HashMap<Source, u32>,
}

struct Waiting {
    source: Source,
    turn: oneshot::Sender<Turn>,
}

/// The right to use one processor, until it is dropped.
pub(crate) struct Turn {
    line: Line,
    source: Source,
    /// How often the source had tried when it stood in the line, in whatever process.
    tries: u32,
}

impl Line {
    /// A line before so many processors, in which the tries of this process count.
    pub(crate) fn new(processors: usize) -> Self {
        Self::with(processors, Store::in_process())
    }

    /// A line before as many processors, in which the tries in a store count.
    pub(crate) fn counting_in(&self, tries: Store) -> Self {
        Self::with(self.0.processors.count, tries)
    }

    fn with(processors: usize, tries: Store) -> Self {
        let processors = Processors::new(processors);
        let state = State {
            free: processors.count,
            places: processors.count * WAITING_PER_PROCESSOR,
            arrivals: 0,
            turns: 0,
            lanes: Default::default(),
            here: HashMap::new(),
        };
        Self(Arc::new(Inner { processors, state: Mutex::new(state), tries }))
    }

    /// Stands in the line until it is one's turn.
    ///
    /// # Errors
    /// `RATE_LIMITED` for who has the least claim to a place when there is none, and after ten seconds.
    pub(crate) async fn turn(&self, source: Source) -> Result<Turn> {
        let counted = self.0.tries.count(source.key());
        let rank = counted.here().saturating_sub(1);
        let (turn, granted) = oneshot::channel();
        let place = self.join(source, rank, turn)?;
        let _leaving = Leaving { line: self, lane: source.lane(), place };
        match tokio::time::timeout(WAIT_MAX, granted).await {
            // Counted meanwhile.
            Ok(Ok(mut turn)) => {
                turn.tries = counted.everywhere().await;
                Ok(turn)
            }
            Ok(Err(_)) | Err(_) => Err(sent_away()),
        }
    }

    fn join(&self, source: Source, tries: u32, turn: oneshot::Sender<Turn>) -> Result<Place> {
        let mut state = self.state();
        let rank = tries.saturating_add(state.here.get(&source).copied().unwrap_or_default());
        if state.waiting() >= state.places && !state.make_room(source.lane(), rank) {
            return Err(sent_away());
        }
        state.arrivals += 1;
        let place = (rank, state.arrivals);
        *state.here.entry(source).or_default() += 1;
        state.lanes[source.lane()].insert(place, Waiting { source, turn });
        drop(state);
        self.go_on();
        Ok(place)
    }

    /// Gives processors that are free to those whose turn it is.
    fn go_on(&self) {
        // Taken in a function of its own: what is handed over may come back at once, and takes the same lock.
        while let Some(next) = self.next() {
            let turn = Turn { line: self.clone(), source: next.source, tries: 0 };
            // Whoever has left meanwhile gives it back by dropping it.
            let _ = next.turn.send(turn);
        }
    }

    fn next(&self) -> Option<Waiting> {
        self.state().next()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sent_away() -> Error {
    Error::RateLimited { retry_after_s: RETRY_AFTER_S }
}

impl State {
    fn waiting(&self) -> usize {
        self.lanes.iter().map(BTreeMap::len).sum()
    }

    /// Takes who is next out of the line, and a processor for them.
    fn next(&mut self) -> Option<Waiting> {
        if self.free == 0 {
            return None;
        }
        let is_strangers = self.turns % STRANGERS_TURN == STRANGERS_TURN - 1;
        let lanes = if is_strangers { [1, 0] } else { [0, 1] };
        let (_, next) = lanes.into_iter().find_map(|lane| self.lanes[lane].pop_first())?;
        self.free -= 1;
        self.turns += 1;
        Some(next)
    }

    /// Sends somebody away who has less claim to a place than somebody of this lane and rank; false when nobody has.
    fn make_room(&mut self, lane: usize, rank: u32) -> bool {
        let last = [1, 0].into_iter().find(|lane| !self.lanes[*lane].is_empty());
        let Some(last) = last else { return true };
        let Some((&place, _)) = self.lanes[last].last_key_value() else { return true };
        if (last, place.0) <= (lane, rank) {
            return false;
        }
        if let Some(sent) = self.lanes[last].remove(&place) {
            self.left(sent.source);
        }
        true
    }

    fn left(&mut self, source: Source) {
        if let Some(count) = self.here.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.here.remove(&source);
            }
        }
    }
}

/// Takes whoever gives up waiting out of the line.
struct Leaving<'l> {
    line: &'l Line,
    lane: usize,
    place: Place,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let mut state = self.line.state();
        if let Some(gone) = state.lanes[self.lane].remove(&self.place) {
            state.left(gone.source);
        }
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

    /// How often this source has tried of late, this time included, and was not let in.
    pub(crate) fn tries(&self) -> u32 {
        self.tries.max(self.line.0.tries.tries_here(self.source.key()))
    }

    /// The password was right: this was no try.
    pub(crate) fn succeeded(&self) {
        self.line.0.tries.count_less(self.source.key());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.line.state();
        state.free += 1;
        state.left(self.source);
        drop(state);
        self.line.go_on();
    }
}

#[cfg(test)]
mod tests;
