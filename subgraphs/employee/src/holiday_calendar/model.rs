//! What a holiday calendar may be.

use std::collections::HashSet;

use async_graphql::{ComplexObject, InputObject, SimpleObject};
use chrono::NaiveDate;
use common::Refuse;
use graphql::Date;

use super::{HolidayCalendarId, HolidayId};

/// A calendar is announced whole; decades of holidays fit.
const HOLIDAYS_MAX: i64 = 1_000;

/// The days of a place on which nobody works.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct HolidayCalendar {
    /// Opaque.
    pub id: HolidayCalendarId,
    /// What people call it.
    pub name: String,
    /// It holds for everybody without a calendar of their own or of their location.
    pub is_default: bool,
}

/// A day on which nobody works.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Holiday {
    /// Opaque.
    pub id: HolidayId,
    #[graphql(skip)]
    pub(crate) date: NaiveDate,
    /// What it is called.
    pub name: String,
    /// Only half of the day is free.
    pub is_half_day: bool,
}

#[ComplexObject]
impl Holiday {
    /// The day.
    async fn date(&self) -> Date {
        self.date.into()
    }
}

/// A day on which nobody works.
#[derive(Debug, InputObject)]
pub struct HolidayInput {
    /// The day; once in a calendar.
    pub date: Date,
    /// What it is called: 1 to 100 characters.
    pub name: String,
    /// Only half of the day is free; false when not said.
    pub is_half_day: Option<bool>,
}

/// Why a holiday calendar cannot be as asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The name is empty or too long.
    #[error("give it a name of 1 to 100 characters")]
    Name,
    /// A holiday's name is empty or too long.
    #[error("give every holiday a name of 1 to 100 characters")]
    HolidayName,
    /// The calendar has a holiday on that day.
    #[error("this calendar already has a holiday on that day")]
    DayTaken,
    /// Two of the new holidays are on the same day.
    #[error("{0} is in the list twice")]
    DayTwice(NaiveDate),
    /// The calendar is full.
    #[error("a calendar has at most {HOLIDAYS_MAX} holidays")]
    TooMany,
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Name | Self::HolidayName => "NAME_INVALID",
            Self::DayTaken | Self::DayTwice(_) => "DAY_TAKEN",
            Self::TooMany => "TOO_MANY_HOLIDAYS",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Name | Self::HolidayName => Some("name"),
            Self::DayTaken => Some("date"),
            Self::DayTwice(_) | Self::TooMany => Some("holidays"),
        }
    }
}

impl HolidayCalendar {
    pub(super) fn try_new(name: &str, is_default: bool) -> Result<Self, Refused> {
        Ok(Self {
            id: HolidayCalendarId::new(),
            name: crate::name(name, 100).ok_or(Refused::Name)?,
            is_default,
        })
    }
}

impl Holiday {
    pub(super) fn try_new(input: HolidayInput) -> Result<Self, Refused> {
        Ok(Self {
            id: HolidayId::new(),
            date: input.date.into(),
            name: crate::name(&input.name, 100).ok_or(Refused::HolidayName)?,
            is_half_day: input.is_half_day.unwrap_or(false),
        })
    }
}

/// The first holidays of a calendar: no day twice.
pub(super) fn holidays(inputs: Vec<HolidayInput>) -> Result<Vec<Holiday>, Refused> {
    check_count(inputs.len() as i64 - 1)?;
    let mut days = HashSet::new();
    inputs
        .into_iter()
        .map(|input| {
            let holiday = Holiday::try_new(input)?;
            if days.insert(holiday.date) { Ok(holiday) } else { Err(Refused::DayTwice(holiday.date)) }
        })
        .collect()
}

/// Whether one more fits into a calendar that has `count`.
pub(super) fn check_count(count: i64) -> Result<(), Refused> {
    if count < HOLIDAYS_MAX { Ok(()) } else { Err(Refused::TooMany) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(day: &str) -> HolidayInput {
        HolidayInput { date: Date(day.parse().unwrap()), name: "May Day".into(), is_half_day: None }
    }

    #[test]
    fn a_day_is_in_a_calendar_once() {
        assert_eq!(holidays(vec![on("2026-05-01"), on("2027-05-01")]).unwrap().len(), 2);
        let day = "2026-05-01".parse().unwrap();
        assert_eq!(holidays(vec![on("2026-05-01"), on("2026-05-01")]).unwrap_err(), Refused::DayTwice(day));
        assert!(holidays(vec![]).unwrap().is_empty());
    }

    #[test]
    fn a_calendar_does_not_grow_without_bound() {
        assert_eq!(check_count(HOLIDAYS_MAX - 1), Ok(()));
        assert_eq!(check_count(HOLIDAYS_MAX), Err(Refused::TooMany));
        let day = |n: i64| (NaiveDate::default() + chrono::Duration::days(n)).to_string();
        let many = |count: i64| holidays((0..count).map(|n| on(&day(n))).collect());
        assert!(many(HOLIDAYS_MAX).is_ok());
        assert_eq!(many(HOLIDAYS_MAX + 1).unwrap_err(), Refused::TooMany);
    }
}
