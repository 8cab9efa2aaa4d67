//! Money: exact amounts in currencies of ISO 4217, and the one way to round them.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::Refusal;

/// A currency of ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// How many decimals the database keeps of an amount (`numeric(19, 4)`): prices may be finer than a currency.
    pub const DECIMALS_MAX: u32 = 4;

    /// The largest amount that is taken: fifteen digits before the point.
    pub const AMOUNT_MAX: i64 = 999_999_999_999_999;

    /// Every currency that people pay with, by code. Funds, metals and codes for testing are left out: they have
    /// no smallest unit.
    pub fn all() -> impl Iterator<Item = Self> {
        let known = <iso_currency::Currency as iso_currency::IntoEnumIterator>::iter();
        let mut all: Vec<_> = known.map(Self).filter(Self::is_tender).collect();
        all.sort_by_key(Currency::code);
        all.into_iter()
    }

    /// The currency of this code, such as EUR; `None` for every other text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        iso_currency::Currency::from_code(code).map(Self).filter(Self::is_tender)
    }

    fn is_tender(&self) -> bool {
        self.0.exponent().is_some()
    }

    /// Its three letters.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code()
    }

    /// Its English name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// How many decimals an amount has that can be paid: 2 for EUR, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn decimals(&self) -> u32 {
        self.0.exponent().unwrap_or(2).into()
    }

    /// An amount that can be paid: a half of the smallest unit goes away from zero, as tax offices want it.
    #[must_use]
    pub fn round(&self, amount: Decimal) -> Decimal {
        amount.round_dp_with_strategy(self.decimals(), RoundingStrategy::MidpointAwayFromZero)
    }

    /// Whether an amount can be paid as it is.
    #[must_use]
    pub fn can_pay(&self, amount: Decimal) -> bool {
        decimals_of(amount) <= self.decimals()
    }
}

/// How many decimals of a number count. What was read with more digits than are kept was rounded: all its decimals count, for
/// nobody knows what the others were.
#[must_use]
pub fn decimals_of(number: Decimal) -> u32 {
    let is_full = number.scale() == Decimal::MAX_SCALE || number.mantissa().unsigned_abs() >= 10_u128.pow(27);
    if is_full { number.scale() } else { number.normalize().scale() }
}

/// What is no code of a currency.
pub(crate) const CURRENCY_UNKNOWN: Refusal =
    Refusal::of("currency", "CURRENCY_UNKNOWN", "give a currency by its ISO 4217 code, such as EUR");

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn an_amount_has_as_many_decimals_as_its_currency() {
        let rounded = [
            ("EUR", "2.345", "2.35"),
            ("EUR", "-2.345", "-2.35"),
            ("JPY", "2.5", "3"),
            ("KWD", "1.2345", "1.235"),
        ];
        for (code, given, expected) in rounded {
            let currency = Currency::parse(code).unwrap();
            assert_eq!(currency.round(amount(given)), amount(expected), "{code}");
            assert!(currency.can_pay(amount(expected)) && !currency.can_pay(amount(given)), "{code}");
        }
    }

    #[test]
    fn only_codes_of_currencies_that_can_be_paid_with_are_taken() {
        for wrong in ["", "eur", "EURO", "XXX", "XAU", "ABC"] {
            assert_eq!(Currency::parse(wrong), None, "{wrong}");
        }
        let all: Vec<_> = Currency::all().collect();
        assert!(all.len() > 150 && all.is_sorted_by_key(Currency::code));
        assert!(all.iter().all(|currency| Currency::parse(currency.code()) == Some(*currency)));
    }
}
