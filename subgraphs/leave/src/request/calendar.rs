//! Which half days a request covers, and what each takes from the balance. Pure.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use graphql::choices;
use people::{Person, WorkingTime};
use rust_decimal::{Decimal, dec};

use crate::leave_type::Counting;

choices! {
    /// The part of a request's first or last day that is taken.
    DayPart "LeaveDayPart" {
        /// The whole day.
        Full,
        /// The morning only.
        Am,
        /// The afternoon only.
        Pm,
    }
}

/// A half of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// The morning.
    Am,
    /// The afternoon.
    Pm,
}

impl Half {
    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Am => "AM",
            Self::Pm => "PM",
        }
    }
}

/// One half of one day, and what taking it costs.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfDay {
    /// The day.
    pub day: NaiveDate,
    /// Which half.
    pub half: Half,
    /// What it would take if it were no holiday: the part of the day, or its hours for leave that is taken in hours.
    pub worked: Decimal,
    /// Whether it is free as a holiday.
    pub is_holiday: bool,
    /// What it takes from the balance; 0 where nothing would be worked.
    pub portion: Decimal,
}

/// What would be worked in halves.
#[must_use]
pub fn worked(halves: &[HalfDay]) -> Decimal {
    halves.iter().filter(|half| !half.is_holiday).map(|half| half.worked).sum()
}

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first day.
    pub first_day: NaiveDate,
    /// The last day.
    pub last_day: NaiveDate,
    /// What of the first day.
    pub first_part: DayPart,
    /// What of the last day.
    pub last_part: DayPart,
}

impl Range {
    /// The halves in it, in order.
    pub fn halves(self) -> impl Iterator<Item = (NaiveDate, Half)> {
        let is_single = self.first_day == self.last_day;
        self.first_day
            .iter_days()
            .take_while(move |day| *day <= self.last_day)
            .flat_map(|day| [(day, Half::Am), (day, Half::Pm)])
            .filter(move |(day, half)| {
                let excluded =
                    |part: DayPart| matches!((part, half), (DayPart::Am, Half::Pm) | (DayPart::Pm, Half::Am));
                let by_first = excluded(self.first_part) && *day == self.first_day;
                let by_last = excluded(self.last_part) && *day == self.last_day;
                // On one single day, saying "morning" once is enough.
                if is_single { !(by_first || by_last) } else { !by_first && !by_last }
            })
    }
}

/// When somebody works.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkPattern {
    /// How much of each day is worked, Monday first.
    pub day_fractions: [Decimal; 7],
    /// The hours of a whole day.
    pub hours_per_day: Decimal,
    /// Holidays; `true` where only the afternoon is off.
    pub holidays: BTreeMap<NaiveDate, bool>,
    /// Nothing is worked outside of these: each with its last day, where there is one.
    pub employments: Vec<(NaiveDate, Option<NaiveDate>)>,
}

impl WorkPattern {
    /// Five whole days.
    pub const MONDAY_TO_FRIDAY: [Decimal; 7] =
        [dec!(1), dec!(1), dec!(1), dec!(1), dec!(1), dec!(0), dec!(0)];

    /// What somebody's working time comes to.
    #[must_use]
    pub fn of(person: &Person, time: WorkingTime) -> Self {
        Self {
            day_fractions: time.day_fractions.unwrap_or(Self::MONDAY_TO_FRIDAY),
            hours_per_day: time.hours_per_day,
            holidays: time.holidays,
            employments: person.employments().collect(),
        }
    }

    /// What halves take, in order; together no more than `most`, where a request says how much.
    #[must_use]
    pub fn count(
        &self,
        halves: impl Iterator<Item = (NaiveDate, Half)>,
        counting: Counting,
        most: Option<Decimal>,
    ) -> Vec<HalfDay> {
        let mut halves: Vec<_> = halves
            .map(|(day, half)| HalfDay {
                day,
                half,
                worked: self.worked(day, half, counting),
                is_holiday: self.is_holiday(day, half, counting),
                portion: dec!(0),
            })
            .collect();
        self.take(&mut halves, most);
        halves
    }

    /// Counts halves again: their working time from `from` on, whether they are holidays from `holidays_from` on, and
    /// whether somebody works here at all on any day.
    #[must_use]
    pub fn recount(
        &self,
        before: &[HalfDay],
        counting: Counting,
        most: Option<Decimal>,
        (from, holidays_from): (NaiveDate, NaiveDate),
    ) -> Vec<HalfDay> {
        let again = before.iter().map(|half| HalfDay {
            worked: if half.day < from { half.worked } else { self.worked(half.day, half.half, counting) },
            is_holiday: if half.day < holidays_from {
                half.is_holiday
            } else {
                self.is_holiday(half.day, half.half, counting)
            },
            ..half.clone()
        });
        let mut again: Vec<_> = again.collect();
        self.take(&mut again, most);
        again
    }

    fn take(&self, halves: &mut [HalfDay], most: Option<Decimal>) {
        let mut left = most.unwrap_or(Decimal::MAX);
        for half in halves {
            let is_free = half.is_holiday || !self.is_employed_on(half.day);
            half.portion = if is_free { dec!(0) } else { half.worked.min(left) };
            left -= half.portion;
        }
    }

    fn is_employed_on(&self, day: NaiveDate) -> bool {
        people::is_employed(self.employments.iter().copied(), day)
    }

    /// What half a day would take. A day that is worked in part is worked from its morning on.
    fn worked(&self, day: NaiveDate, half: Half, counting: Counting) -> Decimal {
        let fraction = self.day_fractions[day.weekday().num_days_from_monday() as usize];
        let fraction = if fraction.is_zero() && counting.weekends { dec!(1) } else { fraction };
        let morning = fraction.min(dec!(0.5));
        let part = if half == Half::Am { morning } else { fraction - morning };
        if !counting.in_hours {
            return part;
        }
        // Rounded as they add up from Monday on, so that a week takes the hours of a week.
        let days_before = &self.day_fractions[..day.weekday().num_days_from_monday() as usize];
        let before = days_before.iter().sum::<Decimal>() + if half == Half::Am { dec!(0) } else { morning };
        let hours = |days: Decimal| (days * self.hours_per_day).round_dp(2);
        hours(before + part) - hours(before)
    }

    fn is_holiday(&self, day: NaiveDate, half: Half, counting: Counting) -> bool {
        let holiday = self.holidays.get(&day);
        !counting.holidays && holiday.is_some_and(|is_half_day| half == Half::Pm || !is_half_day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn range(first: &str, last: &str, first_part: DayPart, last_part: DayPart) -> Range {
        Range { first_day: day(first), last_day: day(last), first_part, last_part }
    }

    fn days(range: Range, pattern: &WorkPattern, weekends: bool, holidays: bool) -> Decimal {
        let counting = Counting { in_hours: false, weekends, holidays };
        pattern.count(range.halves(), counting, None).iter().map(|half| half.portion).sum()
    }

    fn pattern() -> WorkPattern {
        WorkPattern {
            day_fractions: WorkPattern::MONDAY_TO_FRIDAY,
            hours_per_day: dec!(8),
            // Good Friday, and the afternoon of the day before.
            holidays: [(day("2026-04-03"), false), (day("2026-04-02"), true)].into(),
            employments: vec![(day("2020-01-01"), None)],
        }
    }

    #[test]
    fn weekends_and_holidays_are_free_unless_the_type_counts_them() {
        let week = range("2026-03-30", "2026-04-05", DayPart::Full, DayPart::Full);
        assert_eq!(days(week, &pattern(), false, false), dec!(3.5));
        assert_eq!(days(week, &pattern(), false, true), dec!(5));
        assert_eq!(days(week, &pattern(), true, true), dec!(7));
    }

    #[test]
    fn halves_are_taken_at_either_end() {
        let full = DayPart::Full;
        assert_eq!(
            days(range("2026-03-09", "2026-03-11", DayPart::Pm, full), &pattern(), false, false),
            dec!(2.5)
        );
        assert_eq!(
            days(range("2026-03-09", "2026-03-11", full, DayPart::Am), &pattern(), false, false),
            dec!(2.5)
        );
        assert_eq!(
            days(range("2026-03-09", "2026-03-09", DayPart::Am, full), &pattern(), false, false),
            dec!(0.5)
        );
    }

    #[test]
    fn a_half_worked_day_is_worked_in_the_morning() {
        let mut pattern = pattern();
        pattern.day_fractions[0] = dec!(0.5);
        assert_eq!(
            days(range("2026-03-09", "2026-03-09", DayPart::Am, DayPart::Am), &pattern, false, false),
            dec!(0.5)
        );
        assert_eq!(
            days(range("2026-03-09", "2026-03-09", DayPart::Pm, DayPart::Pm), &pattern, false, false),
            dec!(0)
        );
    }

    #[test]
    fn nothing_is_taken_outside_of_an_employment() {
        let employments =
            vec![(day("2025-01-01"), Some(day("2026-03-10"))), (day("2026-03-13"), Some(day("2026-12-31")))];
        let pattern = WorkPattern { employments, ..pattern() };
        let week = range("2026-03-09", "2026-03-13", DayPart::Full, DayPart::Full);
        assert_eq!(days(week, &pattern, false, false), dec!(3));
    }

    const HOURS: Counting = Counting { in_hours: true, weekends: false, holidays: false };

    #[test]
    fn hours_are_those_of_the_schedule_or_as_many_as_are_asked_for() {
        let pattern = WorkPattern { hours_per_day: dec!(7.5), ..pattern() };
        let one_day = range("2026-03-09", "2026-03-09", DayPart::Full, DayPart::Full);
        let taken = |most| -> Vec<Decimal> {
            pattern.count(one_day.halves(), HOURS, most).iter().map(|half| half.portion).collect()
        };
        assert_eq!(taken(None), [dec!(3.75), dec!(3.75)]);
        assert_eq!(taken(Some(dec!(5))), [dec!(3.75), dec!(1.25)]);
        assert_eq!(taken(Some(dec!(2))), [dec!(2), dec!(0)]);
    }

    #[test]
    fn a_week_takes_the_hours_of_a_week_whatever_days_they_are_worked_on() {
        let week = range("2026-03-09", "2026-03-15", DayPart::Full, DayPart::Full);
        let (one, half, none) = (dec!(1), dec!(0.5), dec!(0));
        for (hours, day_fractions) in [
            (dec!(25), [one, none, one, none, one, none, none]),
            (dec!(20), [one, one, none, one, none, none, none]),
            (dec!(22), [one, half, none, one, half, none, none]),
            (dec!(38.5), [one, one, one, one, half, none, none]),
        ] {
            let hours_per_day = hours / day_fractions.iter().sum::<Decimal>();
            let pattern = WorkPattern { day_fractions, hours_per_day, ..pattern() };
            let halves = pattern.count(week.halves(), HOURS, None);
            assert_eq!(halves.iter().map(|half| half.portion).sum::<Decimal>(), hours);
            let scales: Vec<u32> = halves.iter().map(|half| half.portion.normalize().scale()).collect();
            assert!(scales.iter().all(|scale| *scale <= 2), "{halves:?}");
        }
    }

    #[test]
    fn what_is_past_keeps_its_working_time_and_hears_of_holidays() {
        let before = pattern().count(
            range("2026-03-09", "2026-03-10", DayPart::Full, DayPart::Full).halves(),
            Counting { in_hours: false, weekends: false, holidays: false },
            None,
        );
        let now = WorkPattern {
            day_fractions: [dec!(0); 7],
            holidays: [(day("2026-03-09"), true)].into(),
            ..pattern()
        };
        let counting = Counting { in_hours: false, weekends: false, holidays: false };
        let from = (day("2026-03-10"), day("2026-03-01"));
        let portions: Vec<_> =
            now.recount(&before, counting, None, from).iter().map(|half| half.portion).collect();
        assert_eq!(portions, [dec!(0.5), dec!(0), dec!(0), dec!(0)]);
    }
}
