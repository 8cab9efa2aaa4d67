//! A form that was filled in: every field that is wrong is told, and not the first alone.

use std::fmt::Display;
use std::ops::RangeInclusive;

use async_graphql::MaybeUndefined;
use async_graphql::MaybeUndefined::{Null, Undefined, Value};
use rust_decimal::Decimal;

use crate::money::CURRENCY_UNKNOWN;
use crate::{Currency, Error, Refusal, Result, text};

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
        let name = |name: String| {
            text::name(&name, characters_max).ok_or_else(|| {
                let message = format!("give 1 to {characters_max} characters that can be seen, on one line");
                Refusal::of(field, "NAME_INVALID", "").saying(message)
            })
        };
        self.checked(field, given, name, place);
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
    let number = in_range(field, number.normalize(), range)?;
    if number.scale() <= decimals_max {
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
mod tests {
    use super::*;

    fn codes(form: Form) -> Vec<String> {
        match form.check() {
            Err(Error::Refused(refusals)) => {
                refusals.iter().map(|refusal| refusal.code.to_string()).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_and_nothing_wrong_is_taken() {
        let (mut form, mut name, mut code, mut days) = (Form::default(), "Old".to_owned(), String::new(), 3);
        let mut limit = Some(2);
        form.name("name", Value("  ".into()), &mut name);
        form.code("code", Value("a".into()), &mut code);
        form.number("days", Value(9), 0..=5, &mut days);
        form.optional_number("limit", Value(9), 0..=5, &mut limit);
        assert_eq!((name.as_str(), code.as_str(), days, limit), ("Old", "", 3, Some(2)));
        assert_eq!(codes(form), ["NAME_INVALID", "CODE_INVALID", "OUT_OF_RANGE", "OUT_OF_RANGE"]);
    }

    #[test]
    fn what_is_absent_stays_and_null_clears_what_may_be_nothing() {
        let (mut form, mut name, mut zone) =
            (Form::default(), "Old".to_owned(), Some("Asia/Tokyo".to_owned()));
        form.name("name", Undefined, &mut name);
        form.optional_time_zone("timeZone", Undefined, &mut zone);
        assert_eq!((name.as_str(), zone.as_deref()), ("Old", Some("Asia/Tokyo")));
        form.optional_time_zone("timeZone", Null, &mut zone);
        form.name("name", Null, &mut name);
        assert_eq!((name.as_str(), zone), ("Old", None));
        assert_eq!(codes(form), ["REQUIRED"]);
    }

    #[test]
    fn a_time_zone_has_a_name_of_the_iana_database() {
        let mut zone = String::new();
        for (name, is_right) in [("Europe/Berlin", true), ("", false), ("Berlin", false), ("+02:00", false)] {
            let mut form = Form::default();
            form.time_zone("timeZone", Value(name.into()), &mut zone);
            assert_eq!(codes(form).is_empty(), is_right, "{name}");
        }
    }

    #[test]
    fn zeros_at_the_end_of_a_number_do_not_count() {
        let (mut form, mut days) = (Form::default(), Decimal::ZERO);
        form.decimal(
            "days",
            Value("25.000".parse().unwrap()),
            Decimal::ZERO..=Decimal::from(366),
            2,
            &mut days,
        );
        assert_eq!((days, codes(form)), (Decimal::from(25), vec![]));
        let mut form = Form::default();
        form.amount(
            "amount",
            Value("1.5".parse().unwrap()),
            "JPY",
            Decimal::ZERO..=Decimal::from(9),
            &mut days,
        );
        assert_eq!((days, codes(form)), (Decimal::from(25), vec!["TOO_MANY_DECIMALS".to_owned()]));
    }

    #[test]
    fn what_is_wrong_with_a_row_is_told_with_its_path() {
        let (mut form, mut names) = (Form::default(), vec!["Old".to_owned()]);
        form.each("lines", Value(vec!["A", " "]), 1..=2, &mut names, |form, given| {
            let mut name = String::new();
            form.name("what", Value(given.into()), &mut name);
            name
        });
        let Err(Error::Refused(refusals)) = form.check() else { panic!("it was taken") };
        assert_eq!(refusals[0].field.as_deref(), Some("lines.1.what"));
        let mut form = Form::default();
        form.each("lines", Value(vec!["A"; 3]), 1..=2, &mut names, |_, given| given.to_owned());
        assert_eq!(codes(form), ["OUT_OF_RANGE"]);
    }
}
