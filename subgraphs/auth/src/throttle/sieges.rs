//! Sieges of an account, played through by a clock of their own: how many guesses there are, and when its owner gets in.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Duration, Utc};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::strangers::{AGAIN_MAX, Against, GRACE, KEPT, PACE, Waiting, is_next};
use super::{FAILURE_WINDOW as WINDOW, SLOW_FAILURES_MAX, STRANGERS_FREE};

/// Networks that knock at one account: at a steady pace whatever they are told, or when they are told to.
#[derive(Clone, Copy, Debug)]
struct Siege {
    networks: i32,
    /// Which network knocks next is drawn, and only one knock in four comes this far: the line sends the others away.
    is_drawn: bool,
    /// Of all together, every so many milliseconds; they come as they are told when this is 0.
    every_ms: i64,
    /// How long.
    lasting_s: i64,
}

const OWNER: i32 = i32::MAX;
/// How much later than told somebody may come and is no new try: as in the line.
const LINE_GRACE: Duration = Duration::seconds(12);

/// When somebody comes again who is told to: in whole seconds, and a little later.
fn told(wait: Duration) -> Duration {
    Duration::seconds((wait.num_milliseconds() + 999) / 1_000) + Duration::milliseconds(300)
}

struct Play {
    now: DateTime<Utc>,
    waiting: HashMap<i32, Waiting>,
    tries: HashMap<i32, i32>,
    failures: Vec<(i32, DateTime<Utc>)>,
    draws: StdRng,
}

impl Play {
    fn new() -> Self {
        Self {
            now: DateTime::UNIX_EPOCH,
            waiting: HashMap::new(),
            tries: HashMap::new(),
            failures: Vec::new(),
            draws: StdRng::seed_from_u64(1),
        }
    }

    /// Somebody comes to the line, where tries are counted: of those who come as they were told the first alone.
    fn come(&mut self, network: i32) {
        let due = self.waiting.get(&network).map(|waiting| waiting.due);
        let is_as_told = due.is_some_and(|due| (due..=due + LINE_GRACE).contains(&self.now));
        *self.tries.entry(network).or_default() += i32::from(!is_as_told);
    }

    /// How long somebody is told to wait; `None` when they were checked.
    fn knock(&mut self, network: i32) -> Option<Duration> {
        self.come(network);
        let now = self.now;
        let recent = |at: &DateTime<Utc>| *at > now - WINDOW;
        let all = self.failures.iter().rev().take_while(|(_, at)| recent(at)).count();
        let own: Vec<_> = self
            .failures
            .iter()
            .rev()
            .take_while(|(_, at)| recent(at))
            .filter(|(by, _)| *by == network)
            .collect();
        if i64::try_from(all).is_ok_and(|all| all >= STRANGERS_FREE) {
            if let Some(of_too_many) = own.get(SLOW_FAILURES_MAX as usize) {
                return Some(of_too_many.1 + WINDOW - now);
            }
            let last = self.failures.last().map(|(_, at)| *at);
            let mine = self.waiting.get(&network).cloned();
            // As they are found in the table.
            let may_be_before = |other: &Waiting| now <= other.due + if other.is_back { GRACE } else { KEPT };
            let others = self.waiting.iter().filter(|(by, other)| **by != network && may_be_before(other));
            let others: Vec<_> = others.map(|(_, other)| other.clone()).collect();
            let against = Against { failures: own.len() as i32, tries: self.tries[&network] - 1 };
            if let Err(me) = is_next(mine.as_ref(), against, &others, last, now) {
                let wait = me.due - now;
                self.waiting.insert(network, me);
                return Some(wait);
            }
            self.waiting.remove(&network);
        }
        self.failures.push((network, now));
        None
    }

    /// Besieges, and lets the owner come first after so many seconds, who fails so often before they get in; answers how
    /// long that took.
    fn besiege(&mut self, siege: Siege, after_s: i64, mut typos: u32) -> Option<Duration> {
        let begun = self.now;
        let owner_came = begun + Duration::seconds(after_s);
        // Who comes when.
        let mut coming = BTreeSet::from([(owner_came, OWNER)]);
        match siege.every_ms {
            0 => {
                coming.extend((0..siege.networks).map(|bot| (begun + Duration::milliseconds(20) * bot, bot)))
            }
            _ => drop(coming.insert((begun, 0))),
        }
        let mut knocks = 0;
        while let Some((at, who)) = coming.pop_first() {
            self.now = at;
            let again = if who == OWNER {
                let wait = self.knock(OWNER);
                if wait.is_none() && typos == 0 {
                    self.failures.pop();
                    return Some(at - owner_came);
                }
                typos -= u32::from(wait.is_none());
                told(wait.unwrap_or(Duration::seconds(3)))
            } else if at - begun > Duration::seconds(siege.lasting_s) {
                continue;
            } else if siege.every_ms == 0 {
                told(self.knock(who).unwrap_or_default())
            } else {
                let network = match siege.is_drawn {
                    true => self.draws.random_range(0..siege.networks),
                    false => knocks * 7_919 % siege.networks,
                };
                match !siege.is_drawn || self.draws.random_ratio(1, 4) {
                    true => drop(self.knock(network)),
                    false => self.come(network),
                }
                knocks = (knocks + 1) % siege.networks;
                Duration::milliseconds(siege.every_ms)
            };
            coming.insert((at + again, who));
        }
        None
    }

    /// The most guesses in fifteen minutes.
    fn guesses_max(&self) -> usize {
        let of = |(at, (_, until)): (usize, &(i32, DateTime<Utc>))| {
            self.failures[..=at].iter().filter(|(_, from)| *from > *until - WINDOW).count()
        };
        self.failures.iter().enumerate().map(of).max().unwrap_or_default()
    }
}

/// Those who knock whenever they like: so many networks, all together every so many milliseconds.
const KNOCKING: [(i32, i64); 6] = [(1, 1_000), (5, 250), (60, 250), (60, 15), (1_000, 500), (1_000, 50)];

/// The longest that the owner took, coming first at several moments of a siege.
fn longest(siege: Siege, typos: u32) -> Duration {
    let took = [5, 60, 300].map(|after_s| {
        let mut play = Play::new();
        let took = play.besiege(siege, after_s, typos).unwrap_or(Duration::MAX);
        assert!(play.guesses_max() <= 160, "{} guesses: {siege:?}", play.guesses_max());
        took
    });
    took.into_iter().max().unwrap_or_default()
}

fn siege(networks: i32, every_ms: i64) -> Siege {
    Siege { networks, is_drawn: false, every_ms, lasting_s: 4 * 3_600 }
}

#[test]
fn the_owner_who_comes_as_told_gets_in_while_networks_knock_whenever_they_like() {
    for (networks, every_ms) in KNOCKING {
        let longest = longest(siege(networks, every_ms), 0);
        assert!(longest <= Duration::seconds(36), "{longest}: {networks} networks every {every_ms} ms");
    }
    let thousand = longest(siege(1_000, 50), 0);
    assert!(thousand <= Duration::seconds(7), "{thousand}: most never come when they were told");
}

#[test]
fn the_owner_who_comes_as_told_gets_in_while_networks_knock_at_random() {
    for networks in [60, 100, 1_000, 100_000] {
        let siege = Siege { is_drawn: true, ..siege(networks, 50) };
        let mut took: Vec<_> = (1..=40).map(|at| Play::new().besiege(siege, at * 7, 0).unwrap()).collect();
        took.sort();
        let (median, longest) = (took[20], took[39]);
        assert!(median <= Duration::seconds(5), "{median}: {networks} networks");
        // Early, when those who come as told by chance have hardly another try behind them.
        assert!(longest <= Duration::seconds(25), "{longest}: {networks} networks");
    }
}

#[test]
fn those_who_come_as_told_hold_the_owner_up_as_as_many_people_would() {
    for networks in [3, 10, 60, 100] {
        let longest = longest(siege(networks, 0), 0);
        let bound = PACE * (networks + 1) + Duration::seconds(30);
        assert!(longest <= bound, "{longest}, and not {bound}: {networks} networks");
    }
}

#[test]
fn an_owner_who_mistypes_waits_minutes_and_is_not_shut_out() {
    for typos in [1_u32, 2] {
        let thousand = longest(siege(1_000, 50), typos);
        assert!(thousand <= Duration::seconds(20), "{thousand}");
        let sixty = longest(siege(60, 0), typos);
        assert!(sixty <= Duration::minutes(20), "{sixty}");
    }
}

#[test]
fn the_owner_gets_in_as_soon_as_those_who_have_gone_are_not_waited_for_any_more() {
    for (networks, every_ms) in KNOCKING.into_iter().chain([(10, 0), (60, 0), (150, 0)]) {
        let siege = Siege { lasting_s: 300, ..siege(networks, every_ms) };
        let took = Play::new().besiege(siege, 301, 0).unwrap_or(Duration::MAX);
        assert!(took <= Duration::seconds(36), "{took}: {siege:?}");
    }
}

#[test]
fn whoever_comes_sooner_than_told_begins_anew_and_is_told_the_longest_wait() {
    let now = DateTime::UNIX_EPOCH;
    let told = Waiting { is_back: true, failures: 0, tries: 0, since: now, due: now + PACE };
    let against = Against::default();
    let early = now + Duration::seconds(5);
    let soon = is_next(Some(&told), against, &[], Some(now), early).unwrap_err();
    assert!(!soon.is_back && soon.since == early && soon.due == early + AGAIN_MAX);
    assert_eq!(is_next(Some(&told), against, &[], Some(now), now + PACE), Ok(()));
}
