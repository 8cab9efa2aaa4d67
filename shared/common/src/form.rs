//! A form that was filled in: every field that is wrong is told, and not the first alone.

use std::fmt::Display;
use std::ops::RangeInclusive;

use async_graphql::MaybeUndefined;
use async_graphql::MaybeUndefined::{Null, Undefined, Value};
use rust_decimal::Decimal;

use crate::money::CURRENCY_UNKNOWN;
use crate::{Currency, Error, Refusal, Result, decimals_of, text};

/// Checks the fields of one form and remembers what is wrong with each.
///
/// A field that is absent stays as it is; null clears it where there may be nothing, and is refused elsewhere. What
/// is refused is not written.
///
/// ```text
/// let mut form = Form::default();
/// form.name("name", input.name, &mut self.name);
/// form.optional("parentId", input.parent_id, &mut self.parent_id);
/// form.check()
/// ```
#[derive(Debug, Default)]
pub struct Form(Vec<Refusal>);

impl Form {
    /// The most characters in a name.
    pub const NAME_MAX: usize = 100;
    /// The most characters in a text of several lines.
    pub const TEXT_MAX: usize = 2_000;

    /// A name ([`text::name`]): 1 to 100 characters.
    pub fn name(&mut self, field: &'static str, given: MaybeUndefined<String>, place: &mut String) {
        self.name_within(field, given, Self::NAME_MAX, place);
    }

    /// A name of at most so many characters.
    pub fn name_within(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<String>,
        characters_max: usize,
        place: &mut String,
    ) {
        self.checked(field, given, |text| name(field, &text, characters_max), place);
    }

    /// A name of at most so many characters, or none.
    pub fn optional_name_within(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<String>,
        characters_max: usize,
        place: &mut Option<String>,
    ) {
        self.optional_checked(given, |text| name(field, &text, characters_max).map(Some), place);
    }

    /// A text of several lines ([`text::text`]).
    pub fn text(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<String>,
        characters_max: usize,
        place: &mut String,
    ) {
        let text = |text: String| {
            text::text(&text, characters_max).ok_or_else(|| {
                let message = format!("give 1 to {characters_max} characters that can be seen");
                Refusal::of(field, "TEXT_INVALID", "").saying(message)
            })
        };
        self.checked(field, given, text, place);
    }

    /// A text of several lines ([`text::text`]), or none.
    pub fn optional_text(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<String>,
        characters_max: usize,
        place: &mut Option<String>,
    ) {
        let text = |text: String| {
            text::text(&text, characters_max).map(Some).ok_or_else(|| {
                let message = format!("give 1 to {characters_max} characters, or nothing");
                Refusal::of(field, "TEXT_INVALID", "").saying(message)
            })
        };
        self.optional_checked(given, text, place);
    }

    /// A code: 1 to 20 of A to Z, 0 to 9, _ and -, blanks around it aside.
    pub fn code(&mut self, field: &'static str, given: MaybeUndefined<String>, place: &mut String) {
        let code = |code: String| {
            let code = code.trim().to_owned();
            let is_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || c == '-';
            if (1..=20).contains(&code.len()) && code.chars().all(is_code) {
                Ok(code)
            } else {
                const MESSAGE: &str = "give 1 to 20 of the characters A to Z, 0 to 9, _ and -";
                Err(Refusal::of(field, "CODE_INVALID", MESSAGE))
            }
        };
        self.checked(field, given, code, place);
    }

    /// A mail address ([`text::email`]).
    pub fn email(&mut self, field: &'static str, given: MaybeUndefined<String>, place: &mut String) {
        const REFUSED: Refusal = Refusal::whole(
            "EMAIL_INVALID",
            "give a mail address of ASCII characters, such as ada@example.org; a host of other letters in its xn-- form",
        );
        self.checked(field, given, |email| text::email(&email).ok_or_else(|| REFUSED.at(field)), place);
    }

    /// A time zone by its IANA name.
    pub fn time_zone(&mut self, field: &'static str, given: MaybeUndefined<String>, place: &mut String) {
        self.checked(field, given, |name| time_zone(field, &name), place);
    }

    /// A time zone by its IANA name, or none.
    pub fn optional_time_zone(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<String>,
        place: &mut Option<String>,
    ) {
        self.optional_checked(given, |name| time_zone(field, &name).map(Some), place);
    }

    /// A currency by its ISO 4217 code.
    pub fn currency(&mut self, field: &'static str, given: MaybeUndefined<String>, place: &mut String) {
        let currency = |code: String| {
            Currency::parse(&code)
                .map(|currency| currency.code().to_owned())
                .ok_or_else(|| CURRENCY_UNKNOWN.at(field))
        };
        self.checked(field, given, currency, place);
    }

    /// An amount of money that can be paid in a currency, given by its code; any amount of a code that is unknown,
    /// which is refused elsewhere.
    pub fn amount(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<Decimal>,
        currency: &str,
        range: RangeInclusive<Decimal>,
        place: &mut Decimal,
    ) {
        let decimals =
            Currency::parse(currency).map_or(Currency::DECIMALS_MAX, |currency| currency.decimals());
        self.decimal(field, given, range, decimals, place);
    }

    /// A number within its range.
    pub fn number<T: PartialOrd + Display>(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<T>,
        range: RangeInclusive<T>,
        place: &mut T,
    ) {
        self.checked(field, given, |number| in_range(field, number, &range), place);
    }

    /// A number within its range, or none.
    pub fn optional_number<T: PartialOrd + Display>(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<T>,
        range: RangeInclusive<T>,
        place: &mut Option<T>,
    ) {
        self.optional_checked(given, |number| in_range(field, number, &range).map(Some), place);
    }

    /// A number within its range, with so many decimals at most; zeros at its end do not count.
    pub fn decimal(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<Decimal>,
        range: RangeInclusive<Decimal>,
        decimals_max: u32,
        place: &mut Decimal,
    ) {
        self.checked(field, given, |number| decimal(field, number, &range, decimals_max), place);
    }

    /// As [`Form::decimal`], or none.
    pub fn optional_decimal(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<Decimal>,
        range: RangeInclusive<Decimal>,
        decimals_max: u32,
        place: &mut Option<Decimal>,
    ) {
        self.optional_checked(given, |number| decimal(field, number, &range, decimals_max).map(Some), place);
    }

    /// A value that needs no check.
    pub fn set<T>(&mut self, field: &'static str, given: MaybeUndefined<T>, place: &mut T) {
        self.checked(field, given, Ok, place);
    }

    /// A value that needs no check here, or none: the id of another record, a day.
    pub fn optional<T>(&mut self, given: MaybeUndefined<T>, place: &mut Option<T>) {
        self.optional_checked(given, |value| Ok(Some(value)), place);
    }

    /// A value by a rule of the noun's own.
    pub fn checked<I, T>(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<I>,
        rule: impl FnOnce(I) -> Result<T, Refusal>,
        place: &mut T,
    ) {
        match given {
            Undefined => {}
            Null => self.refuse(Refusal::of(field, "REQUIRED", "this cannot be left empty")),
            Value(given) => match rule(given) {
                Ok(value) => *place = value,
                Err(refusal) => self.refuse(refusal),
            },
        }
    }

    /// A value that a rule takes or refuses, or none: null clears it.
    pub fn optional_checked<I, T>(
        &mut self,
        given: MaybeUndefined<I>,
        rule: impl FnOnce(I) -> Result<Option<T>, Refusal>,
        place: &mut Option<T>,
    ) {
        match given {
            Null => *place = None,
            // Never null: the field's name is not needed.
            given => self.checked("", given, rule, place),
        }
    }

    /// A list of forms: what is wrong with the fourth is told at `lines.3.amount`.
    pub fn each<I, T>(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<Vec<I>>,
        count: RangeInclusive<usize>,
        place: &mut Vec<T>,
        mut fill_in: impl FnMut(&mut Form, I) -> T,
    ) {
        let mut wrong = Vec::new();
        let each = |given: Vec<I>| {
            in_range(field, given.len(), &count)?;
            let each = given.into_iter().enumerate().map(|(at, input)| {
                let mut form = Form::default();
                let one = fill_in(&mut form, input);
                wrong.extend(form.0.into_iter().map(|refusal| refusal.below(field, at)));
                one
            });
            Ok(each.collect())
        };
        self.checked(field, given, each, place);
        self.0.append(&mut wrong);
    }

    /// A list of which each is taken once, in the order of the first ones.
    pub fn each_once<T: PartialEq>(
        &mut self,
        field: &'static str,
        given: MaybeUndefined<Vec<T>>,
        count: RangeInclusive<usize>,
        place: &mut Vec<T>,
    ) {
        let each_once = |given: Vec<T>| {
            in_range(field, given.len(), &count)?;
            let mut each = Vec::with_capacity(given.len());
            for one in given {
                if !each.contains(&one) {
                    each.push(one);
                }
            }
            Ok(each)
        };
        self.checked(field, given, each_once, place);
    }

    /// Remembers a refusal.
    pub fn refuse(&mut self, refusal: Refusal) {
        self.0.push(refusal);
    }

    /// Whether the form can be taken as it is.
    ///
    /// # Errors
    /// Everything that was refused, in the order of the checks.
    pub fn check(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Refused(self.0)) }
    }
}

impl Refusal {
    /// The same refusal of the row of a list: `amount` of the fourth line is `lines.3.amount`.
    #[must_use]
    pub fn below(self, list: &str, at: usize) -> Self {
        let path = match self.field.as_deref() {
            Some(field) => format!("{list}.{at}.{field}"),
            None => format!("{list}.{at}"),
        };
        self.at(path)
    }
}

/// What a form was given, of a field that is absent when there is nothing.
pub fn given<T>(value: impl Into<Option<T>>) -> MaybeUndefined<T> {
    value.into().map_or(Undefined, Value)
}

fn name(field: &'static str, given: &str, characters_max: usize) -> Result<String, Refusal> {
    text::name(given, characters_max).ok_or_else(|| {
        let message = format!("give 1 to {characters_max} characters that can be seen, on one line");
        Refusal::of(field, "NAME_INVALID", "").saying(message)
    })
}

fn in_range<T: PartialOrd + Display>(
    field: &'static str,
    number: T,
    range: &RangeInclusive<T>,
) -> Result<T, Refusal> {
    if range.contains(&number) {
        return Ok(number);
    }
    let message = format!("give {} to {}, not {number}", range.start(), range.end());
    Err(Refusal::of(field, "OUT_OF_RANGE", "").saying(message))
}

fn decimal(
    field: &'static str,
    number: Decimal,
    range: &RangeInclusive<Decimal>,
    decimals_max: u32,
) -> Result<Decimal, Refusal> {
    let is_as_given = decimals_of(number) <= decimals_max;
    let number = in_range(field, number.normalize(), range)?;
    if is_as_given {
        return Ok(number);
    }
    let message = match decimals_max {
        0 => "give a whole number".to_owned(),
        1 => "give one decimal at most".to_owned(),
        _ => format!("give {decimals_max} decimals at most"),
    };
    Err(Refusal::of(field, "TOO_MANY_DECIMALS", "").saying(message))
}

fn time_zone(field: &'static str, name: &str) -> Result<String, Refusal> {
    const MESSAGE: &str = "give a time zone of the IANA database, such as Europe/Berlin";
    let zone = name.parse::<chrono_tz::Tz>().map(|zone| zone.name().to_owned());
    zone.map_err(|_| Refusal::of(field, "TIME_ZONE_UNKNOWN", MESSAGE))
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
