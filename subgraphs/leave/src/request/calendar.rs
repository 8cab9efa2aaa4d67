//! Which half days a request covers, and what each takes from the balance. Pure.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use graphql::choices;
use people::{Person, WorkingTime};
use rust_decimal::{Decimal, dec};

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
    /// What it takes from the balance; 0 where nothing would be worked.
    pub portion: Decimal,
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
    /// Holidays; `true` where only the afternoon is off.
    pub holidays: BTreeMap<NaiveDate, bool>,
    /// Nothing is worked after this day.
    pub left_on: Option<NaiveDate>,
}

impl WorkPattern {
    /// Five whole days.
    pub const MONDAY_TO_FRIDAY: [Decimal; 7] =
        [dec!(1), dec!(1), dec!(1), dec!(1), dec!(1), dec!(0), dec!(0)];

    /// What somebody's working time comes to.
    #[must_use]
    pub fn of(person: &Person, time: WorkingTime) -> Self {
        let day_fractions = time.day_fractions.unwrap_or(Self::MONDAY_TO_FRIDAY);
        Self { day_fractions, holidays: time.holidays, left_on: person.left_on }
    }

    /// What one half day takes from a balance. A day that is worked in part is worked from its morning on.
    #[must_use]
    pub fn portion(
        &self,
        day: NaiveDate,
        half: Half,
        counts_weekends: bool,
        counts_holidays: bool,
    ) -> Decimal {
        if self.left_on.is_some_and(|left_on| day > left_on) {
            return dec!(0);
        }
        let fraction = self.day_fractions[day.weekday().num_days_from_monday() as usize];
        let fraction = if fraction.is_zero() && counts_weekends { dec!(1) } else { fraction };
        let morning = fraction.min(dec!(0.5));
        let portion = if half == Half::Am { morning } else { fraction - morning };
        match self.holidays.get(&day) {
            Some(is_half_day) if !counts_holidays && (half == Half::Pm || !is_half_day) => dec!(0),
            _ => portion,
        }
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
        range.halves().map(|(day, half)| pattern.portion(day, half, weekends, holidays)).sum()
    }

    fn pattern() -> WorkPattern {
        WorkPattern {
            day_fractions: WorkPattern::MONDAY_TO_FRIDAY,
            // Good Friday, and the afternoon of the day before.
            holidays: [(day("2026-04-03"), false), (day("2026-04-02"), true)].into(),
            left_on: None,
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
    fn nothing_is_taken_after_the_last_day_of_work() {
        let pattern = WorkPattern { left_on: Some(day("2026-03-10")), ..pattern() };
        let week = range("2026-03-09", "2026-03-13", DayPart::Full, DayPart::Full);
        assert_eq!(days(week, &pattern, false, false), dec!(2));
    }
}
