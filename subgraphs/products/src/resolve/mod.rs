//! What something costs whom, and why: every rule that was looked at, in order.

mod model;

use async_graphql::{ComplexObject, Context, InputObject, Object, SimpleObject};
use common::{Currency, Error, Refusal, Result};
use database::{Ctx, Tx};
use futures::future::BoxFuture;
use graphql::{App as _, Date, Money, cost};
use rust_decimal::Decimal;

pub use self::model::PriceStepOutcome;
use self::model::{Candidate, Question, less, shown};
pub(crate) use self::model::{Looked, chosen, first_of};
use crate::category;
use crate::discount::{self, DiscountRule};
use crate::ids::{CategoryId, ContactId, PriceListId, ProductId, SegmentId, UnitOfMeasureId, VariantId};
use crate::price::{self, Price};
use crate::price_list::{self, PriceList};
use crate::product::{Product, ProductKind, check_variant};
use crate::rights::PRICE_READ;
use crate::unit_of_measure::in_unit_of;
use crate::variant::Variant;
use crate::{bundle, contact, validity};

/// What something costs.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PriceResolution {
    /// How much of it, in the product's unit.
    pub quantity: Decimal,
    /// The list's price of one, of a bundle without a price of its own what its parts come to by theirs; null when no list has
    /// a price that counts.
    pub list_price: Option<Money>,
    /// How much comes off, in per cent; 0 when nothing does, and for a bundle without a price of its own: each of its parts
    /// says what comes off.
    pub discount_percent: Decimal,
    /// The price of one after what comes off, to four decimals.
    pub unit_price: Option<Money>,
    /// The price of all of it after what comes off, as it can be paid: rounded once, a half away from zero.
    pub total: Option<Money>,
    /// Every price and every discount that was looked at, in the order of their rank, and what became of each; 200 at most.
    pub steps: Vec<PriceStep>,
    /// What the parts of a bundle without a price of its own cost, for all of it; empty for everything else.
    pub parts: Vec<PricePart>,
    #[graphql(skip)]
    price_list_id: Option<PriceListId>,
    #[graphql(skip)]
    list_exact: Option<Decimal>,
    #[graphql(skip)]
    unit_exact: Option<Decimal>,
}

/// A price or a discount that was looked at.
#[derive(Clone, Debug, SimpleObject)]
pub struct PriceStep {
    /// What became of it.
    pub outcome: PriceStepOutcome,
    /// The price that was looked at; null for a discount.
    pub price: Option<Price>,
    /// The list that the price stands in; null for a discount.
    pub price_list: Option<PriceList>,
    /// The discount that was looked at; null for a price.
    pub discount_rule: Option<DiscountRule>,
    /// The same in a sentence.
    pub reason: String,
}

/// A part of a bundle that has no price of its own.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PricePart {
    /// The product that is part of the bundle.
    pub product: Product,
    #[graphql(skip)]
    variant_id: Option<VariantId>,
    /// How much of it is in the bundles that were asked for, in its own unit.
    pub quantity: Decimal,
    /// The list's price of one before anything comes off; null when it has none, and then the bundle has none either.
    pub list_price: Option<Money>,
    /// How much comes off, in per cent; 0 when nothing does.
    pub discount_percent: Decimal,
    /// The price of one; null when it has none, and then the bundle has none either.
    pub unit_price: Option<Money>,
    /// Every price and every discount of the part that was looked at, in the order of their rank, and what became of each;
    /// 200 at most.
    pub steps: Vec<PriceStep>,
    /// What the parts of the part cost, when it is a bundle without a price of its own itself; empty for everything else.
    pub parts: Vec<PricePart>,
}

#[ComplexObject]
impl PricePart {
    /// The variant that is part of the bundle; null for a product without variants.
    async fn variant(&self, gql: &Context<'_>) -> Result<Option<Variant>> {
        gql.find(self.variant_id).await
    }
}

#[ComplexObject]
impl PriceResolution {
    /// The price list that the price is from; null when there is none, or when it is the sum of parts.
    async fn price_list(&self, gql: &Context<'_>) -> Result<Option<PriceList>> {
        gql.find(self.price_list_id).await
    }
}

/// What a price is wanted for.
#[derive(Clone, Debug, InputObject)]
pub struct PriceResolveInput {
    /// The id of the product.
    pub product_id: ProductId,
    /// The id of its variant; absent for a product without variants, or for the price that holds for all of them.
    pub variant_id: Option<VariantId>,
    /// How much of it.
    pub quantity: Decimal,
    /// The id of the unit that the quantity is given in; the product's own when absent.
    pub unit_id: Option<UnitOfMeasureId>,
    /// The ISO 4217 code of the currency that it is to be paid in, such as EUR.
    pub currency: String,
    /// The id of the contact who buys; absent for anybody.
    pub customer_id: Option<ContactId>,
    /// The ids of the segments that they are in, 50 at most; whoever asks says so.
    #[graphql(default)]
    pub segment_ids: Vec<SegmentId>,
    /// The day that it is bought; today when absent.
    pub on: Option<Date>,
}

const SEGMENTS_MAX: usize = 50;
const STEPS_MAX: usize = 200;
/// How many prices of parts one question may take: bundles of bundles.
const PARTS_MAX: usize = 200;

/// What does not change from part to part of one question.
struct Asked {
    lists: Vec<PriceList>,
    currency: String,
    on: chrono::NaiveDate,
}

/// What something costs, and why.
///
/// # Errors
/// `NOT_FOUND` when there is no such product; `VALIDATION_FAILED` for a currency or a quantity that is none, or a customer whom
/// the caller does not see.
pub async fn resolve(ctx: &Ctx, input: PriceResolveInput) -> Result<PriceResolution> {
    let mut tx = ctx.read(&PRICE_READ).await?;
    let invalid = |message: &'static str| Error::validation(message);
    let currency = Currency::parse(&input.currency)
        .ok_or_else(|| invalid("currency: give a currency by its ISO 4217 code, such as EUR"))?;
    if input.segment_ids.len() > SEGMENTS_MAX {
        return Err(invalid("segmentIds: give 50 ids at most"));
    }
    if input.quantity <= Decimal::ZERO {
        return Err(invalid("quantity: give one above 0"));
    }
    let product: Product = tx.find(input.product_id).await?;
    if input.variant_id.is_some() {
        check_variant(&mut tx, &product, input.variant_id).await.map_err(told)?;
    }
    let quantity = in_unit_of(&mut tx, input.quantity, input.unit_id, product.unit_id).await.map_err(told)?;
    let on = match input.on {
        Some(day) => day.0,
        None => validity::today(&mut tx).await?,
    };
    if let Some(customer) = input.customer_id {
        contact::check_in_sight(&mut tx, customer).await.map_err(told)?;
    }
    let lists = price_list::select_concerning(&mut tx, input.customer_id, &input.segment_ids).await?;
    let asked = Asked { lists, currency: currency.code().to_owned(), on };
    let mut left = PARTS_MAX;
    of(&mut tx, &asked, product, input.variant_id, quantity, &mut left).await
}

/// A refusal of something that is only asked.
fn told(error: Error) -> Error {
    match error {
        Error::Refused(refusals) => {
            let each = refusals.iter().map(|refusal: &Refusal| {
                format!("{}: {}", refusal.field.as_deref().unwrap_or("input"), refusal.message)
            });
            Error::validation(each.collect::<Vec<_>>().join("; "))
        }
        other => other,
    }
}

/// What one product costs; a bundle without a price of its own costs what its parts do.
fn of<'a>(
    tx: &'a mut Tx,
    asked: &'a Asked,
    product: Product,
    variant_id: Option<VariantId>,
    quantity: Decimal,
    left: &'a mut usize,
) -> BoxFuture<'a, Result<PriceResolution>> {
    Box::pin(async move {
        *left =
            left.checked_sub(1).ok_or_else(|| Error::validation("the bundle has too many parts to price"))?;
        let question = Question { variant_id, quantity, currency: asked.currency.clone(), on: asked.on };
        let lists: Vec<PriceListId> = asked.lists.iter().map(|list| list.id).collect();
        let prices = price::select_of(tx, product.id, &lists).await?;
        let candidate = |price: Price| {
            let list = asked.lists.iter().find(|list| list.id == price.price_list_id)?.clone();
            Some(Candidate { list, price })
        };
        let looked = question.judge_prices(prices.into_iter().filter_map(candidate).collect());
        let mut found = PriceResolution::unpriced(quantity, &looked);
        let Some(Candidate { list, price }) = chosen(&looked).cloned() else {
            if product.kind == ProductKind::Bundle {
                sum_up(tx, asked, &product, &mut found, left).await?;
            }
            return Ok(found);
        };
        let categories = line_of(tx, &product).await?;
        let rules = discount::select_concerning(tx, product.id, &categories).await?;
        let discounts = question.judge_discounts(rules, list.id, &categories);
        found.discount_percent = chosen(&discounts).map_or(Decimal::ZERO, |rule| rule.percent.normalize());
        found
            .steps
            .extend(discounts.into_iter().map(|(rule, outcome)| PriceStep::of_discount(rule, outcome)));
        found.steps.truncate(STEPS_MAX);
        found.set_list(price.amount, &asked.currency);
        found.price_list_id = Some(list.id);
        found.set_unit(less(price.amount, found.discount_percent), &asked.currency);
        Ok(found)
    })
}

/// A bundle costs what its parts cost, each for itself.
async fn sum_up(
    tx: &mut Tx,
    asked: &Asked,
    bundle: &Product,
    found: &mut PriceResolution,
    left: &mut usize,
) -> Result<()> {
    let items = bundle::select_of(tx, &[bundle.id]).await?;
    let mut sums = (!items.is_empty()).then_some((Decimal::ZERO, Decimal::ZERO));
    for item in items {
        let product: Product = tx.find(item.product_id).await?;
        let quantity = item.quantity.checked_mul(found.quantity);
        let quantity = quantity.ok_or_else(|| Error::validation("quantity: it is too large"))?;
        let part = of(tx, asked, product.clone(), item.variant_id, quantity, left).await?;
        let plus = |sum: Decimal, each: Option<Decimal>| sum.checked_add(each?.checked_mul(item.quantity)?);
        sums = sums.and_then(|(list, unit)| plus(list, part.list_exact).zip(plus(unit, part.unit_exact)));
        found.parts.push(part.into_part(product, item.variant_id));
    }
    if let Some((list, unit)) = sums {
        found.set_list(list, &asked.currency);
        found.set_unit(unit, &asked.currency);
    }
    Ok(())
}

async fn line_of(tx: &mut Tx, product: &Product) -> Result<Vec<CategoryId>> {
    match product.category_id {
        Some(id) => category::select_line(tx, id).await,
        None => Ok(Vec::new()),
    }
}

impl PriceResolution {
    fn unpriced(quantity: Decimal, looked: &Looked<Candidate>) -> Self {
        let steps = looked.iter().take(STEPS_MAX).cloned();
        Self {
            quantity: quantity.normalize(),
            list_price: None,
            discount_percent: Decimal::ZERO,
            unit_price: None,
            total: None,
            steps: steps.map(|(candidate, outcome)| PriceStep::of_price(candidate, outcome)).collect(),
            parts: Vec::new(),
            price_list_id: None,
            list_exact: None,
            unit_exact: None,
        }
    }

    /// The same of a part of a bundle.
    fn into_part(self, product: Product, variant_id: Option<VariantId>) -> PricePart {
        PricePart {
            product,
            variant_id,
            quantity: self.quantity,
            list_price: self.list_price,
            discount_percent: self.discount_percent,
            unit_price: self.unit_price,
            steps: self.steps,
            parts: self.parts,
        }
    }

    /// Takes in what one costs before anything comes off, exactly.
    fn set_list(&mut self, list: Decimal, currency: &str) {
        self.list_exact = Some(list);
        self.list_price = Some(Money::new(shown(list), currency));
    }

    /// Takes in what one costs, exactly.
    fn set_unit(&mut self, unit: Decimal, currency: &str) {
        self.unit_exact = Some(unit);
        self.unit_price = Some(Money::new(shown(unit), currency));
        let total = unit.checked_mul(self.quantity);
        let total =
            total.map(|total| Currency::parse(currency).map_or(total, |currency| currency.round(total)));
        self.total = total.map(|total| Money::new(total, currency));
    }
}

impl PriceStep {
    fn of_price(Candidate { list, price }: Candidate, outcome: PriceStepOutcome) -> Self {
        let what = format!(
            "{} {} from {} on, by list {}",
            price.amount.normalize(),
            list.currency,
            price.min_quantity.normalize(),
            list.code
        );
        Self {
            outcome,
            reason: format!("{what}: {}.", outcome.words()),
            price: Some(price),
            price_list: Some(list),
            discount_rule: None,
        }
    }

    fn of_discount(rule: DiscountRule, outcome: PriceStepOutcome) -> Self {
        let what = format!("{} % off by rule {}", rule.percent.normalize(), rule.name);
        let reason = format!("{what}: {}.", outcome.words());
        Self { outcome, reason, price: None, price_list: None, discount_rule: Some(rule) }
    }
}

impl PriceStepOutcome {
    /// As it reads in a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Chosen => "it counts",
            Self::Outranked => "another one comes before it",
            Self::OtherCurrency => "the list is in another currency",
            Self::NotValid => "it does not hold on that day",
            Self::QuantityTooSmall => "it holds from a larger quantity on",
            Self::OtherVariant => "it is another variant's",
            Self::OtherList => "it is for another price list",
        }
    }
}

/// What things cost.
#[derive(Default)]
pub struct PriceResolveQuery;

#[Object]
impl PriceResolveQuery {
    /// What something costs whom, and why: the price that counts, what comes off, and everything that was looked at.
    #[graphql(directive = cost::apply(50))]
    async fn price_resolve(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What the price is wanted for.")] input: PriceResolveInput,
    ) -> Result<PriceResolution> {
        resolve(gql.app(), input).await
    }
}
