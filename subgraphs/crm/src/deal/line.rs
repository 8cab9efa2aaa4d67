//! Lines of deals: what is to be sold, how much of it, and for how much.

use std::collections::HashMap;

use async_graphql::{InputObject, SimpleObject};
use common::{Currency, Form, Permission, Result};
use database::{Record, Tx};
use graphql::Batch;
use rust_decimal::Decimal;

use crate::ids::{DealId, DealLineId, ProductId, VariantId};
use crate::rights::DEAL_READ;

/// What is to be sold.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("deal line", table = "crm.deal_line", read = DEAL_READ)]
pub struct DealLine {
    /// The id of the line; opaque to clients.
    pub id: DealLineId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) deal_id: DealId,
    /// Where it stands among the deal's lines, from 1 on.
    pub position: i32,
    #[graphql(skip)]
    pub(crate) product_id: Option<ProductId>,
    #[graphql(skip)]
    pub(crate) variant_id: Option<VariantId>,
    /// What it is, in the words that the customer reads.
    pub description: String,
    /// How much of it.
    pub quantity: Decimal,
    #[graphql(skip)]
    pub(crate) unit_price: Decimal,
    /// How much comes off, in per cent.
    pub discount_percent: Decimal,
    #[graphql(skip)]
    pub(crate) amount: Decimal,
}

/// What is to be sold.
#[derive(Clone, Debug, InputObject, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DealLineInput {
    /// The id of the product; absent for what is in no catalogue.
    pub product_id: Option<ProductId>,
    /// The id of its variant; absent for a product without variants.
    pub variant_id: Option<VariantId>,
    /// What it is, in the words that the customer reads: 1 to 500 characters.
    pub description: String,
    /// How much of it: above 0, of six decimals at most.
    pub quantity: Decimal,
    /// What one of it costs, in the deal's currency, of four decimals at most.
    pub unit_price: Decimal,
    /// How much comes off, in per cent: 0 to 100, of four decimals at most.
    #[graphql(default)]
    pub discount_percent: Decimal,
}

/// The most lines of a deal, and of a quote.
pub(crate) const LINES_MAX: usize = 200;
const QUANTITY_MAX: u32 = 1_000_000_000;

/// What a line comes to, as it can be paid: rounded once, a half away from zero. `None` when it is more than can be kept.
pub(crate) fn amount(
    quantity: Decimal,
    unit_price: Decimal,
    discount_percent: Decimal,
    currency: &str,
) -> Option<Decimal> {
    let whole = quantity.checked_mul(unit_price)?;
    let less = whole.checked_mul(Decimal::ONE_HUNDRED - discount_percent)? / Decimal::ONE_HUNDRED;
    let amount = Currency::parse(currency).map_or(less, |currency| currency.round(less));
    (amount <= Decimal::from(Currency::AMOUNT_MAX)).then_some(amount)
}

/// Takes in one line of a form.
pub(crate) fn filled_in(form: &mut Form, input: DealLineInput, currency: &str) -> Line {
    let mut line = Line {
        product_id: input.product_id,
        variant_id: input.variant_id,
        description: String::new(),
        quantity: Decimal::ZERO,
        unit_price: Decimal::ZERO,
        discount_percent: Decimal::ZERO,
        amount: Decimal::ZERO,
    };
    form.name_within("description", common::given(input.description), 500, &mut line.description);
    let quantities = Decimal::new(1, 6)..=Decimal::from(QUANTITY_MAX);
    form.decimal("quantity", common::given(input.quantity), quantities, 6, &mut line.quantity);
    let prices = Decimal::ZERO..=Decimal::from(Currency::AMOUNT_MAX);
    form.decimal("unitPrice", common::given(input.unit_price), prices, 4, &mut line.unit_price);
    let percents = Decimal::ZERO..=Decimal::ONE_HUNDRED;
    form.decimal(
        "discountPercent",
        common::given(input.discount_percent),
        percents,
        4,
        &mut line.discount_percent,
    );
    match amount(line.quantity, line.unit_price, line.discount_percent, currency) {
        Some(amount) => line.amount = amount,
        None => form.refuse(common::Refusal::of(
            "quantity",
            "AMOUNT_TOO_LARGE",
            "this comes to more than can be kept",
        )),
    }
    line
}

/// What a line says, of a deal or of a quote.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    pub(crate) product_id: Option<ProductId>,
    pub(crate) variant_id: Option<VariantId>,
    pub(crate) description: String,
    pub(crate) quantity: Decimal,
    pub(crate) unit_price: Decimal,
    pub(crate) discount_percent: Decimal,
    pub(crate) amount: Decimal,
}

impl Line {
    /// What it names of the catalogue.
    pub(crate) fn named(&self) -> crate::catalogue::Pair {
        (self.product_id, self.variant_id)
    }

    /// The line of a deal that says this.
    pub(super) fn of(self, deal: DealId, at: usize) -> DealLine {
        DealLine {
            position: i32::try_from(at + 1).unwrap_or(i32::MAX),
            product_id: self.product_id,
            variant_id: self.variant_id,
            description: self.description,
            quantity: self.quantity,
            unit_price: self.unit_price,
            discount_percent: self.discount_percent,
            amount: self.amount,
            ..DealLine::blank(chrono::DateTime::UNIX_EPOCH, deal)
        }
    }
}

impl From<DealLine> for Line {
    fn from(line: DealLine) -> Self {
        Self {
            product_id: line.product_id,
            variant_id: line.variant_id,
            description: line.description,
            quantity: line.quantity,
            unit_price: line.unit_price,
            discount_percent: line.discount_percent,
            amount: line.amount,
        }
    }
}

// SQL.

/// The lines of deals, in their order.
pub(crate) async fn select_of(tx: &mut Tx, deals: &[DealId]) -> Result<Vec<DealLine>> {
    Ok(select_deal_line!("where deal_id = any($1) order by deal_id, position, id", deals as &[DealId])
        .fetch_all(tx.conn())
        .await?)
}

/// The lines of deals.
pub(crate) struct LinesOf;

impl Batch for LinesOf {
    type Key = DealId;
    type Value = Vec<DealLine>;
    const READ: &'static Permission = &DEAL_READ;

    async fn load(tx: &mut Tx, keys: &[DealId]) -> Result<HashMap<DealId, Vec<DealLine>>> {
        let mut found: HashMap<DealId, Vec<DealLine>> = HashMap::new();
        for line in select_of(tx, keys).await? {
            found.entry(line.deal_id).or_default().push(line);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_rounded_once_as_its_currency_is_paid() {
        let amount = |quantity: &str, price: &str, percent: &str, currency| {
            let parse = |text: &str| text.parse::<Decimal>().unwrap();
            super::amount(parse(quantity), parse(price), parse(percent), currency)
                .map(|amount| amount.normalize().to_string())
        };
        assert_eq!(amount("3", "0.335", "0", "EUR").as_deref(), Some("1.01"));
        assert_eq!(amount("3", "0.335", "50", "EUR").as_deref(), Some("0.5"));
        assert_eq!(amount("1", "99.5", "0", "JPY").as_deref(), Some("100"));
        assert_eq!(amount("1000000000", "1000000000000", "0", "EUR"), None);
    }
}
