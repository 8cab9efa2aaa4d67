//! Scalars that async-graphql has under another name.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike as _, NaiveDate};

/// A calendar day, ISO 8601: `2026-12-31`. It belongs to the time zone of the thing it is a day of.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Deserialize,
    serde::Serialize,
    sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Date(pub NaiveDate);

/// The years that any business has days in; further off, every sum over time is an attack.
const YEARS: std::ops::Range<i32> = 1900..2200;

/// A calendar day, ISO 8601: `2026-12-31`, from 1900 to 2199.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let refused = || {
            InputValueError::custom("give a day of the form 2026-12-31, from 1900 to 2199")
                .with_extension(common::GIVEN, value.clone())
        };
        // chrono alone would take "2026-1-5" as well.
        let Value::String(text) = &value else { return Err(refused()) };
        let day: Option<NaiveDate> = text.parse().ok().filter(|_| text.len() == 10);
        day.filter(|day| YEARS.contains(&day.year())).map(Self).ok_or_else(refused)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<NaiveDate> for Date {
    fn from(day: NaiveDate) -> Self {
        Self(day)
    }
}

impl From<Date> for NaiveDate {
    fn from(day: Date) -> Self {
        day.0
    }
}
