//! Messages, in files of Fluent's (<https://projectfluent.org>), and what they read as.
//!
//! What counts, days and kinds of things are called stands in this crate's own files, below `words-`; modules have theirs beside
//! them. Beside the value `$amount` a message has, to choose its words by: `$amount-plural`, its plural form as CLDR names it;
//! `$amount-sign`, which is `none` of 0, `plus` or `minus`; and of texts `$topic-capital`, to begin a sentence with.

use chrono::{Datelike as _, NaiveDate};
use chrono_tz::Tz;
use common::Currency;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use rust_decimal::Decimal;

use crate::language::{Direction, Language};
use crate::manner::Manner;
use crate::value::{TEXT_CHARACTERS_MAX, Unit, Value, Values};

/// How deep phrases stand within each other.
const PHRASES_MAX: usize = 3;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// In which language.
    pub language: Language,
    /// By which clock: days stay the days that they are, instants are told in it.
    pub zone: Tz,
}

impl Reader {
    /// Somebody of whom nothing is known.
    pub const ENGLISH: Self = Self { language: Language::English, zone: Tz::UTC };
}

/// The messages of a module, in every language. Made once, for all threads.
pub struct Messages {
    bundles: [FluentBundle<FluentResource>; Language::ALL.len()],
    pub(crate) own: [&'static str; Language::ALL.len()],
}

/// This crate's own messages.
pub(crate) fn common(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../messages/en.ftl"),
        Language::German => include_str!("../messages/de.ftl"),
        Language::Bengali => include_str!("../messages/bn.ftl"),
        Language::Arabic => include_str!("../messages/ar.ftl"),
    }
}

fn bundle(language: Language, own: &'static str) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.tag().parse().unwrap_or_default()]);
    // Fluent would put marks around every value, days and numbers too, and into every English sentence. They stand where they
    // are needed: around texts of another direction than the message's ([`isolated`]). Whatever else is in a message is written
    // in its own language.
    bundle.set_use_isolating(false);
    for source in [common(language), own] {
        // What cannot be read is left out: `faults`, which tests ask, tells it.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, _)| readable);
        let _ = bundle.add_resource(resource);
    }
    bundle
}

impl Messages {
    /// The messages of a module, each language's in a file that `own` has the text of. [`Messages::faults`] is for a test to ask.
    #[must_use]
    pub fn new(own: impl Fn(Language) -> &'static str) -> Self {
        let own = Language::ALL.map(own);
        Self { bundles: Language::ALL.map(|language| bundle(language, own[language as usize])), own }
    }

    /// What a message reads as: `leave-request-approved.title` is its title. In English where the reader's language does not have
    /// it; `None` where English has not either, or lacks one of its values.
    #[must_use]
    pub fn say(&self, reader: Reader, message: &str, values: &Values) -> Option<String> {
        let in_english = Reader { language: Language::English, ..reader };
        self.say_exactly(reader, message, values).or_else(|| self.say_exactly(in_english, message, values))
    }

    /// As [`Messages::say`], in the reader's language or not at all.
    #[must_use]
    pub fn say_exactly(&self, reader: Reader, message: &str, values: &Values) -> Option<String> {
        self.say_within(reader, message, values, 0)
    }

    /// What one value reads as by itself, in English where the reader's language does not have it.
    #[must_use]
    pub fn value(&self, reader: Reader, value: &Value) -> Option<String> {
        let in_english = Reader { language: Language::English, ..reader };
        self.written(reader, value, 0).or_else(|| self.written(in_english, value, 0))
    }

    fn say_within(&self, reader: Reader, message: &str, values: &Values, depth: usize) -> Option<String> {
        let mut arguments = FluentArgs::new();
        for (name, value) in values.iter() {
            let text = self.written(reader, value, depth)?;
            if let Some(count) = value.count() {
                arguments
                    .set(format!("{name}-plural"), Manner::of(reader.language).plural(count.normalize()));
                arguments.set(format!("{name}-sign"), sign(count));
            } else {
                arguments.set(format!("{name}-capital"), capitalized(&text));
            }
            arguments.set(name.to_owned(), text);
        }
        self.filled(reader.language, message, &arguments)
    }

    /// A message with its values, which are written already.
    fn filled(&self, language: Language, message: &str, arguments: &FluentArgs<'_>) -> Option<String> {
        let (id, attribute) =
            message.split_once('.').map_or((message, None), |(id, attribute)| (id, Some(attribute)));
        let bundle = &self.bundles[language as usize];
        let found = bundle.get_message(id)?;
        let pattern = match attribute {
            Some(attribute) => found.get_attribute(attribute)?.value(),
            None => found.value()?,
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(arguments), &mut errors).into_owned();
        errors.is_empty().then_some(text)
    }

    /// One of this crate's own messages.
    fn own_words<const N: usize>(
        &self,
        language: Language,
        id: &str,
        arguments: [(&'static str, String); N],
    ) -> Option<String> {
        self.filled(language, id, &FluentArgs::from_iter(arguments))
    }

    fn written(&self, reader: Reader, value: &Value, depth: usize) -> Option<String> {
        let (language, manner) = (reader.language, Manner::of(reader.language));
        match value {
            Value::Text { text } => Some(isolated(language, text)),
            Value::Number { number } => Some(manner.number(number.normalize())),
            // Words such as the Arabic for two days have no place for a sign.
            Value::Count { count, unit } if count.is_sign_negative() && !count.is_zero() => {
                self.counted(language, *count, *unit, true)
            }
            Value::Count { count, unit } => self.counted(language, *count, *unit, false),
            Value::Change { count, unit } => self.counted(language, *count, *unit, true),
            Value::Day { day } => Some(manner.day(*day)),
            Value::Period { first, last } => self.period(language, *first, *last),
            Value::Instant { at } => {
                let at = at.with_timezone(&reader.zone);
                let (day, time) = (manner.day(at.date_naive()), manner.time(at.time()));
                self.own_words(language, "words-instant", [("day", day), ("time", time)])
            }
            Value::Money { amount, currency } => {
                let amount = manner.number(payable(*amount, currency));
                self.own_words(
                    language,
                    "words-money",
                    [("amount", amount), ("currency", isolated(language, currency))],
                )
            }
            Value::Kind { kind } => {
                let spaced = isolated(language, &spaced(kind));
                self.own_words(language, "words-kind", [("kind", kind.clone()), ("spaced", spaced)])
            }
            Value::Code { code } => Some(code.chars().take(TEXT_CHARACTERS_MAX).collect()),
            Value::Phrase { message, values } if depth < PHRASES_MAX => {
                self.say_within(reader, message, values, depth + 1)
            }
            Value::Phrase { .. } => None,
        }
    }

    fn counted(&self, language: Language, count: Decimal, unit: Unit, is_signed: bool) -> Option<String> {
        let (manner, count) = (Manner::of(language), count.normalize());
        let message = match (unit, is_signed) {
            (Unit::Day, false) => "words-days",
            (Unit::Day, true) => "words-days-more",
            (Unit::Hour, false) => "words-hours",
            (Unit::Hour, true) => "words-hours-more",
        };
        let written = if is_signed { manner.change(count) } else { manner.number(count) };
        let plural = manner.plural(count).to_owned();
        self.own_words(language, message, [("count", written), ("count-plural", plural)])
    }

    /// What both days share is said once.
    fn period(&self, language: Language, first: NaiveDate, last: NaiveDate) -> Option<String> {
        let manner = Manner::of(language);
        let until = manner.day(last);
        if first == last {
            return self.own_words(language, "words-on-day", [("day", until)]);
        }
        let (message, from) = match () {
            () if (first.year(), first.month()) == (last.year(), last.month()) => {
                ("words-days-of-month", manner.number(first.day().into()))
            }
            () if first.year() == last.year() => ("words-days-of-year", manner.day_of_year(first)),
            () => ("words-days-of-years", manner.day(first)),
        };
        self.own_words(language, message, [("first", from), ("last", until)])
    }
}

fn sign(number: Decimal) -> &'static str {
    match number {
        number if number.is_zero() => "none",
        number if number.is_sign_negative() => "minus",
        _ => "plus",
    }
}

/// An amount with as many decimals as its currency has, or more where it is finer.
fn payable(amount: Decimal, currency: &str) -> Decimal {
    let mut amount = amount.normalize();
    let decimals = Currency::parse(currency).map_or(2, |currency| currency.decimals());
    if amount.scale() < decimals {
        amount.rescale(decimals);
    }
    amount
}

/// `LeaveRequest` as people say it in English: `leave request`.
fn spaced(type_name: &str) -> String {
    let mut words = String::new();
    for letter in type_name.chars().take(TEXT_CHARACTERS_MAX) {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Before a text whose direction is its own, as its first letter has it (UAX #9), and after it.
const ISOLATED: (char, char) = ('\u{2068}', '\u{2069}');

/// Blocks of scripts that are written from the right (UAX #9, the values by default).
const FROM_THE_RIGHT: [(char, char); 5] = [
    ('\u{0590}', '\u{08FF}'),
    ('\u{FB1D}', '\u{FDFF}'),
    ('\u{FE70}', '\u{FEFF}'),
    ('\u{10800}', '\u{10FFF}'),
    ('\u{1E800}', '\u{1EFFF}'),
];

fn is_from_the_right(c: char) -> bool {
    FROM_THE_RIGHT.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// Turns the direction of what follows, or ends that.
fn turns(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A text that somebody wrote, as it stands in a message: where it goes the other way than the message, with marks around it, so
/// that neither puts the other into disorder; and without marks of its own that would.
fn isolated(language: Language, text: &str) -> String {
    let text = text.chars().filter(|c| !turns(*c)).take(TEXT_CHARACTERS_MAX);
    let goes_otherwise = match language.direction() {
        Direction::LeftToRight => text.clone().any(is_from_the_right),
        Direction::RightToLeft => text.clone().any(|c| c.is_alphanumeric() && !is_from_the_right(c)),
    };
    match goes_otherwise {
        true => [ISOLATED.0].into_iter().chain(text).chain([ISOLATED.1]).collect(),
        false => text.collect(),
    }
}

#[cfg(test)]
mod tests;
