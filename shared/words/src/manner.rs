//! How a language writes days, times and numbers, by what CLDR has of it.

use std::sync::LazyLock;

use chrono::{Datelike as _, NaiveDate, NaiveTime, Timelike as _};
use icu_calendar::{Date, Gregorian};
use icu_datetime::fieldsets::{MD, T, YMD};
use icu_datetime::input::Time;
use icu_datetime::{FixedCalendarDateTimeFormatter, NoCalendarFormatter};
use icu_decimal::DecimalFormatter;
use icu_decimal::input::{Decimal as Digits, SignDisplay};
use icu_locale_core::{Locale, locale};
use icu_plurals::{PluralCategory, PluralRules};
use rust_decimal::Decimal;

use crate::language::Language;

/// The manner of one language. What it needs is compiled in; if it were not, days and numbers would stand there as programs
/// write them.
pub(crate) struct Manner {
    day: Option<FixedCalendarDateTimeFormatter<Gregorian, YMD>>,
    day_of_year: Option<FixedCalendarDateTimeFormatter<Gregorian, MD>>,
    time: Option<NoCalendarFormatter<T>>,
    number: Option<DecimalFormatter>,
    plural: Option<PluralRules>,
}

/// The locale whose manner a language has; a day has 24 hours in all of them.
fn locale_of(language: Language) -> Locale {
    match language {
        Language::English => locale!("en-GB-u-hc-h23"),
        Language::German => locale!("de-u-hc-h23"),
        Language::Bengali => locale!("bn-u-hc-h23"),
        Language::Arabic => locale!("ar-u-hc-h23"),
    }
}

fn date(day: NaiveDate) -> Option<Date<Gregorian>> {
    let (month, of_month) = (u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?);
    Date::try_new_gregorian(day.year(), month, of_month).ok()
}

fn digits(number: Decimal) -> Option<Digits> {
    Digits::try_from_str(&number.to_string()).ok()
}

impl Manner {
    /// That of a language.
    pub(crate) fn of(language: Language) -> &'static Self {
        static MANNERS: LazyLock<[Manner; Language::ALL.len()]> =
            LazyLock::new(|| Language::ALL.map(Manner::new));
        &MANNERS[language as usize]
    }

    fn new(language: Language) -> Self {
        let locale = locale_of(language);
        Self {
            day: FixedCalendarDateTimeFormatter::try_new((&locale).into(), YMD::long()).ok(),
            day_of_year: FixedCalendarDateTimeFormatter::try_new((&locale).into(), MD::long()).ok(),
            time: NoCalendarFormatter::try_new((&locale).into(), T::hm()).ok(),
            number: DecimalFormatter::try_new((&locale).into(), Default::default()).ok(),
            plural: PluralRules::try_new_cardinal((&locale).into()).ok(),
        }
    }

    /// `9 March 2026`.
    pub(crate) fn day(&self, day: NaiveDate) -> String {
        let written = self.day.as_ref().zip(date(day)).map(|(manner, day)| manner.format(&day).to_string());
        written.unwrap_or_else(|| day.to_string())
    }

    /// `9 March`.
    pub(crate) fn day_of_year(&self, day: NaiveDate) -> String {
        let written =
            self.day_of_year.as_ref().zip(date(day)).map(|(manner, day)| manner.format(&day).to_string());
        written.unwrap_or_else(|| day.to_string())
    }

    /// `14:30`.
    pub(crate) fn time(&self, time: NaiveTime) -> String {
        let part = |part: u32| u8::try_from(part).ok();
        let hm = part(time.hour()).zip(part(time.minute()));
        let given = hm.and_then(|(hour, minute)| Time::try_new(hour, minute, 0, 0).ok());
        let written = self.time.as_ref().zip(given).map(|(manner, time)| manner.format(&time).to_string());
        written.unwrap_or_else(|| time.format("%H:%M").to_string())
    }

    /// `1,234.5`, with the decimals that it has.
    pub(crate) fn number(&self, number: Decimal) -> String {
        self.digits(number, SignDisplay::Auto)
    }

    /// `+1,234.5`.
    pub(crate) fn change(&self, number: Decimal) -> String {
        self.digits(number, SignDisplay::ExceptZero)
    }

    fn digits(&self, number: Decimal, sign: SignDisplay) -> String {
        let written = self.number.as_ref().zip(digits(number)).map(|(manner, digits)| {
            let digits = digits.with_sign_display(sign);
            manner.format(&digits).to_string()
        });
        written.unwrap_or_else(|| number.to_string())
    }

    /// Which of its plural forms goes with a number, by CLDR's name for it.
    pub(crate) fn plural(&self, number: Decimal) -> &'static str {
        let rules = self.plural.as_ref().zip(digits(number));
        match rules.map(|(rules, digits)| rules.category_for(&digits)) {
            Some(PluralCategory::Zero) => "zero",
            Some(PluralCategory::One) => "one",
            Some(PluralCategory::Two) => "two",
            Some(PluralCategory::Few) => "few",
            Some(PluralCategory::Many) => "many",
            Some(PluralCategory::Other) | None => "other",
        }
    }
}
