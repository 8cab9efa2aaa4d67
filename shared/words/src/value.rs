//! What messages are about: values with their types. How each is written is the reader's matter.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The longest text that a message takes, in characters; what is beyond is left out.
pub const TEXT_CHARACTERS_MAX: usize = 2_000;

/// Something that a message says. Stored as JSON with its type beside it: what a type is called there never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Value {
    /// Words of somebody's, or a number that people know a thing by: the same in every language.
    Text {
        /// At most [`TEXT_CHARACTERS_MAX`] characters.
        text: String,
    },
    /// A number without a unit.
    Number {
        /// As exact as it is written.
        number: Decimal,
    },
    /// How many of something: `5 days`.
    Count {
        /// How many.
        count: Decimal,
        /// Of what.
        unit: Unit,
    },
    /// By how many something became more or less: `+5 days`.
    Change {
        /// By how many; negative for less.
        count: Decimal,
        /// Of what.
        unit: Unit,
    },
    /// A calendar day, in no time zone.
    Day {
        /// The day.
        day: NaiveDate,
    },
    /// The days from the first to the last: `from 9 to 13 March 2026`.
    Period {
        /// The first day.
        first: NaiveDate,
        /// The last day, which belongs to it.
        last: NaiveDate,
    },
    /// An instant, written by the reader's clock.
    Instant {
        /// The instant.
        at: DateTime<Utc>,
    },
    /// An amount of money.
    Money {
        /// How much.
        amount: Decimal,
        /// Of which currency, by its ISO 4217 code.
        currency: String,
    },
    /// A kind of thing, such as a leave request.
    Kind {
        /// The name of the thing's type in the graph: `LeaveRequest`.
        kind: String,
    },
    /// One of a few, which a message tells apart by `[CALL]` and the like.
    Code {
        /// As the event says it.
        code: String,
    },
    /// Something that takes a few words of its own, with values in them.
    Phrase {
        /// The message that has the words.
        message: String,
        /// What they say.
        values: Values,
    },
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Unit {
    /// Days.
    #[default]
    Day,
    /// Hours.
    Hour,
}

impl Value {
    /// A text, cut where it is too long.
    #[must_use]
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text { text: text.as_ref().chars().take(TEXT_CHARACTERS_MAX).collect() }
    }

    /// A kind of thing, by the name of its type in the graph.
    #[must_use]
    pub fn kind(kind: impl Into<String>) -> Self {
        Self::Kind { kind: kind.into() }
    }

    /// The number that decides on plurals, where there is one.
    pub(crate) fn count(&self) -> Option<Decimal> {
        match self {
            Self::Number { number } => Some(*number),
            Self::Count { count, .. } | Self::Change { count, .. } => Some(*count),
            _ => None,
        }
    }
}

/// The values of a message, by name: letters, digits and hyphens, the first a letter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Values(BTreeMap<String, Value>);

impl Values {
    /// These, and one more in the place of any other of its name.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Each with its name, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_stored_is_read_again() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
        let count = "2.50".parse().unwrap();
        let values = Values::default()
            .with("reason", Value::text("Opening balance"))
            .with("number", Value::Number { number: count })
            .with("amount", Value::Count { count, unit: Unit::Hour })
            .with("change", Value::Change { count, unit: Unit::Day })
            .with("day", Value::Day { day })
            .with("at", Value::Instant { at: "2026-03-09T08:00:00Z".parse().unwrap() })
            .with("price", Value::Money { amount: count, currency: "EUR".to_owned() })
            .with("kind", Value::kind("LeaveRequest"))
            .with("activity", Value::Code { code: "CALL".to_owned() });
        let topic = Value::Phrase { message: "leave".to_owned(), values: values.clone() };
        let values = values.with("topic", topic).with("period", Value::Period { first: day, last: day });
        let stored = serde_json::to_value(&values).unwrap();
        assert_eq!(stored["amount"], json!({ "type": "count", "count": "2.50", "unit": "HOUR" }));
        assert_eq!(
            stored["period"],
            json!({ "type": "period", "first": "2026-03-09", "last": "2026-03-09" })
        );
        assert_eq!(serde_json::from_value::<Values>(stored).unwrap(), values);
        assert!(serde_json::from_value::<Values>(json!({ "x": { "type": "of a later version" } })).is_err());
    }

    #[test]
    fn a_text_that_is_too_long_is_cut() {
        let Value::Text { text } = Value::text("ä".repeat(5_000)) else { panic!("it is a text") };
        assert_eq!(text.chars().count(), TEXT_CHARACTERS_MAX);
    }
}
