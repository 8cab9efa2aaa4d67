//! Many prices changed at once, by so many per cent.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use common::{Currency, Form, Refusal, Result};
use database::{Answer, Ctx, Tx};
use graphql::{App as _, Date, Money, payload};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use crate::category::Category;
use crate::ids::{CategoryId, PriceListId, ProductId, VariantId};
use crate::price::{self, Price, select_price};
use crate::price_list::PriceList;
use crate::product::Product;
use crate::rights::{PRICE_MANAGE, PRICE_READ};
use crate::variant::Variant;

/// What a change of many prices comes to.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PriceListAdjustment {
    /// The number of prices that are others than before.
    pub count: i32,
    /// The prices that are others than before, 500 at most.
    pub changes: Vec<PriceListAdjustmentChange>,
    /// Whether it was only looked what would become of it.
    pub is_dry_run: bool,
    #[graphql(skip)]
    price_list_id: PriceListId,
}

/// A price that is another than before.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PriceListAdjustmentChange {
    #[graphql(skip)]
    product_id: ProductId,
    #[graphql(skip)]
    variant_id: Option<VariantId>,
    /// From how much of the product's unit on it holds.
    pub min_quantity: Decimal,
    /// What it was.
    pub before: Money,
    /// What it is; in a dry run what it would be.
    pub after: Money,
}

#[ComplexObject]
impl PriceListAdjustment {
    /// The price list whose prices change.
    async fn price_list(&self, gql: &Context<'_>) -> Result<Option<PriceList>> {
        gql.find(self.price_list_id).await
    }
}

#[ComplexObject]
impl PriceListAdjustmentChange {
    /// The product whose price changes.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }

    /// The variant whose price changes; null when the price is for all of them.
    async fn variant(&self, gql: &Context<'_>) -> Result<Option<Variant>> {
        gql.find(self.variant_id).await
    }
}

/// By how much the prices of a list change.
#[derive(Clone, Debug, InputObject)]
pub struct PriceListAdjustInput {
    /// By how many per cent, of four decimals at most: above -100, 1,000 at most.
    pub percent: Decimal,
    /// The id of the category whose products it concerns, those below as well; all when absent.
    pub category_id: Option<CategoryId>,
    /// From which day on the new prices hold: until the day before, the old ones do. When absent they take the place of the
    /// old ones.
    pub first_day: Option<Date>,
    /// To how many decimals the new prices are rounded, 0 to 4, a half away from zero; to those of the currency when absent.
    pub decimals: Option<i32>,
    /// True to see what would become of it, and change nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// The most prices that change at once.
const PRICES_MAX: usize = 10_000;
const SHOWN_MAX: usize = 500;
const PERCENT_DECIMALS: u32 = 4;
const TOO_MANY: Refusal = Refusal::whole(
    "TOO_MANY_PRICES",
    "10,000 prices change at once at most; take one category after the other",
);

/// Changes the prices of a list by so many per cent.
pub async fn adjust(ctx: &Ctx, id: PriceListId, input: PriceListAdjustInput) -> Result<PriceListAdjustment> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let list: PriceList = tx.lock(id).await?;
    let change = Change::read(&list, &input)?;
    tx.check_reference::<Category>("categoryId", None, input.category_id).await?;
    let prices = select_concerned(&mut tx, id, &input).await?;
    if prices.len() > PRICES_MAX {
        return Err(TOO_MANY.into());
    }
    let (mut ended, mut changed, mut shown) = (Vec::new(), Vec::new(), Vec::new());
    for price in prices {
        let amount = change.applied(price.amount);
        if amount == price.amount {
            continue;
        }
        shown.push(PriceListAdjustmentChange {
            product_id: price.product_id,
            variant_id: price.variant_id,
            min_quantity: price.min_quantity.normalize(),
            before: Money::new(price.amount, &list.currency),
            after: Money::new(amount, &list.currency),
        });
        let (old, new) = split(price, amount, input.first_day, tx.now());
        ended.extend(old);
        changed.push(new);
    }
    let count = i32::try_from(shown.len()).unwrap_or(i32::MAX);
    shown.truncate(SHOWN_MAX);
    let mut done =
        PriceListAdjustment { count, changes: shown, is_dry_run: input.dry_run, price_list_id: id };
    if input.dry_run {
        // What is not committed has not happened.
        return Ok(done);
    }
    // Old prices end before new ones begin.
    price::save(&mut tx, &mut ended).await?;
    price::save(&mut tx, &mut changed).await?;
    price::announce(&mut tx, &changed.iter().collect::<Vec<_>>()).await?;
    done.is_dry_run = false;
    tx.commit(done).await
}

/// What a price becomes: itself with another amount, or, when that holds from a day in its midst on, itself until the day
/// before and another one from then on.
fn split(
    price: Price,
    amount: Decimal,
    first_day: Option<Date>,
    now: chrono::DateTime<chrono::Utc>,
) -> (Option<Price>, Price) {
    let in_its_midst = first_day.filter(|day| price.first_day.is_none_or(|first| first < *day));
    let Some(day) = in_its_midst else { return (None, Price { amount, ..price }) };
    let new = Price {
        amount,
        first_day: Some(day),
        variant_id: price.variant_id,
        min_quantity: price.min_quantity,
        last_day: price.last_day,
        ..Price::blank(now, price.price_list_id, price.product_id)
    };
    (Some(Price { last_day: day.0.pred_opt().map(Date), ..price }), new)
}

/// By how much, and how it is rounded.
struct Change {
    percent: Decimal,
    decimals: u32,
}

impl Change {
    fn read(list: &PriceList, input: &PriceListAdjustInput) -> Result<Self> {
        let (mut form, mut percent, mut decimals) = (Form::default(), Decimal::ZERO, 0);
        let least = Decimal::new(1, PERCENT_DECIMALS) - Decimal::ONE_HUNDRED;
        let percents = least..=Decimal::ONE_THOUSAND;
        form.decimal("percent", common::given(input.percent), percents, PERCENT_DECIMALS, &mut percent);
        let own = Currency::parse(&list.currency).map_or(2, |currency| currency.decimals());
        form.number("decimals", common::given(input.decimals), 0..=4, &mut decimals);
        form.check()?;
        let decimals = input.decimals.map_or(own, |_| decimals.unsigned_abs());
        Ok(Self { percent, decimals })
    }

    fn applied(&self, amount: Decimal) -> Decimal {
        // An amount that grows beyond what can be kept stays; it could not be bought either.
        let grown = amount.checked_mul(self.percent).map(|part| amount + part / Decimal::ONE_HUNDRED);
        let rounded = |amount: Decimal| {
            amount.round_dp_with_strategy(self.decimals, RoundingStrategy::MidpointAwayFromZero)
        };
        grown.map(rounded).filter(|amount| *amount <= Decimal::from(Currency::AMOUNT_MAX)).unwrap_or(amount)
    }
}

/// The prices that a change concerns, locked: those that hold on its first day or later, or now or later.
async fn select_concerned(tx: &mut Tx, id: PriceListId, input: &PriceListAdjustInput) -> Result<Vec<Price>> {
    let from = match input.first_day {
        Some(day) => day.0,
        None => crate::validity::today(tx).await?,
    };
    Ok(select_price!(
        "where price_list_id = $1 and (last_day is null or last_day >= $2)
         and ($3::uuid is null or product_id in (select p.id from products.product p
                 where p.category_id in (select b.id from products.branch($3) b)))
         order by id for update limit 10001",
        id as PriceListId,
        from,
        input.category_id as Option<CategoryId>,
    )
    .fetch_all(tx.conn())
    .await?)
}

impl Answer for PriceListAdjustment {
    fn stored(&self) -> Value {
        json!({ "count": self.count, "priceListId": self.price_list_id })
    }

    async fn restore(ctx: &Ctx, stored: Value) -> Result<Self> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Stored {
            count: i32,
            price_list_id: PriceListId,
        }
        let stored: Stored = serde_json::from_value(stored)?;
        let mut tx = ctx.read(&PRICE_READ).await?;
        let list: PriceList = tx.find(stored.price_list_id).await?;
        // What they were is in the histories of the prices.
        Ok(Self { count: stored.count, changes: Vec::new(), is_dry_run: false, price_list_id: list.id })
    }
}

// GraphQL.

payload! {
    /// The result of priceListAdjust.
    PriceListAdjustPayload {
        /// What the change came to, or would come to; null when nothing was done.
        adjustment: PriceListAdjustment,
    }
}

/// Changes of many prices.
#[derive(Default)]
pub struct PriceListAdjustMutation;

#[Object]
impl PriceListAdjustMutation {
    /// Changes the prices of a list that hold now or later by so many per cent; in a dry run it is only said what would become
    /// of it.
    async fn price_list_adjust(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the price list.")] id: PriceListId,
        #[graphql(desc = "By how much, which of them and from when on.")] input: PriceListAdjustInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with \
                          the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<PriceListAdjustPayload>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        PriceListAdjustPayload::answer(gql, adjust(&ctx, id, input).await).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_that_changes_in_its_midst_ends_the_day_before_and_another_one_begins() {
        let day = |text: &str| Some(Date(text.parse().unwrap()));
        let now = chrono::DateTime::UNIX_EPOCH;
        let price = Price {
            first_day: day("2026-01-01"),
            last_day: day("2026-12-31"),
            ..Price::blank(now, PriceListId::new(), ProductId::new())
        };
        let (old, new) = split(price.clone(), Decimal::TEN, day("2026-07-01"), now);
        let old = old.unwrap();
        assert_eq!((old.first_day, old.last_day), (day("2026-01-01"), day("2026-06-30")));
        assert_eq!(
            (new.first_day, new.last_day, new.amount),
            (day("2026-07-01"), day("2026-12-31"), Decimal::TEN)
        );
        assert!(new.id != price.id && old.id == price.id);
        for from in [None, day("2026-01-01"), day("2025-07-01")] {
            let (old, new) = split(price.clone(), Decimal::TEN, from, now);
            assert!(old.is_none() && new.id == price.id && new.first_day == price.first_day, "{from:?}");
        }
    }
}
