//! Money in the graph.

use async_graphql::{InputObject, SimpleObject};
use common::Currency;
use rust_decimal::Decimal;

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
#[graphql(shareable)]
pub struct Money {
    /// The amount, exact, as a decimal number.
    pub amount: Decimal,
    /// The ISO 4217 code of the currency, such as EUR.
    pub currency: String,
}

impl Money {
    /// An amount in the currency of a code, with as many decimals as the currency has, or more where it is finer.
    #[must_use]
    pub fn new(amount: Decimal, currency: &str) -> Self {
        let decimals = Currency::parse(currency).map_or(0, |currency| currency.decimals());
        let mut amount = amount.normalize();
        if amount.scale() < decimals {
            amount.rescale(decimals);
        }
        Self { amount, currency: currency.to_owned() }
    }
}

/// An amount of money.
#[derive(Clone, Debug, InputObject)]
pub struct MoneyInput {
    /// The amount, exact, as a decimal number; no finer than the currency where it is to be paid.
    pub amount: Decimal,
    /// The ISO 4217 code of the currency, such as EUR.
    pub currency: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_shows_the_decimals_of_its_currency() {
        let shown =
            |amount: &str, currency: &str| Money::new(amount.parse().unwrap(), currency).amount.to_string();
        assert_eq!(shown("2.5000", "EUR"), "2.50");
        assert_eq!(shown("2.0000", "JPY"), "2");
        assert_eq!(shown("0.0125", "EUR"), "0.0125");
    }
}
