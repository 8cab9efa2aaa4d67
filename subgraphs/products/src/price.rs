//! Prices: what a thing costs by a list, from a quantity on, from a day to a day.

use async_graphql::InputObject;
use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use common::{Currency, Error, Form, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{Date, inputs, mutations, queries, sorts};
use rust_decimal::Decimal;

use crate::events::ProductPriceChanged;
use crate::ids::{PriceId, PriceListId, ProductId, VariantId};
use crate::price_list::PriceList;
use crate::product::{Product, check_variant};
use crate::rights::{PRICE_MANAGE, PRICE_READ};
use crate::unit_of_measure::{DECIMALS_MAX, QUANTITY_MAX};
use crate::validity;

/// What a product, or one of its variants, costs by a price list.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("price", table = "products.price", read = PRICE_READ)]
pub struct Price {
    /// The id of the price; opaque to clients.
    pub id: PriceId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) price_list_id: PriceListId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) product_id: ProductId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) variant_id: Option<VariantId>,
    /// From how much of the product's unit on it holds; 0 for any quantity.
    pub min_quantity: Decimal,
    #[graphql(skip)]
    pub(crate) amount: Decimal,
    /// The first day that it holds; null for since ever.
    pub first_day: Option<Date>,
    /// The last day that it holds; null for good.
    pub last_day: Option<Date>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
}

// Use-cases.

/// Creates a price.
pub async fn create(ctx: &Ctx, input: PriceCreateInput) -> Result<Price> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let price = create_in(&mut tx, input).await?;
    tx.commit(price).await
}

/// Creates many prices; what is refused of one, the others are not.
pub async fn create_bulk(ctx: &Ctx, rows: Vec<PriceCreateInput>) -> Result<Vec<Result<Price>>> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let key = |row: &PriceCreateInput| (row.price_list_id, row.product_id);
    let done = tx.each(rows, key, |tx, row| Box::pin(create_in(tx, row))).await?;
    tx.commit(done).await
}

async fn create_in(tx: &mut Tx, input: PriceCreateInput) -> Result<Price> {
    let list: PriceList = tx.reference("priceListId", input.price_list_id).await?;
    let product: Product = tx.reference("productId", input.product_id).await?;
    // A price of the product holds for all its variants.
    if input.variant_id.is_some() {
        check_variant(tx, &product, input.variant_id).await?;
    }
    let mut price = Price::blank(tx.now(), list.id, product.id);
    price.variant_id = input.variant_id;
    price.fill_in(input.into())?;
    save(tx, std::slice::from_mut(&mut price)).await?;
    announce(tx, &[&price]).await?;
    Ok(price)
}

/// Changes a price.
pub async fn update(ctx: &Ctx, id: PriceId, input: PriceUpdateInput) -> Result<Price> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let mut price: Price = tx.lock_at(id, input.version).await?;
    let before = price.version;
    price.fill_in(input)?;
    save(&mut tx, std::slice::from_mut(&mut price)).await?;
    if price.version != before {
        announce(&mut tx, &[&price]).await?;
    }
    tx.commit(price).await
}

/// Removes a price from its list.
pub async fn remove(ctx: &Ctx, id: PriceId) -> Result<PriceList> {
    let mut tx = ctx.begin(&PRICE_MANAGE).await?;
    let price: Price = tx.lock(id).await?;
    let deleted =
        sqlx::query!("delete from products.price where id = $1", id as PriceId).execute(tx.conn()).await?;
    if deleted.rows_affected() == 0 {
        return Err(Error::NotFound("price"));
    }
    announce(&mut tx, &[&price]).await?;
    let list = tx.find(price.price_list_id).await?;
    tx.commit(list).await
}

/// The prices that the filter lets through.
pub async fn list(ctx: &Ctx, filter: PriceFilter, sort: PriceSort, page: Page) -> Result<Slice<Price>> {
    let mut tx = ctx.read_list(&PRICE_READ).await?;
    select_page(&mut tx, &filter, sort, page).await
}

/// A page of prices.
pub(crate) async fn select_page(
    tx: &mut Tx,
    filter: &PriceFilter,
    sort: PriceSort,
    page: Page,
) -> Result<Slice<Price>> {
    Ok(page!(
        tx, Price, page, sort: PriceSort { CreatedAt => "created_at" },
        "($3::uuid is null or price_list_id = $3) and ($4::uuid is null or product_id = $4)
         and ($5::uuid is null or variant_id = $5)
         and ($6::date is null or daterange(first_day, last_day, '[]') @> $6)",
        [
            filter.price_list_id as Option<PriceListId>,
            filter.product_id as Option<ProductId>,
            filter.variant_id as Option<VariantId>,
            filter.on.map(|day| day.0),
        ],
    ))
}

/// Saves prices, with what overlaps told as a refusal.
pub(crate) async fn save(tx: &mut Tx, prices: &mut [Price]) -> Result<()> {
    tx.save_all(prices).await.map(|_| ()).on_constraint("price_days_excl", OVERLAP)
}

/// Tells of what products cost by which list from now on: each of them once.
pub(crate) async fn announce(tx: &mut Tx, prices: &[&Price]) -> Result<()> {
    let mut changed: Vec<_> = prices.iter().map(|price| (price.product_id, price.price_list_id)).collect();
    changed.sort_unstable();
    changed.dedup();
    let mut lists: Vec<PriceListId> = changed.iter().map(|(_, list)| *list).collect();
    lists.sort_unstable();
    lists.dedup();
    let lists = tx.find_many::<PriceList>(&lists).await?;
    let events = changed.into_iter().map(|(product_id, price_list_id)| ProductPriceChanged {
        product_id,
        price_list_id,
        currency: lists.get(&price_list_id).map(|list| list.currency.clone()),
    });
    tx.emit_all(&Vec::from_iter(events)).await
}

// Rules.

pub(crate) const OVERLAP: Refusal = Refusal::whole(
    "PRICE_OVERLAPS",
    "the list has a price of this from the same quantity on, on some of these days; end that one first",
);

impl Price {
    pub(crate) fn fill_in(&mut self, input: PriceUpdateInput) -> Result<()> {
        let mut form = Form::default();
        let quantities = Decimal::ZERO..=Decimal::from(QUANTITY_MAX);
        form.decimal("minQuantity", input.min_quantity, quantities, DECIMALS_MAX, &mut self.min_quantity);
        let amounts = Decimal::ZERO..=Decimal::from(Currency::AMOUNT_MAX);
        form.decimal("amount", input.amount, amounts, Currency::DECIMALS_MAX, &mut self.amount);
        validity::fill_in(
            &mut form,
            input.first_day,
            input.last_day,
            (&mut self.first_day, &mut self.last_day),
        );
        form.check()
    }
}

// SQL.

/// The prices of a product by some lists.
pub(crate) async fn select_of(tx: &mut Tx, id: ProductId, lists: &[PriceListId]) -> Result<Vec<Price>> {
    Ok(select_price!(
        "where product_id = $1 and price_list_id = any($2)",
        id as ProductId,
        lists as &[PriceListId],
    )
    .fetch_all(tx.conn())
    .await?)
}

// GraphQL.

inputs! {
    /// The fields of a new price.
    PriceCreateInput,
    /// The fields of a price to change; those that are absent stay as they are.
    PriceUpdateInput {
        /// The id of the price list; it stays so.
        once price_list_id: PriceListId,
        /// The id of the product; it stays so.
        once product_id: ProductId,
        /// The id of a variant that the price is for; absent for all of them. It stays so.
        once variant_id: Option<VariantId>,
        /// From how much of the product's unit on it holds, of six decimals at most; 0, for any quantity, when absent from a
        /// new one.
        defaulted min_quantity: Decimal,
        /// What one of its unit costs, in the currency of the list, of four decimals at most.
        required amount: Decimal,
        /// The first day that it holds; null for since ever.
        nullable first_day: Date,
        /// The last day that it holds; null for good.
        nullable last_day: Date,
    }
}

/// Which prices a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct PriceFilter {
    /// The id of the price list that they belong to.
    pub price_list_id: Option<PriceListId>,
    /// The id of the product that they are of.
    pub product_id: Option<ProductId>,
    /// The id of the variant that they are of alone.
    pub variant_id: Option<VariantId>,
    /// A day that they hold.
    pub on: Option<Date>,
}

sorts! {
    /// How a list of prices is ordered.
    PriceSort {
        /// By when the record was made, the oldest first.
        CreatedAt,
    }
}

queries! {
    Price;
    /// The prices of all lists, the oldest first.
    prices(PriceFilter, PriceSort) = list;
    /// One price; null when there is none of that id.
    price;
}

mutations! {
    Price as price;
    /// Creates a price.
    price_create(input: PriceCreateInput) = create for PRICE_MANAGE;
    /// Creates many prices; one answer for each, in the order of the list.
    bulk price_create_bulk(
        /// The fields of the prices, 500 at most.
        rows: Vec<PriceCreateInput>
    ) = create_bulk for PRICE_MANAGE;
    /// Changes a price.
    price_update(id: PriceId, input: PriceUpdateInput) = update for PRICE_MANAGE;
    /// Removes a price from its list.
    price_remove(id: PriceId) -> price_list: PriceList = remove for PRICE_MANAGE;
}
