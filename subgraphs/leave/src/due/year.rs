//! Leave years: twelve months each, from any day of the year on. Pure.

use chrono::{Datelike as _, Months, NaiveDate};
use graphql::choices;

choices! {
    /// When the leave years of a policy begin.
    LeaveYear {
        /// On the same day for everybody.
        Fixed,
        /// On the day of the year on which the employee joined.
        Anniversary,
    }
}

/// By which rule a policy's leave years begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct YearRule {
    pub(crate) leave_year: LeaveYear,
    /// From 1, for years that begin on the same day for everybody.
    pub(crate) month: i32,
    pub(crate) day: i32,
}

impl YearRule {
    /// The leave years of who joined on a day.
    pub(crate) fn of(self, joined_on: NaiveDate) -> LeaveYears {
        match self.leave_year {
            LeaveYear::Anniversary => LeaveYears::from(joined_on),
            LeaveYear::Fixed => LeaveYears::on(self.month.unsigned_abs(), self.day.unsigned_abs()),
        }
    }
}

/// The leave years of somebody: one begins every twelve months, counted from an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaveYears {
    anchor: NaiveDate,
}

impl LeaveYears {
    /// The years of the calendar.
    pub const CALENDAR: Self = Self { anchor: NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() };

    /// Years that begin on a day of the year: the one that `anchor` is in any year.
    #[must_use]
    pub fn from(anchor: NaiveDate) -> Self {
        Self { anchor }
    }

    /// Years that begin on this day of each year; 1 January when there is no such day.
    #[must_use]
    pub fn on(month: u32, day: u32) -> Self {
        NaiveDate::from_ymd_opt(2000, month, day).map_or(Self::CALENDAR, Self::from)
    }

    /// The first day of the leave year that `day` is in.
    #[must_use]
    pub fn first_day(self, day: NaiveDate) -> NaiveDate {
        self.begin(12 * self.number(day))
    }

    /// The last day of the leave year that `day` is in.
    #[must_use]
    pub fn last_day(self, day: NaiveDate) -> NaiveDate {
        self.end(12 * self.number(day), 12)
    }

    /// The parts of the leave years from the one with `from` to the one with `to`, each `months` long: the first and
    /// the last day of a part, and its number within its year, from 0.
    pub fn parts(
        self,
        months: u32,
        from: NaiveDate,
        to: NaiveDate,
    ) -> impl Iterator<Item = (NaiveDate, NaiveDate, u32)> {
        let (first, last) = (self.number(from), self.number(to));
        (first..=last).flat_map(move |year| {
            (0..12 / months).map(move |part| {
                let month = 12 * year + (part * months).cast_signed();
                (self.begin(month), self.end(month, months), part)
            })
        })
    }

    /// How many years after the anchor's the leave year of a day begins.
    fn number(self, day: NaiveDate) -> i32 {
        let number = day.year() - self.anchor.year();
        if self.begin(12 * number) > day { number - 1 } else { number }
    }

    /// The first day of the month that is so many after the anchor's.
    fn begin(self, month: i32) -> NaiveDate {
        shift(self.anchor, month)
    }

    fn end(self, month: i32, months: u32) -> NaiveDate {
        let next = self.begin(month + months.cast_signed());
        next.pred_opt().unwrap_or(next)
    }
}

/// So many months later, or earlier; at the end of a month that is too short.
#[must_use]
pub fn shift(day: NaiveDate, months: i32) -> NaiveDate {
    let by = Months::new(months.unsigned_abs());
    let moved = if months < 0 { day.checked_sub_months(by) } else { day.checked_add_months(by) };
    moved.unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn year(years: LeaveYears, of: &str) -> (NaiveDate, NaiveDate) {
        (years.first_day(day(of)), years.last_day(day(of)))
    }

    #[test]
    fn a_leave_year_is_the_calendars_or_begins_on_any_other_day() {
        assert_eq!(year(LeaveYears::CALENDAR, "2027-12-31"), (day("2027-01-01"), day("2027-12-31")));
        let british = LeaveYears::on(4, 6);
        assert_eq!(year(british, "2027-04-05"), (day("2026-04-06"), day("2027-04-05")));
        assert_eq!(year(british, "2027-04-06"), (day("2027-04-06"), day("2028-04-05")));
        let leap = LeaveYears::from(day("2024-02-29"));
        assert_eq!(year(leap, "2027-02-28"), (day("2027-02-28"), day("2028-02-28")));
        assert_eq!(year(leap, "2023-03-01"), (day("2023-02-28"), day("2024-02-28")));
    }

    #[test]
    fn the_parts_of_a_year_follow_on_one_another() {
        let parts: Vec<_> = LeaveYears::on(4, 6).parts(1, day("2026-12-01"), day("2027-04-07")).collect();
        assert_eq!(parts.len(), 24);
        assert_eq!((parts[0].0, parts[0].1, parts[0].2), (day("2026-04-06"), day("2026-05-05"), 0));
        assert!(parts.windows(2).all(|pair| pair[0].1.succ_opt() == Some(pair[1].0)));
    }
}
