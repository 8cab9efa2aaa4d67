//! The simple model: it steps through every day and works everything out anew. Amounts are hundredths.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::facts::{Facts, Policy, Status};
use crate::due::{Accrual, LeaveYear, shift};
use crate::ids::RequestId;
use crate::request::Half;

/// The first day that is looked at, and how many are.
const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
const DAYS: usize = 365 * 9;

fn at(day: NaiveDate) -> usize {
    usize::try_from((day - FIRST).num_days()).unwrap()
}

fn date(index: usize) -> NaiveDate {
    FIRST + Days::new(index as u64)
}

pub fn hundredths(days: Decimal) -> i64 {
    (days * Decimal::ONE_HUNDRED).to_i64().unwrap()
}

/// What a half takes, by the facts as they are now.
pub fn portion(facts: &Facts, day: NaiveDate, half: Half) -> i64 {
    let works =
        facts.employments.iter().any(|(first, last)| *first <= day && last.is_none_or(|last| day <= last));
    let is_free = facts.holidays.get(&day).is_some_and(|afternoon| half == Half::Pm || !afternoon);
    let is_weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    if works && !is_free && !is_weekend { 50 } else { 0 }
}

pub fn total(facts: &Facts, halves: &BTreeSet<(NaiveDate, Half)>) -> i64 {
    halves.iter().map(|(day, half)| portion(facts, *day, *half)).sum()
}

/// One day of an account.
#[derive(Clone, Copy, Debug)]
pub struct Day {
    pub balance: i64,
    pub is_taking: bool,
}

/// A policy that covers a day: which one, by which assignment, and since when they have worked here.
type Covered = (usize, Option<NaiveDate>, NaiveDate);

pub struct Model<'a> {
    facts: &'a Facts,
    covered: Vec<Option<Covered>>,
}

impl<'a> Model<'a> {
    pub fn new(facts: &'a Facts) -> Self {
        let covered = |index| {
            let day = date(index);
            let (joined_on, _) = facts
                .employments
                .iter()
                .find(|(first, last)| *first <= day && last.is_none_or(|last| day <= last))?;
            let mut begun =
                facts.timeline.iter().rev().skip_while(|(since, _)| since.is_some_and(|s| s > day));
            let (mut since, policy) = begun.next()?;
            // The same policy again is the same policy still.
            for (earlier, _) in begun.take_while(|(_, before)| *before == policy) {
                since = earlier;
            }
            let policy = (*policy)?;
            let begins = shift(*joined_on, facts.policies[policy].line.waiting_months);
            (begins <= day).then_some((policy, *since, *joined_on))
        };
        // What is given on a day depends on the rest of its leave year.
        Self { facts, covered: (0..DAYS + 366).map(covered).collect() }
    }

    /// Every day of the account through one, and through the last on which anything is taken: with what is asked for or
    /// without, without one request, and with more taken.
    pub fn days(
        &self,
        through: NaiveDate,
        and_held: bool,
        except: Option<RequestId>,
        more: &[(NaiveDate, i64)],
    ) -> Vec<Day> {
        let (mut lots, mut debt): (Vec<(usize, bool, i64)>, i64) = (Vec::new(), 0);
        let mut takings = vec![0; DAYS];
        for request in &self.facts.requests {
            let counts =
                request.status == Status::Approved || (and_held && request.status == Status::Pending);
            for (day, half) in request.halves.iter().filter(|_| counts && Some(request.id) != except) {
                takings[at(*day)] += portion(self.facts, *day, *half);
            }
        }
        for (day, days) in more {
            takings[at(*day)] += days;
        }
        let corrections =
            self.facts.adjustments.iter().map(|adjusted| at(adjusted.effective_on)).max().unwrap_or(0);
        let mut days = Vec::with_capacity(DAYS);
        let last = takings.iter().rposition(|days| *days > 0).unwrap_or(0).max(at(through)).max(corrections);
        for (index, taken) in takings.into_iter().enumerate().take(last + 1) {
            let ended: Vec<_> = lots.iter().copied().filter(|(last, _, _)| *last < index).collect();
            lots.retain(|(last, _, _)| *last >= index);
            let left: i64 = ended.iter().filter(|(_, moves, _)| *moves).map(|(_, _, left)| left).sum();
            if left > 0 {
                self.carry(&mut lots, index, left);
            }
            let today = date(index);
            if self.facts.employments[1..].iter().any(|(first, _)| *first == today) {
                lots.clear();
                debt = 0;
            }
            let mut give = |last: usize, moves: bool, days: i64| {
                let paid = debt.min(days);
                debt -= paid;
                lots.push((last, moves, days - paid));
            };
            if let Some((last, days)) = self.granted(index) {
                give(last, true, days);
            }
            for adjusted in self
                .facts
                .adjustments
                .iter()
                .filter(|a| a.effective_on == today && !a.days.is_sign_negative())
            {
                let (last, moves) = match (adjusted.expires_on, self.covered_near(index)) {
                    (Some(last), _) => (at(last), false),
                    (None, Some(covered)) => (at(self.year_of(covered, today).1), true),
                    (None, None) => (usize::MAX, false),
                };
                give(last, moves, hundredths(adjusted.days));
            }
            let corrected = self
                .facts
                .adjustments
                .iter()
                .filter(|a| a.effective_on == today && a.days.is_sign_negative());
            let corrected: i64 = corrected.map(|a| -hundredths(a.days)).sum();
            let mut missing = taken + corrected;
            lots.sort_unstable();
            for lot in &mut lots {
                let part = missing.min(lot.2);
                lot.2 -= part;
                missing -= part;
            }
            debt += missing;
            let balance = lots.iter().map(|lot| lot.2).sum::<i64>() - debt;
            days.push(Day { balance, is_taking: taken + corrected > 0 });
        }
        days
    }

    /// The lowest balance on a day on which anything is taken, from a day on.
    pub fn lowest(days: &[Day], from: NaiveDate) -> Option<i64> {
        days.iter().skip(at(from)).filter(|day| day.is_taking).map(|day| day.balance).min()
    }

    pub fn of(days: &[Day], day: NaiveDate) -> Day {
        days[at(day)]
    }

    fn carry(&self, lots: &mut Vec<(usize, bool, i64)>, index: usize, left: i64) {
        let (today, yesterday) = (date(index), index - 1);
        let works = self
            .facts
            .employments
            .iter()
            .any(|(first, last)| *first <= today && last.is_none_or(|last| today <= last));
        let Some(before) = self.covered_near(yesterday).filter(|_| works) else { return };
        let line = &self.facts.policies[before.0].line;
        let Some(most) = line.carry_forward_days_max else {
            lots.push((usize::MAX, false, left));
            return;
        };
        let year_ends = self.covered_near(index).map(|covered| self.year_of(covered, today).1);
        let year_ends = year_ends.unwrap();
        let last = match line.carry_forward_months {
            Some(months) => shift(today, months).pred_opt().unwrap(),
            None => year_ends,
        };
        lots.push((at(last), last == year_ends, left.min(hundredths(most))));
    }

    /// What covers a day, or the last day before it that is covered; else the first one after it.
    fn covered_near(&self, index: usize) -> Option<Covered> {
        let before = self.covered[..=index].iter().rev().flatten().next();
        before.or_else(|| self.covered[index..].iter().flatten().next()).copied()
    }

    /// What is given on a day: on the first day of a part of a leave year, or the first that is covered of it. How much,
    /// and the last day of the leave year.
    fn granted(&self, index: usize) -> Option<(usize, i64)> {
        let covered = self.covered[index]?;
        let line = &self.facts.policies[covered.0].line;
        let day = date(index);
        let months = if line.accrual == Accrual::Upfront { 12 } else { 1 };
        let (year_begins, year_ends) = self.year_of(covered, day);
        let parts = (0..12 / months).map(|part| (self.part(covered, year_begins, part, months), part));
        let ((from, to), part) = parts.rev().find(|((from, _), _)| *from <= day)?;
        if from != day && index > 0 && self.covered[index - 1] == Some(covered) {
            return None;
        }
        let last = (index..=at(to)).take_while(|index| self.covered[*index] == Some(covered)).last()?;
        let year = hundredths(line.days_per_year);
        let through = |part: i32| half_even(year * i64::from(part * months), 12);
        let whole = through(part + 1) - through(part);
        let (covered_days, all_days) = ((last - index + 1) as i64, (to - from).num_days() + 1);
        let days = match line.accrual {
            // To halves; half of one upwards.
            Accrual::Upfront => (2 * whole * covered_days + 50 * all_days) / (100 * all_days) * 50,
            Accrual::Monthly => half_even(whole * covered_days, all_days),
        };
        Some((at(year_ends), days))
    }

    fn part(
        &self,
        covered: Covered,
        year_begins: NaiveDate,
        part: i32,
        months: i32,
    ) -> (NaiveDate, NaiveDate) {
        let anchor = self.anchor(covered);
        let years = year_begins.year() - anchor.year();
        let begin = |part: i32| shift(anchor, 12 * years + part * months);
        (begin(part), begin(part + 1).pred_opt().unwrap())
    }

    fn anchor(&self, covered: Covered) -> NaiveDate {
        let Policy { leave_year, month, day, .. } = self.facts.policies[covered.0];
        match leave_year {
            LeaveYear::Anniversary => covered.2,
            LeaveYear::Fixed => NaiveDate::from_ymd_opt(2000, month as u32, day as u32).unwrap(),
        }
    }

    /// The leave year that a day is in.
    fn year_of(&self, covered: Covered, day: NaiveDate) -> (NaiveDate, NaiveDate) {
        let anchor = self.anchor(covered);
        let begin = |year: i32| shift(anchor, 12 * (year - anchor.year()));
        let year = if begin(day.year()) <= day { day.year() } else { day.year() - 1 };
        (begin(year), begin(year + 1).pred_opt().unwrap())
    }
}

/// A quotient, rounded; half of one to the even side.
fn half_even(over: i64, under: i64) -> i64 {
    let (quotient, rest) = (over / under, over % under);
    match (2 * rest).cmp(&under) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient % 2,
    }
}
