//! What notifications read as. Their words stand in `messages/`, a file for each language.

use std::collections::HashMap;
use std::sync::LazyLock;

use async_graphql::{Context, SimpleObject};
use common::{Permission, Result};
use database::Tx;
use graphql::{App as _, Batch};
use people::Reading;
use serde::Deserialize as _;
use serde_json::Value as Json;
use words::{Language, Messages, Reader, Value, Values};

use super::{Notification, READ};
use crate::ids::MembershipId;

pub(super) static MESSAGES: LazyLock<Messages> = LazyLock::new(|| {
    Messages::new(|language| match language {
        Language::English => include_str!("../../messages/en.ftl"),
        Language::German => include_str!("../../messages/de.ftl"),
        Language::Bengali => include_str!("../../messages/bn.ftl"),
        Language::Arabic => include_str!("../../messages/ar.ftl"),
    })
});

/// One value that a notification says.
#[derive(Clone, Debug, SimpleObject)]
pub struct NotificationValue {
    /// The name of the value, which stays the same for a message.
    pub name: String,
    /// The value, as it is written in the reader's language and time zone.
    pub text: String,
}

/// What a message is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// What is read first.
    Title,
    /// A sentence.
    Body,
}

/// What a part of a message reads as in English; `None` where a value is missing.
pub(super) fn in_english(message: &str, part: Part, values: &Values) -> Option<String> {
    said(Reader::ENGLISH, message, part, values)
}

fn said(reader: Reader, message: &str, part: Part, values: &Values) -> Option<String> {
    let part = match part {
        Part::Title => "title",
        Part::Body => "body",
    };
    MESSAGES.say(reader, &format!("{message}.{part}"), values)
}

/// What a thing is, in English.
pub(super) fn phrase_in_english(phrase: &Value) -> Option<String> {
    MESSAGES.value(Reader::ENGLISH, phrase)
}

/// What a thing is, as it was noted: by its phrase, unless other words were written since.
pub(super) fn noted(words: String, phrase: Option<Json>) -> Value {
    let phrase = phrase.and_then(|phrase| Value::deserialize(phrase).ok());
    let holds = |phrase: &Value| phrase_in_english(phrase).as_ref() == Some(&words);
    phrase.filter(holds).unwrap_or_else(|| Value::text(&words))
}

impl Notification {
    /// What it reads as to somebody: in their language, or as it was written where nobody here knows the message.
    pub(super) fn part(&self, reader: Reader, part: Part) -> String {
        let written = match part {
            Part::Title => &self.title,
            Part::Body => &self.body,
        };
        let said =
            self.message.as_ref().and_then(|message| said(reader, message, part, &self.known_values()?));
        said.or_else(|| written.clone()).unwrap_or_default()
    }

    /// What it says, value by value, by name; nothing where nobody here knows the values.
    pub(super) fn values_for(&self, reader: Reader) -> Vec<NotificationValue> {
        let values = self.known_values().unwrap_or_default();
        let written = |(name, value): (&str, &Value)| {
            let text = MESSAGES.value(reader, value)?;
            Some(NotificationValue { name: name.to_owned(), text })
        };
        values.iter().filter_map(written).collect()
    }

    fn known_values(&self) -> Option<Values> {
        Values::deserialize(self.values.as_ref()?).ok()
    }
}

/// How members read.
struct Readings;

impl Batch for Readings {
    type Key = MembershipId;
    type Value = Reading;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[MembershipId]) -> Result<HashMap<MembershipId, Reading>> {
        people::readings(tx, keys).await
    }
}

/// How the caller reads, looked up once for an operation.
pub(super) async fn reader(gql: &Context<'_>) -> Result<Reader> {
    let ctx = gql.app();
    let reading = gql.load::<Readings>(ctx.member()?.membership_id).await?.unwrap_or_default();
    let asked_for = ctx.request().client_headers.get("accept-language").and_then(|value| value.to_str().ok());
    Ok(Reader { language: language(reading.locale.as_deref(), asked_for), zone: reading.zone })
}

/// The member's own language, else what the client asks for, else English.
fn language(own: Option<&str>, asked_for: Option<&str>) -> Language {
    let own = own.and_then(Language::of);
    own.or_else(|| asked_for.and_then(Language::accepted)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_the_same_in_every_language() {
        assert_eq!(MESSAGES.faults(), Vec::<String>::new());
    }

    #[test]
    fn ones_own_language_goes_before_what_the_client_asks_for() {
        assert_eq!(language(Some("de-AT"), Some("ar")), Language::German);
        assert_eq!(language(Some("fr"), Some("fr, bn;q=0.5")), Language::Bengali);
        assert_eq!(language(None, Some("ar-EG, en;q=0.8")), Language::Arabic);
        assert_eq!(language(None, Some("fr")), Language::English);
        assert_eq!(language(None, None), Language::English);
    }

    #[test]
    fn what_was_noted_holds_unless_other_words_were_written_since() {
        let values = Values::default().with("number", Value::text("Q-1"));
        let phrase = Value::Phrase { message: "quote".to_owned(), values };
        let stored = serde_json::to_value(&phrase).unwrap();
        assert_eq!(noted("quote Q-1".to_owned(), Some(stored.clone())), phrase);
        assert_eq!(noted("quote Q-2".to_owned(), Some(stored)), Value::text("quote Q-2"));
        assert_eq!(noted("quote Q-2".to_owned(), None), Value::text("quote Q-2"));
        let of_later = json!({ "type": "of a later version" });
        assert_eq!(noted("quote Q-2".to_owned(), Some(of_later)), Value::text("quote Q-2"));
    }
}
