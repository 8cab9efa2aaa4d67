//! Who is next, and who is sent away: the line without threads, passwords or a clock.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::recent::Recent;
use super::{RETRY_AFTER, Source};
use crate::account::Account;

/// Places in each lane for each processor: what it checks in four to six seconds.
pub(super) const PLACES_PER_PROCESSOR: usize = 16;
/// Which lane is served first in turn: known devices every other time, known networks and strangers every fourth.
const FIRST: [usize; 4] = [KNOWN_DEVICE, KNOWN_NETWORK, KNOWN_DEVICE, STRANGER];
const KNOWN_DEVICE: usize = 0;
const KNOWN_NETWORK: usize = 1;
const STRANGER: usize = 2;
/// How much later than they were told somebody may come, and still has waited as told.
const GRACE: Duration = Duration::from_secs(12);
/// Tickets, and networks of accounts, that are remembered at least; twice as many at most.
const REMEMBERED: usize = 50_000;

/// Somebody who wants a password checked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Knocker {
    /// Who they are, as far as it is known: their tries are counted under it.
    pub(crate) source: Source,
    /// Where they are: an account's networks are remembered.
    pub(crate) network: Option<IpAddr>,
    /// What they want to be let in to.
    pub(crate) account: Account,
}

/// What somebody keeps of their waiting who is told to come again.
#[derive(Clone, Copy)]
struct Ticket {
    since: Instant,
    due: Instant,
}

/// How somebody comes: for the first time, or again as they were told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) is_back: bool,
    since: Instant,
}

/// A place in a lane; the smallest goes first. Whoever comes back as told goes before whoever has not waited yet; then
/// the fewest tries and the fewest of the same source and the same account before them; then who has waited longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    lane: usize,
    is_new: bool,
    rank: u32,
    since: Instant,
    number: u64,
}

/// Somebody in the line, or who has a turn.
pub(super) struct Standing<W> {
    pub(super) knocker: Knocker,
    pub(super) place: Place,
    /// What it takes to tell them.
    pub(super) waiting: W,
}

/// The line.
pub(super) struct Queue<W> {
    free: usize,
    places: usize,
    arrivals: u64,
    turns: usize,
    lanes: [BTreeMap<Place, Standing<W>>; 3],
    /// How many of each source, and for each account in each lane, wait or are being served.
    of_source: HashMap<Source, u32>,
    of_account: HashMap<(usize, Account), u32>,
    tickets: Recent<(Source, Account), Ticket>,
    known: Recent<(Account, IpAddr), ()>,
}

impl<W> Queue<W> {
    pub(super) fn new(processors: usize) -> Self {
        Self {
            free: processors,
            places: processors * PLACES_PER_PROCESSOR,
            arrivals: 0,
            turns: 0,
            lanes: Default::default(),
            of_source: HashMap::new(),
            of_account: HashMap::new(),
            tickets: Recent::new(REMEMBERED),
            known: Recent::new(REMEMBERED),
        }
    }

    /// Takes somebody's ticket, if they come as they were told. Whoever comes sooner begins anew.
    pub(super) fn arrive(&mut self, knocker: &Knocker, now: Instant) -> Arrival {
        let ticket = self.tickets.take(&(knocker.source, knocker.account.clone()));
        match ticket.filter(|ticket| (ticket.due..=ticket.due + GRACE).contains(&now)) {
            Some(ticket) => Arrival { is_back: true, since: ticket.since },
            None => Arrival { is_back: false, since: now },
        }
    }

    /// Gives somebody a place whose source has so many other tries behind it. `None` for whoever has the least claim to
    /// one when there is none; else the last one of the lane is sent away for them.
    pub(super) fn join(
        &mut self,
        knocker: Knocker,
        arrival: Arrival,
        tries: u32,
        waiting: W,
        now: Instant,
    ) -> Option<Place> {
        let lane = self.lane(&knocker);
        let in_account = (lane, knocker.account.clone());
        let here = self.of_source.get(&knocker.source).copied().unwrap_or_default()
            + self.of_account.get(&in_account).copied().unwrap_or_default();
        self.arrivals += 1;
        let Arrival { is_back, since } = arrival;
        let rank = tries.saturating_add(here);
        let place = Place { lane, is_new: !is_back, rank, since, number: self.arrivals };
        let last = self.lanes[lane].last_key_value().map(|(last, _)| *last);
        if let Some(last) = last.filter(|_| self.lanes[lane].len() >= self.places) {
            if last < place {
                self.give_ticket(&knocker, since, now + RETRY_AFTER);
                return None;
            }
            self.send_away(last, now);
        }
        *self.of_source.entry(knocker.source).or_default() += 1;
        *self.of_account.entry(in_account).or_default() += 1;
        self.lanes[lane].insert(place, Standing { knocker, place, waiting });
        Some(place)
    }

    /// Takes who is next out of the line, and a processor for them.
    pub(super) fn next(&mut self) -> Option<Standing<W>> {
        if self.free == 0 {
            return None;
        }
        let first = FIRST[self.turns % FIRST.len()];
        let lanes = [first, KNOWN_DEVICE, KNOWN_NETWORK, STRANGER];
        let (_, next) = lanes.into_iter().find_map(|lane| self.lanes[lane].pop_first())?;
        self.free -= 1;
        self.turns = self.turns.wrapping_add(1);
        Some(next)
    }

    /// Gives back the processor of somebody who has had their turn.
    pub(super) fn served(&mut self, knocker: &Knocker, place: Place) {
        self.free += 1;
        self.gone(knocker, place);
    }

    /// Tells whoever is at a place to come again; nobody may be there any more.
    pub(super) fn send_away(&mut self, place: Place, now: Instant) {
        if let Some(sent) = self.leave(place) {
            self.give_ticket(&sent.knocker, place.since, now + RETRY_AFTER);
        }
    }

    /// Takes whoever is at a place out of the line.
    pub(super) fn leave(&mut self, place: Place) -> Option<Standing<W>> {
        let left = self.lanes[place.lane].remove(&place)?;
        self.gone(&left.knocker, place);
        Some(left)
    }

    /// Somebody who had a turn at this place is told by others to come again.
    pub(super) fn put_off(&mut self, knocker: &Knocker, place: Place, due: Instant) {
        self.give_ticket(knocker, place.since, due);
    }

    /// From now on this network is one of the account's own.
    pub(super) fn know(&mut self, knocker: &Knocker) {
        if let Some(network) = knocker.network {
            self.known.put((knocker.account.clone(), network), ());
        }
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.lanes.iter().map(BTreeMap::len).sum()
    }

    /// Whether somebody is at a place.
    #[cfg(test)]
    pub(super) fn has(&self, place: Place) -> bool {
        self.lanes[place.lane].contains_key(&place)
    }

    /// Whether nobody waits or is served.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting() == 0 && self.of_source.is_empty() && self.of_account.is_empty()
    }

    fn lane(&mut self, knocker: &Knocker) -> usize {
        let Source::Network(_) = knocker.source else { return KNOWN_DEVICE };
        let Some(network) = knocker.network else { return STRANGER };
        let is_known = self.known.take(&(knocker.account.clone(), network)).is_some();
        if is_known {
            self.know(knocker);
        }
        if is_known { KNOWN_NETWORK } else { STRANGER }
    }

    fn give_ticket(&mut self, knocker: &Knocker, since: Instant, due: Instant) {
        self.tickets.put((knocker.source, knocker.account.clone()), Ticket { since, due });
    }

    fn gone(&mut self, knocker: &Knocker, place: Place) {
        one_less(&mut self.of_source, &knocker.source);
        one_less(&mut self.of_account, &(place.lane, knocker.account.clone()));
    }
}

fn one_less<K: Eq + std::hash::Hash>(counts: &mut HashMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}
