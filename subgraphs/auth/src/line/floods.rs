//! Floods against the line, played through by a clock of their own: who gets in, and how soon.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::queue::{Knocker, Place, Queue, Standing};
use super::{RETRY_AFTER, Source, WAIT_MAX};
use crate::account::Account;

/// How long a password takes here, and the look at an account that takes no more strangers now.
const CHECK: Duration = Duration::from_millis(300);
const REFUSAL: Duration = Duration::from_millis(10);
const STEP: Duration = Duration::from_millis(10);
/// How often an account takes strangers at which many have failed.
const PACE: Duration = Duration::from_secs(6);

/// What a flood knocks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Another address each time.
    Anybody,
    /// Each network at one address.
    OneEach,
    /// All at one address.
    Somebody,
}

/// Strangers who knock at a steady pace, whatever they are told; or, with `obeys`, who come again as they are told.
#[derive(Clone, Copy, Debug)]
struct Flood {
    per_s: u64,
    networks: u64,
    at: At,
    obeys: bool,
}

/// Somebody in a play, and whether they have the right password.
#[derive(Clone)]
struct Actor {
    knocker: Knocker,
    is_owner: bool,
}

struct Play {
    queue: Queue<()>,
    tries: HashMap<Source, u32>,
    begun: Instant,
    now: Instant,
    /// Who is being served, at which place, and until when.
    served: Option<(Actor, Place, Instant)>,
    /// Who waits, and since when.
    here: BTreeMap<Place, (Actor, Instant)>,
    /// Who comes when.
    coming: BTreeMap<(Instant, u64), Actor>,
    comings: u64,
    last_of_somebody: Option<Instant>,
    flood: Flood,
    knocks: u64,
    /// When those with the right password came first, and how long they took.
    got_in: Vec<(Instant, Duration)>,
    first: HashMap<Knocker, Instant>,
}

fn account(number: u64) -> Account {
    Account(number.to_be_bytes().to_vec())
}

fn stranger(network: u64, at: u64) -> Knocker {
    let network = Some(std::net::Ipv4Addr::from_bits(u32::try_from(network).unwrap()).into());
    Knocker { source: Source::Network(network), network, account: account(at) }
}

/// The account that a flood at one address is at.
const SOMEBODY: u64 = 1;

impl Play {
    fn new(flood: Flood) -> Self {
        let now = Instant::now();
        Self {
            queue: Queue::new(1),
            tries: HashMap::new(),
            begun: now,
            now,
            served: None,
            here: BTreeMap::new(),
            coming: BTreeMap::new(),
            comings: 0,
            last_of_somebody: None,
            flood,
            knocks: 0,
            got_in: Vec::new(),
            first: HashMap::new(),
        }
    }

    fn comes(&mut self, actor: Actor, at: Instant) {
        self.comings += 1;
        self.coming.insert((at, self.comings), actor);
    }

    fn owner(&mut self, knocker: Knocker) {
        self.first.insert(knocker.clone(), self.now);
        self.comes(Actor { knocker, is_owner: true }, self.now);
    }

    /// The flood's next knock.
    fn bot(&mut self, network: u64) -> Actor {
        self.knocks += 1;
        let at = match self.flood.at {
            At::Anybody => 1_000_000 + self.knocks,
            At::OneEach => 1_000_000 + network,
            At::Somebody => SOMEBODY,
        };
        Actor { knocker: stranger(1_000 + network, at), is_owner: false }
    }

    fn knock(&mut self, actor: Actor) {
        let arrival = self.queue.arrive(&actor.knocker, self.now);
        let tries = self.tries.entry(actor.knocker.source).or_default();
        *tries += u32::from(!arrival.is_back);
        let other = tries.saturating_sub(1);
        let knocker = actor.knocker.clone();
        let Some(place) = self.queue.join(knocker, arrival, other, (), self.now) else {
            return self.told(actor, RETRY_AFTER);
        };
        self.here.insert(place, (actor, self.now));
        // Somebody may have been sent away for them.
        let queue = &self.queue;
        let sent: Vec<Place> = self.here.keys().copied().filter(|place| !queue.has(*place)).collect();
        for place in sent {
            if let Some((actor, _)) = self.here.remove(&place) {
                self.told(actor, RETRY_AFTER);
            }
        }
    }

    /// Somebody is told to come again.
    fn told(&mut self, actor: Actor, wait: Duration) {
        if actor.is_owner || self.flood.obeys {
            // People come a little later than they are told.
            self.comes(actor, self.now + wait + STEP);
        }
    }

    fn step(&mut self) {
        self.now += STEP;
        if let Some((actor, place, _)) = self.served.take_if(|(_, _, until)| *until <= self.now) {
            self.queue.served(&actor.knocker, place);
        }
        let is_late = |since: Instant| self.now - since >= WAIT_MAX;
        let late: Vec<Place> =
            self.here.iter().filter(|(_, (_, since))| is_late(*since)).map(|(place, _)| *place).collect();
        for place in late {
            if let Some((actor, _)) = self.here.remove(&place) {
                self.queue.send_away(place, self.now);
                self.told(actor, RETRY_AFTER);
            }
        }
        while let Some(entry) = self.coming.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let actor = entry.remove();
            self.knock(actor);
        }
        if self.served.is_none()
            && let Some(Standing { place, .. }) = self.queue.next()
            && let Some((actor, _)) = self.here.remove(&place)
        {
            self.serve(actor, place);
        }
    }

    fn serve(&mut self, actor: Actor, place: Place) {
        let is_somebody = actor.knocker.account == account(SOMEBODY);
        let is_slow = is_somebody && self.last_of_somebody.is_some_and(|last| self.now - last < PACE);
        if is_slow {
            let due = self.last_of_somebody.unwrap_or(self.now) + PACE;
            self.queue.put_off(&actor.knocker, place, due);
            self.told(actor.clone(), due - self.now);
            self.served = Some((actor, place, self.now + REFUSAL));
            return;
        }
        if is_somebody {
            self.last_of_somebody = Some(self.now);
        }
        let until = self.now + CHECK;
        if actor.is_owner {
            let first = self.first.remove(&actor.knocker).unwrap();
            self.got_in.push((first, until - first));
            if let Some(tries) = self.tries.get_mut(&actor.knocker.source) {
                *tries -= 1;
            }
            self.queue.know(&actor.knocker);
        } else if self.flood.obeys
            && let Source::Network(Some(std::net::IpAddr::V4(network))) = actor.knocker.source
        {
            let bot = self.bot(u64::from(network.to_bits()) - 1_000);
            self.comes(bot, until + STEP);
        }
        self.served = Some((actor, place, until));
    }

    /// Plays so long, with a person at the door every so often.
    fn run(&mut self, lasting: Duration, every: Duration, mut person: impl FnMut(u64) -> Knocker) {
        let (mut next_bot, mut next_person) = (self.now, self.now + Duration::from_secs(1));
        let mut persons = 0;
        while self.now - self.begun < lasting {
            while next_bot <= self.now && (!self.flood.obeys || self.knocks < self.flood.networks) {
                let bot = self.bot((self.knocks * 7_919) % self.flood.networks);
                self.knock(bot);
                next_bot += Duration::from_secs(1) / u32::try_from(self.flood.per_s).unwrap();
            }
            if next_person <= self.now {
                persons += 1;
                let person = person(persons);
                self.owner(person);
                next_person += every;
            }
            self.step();
        }
    }
}

/// The longest that people took who come every three seconds while a flood lasts, of those who came after so long.
fn longest(flood: Flood, after: Duration, person: impl FnMut(u64) -> Knocker) -> Duration {
    let mut play = Play::new(flood);
    play.run(after + Duration::from_secs(90), Duration::from_secs(3), person);
    let came = |(at, _): &(Instant, Duration)| *at - play.begun >= after;
    let waits = play.first.values().map(|first| (*first, play.now - *first));
    let all = play.got_in.iter().copied().chain(waits).filter(came);
    all.map(|(_, took)| took).max().expect("people came")
}

const PACES: [u64; 5] = [20, 43, 50, 100, 200];
const FROM_THE_FIRST: Duration = Duration::ZERO;

fn flood(per_s: u64, at: At) -> Flood {
    Flood { per_s, networks: 1_000, at, obeys: false }
}

/// Somebody at an address of their own, in a network that nobody knocked from.
fn newcomer(number: u64) -> Knocker {
    stranger(500_000 + number, 500_000 + number)
}

#[test]
fn somebody_new_who_comes_as_told_gets_in_while_a_thousand_networks_try_address_after_address() {
    for per_s in PACES {
        let longest = longest(flood(per_s, At::Anybody), FROM_THE_FIRST, newcomer);
        assert!(longest < Duration::from_secs(7), "{longest:?} at {per_s} a second");
    }
}

#[test]
fn a_flood_at_one_address_holds_up_no_other() {
    for per_s in PACES {
        let longest = longest(flood(per_s, At::Somebody), FROM_THE_FIRST, newcomer);
        assert!(longest < Duration::from_secs(8), "{longest:?} at {per_s} a second");
    }
}

#[test]
fn colleagues_who_failed_cost_somebody_who_comes_as_told_no_more_than_once_coming_again() {
    for per_s in PACES {
        let mut play = Play::new(flood(per_s, At::Anybody));
        play.tries.insert(newcomer(1).source, 12);
        play.run(Duration::from_secs(30), Duration::from_secs(60), newcomer);
        let took = play.got_in.first().map(|(_, took)| *took);
        assert!(took.is_some_and(|took| took < Duration::from_secs(7)), "{took:?} at {per_s} a second");
    }
}

#[test]
fn known_devices_and_known_networks_are_held_up_by_no_flood_of_strangers() {
    for (at, obeys) in [(At::Anybody, false), (At::Anybody, true), (At::OneEach, true), (At::Somebody, false)]
    {
        let flood = Flood { obeys, ..flood(200, at) };
        let device = |number: u64| Knocker {
            source: Source::Device(uuid::Uuid::from_u128(number.into())),
            ..newcomer(number)
        };
        let known = longest(flood, FROM_THE_FIRST, device);
        assert!(known < Duration::from_secs(2), "{known:?}: {flood:?}");
        let mut play = Play::new(flood);
        play.queue.know(&newcomer(1));
        play.run(Duration::from_secs(30), Duration::from_secs(60), newcomer);
        let took = play.got_in.first().map(|(_, took)| *took);
        assert!(took.is_some_and(|took| took < Duration::from_secs(2)), "{took:?}: {flood:?}");
    }
}

#[test]
fn those_who_wait_as_told_hold_somebody_new_up_as_as_many_people_would_once_and_then_no_more() {
    let flood = Flood { per_s: 200, networks: 200, at: At::OneEach, obeys: true };
    let once = CHECK * 200;
    let first = longest(flood, FROM_THE_FIRST, newcomer);
    assert!(first < once + 2 * RETRY_AFTER, "{first:?}: who came before goes before");
    let then = longest(flood, once + Duration::from_secs(30), newcomer);
    assert!(then < Duration::from_secs(10), "{then:?}: they have tries behind them");
}
