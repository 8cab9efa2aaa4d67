//! Sequences at random: facts about one employee in every order of entry, with the clock moved over the ends of years,
//! against a model that works everything out anew, day by day.
//!
//! `LEAVE_SEQUENCES` says how many (20,000 unless said), `LEAVE_SEED` with which one they begin.

mod engine;
mod facts;
mod model;

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rust_decimal::Decimal;

use self::engine::Engine;
use self::facts::{Adjustment, Facts, Policy, Request, Status};
use self::model::{Model, hundredths};
use crate::ids::{AdjustmentId, RequestId};
use crate::request::{Half, Recount};

const MOVES: usize = 14;

/// The clock stops after three ends of years.
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2029, 1, 31).unwrap();

#[test]
fn in_every_order_of_events_the_numbers_are_those_of_a_day_by_day_count() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().map_or(default, |value| value.parse().unwrap());
    let (first, count) = (number("LEAVE_SEED", 0), number("LEAVE_SEQUENCES", 20_000));
    let threads = std::thread::available_parallelism().map_or(2, |threads| threads.get() as u64);
    let play_all = |thread: u64| {
        let seeds = (first + thread..first + count).step_by(threads as usize);
        let mut seen = Seen::default();
        for seed in seeds {
            Play::new(seed).play(&mut seen);
        }
        seen
    };
    let seen = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || play_all(thread))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).fold(Seen::default(), Seen::and)
    });
    println!("{count} sequences: {seen:?}");
    // Sequences in which nothing happens would prove nothing.
    if count >= 1_000 {
        let each = [seen.granted, seen.refused, seen.carried, seen.called_off, seen.back * 4, seen.overdrawn];
        assert!(each.into_iter().all(|times| times > count / 100), "{seen:?}");
    }
}

/// What came up.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    granted: u64,
    refused: u64,
    carried: u64,
    called_off: u64,
    back: u64,
    overdrawn: u64,
}

impl Seen {
    fn and(self, other: Self) -> Self {
        Self {
            granted: self.granted + other.granted,
            refused: self.refused + other.refused,
            carried: self.carried + other.carried,
            called_off: self.called_off + other.called_off,
            back: self.back + other.back,
            overdrawn: self.overdrawn + other.overdrawn,
        }
    }
}

struct Play {
    seed: u64,
    chance: StdRng,
    facts: Facts,
    engine: Engine,
    /// The employments as they were before the latest correction.
    before: Option<Vec<(NaiveDate, Option<NaiveDate>)>>,
    said: Vec<String>,
}

impl Play {
    fn new(seed: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(chance.random_range(0..365));
        let policies = (0..3).map(|_| Policy::random(&mut chance)).collect();
        let joined_on = around(&mut chance, today, 500, 100);
        let mut facts = Facts {
            today,
            policies,
            timeline: [(None, Some(0))].into(),
            employments: vec![(joined_on, None)],
            holidays: (0..6).map(|_| (around(&mut chance, today, 200, 500), false)).collect(),
            adjustments: Vec::new(),
            requests: Vec::new(),
            overdraft: Decimal::from(chance.random_range(0..3) / 2),
        };
        if chance.random_bool(0.3) {
            facts.timeline.clear();
        }
        Self { seed, chance, facts, engine: Engine::default(), before: None, said: Vec::new() }
    }

    fn play(mut self, seen: &mut Seen) {
        for _ in 0..MOVES {
            let what = self.make_a_move(seen);
            self.said.push(format!("{}: {what}", self.facts.today));
        }
        self.check(seen);
    }

    fn day(&mut self) -> NaiveDate {
        around(&mut self.chance, self.facts.today, 250, 400)
    }

    fn make_a_move(&mut self, seen: &mut Seen) -> String {
        match self.chance.random_range(0..20) {
            0..=1 => {
                let first_day = if self.chance.random_bool(0.3) { None } else { Some(self.day()) };
                let policy = self.chance.random_bool(0.9).then(|| self.chance.random_range(0..3));
                self.facts.timeline.insert(first_day, policy);
                format!("policy {policy:?} from {first_day:?}")
            }
            2 => {
                let at = self.chance.random_range(0..=self.facts.timeline.len());
                let gone = self.facts.timeline.keys().nth(at).copied();
                gone.map(|first_day| self.facts.timeline.remove(&first_day));
                format!("assignment withdrawn: {gone:?}")
            }
            3..=4 if self.chance.random_bool(0.4) => self.put_right(seen),
            3 => self.correct_first_day(seen),
            4 => self.correct_last_day(seen),
            5 => self.rehire(seen),
            6..=7 => {
                let (day, half) = (self.day(), self.chance.random_bool(0.2));
                if self.facts.holidays.remove(&day).is_none() {
                    self.facts.holidays.insert(day, half);
                }
                // One that somebody is on leave on is the more interesting one.
                let taken = self
                    .facts
                    .requests
                    .iter()
                    .flat_map(|request| &request.halves)
                    .map(|(day, _)| *day)
                    .next();
                if let Some(taken) = taken.filter(|_| self.chance.random_bool(0.5))
                    && self.facts.holidays.remove(&taken).is_none()
                {
                    self.facts.holidays.insert(taken, half);
                }
                self.recount(Recount::Holidays, seen);
                format!("holidays {day}, {taken:?}")
            }
            8..=12 => self.submit(seen),
            13..=14 => self.decide(seen),
            15 => self.give_back(),
            16 => {
                let days = Decimal::from(self.chance.random_range(-4..8)) / Decimal::TWO;
                let effective_on = self.day();
                let lasts = self.chance.random_bool(0.3).then(|| self.chance.random_range(0..400));
                let expires_on =
                    lasts.filter(|_| days > Decimal::ZERO).map(|days| effective_on + Days::new(days));
                let adjustment = Adjustment { id: AdjustmentId::new(), days, effective_on, expires_on };
                let said = format!("{adjustment:?}");
                self.facts.adjustments.extend((!days.is_zero()).then_some(adjustment));
                said
            }
            17 => {
                let (at, new) = (self.chance.random_range(0..3), Policy::random(&mut self.chance));
                self.facts.policies[at] = new;
                format!("policy {at} is {:?}", self.facts.policies[at])
            }
            _ => {
                let days = self.chance.random_range(1..300);
                if self.facts.today < LAST_DAY {
                    self.facts.today = self.facts.today + Days::new(days);
                }
                "the clock moves".to_owned()
            }
        }
    }

    /// What was corrected last was right before.
    fn put_right(&mut self, seen: &mut Seen) -> String {
        let Some(before) = self.before.take() else { return "nothing to put right".to_owned() };
        self.facts.employments = before;
        self.recount(Recount::WorkingTime, seen);
        format!("put right: {:?}", self.facts.employments)
    }

    fn correct_first_day(&mut self, seen: &mut Seen) -> String {
        self.before = Some(self.facts.employments.clone());
        let to = around(&mut self.chance, self.facts.today, 400, 200);
        let count = self.facts.employments.len();
        let after = count.checked_sub(2).and_then(|before| self.facts.employments[before].1);
        let (first_day, last_day) = &mut self.facts.employments[count - 1];
        if last_day.is_none_or(|last_day| to <= last_day) && after.is_none_or(|after| to > after) {
            *first_day = to;
        }
        self.recount(Recount::WorkingTime, seen);
        format!("first day {to}")
    }

    fn correct_last_day(&mut self, seen: &mut Seen) -> String {
        self.before = Some(self.facts.employments.clone());
        let to = self.chance.random_bool(0.6).then(|| around(&mut self.chance, self.facts.today, 60, 300));
        let (first_day, last_day) = self.facts.employments.last_mut().unwrap();
        if to.is_none_or(|to| to >= *first_day) {
            *last_day = to;
        }
        self.recount(Recount::WorkingTime, seen);
        format!("last day {to:?}")
    }

    fn rehire(&mut self, seen: &mut Seen) -> String {
        let gap = self.chance.random_range(1..100);
        if let Some((_, Some(last_day))) = self.facts.employments.last().copied()
            && self.facts.employments.len() < 3
        {
            self.facts.employments.push((last_day + Days::new(gap), None));
        }
        self.recount(Recount::WorkingTime, seen);
        format!("back after {gap} days, if gone or going")
    }

    fn submit(&mut self, seen: &mut Seen) -> String {
        let (first, length) = (self.day(), self.chance.random_range(0..12));
        let mut halves: BTreeSet<_> = (0..=length)
            .flat_map(|after| [Half::Am, Half::Pm].map(|half| (first + Days::new(after), half)))
            .collect();
        if self.chance.random_bool(0.2) {
            halves.remove(&(first, Half::Am));
        }
        if self.facts.overlaps(&halves) {
            return "overlaps".to_owned();
        }
        let request = Request { id: RequestId::new(), halves, status: Status::Pending, called_off_of: None };
        let said = format!("asks from {first} for {length} days more");
        let counted = self.engine.count(&self.facts, &request);
        let allowed = self.engine.is_allowed(&self.facts, &counted, request.id);
        let expected = self.model_allows(&request);
        assert_eq!(allowed, expected, "{}", self.story(&said));
        if allowed {
            self.engine.requests.insert(request.id, counted);
            self.facts.requests.push(request);
            seen.granted += 1;
        } else {
            seen.refused += 1;
        }
        format!("{said}: {allowed}")
    }

    fn model_allows(&self, request: &Request) -> bool {
        let taken: Vec<_> = request
            .halves
            .iter()
            .map(|(day, half)| (*day, model::portion(&self.facts, *day, *half)))
            .filter(|(_, days)| *days > 0)
            .collect();
        let Some((from, _)) = taken.first() else { return false };
        let days = Model::new(&self.facts).days(*from, true, Some(request.id), &taken);
        Model::lowest(&days, *from).is_none_or(|lowest| lowest >= -hundredths(self.facts.overdraft))
    }

    fn decide(&mut self, seen: &mut Seen) -> String {
        let pending = self.facts.requests.iter().position(|request| request.status == Status::Pending);
        let Some(at) = pending else { return "nothing to decide".to_owned() };
        let request = self.facts.requests[at].clone();
        if self.chance.random_bool(0.2) {
            self.facts.requests[at].status = Status::Closed;
            self.engine.requests.remove(&request.id);
            return "rejected".to_owned();
        }
        let counted = self.engine.requests[&request.id].clone();
        let allowed = self.engine.is_allowed(&self.facts, &counted, request.id);
        assert_eq!(allowed, self.model_allows(&request), "{}", self.story("approving"));
        if allowed {
            self.facts.requests[at].status = Status::Approved;
        } else {
            seen.refused += 1;
        }
        format!("approved: {allowed}")
    }

    fn give_back(&mut self) -> String {
        let open = self.facts.requests.iter().position(|request| request.status == Status::Approved);
        let Some(at) = open else { return "nothing to give back".to_owned() };
        let mut days: Vec<_> = self.facts.requests[at].halves.iter().map(|(day, _)| *day).collect();
        days.dedup();
        let day = days[self.chance.random_range(0..days.len())];
        let request = &mut self.facts.requests[at];
        request.halves.retain(|(of, _)| *of != day);
        let id = request.id;
        if model::total(&self.facts, &self.facts.requests[at].halves) == 0 {
            self.facts.requests[at].status = Status::Closed;
        }
        let is_open = self.engine.give_back(id, day);
        assert_eq!(
            is_open,
            self.facts.requests[at].status == Status::Approved,
            "{}",
            self.story("giving back")
        );
        format!("{day} given back")
    }

    /// What the consumers do after a fact was corrected; the model closes what takes nothing any more, and opens what was
    /// granted and takes something again in the employments of then.
    fn recount(&mut self, why: Recount, seen: &mut Seen) {
        let open = self.engine.recount(&self.facts, why);
        for at in 0..self.facts.requests.len() {
            let is_open = self.facts.requests[at].status != Status::Closed;
            if is_open && model::total(&self.facts, &self.facts.requests[at].halves) == 0 {
                let was_granted = self.facts.requests[at].status == Status::Approved;
                self.facts.requests[at].called_off_of = was_granted.then_some(self.facts.employments.len());
                self.facts.requests[at].status = Status::Closed;
                seen.called_off += 1;
            }
        }
        for at in 0..self.facts.requests.len() {
            let Some(employments) = self.facts.requests[at].called_off_of else { continue };
            let mut then = self.facts.clone();
            then.employments.truncate(employments);
            let halves = &self.facts.requests[at].halves;
            if model::total(&then, halves) > 0 && !self.facts.overlaps(halves) {
                self.facts.requests[at].status = Status::Approved;
                self.facts.requests[at].called_off_of = None;
                seen.back += 1;
            }
        }
        for request in &self.facts.requests {
            assert_eq!(
                open.contains(&request.id),
                request.status != Status::Closed,
                "{}",
                self.story("recount")
            );
        }
    }

    /// What is shown, and what could be asked for, on days before and after today.
    fn check(&mut self, seen: &mut Seen) {
        let account = self.engine.account(&self.facts);
        let model = Model::new(&self.facts);
        let last = self.facts.today + Days::new(601);
        let (granted, held) = (model.days(last, false, None, &[]), model.days(last, true, None, &[]));
        for at in 0..4 {
            let day =
                if at == 0 { self.facts.today } else { around(&mut self.chance, self.facts.today, 300, 600) };
            let expected = Model::of(&granted, day).balance;
            assert_eq!(
                hundredths(account.balance(day)),
                expected,
                "balance on {day}\n{}",
                self.story("check")
            );
            let lowest = account.lowest_from(day).map(hundredths);
            assert_eq!(lowest, Model::lowest(&held, day), "lowest from {day}\n{}", self.story("check"));
        }
        let day = around(&mut self.chance, self.facts.today, 30, 300);
        let available = hundredths(account.available(day));
        let there = Model::of(&held, day).balance;
        let later = Model::lowest(&held, day.succ_opt().unwrap()).unwrap_or(there).min(there);
        if later < 0 {
            seen.overdrawn += 1;
            assert_eq!(available, later, "available on {day}\n{}", self.story("check"));
        } else if !self.facts.employments.iter().any(|(a, b)| *a <= day && b.is_none_or(|b| day <= b)) {
            assert_eq!(available, 0, "available on {day}\n{}", self.story("check"));
        } else {
            let suffices = |more: i64| {
                let days = model.days(day, true, None, &[(day, more)]);
                Model::lowest(&days, day).is_none_or(|lowest| lowest >= 0)
            };
            let is_right = available == there || (suffices(available) && !suffices(available + 1));
            assert!(
                is_right && available <= there,
                "available on {day}: {available}\n{}",
                self.story("check")
            );
        }
        let carried = account.entries(self.facts.today, false);
        seen.carried +=
            u64::from(carried.iter().any(|entry| entry.kind == crate::ledger::Kind::CarryForward));
    }

    fn story(&self, what: &str) -> String {
        format!("seed {}: {what}\n{}\n{:#?}", self.seed, self.said.join("\n"), self.facts)
    }
}

fn around(chance: &mut StdRng, today: NaiveDate, before: i64, after: i64) -> NaiveDate {
    today + chrono::TimeDelta::days(chance.random_range(-before..=after))
}
