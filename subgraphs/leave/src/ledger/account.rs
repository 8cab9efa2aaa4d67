//! What an account comes to: everything is played through, day by day, from the facts. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, dec};

use super::entry::{Entry, Kind, Source};
use crate::due::{Cover, LeaveYears};
use crate::ids::{AdjustmentId, RequestId};

/// What was given or taken beside policies and requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjusted {
    /// The adjustment.
    pub id: AdjustmentId,
    /// How much, signed.
    pub days: Decimal,
    /// From when on.
    pub effective_on: NaiveDate,
    /// The last day on which it can be taken; `None`: as what a policy gives for that leave year.
    pub expires_on: Option<NaiveDate>,
}

#[cfg(test)]
impl Adjusted {
    /// An opening balance.
    pub fn opening(days: Decimal, effective_on: NaiveDate) -> Self {
        Self { id: AdjustmentId::new(), days, effective_on, expires_on: None }
    }
}

/// What a request takes on one day.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The request; `None` for one that is only thought of.
    pub request_id: Option<RequestId>,
    /// The day.
    pub day: NaiveDate,
    /// How much of it.
    pub days: Decimal,
    /// Whether it was granted; else it is asked for, and held against the balance.
    pub is_granted: bool,
}

/// The facts about what one employee has of one leave type.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// What their policies give, in the order of time.
    pub covers: Vec<Cover>,
    /// When they worked here, oldest first; with a last day where there is one.
    pub employments: Vec<(NaiveDate, Option<NaiveDate>)>,
    /// What was given or taken besides.
    pub adjustments: Vec<Adjusted>,
    /// What they took, will take, and ask for.
    pub taken: Vec<Taken>,
}

/// A lot: what can be taken until a day. `true`: what is left of it then moves into the next leave year, as the policy
/// in force on that day says.
type Lot = (NaiveDate, bool);

impl Account {
    /// Everything that happens to the account through a day, in order. Of what is asked for and not decided, only with
    /// `and_held`.
    ///
    /// - What is taken comes out of the lot first that ends first. What is taken beyond what there is, the next gift
    ///   pays.
    /// - What a policy gives can be taken until its leave year ends. Then as much moves into the next one, and for as
    ///   long, as the line says that was in force on that last day, or was the last before it; the rest lapses. Who
    ///   does not work here on the day after, takes nothing along.
    /// - Who comes back begins at nothing: what was left, or owed, was settled when they went.
    #[must_use]
    pub fn entries(&self, through: NaiveDate, and_held: bool) -> Vec<Entry> {
        let mut events: Vec<(NaiveDate, u8, Event)> = Vec::new();
        for (first_day, _) in self.employments.iter().skip(1) {
            events.push((*first_day, 0, Event::Return));
        }
        for cover in &self.covers {
            for grant in cover.line.grants(cover.years, cover.first_day, cover.last_day, through) {
                let lot = (grant.year_ends_on, true);
                let source = Source::Grant(grant.line_id, grant.effective_on);
                events.push((grant.effective_on, 1, Event::Give(Kind::Accrue, grant.days, lot, source)));
            }
        }
        for adjusted in &self.adjustments {
            let source = Source::Adjustment(adjusted.id);
            events.push(if adjusted.days < dec!(0) {
                (adjusted.effective_on, 2, Event::Take(Kind::Adjust, -adjusted.days, source))
            } else {
                let lot = adjusted
                    .expires_on
                    .map_or_else(|| self.lot_of(adjusted.effective_on), |day| (day, false));
                (adjusted.effective_on, 1, Event::Give(Kind::Adjust, adjusted.days, lot, source))
            });
        }
        for taken in self.taken.iter().filter(|taken| taken.is_granted || and_held) {
            let source = Source::Request(taken.request_id);
            events.push((taken.day, 2, Event::Take(Kind::Take, taken.days, source)));
        }
        events.retain(|(day, ..)| *day <= through);
        events.sort_by_key(|(day, order, _)| (*day, *order));
        let mut play = Play { account: self, lots: BTreeMap::new(), debt: dec!(0), entries: Vec::new() };
        for (day, _, event) in events {
            play.end_lots_before(day);
            match event {
                Event::Return => play.settle(day),
                Event::Give(kind, days, lot, source) => play.give(kind, day, days, lot, source),
                Event::Take(kind, days, source) => play.take(kind, day, days, source),
            }
        }
        play.end_lots_before(through.succ_opt().unwrap_or(through));
        play.entries.retain(|entry| entry.day <= through);
        play.entries
    }

    /// The balance at the end of a day: what was given, less what was taken and what lapsed.
    #[must_use]
    pub fn balance(&self, as_of: NaiveDate) -> Decimal {
        self.entries(as_of, false).iter().map(|entry| entry.days).sum()
    }

    /// The lowest that the balance falls to when anything is taken on `from` or later, with what is asked for; `None`
    /// when nothing is.
    #[must_use]
    pub fn lowest_from(&self, from: NaiveDate) -> Option<Decimal> {
        lowest(&self.entries(self.last_day_of_taking(from), true), from)
    }

    /// What can still be taken at the end of a day without overdrawing, then or by anything that is taken later, granted or
    /// asked for; below zero, what is overdrawn. Nothing by who does not work here on that day.
    #[must_use]
    pub fn available(&self, as_of: NaiveDate) -> Decimal {
        let through = self.last_day_of_taking(as_of);
        let entries = self.entries(through, true);
        let balance: Decimal =
            entries.iter().filter(|entry| entry.day <= as_of).map(|entry| entry.days).sum();
        let later = as_of.succ_opt().and_then(|next| lowest(&entries, next));
        let least = later.map_or(balance, |later| later.min(balance));
        if !self.is_employed_on(as_of) {
            return least.min(dec!(0));
        }
        if least < dec!(0) || least == balance {
            return least;
        }
        // What lapses before it is taken later costs nothing to take now: as much more is available.
        let suffices = |days: Decimal| {
            let mut with = self.clone();
            with.taken.push(Taken { request_id: None, day: as_of, days, is_granted: false });
            lowest(&with.entries(through, true), as_of).is_none_or(|lowest| lowest >= dec!(0))
        };
        let (mut enough, mut too_much) = (cents(least), cents(balance) + 1);
        if !suffices(Decimal::new(enough + 1, 2)) {
            return least;
        }
        while too_much - enough > 1 {
            let middle = i64::midpoint(enough, too_much);
            if suffices(Decimal::new(middle, 2)) { enough = middle } else { too_much = middle }
        }
        Decimal::new(enough, 2)
    }

    /// Whether a policy, or anybody, ever gave anything.
    #[must_use]
    pub fn is_due_anything(&self) -> bool {
        !self.covers.is_empty() || !self.adjustments.is_empty()
    }

    /// The leave years in which a day counts: those of the policy in force, else of the nearest one.
    #[must_use]
    pub fn years_on(&self, day: NaiveDate) -> LeaveYears {
        self.cover_on(day).map_or(LeaveYears::CALENDAR, |cover| cover.years)
    }

    /// The line in force on a day, or the last before it; before all of them, the first.
    fn cover_on(&self, day: NaiveDate) -> Option<&Cover> {
        self.covers.iter().rev().find(|cover| cover.first_day <= day).or(self.covers.first())
    }

    fn is_employed_on(&self, day: NaiveDate) -> bool {
        people::is_employed(self.employments.iter().copied(), day)
    }

    /// The lot that a gift without an end of its own belongs to: its leave year's. For good where no policy gives any.
    fn lot_of(&self, day: NaiveDate) -> Lot {
        match self.cover_on(day) {
            Some(cover) => (cover.years.last_day(day), true),
            None => (NaiveDate::MAX, false),
        }
    }

    /// The last day on which anything is taken, not before `from`.
    fn last_day_of_taking(&self, from: NaiveDate) -> NaiveDate {
        let taken = self.taken.iter().map(|taken| taken.day);
        let adjusted = self.adjustments.iter().filter(|a| a.days < dec!(0)).map(|a| a.effective_on);
        taken.chain(adjusted).chain([from]).max().unwrap_or(from)
    }
}

fn lowest(entries: &[Entry], from: NaiveDate) -> Option<Decimal> {
    let (mut balance, mut lowest) = (dec!(0), None);
    for entry in entries {
        balance += entry.days;
        if entry.is_taking() && entry.day >= from {
            lowest = Some(lowest.map_or(balance, |lowest: Decimal| lowest.min(balance)));
        }
    }
    lowest
}

/// Whole hundredths.
fn cents(days: Decimal) -> i64 {
    (days * dec!(100)).to_i64().unwrap_or(0)
}

enum Event {
    Return,
    Give(Kind, Decimal, Lot, Source),
    Take(Kind, Decimal, Source),
}

struct Play<'a> {
    account: &'a Account,
    /// What is left of each lot.
    lots: BTreeMap<Lot, Decimal>,
    /// What was taken beyond what was given.
    debt: Decimal,
    entries: Vec<Entry>,
}

impl Play<'_> {
    fn give(&mut self, kind: Kind, day: NaiveDate, days: Decimal, lot: Lot, source: Source) {
        let repaid = self.debt.min(days);
        self.debt -= repaid;
        *self.lots.entry(lot).or_default() += days - repaid;
        let expires_on = Some(lot.0).filter(|day| *day != NaiveDate::MAX);
        self.entries.push(Entry { kind, day, days, expires_on, source });
    }

    fn take(&mut self, kind: Kind, day: NaiveDate, days: Decimal, source: Source) {
        let mut missing = days;
        for left in self.lots.values_mut() {
            let part = missing.min(*left);
            *left -= part;
            missing -= part;
        }
        self.debt += missing;
        self.entries.push(Entry { kind, day, days: -days, expires_on: None, source });
    }

    /// Ends the lots whose last day has passed: what moves on is another lot, what does not is gone.
    fn end_lots_before(&mut self, day: NaiveDate) {
        while let Some(first) = self.lots.first_entry().filter(|lot| lot.key().0 < day) {
            let ((last_day, moves), left) = first.remove_entry();
            let Some(next_day) = last_day.succ_opt().filter(|_| !left.is_zero()) else { continue };
            self.entries.push(Entry {
                kind: Kind::Lapse,
                day: next_day,
                days: -left,
                expires_on: None,
                source: Source::Lapse(last_day),
            });
            if moves
                && self.account.is_employed_on(next_day)
                && let Some(cover) = self.account.cover_on(last_day)
            {
                let years = self.account.years_on(next_day);
                let (days, until) = cover.line.carried(years, left, next_day);
                if !days.is_zero() {
                    let until = until.unwrap_or(NaiveDate::MAX);
                    let lot = (until, until == years.last_day(next_day));
                    self.give(Kind::CarryForward, next_day, days, lot, Source::CarryForward(last_day));
                }
            }
        }
    }

    /// Begins at nothing.
    fn settle(&mut self, day: NaiveDate) {
        let left = self.lots.values().sum::<Decimal>() - self.debt;
        self.lots.clear();
        self.debt = dec!(0);
        if !left.is_zero() {
            let source = Source::Return;
            self.entries.push(Entry { kind: Kind::Settle, day, days: -left, expires_on: None, source });
        }
    }
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
