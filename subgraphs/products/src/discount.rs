//! Discount rules: so many per cent off, for a list, a category or a product, from a quantity on, from a day to a day.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{Date, inputs, mutations, queries, sorts};
use rust_decimal::Decimal;

use crate::category::Category;
use crate::ids::{CategoryId, DiscountRuleId, PriceListId, ProductId};
use crate::price_list::PriceList;
use crate::product::Product;
use crate::rights::{PRICE_MANAGE, PRICE_READ};
use crate::unit_of_measure::{DECIMALS_MAX, QUANTITY_MAX};
use crate::validity;

/// So many per cent off what a price list says.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("discount rule", table = "products.discount_rule", read = PRICE_READ)]
pub struct DiscountRule {
    /// The id of the discount rule; opaque to clients.
    pub id: DiscountRuleId,
    /// The name that people know it by.
    pub name: String,
    #[graphql(skip)]
    pub(crate) price_list_id: Option<PriceListId>,
    #[graphql(skip)]
    pub(crate) category_id: Option<CategoryId>,
    #[graphql(skip)]
    pub(crate) product_id: Option<ProductId>,
    /// From how much of the product's unit on it holds; 0 for any quantity.
    pub min_quantity: Decimal,
    /// How much comes off, in per cent.
    pub percent: Decimal,
    /// Of several rules the one with the highest priority counts: 0 to 1,000.
    pub priority: i32,
    /// The first day that it holds; null for since ever.
    pub first_day: Option<Date>,
    /// The last day that it holds; null for good.
    pub last_day: Option<Date>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

// Use-cases.

/// Creates a discount rule.
pub async fn create(ctx: &Ctx, input: DiscountRuleCreateInput) -> Result<DiscountRule> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let mut rule = DiscountRule::blank(tx.now());
    fill_in(&mut tx, &mut rule, input.into()).await?;
    tx.save(&mut rule).await.on_constraint("discount_rule_name_key", NAME_TAKEN)?;
    tx.commit(rule).await
}

/// Changes a discount rule.
pub async fn update(ctx: &Ctx, id: DiscountRuleId, input: DiscountRuleUpdateInput) -> Result<DiscountRule> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let mut rule: DiscountRule = tx.lock_at(id, input.version).await?;
    fill_in(&mut tx, &mut rule, input).await?;
    tx.save(&mut rule).await.on_constraint("discount_rule_name_key", NAME_TAKEN)?;
    tx.commit(rule).await
}

/// The discount rules that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: DiscountRuleFilter,
    sort: DiscountRuleSort,
    page: Page,
) -> Result<Slice<DiscountRule>> {
    let mut tx = ctx.read_list(&PRICE_READ).await?;
    let search = tx.search::<DiscountRule>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, DiscountRule, page, sort: DiscountRuleSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5)) and ($6::uuid is null or product_id = $6)
         and ($7::uuid is null or category_id = $7)",
        [
            filter.is_archived,
            search.ids.as_deref(),
            search.patterns.as_deref(),
            filter.product_id as Option<ProductId>,
            filter.category_id as Option<CategoryId>,
        ],
    ))
}

// Rules.

const PRIORITY_MAX: i32 = 1_000;
const PERCENT_DECIMALS: u32 = 4;
const NAME_TAKEN: Refusal = Refusal::of("name", "NAME_TAKEN", "another discount rule in use has this name");
const ONE_OR_OTHER: Refusal =
    Refusal::of("categoryId", "ONE_OR_OTHER", "give a product or a category, and not both");

async fn fill_in(tx: &mut Tx, rule: &mut DiscountRule, input: DiscountRuleUpdateInput) -> Result<()> {
    let before = rule.clone();
    let mut form = Form::default();
    form.name("name", input.name, &mut rule.name);
    form.optional(input.price_list_id, &mut rule.price_list_id);
    form.optional(input.category_id, &mut rule.category_id);
    form.optional(input.product_id, &mut rule.product_id);
    let quantities = Decimal::ZERO..=Decimal::from(QUANTITY_MAX);
    form.decimal("minQuantity", input.min_quantity, quantities, DECIMALS_MAX, &mut rule.min_quantity);
    let percents = Decimal::new(1, PERCENT_DECIMALS)..=Decimal::ONE_HUNDRED;
    form.decimal("percent", input.percent, percents, PERCENT_DECIMALS, &mut rule.percent);
    form.number("priority", input.priority, 0..=PRIORITY_MAX, &mut rule.priority);
    validity::fill_in(&mut form, input.first_day, input.last_day, (&mut rule.first_day, &mut rule.last_day));
    if rule.category_id.is_some() && rule.product_id.is_some() {
        form.refuse(ONE_OR_OTHER);
    }
    form.check()?;
    tx.check_reference::<PriceList>("priceListId", before.price_list_id, rule.price_list_id).await?;
    tx.check_reference::<Category>("categoryId", before.category_id, rule.category_id).await?;
    tx.check_reference::<Product>("productId", before.product_id, rule.product_id).await
}

// SQL.

/// The discount rules in use of a product: its own, those of the categories that it is in, and those of everything.
pub(crate) async fn select_concerning(
    tx: &mut Tx,
    product: ProductId,
    categories: &[CategoryId],
) -> Result<Vec<DiscountRule>> {
    Ok(select_discount_rule!(
        "where archived_at is null and (product_id = $1 or category_id = any($2)
             or product_id is null and category_id is null)",
        product as ProductId,
        categories as &[CategoryId],
    )
    .fetch_all(tx.conn())
    .await?)
}

// GraphQL.

inputs! {
    /// The fields of a new discount rule.
    DiscountRuleCreateInput,
    /// The fields of a discount rule to change; those that are absent stay as they are.
    DiscountRuleUpdateInput {
        /// The name that people know it by: 1 to 100 characters, unique among those in use.
        required name: String,
        /// The id of the price list that it is for; null for all of them.
        nullable price_list_id: PriceListId,
        /// The id of the category that it is for, and those below; null for all.
        nullable category_id: CategoryId,
        /// The id of the product that it is for; null for all.
        nullable product_id: ProductId,
        /// From how much of the product's unit on it holds, of six decimals at most; 0, for any quantity, when absent from a
        /// new one.
        defaulted min_quantity: Decimal,
        /// How much comes off, in per cent: above 0, 100 at most, of four decimals at most.
        required percent: Decimal,
        /// Of several rules the one with the highest priority counts: 0 to 1,000; 0 when absent from a new one.
        defaulted priority: i32,
        /// The first day that it holds; null for since ever.
        nullable first_day: Date,
        /// The last day that it holds; null for good.
        nullable last_day: Date,
    }
}

/// Which discount rules a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct DiscountRuleFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// The id of the product that they are for.
    pub product_id: Option<ProductId>,
    /// The id of the category that they are for.
    pub category_id: Option<CategoryId>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of discount rules is ordered.
    DiscountRuleSort {
        /// By the name of the discount rule.
        Name,
    }
}

queries! {
    DiscountRule;
    /// The discount rules; those in use, by name, unless the arguments say otherwise.
    discount_rules(DiscountRuleFilter, DiscountRuleSort) = list;
    /// One discount rule, archived or not; null when there is none of that id.
    discount_rule;
}

mutations! {
    DiscountRule as discount_rule;
    /// Creates a discount rule.
    discount_rule_create(input: DiscountRuleCreateInput) = create for PRICE_MANAGE;
    /// Changes a discount rule.
    discount_rule_update(id: DiscountRuleId, input: DiscountRuleUpdateInput) = update for PRICE_MANAGE;
    archive and restore for PRICE_MANAGE;
}
