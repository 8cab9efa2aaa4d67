//! The places of the demo, their holidays, and the weeks that people work there.

use chrono::{Datelike as _, Duration, NaiveDate, Weekday};
use serde_json::{Value, json};

/// A place, with the holidays that are kept there.
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) time_zone: &'static str,
    /// What its calendar is called.
    pub(super) calendar: &'static str,
    holidays: &'static [(&'static str, When)],
}

/// On which day of a year a holiday is.
enum When {
    /// The same day each year: month, day.
    On(u32, u32),
    /// Half of the same day each year.
    HalfOf(u32, u32),
    /// So many days after Easter Sunday.
    Easter(i64),
    /// A Monday of a month, the first being 1.
    Monday(u32, u8),
}

use When::{Easter, HalfOf, Monday, On};

pub(super) const PLACES: [Place; 3] = [
    Place {
        name: "Vienna",
        time_zone: "Europe/Vienna",
        calendar: "Austria",
        holidays: &[
            ("New Year's Day", On(1, 1)),
            ("Epiphany", On(1, 6)),
            ("Easter Monday", Easter(1)),
            ("Labour Day", On(5, 1)),
            ("Ascension Day", Easter(39)),
            ("Whit Monday", Easter(50)),
            ("Assumption Day", On(8, 15)),
            ("National Day", On(10, 26)),
            ("All Saints' Day", On(11, 1)),
            ("Immaculate Conception", On(12, 8)),
            ("Christmas Eve", HalfOf(12, 24)),
            ("Christmas Day", On(12, 25)),
            ("St Stephen's Day", On(12, 26)),
        ],
    },
    Place {
        name: "Lisbon",
        time_zone: "Europe/Lisbon",
        calendar: "Portugal",
        holidays: &[
            ("New Year's Day", On(1, 1)),
            ("Good Friday", Easter(-2)),
            ("Freedom Day", On(4, 25)),
            ("Labour Day", On(5, 1)),
            ("Portugal Day", On(6, 10)),
            ("Assumption Day", On(8, 15)),
            ("Republic Day", On(10, 5)),
            ("All Saints' Day", On(11, 1)),
            ("Restoration of Independence", On(12, 1)),
            ("Immaculate Conception", On(12, 8)),
            ("Christmas Day", On(12, 25)),
        ],
    },
    Place {
        name: "Toronto",
        time_zone: "America/Toronto",
        calendar: "Ontario",
        holidays: &[
            ("New Year's Day", On(1, 1)),
            ("Family Day", Monday(2, 3)),
            ("Good Friday", Easter(-2)),
            ("Canada Day", On(7, 1)),
            ("Labour Day", Monday(9, 1)),
            ("Thanksgiving", Monday(10, 2)),
            ("Christmas Day", On(12, 25)),
            ("Boxing Day", On(12, 26)),
        ],
    },
];

impl Place {
    /// The holidays of a year, and whether only half of the day is free.
    fn holidays_of(&self, year: i32) -> impl Iterator<Item = (NaiveDate, &'static str, bool)> {
        self.holidays.iter().filter_map(move |(name, when)| {
            let day = match when {
                On(month, day) | HalfOf(month, day) => NaiveDate::from_ymd_opt(year, *month, *day),
                Easter(days) => easter(year).map(|sunday| sunday + Duration::days(*days)),
                Monday(month, nth) => NaiveDate::from_weekday_of_month_opt(year, *month, Weekday::Mon, *nth),
            };
            Some((day?, *name, matches!(when, HalfOf(..))))
        })
    }

    /// Its holiday calendar from last year to the next.
    pub(super) fn holidays_around(&self, today: NaiveDate) -> Vec<Value> {
        let years = today.year() - 1..=today.year() + 1;
        let days = years.flat_map(|year| self.holidays_of(year));
        days.map(|(day, name, is_half_day)| json!({ "date": day, "name": name, "isHalfDay": is_half_day }))
            .collect()
    }

    /// Whether all of a day is free.
    pub(super) fn is_free(&self, day: NaiveDate) -> bool {
        self.holidays_of(day.year()).any(|(holiday, _, is_half_day)| holiday == day && !is_half_day)
    }
}

/// Easter Sunday of a year, by the Gregorian rule.
fn easter(year: i32) -> Option<NaiveDate> {
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let moon = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - moon - rest % 4) % 7;
    let late = (golden + 11 * moon + 22 * weekday) / 451;
    let days = moon + weekday - 7 * late + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(days / 31).ok()?, u32::try_from(days % 31 + 1).ok()?)
}

/// A week as people work it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Week {
    /// Monday to Friday; the organization's default.
    Full,
    /// Monday to Wednesday.
    Part,
    /// Wednesday to Sunday.
    Rota,
}

impl Week {
    /// What the schedule is called, its seven days, and its hours.
    pub(super) const SCHEDULES: [(&'static str, [&'static str; 7], &'static str); 3] = [
        ("Full time", ["1", "1", "1", "1", "1", "0", "0"], "38.5"),
        ("Part time", ["1", "1", "1", "0", "0", "0", "0"], "23.1"),
        ("Weekend rota", ["0", "0", "1", "1", "1", "1", "1"], "38.5"),
    ];

    /// Whether anything is worked on a day of the week.
    pub(super) fn works_on(self, day: Weekday) -> bool {
        let (_, days, _) = Self::SCHEDULES[self as usize];
        days[day.num_days_from_monday() as usize] != "0"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_is_when_it_is() {
        for day in ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25"] {
            let day: NaiveDate = day.parse().unwrap();
            assert_eq!(easter(day.year()), Some(day));
        }
    }

    #[test]
    fn no_calendar_has_a_day_twice() {
        for (place, year) in PLACES.iter().flat_map(|place| (2025..2045).map(move |year| (place, year))) {
            let mut days: Vec<_> = place.holidays_of(year).map(|(day, ..)| day).collect();
            days.sort_unstable();
            let count = days.len();
            days.dedup();
            assert_eq!((days.len(), place.holidays.len()), (count, count), "{} {year}", place.name);
        }
    }
}
