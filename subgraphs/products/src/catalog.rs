//! The catalogue that customers see: active products that are meant for them, without costs and internal matters.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Currency, Error, Page, Permission, Result, Slice};
use database::{Ctx, Record, Tx, page};
use graphql::{App as _, Batch, Money, cost, sorts};
use rust_decimal::Decimal;

use crate::ids::{CategoryId, ProductId};
use crate::product::{ProductBillingInterval, ProductKind, ProductStatus};
use crate::rights::CATALOG;
use crate::validity;

/// A product as customers see it.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("catalog item", table = "products.product", read = CATALOG)]
pub struct CatalogItem {
    /// The id of the product; opaque to clients.
    pub id: ProductId,
    /// The number that the organization knows it by.
    #[record(read)]
    pub sku: String,
    /// The kind of product: goods, a service, a subscription or a bundle.
    #[record(read)]
    pub kind: ProductKind,
    /// The name that people know it by.
    #[record(read)]
    pub name: String,
    /// What there is to say of it.
    #[record(read)]
    pub description: Option<String>,
    /// How often a subscription is paid for; null for everything else.
    #[record(read)]
    pub billing_interval: Option<ProductBillingInterval>,
    #[graphql(skip)]
    #[record(read)]
    status: ProductStatus,
    #[graphql(skip)]
    #[record(read)]
    is_public: bool,
    #[graphql(skip)]
    #[record(read)]
    archived_at: Option<DateTime<Utc>>,
}

/// The products in the catalogue that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: CatalogFilter,
    sort: CatalogSort,
    page: Page,
) -> Result<Slice<CatalogItem>> {
    let mut tx = ctx.read_list(&CATALOG).await?;
    let search = tx.search::<CatalogItem>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, CatalogItem, page, sort: CatalogSort { Name => "name" },
        "is_public and status = 'ACTIVE' and archived_at is null
         and ($3::uuid[] is null or id = any($3)) and ($4::text[] is null or search_text like all($4))
         and ($5::text is null or kind = $5)
         and ($6::uuid is null or category_id = any (array(select b.id from products.branch($6) b)))",
        [
            search.ids.as_deref(),
            search.patterns.as_deref(),
            filter.kind as Option<ProductKind>,
            filter.category_id as Option<CategoryId>,
        ],
    ))
}

impl CatalogItem {
    /// Whether customers may see it.
    pub(crate) fn is_shown(&self) -> bool {
        self.is_public && self.status == ProductStatus::Active && self.archived_at.is_none()
    }
}

#[ComplexObject]
impl CatalogItem {
    /// The code of the unit that it is counted in.
    #[graphql(directive = cost::apply(1))]
    async fn unit_code(&self, gql: &Context<'_>) -> Result<Option<String>> {
        gql.load::<UnitCodeOf>(self.id).await
    }

    /// What one of it costs anybody today by the price lists for everybody, before anything comes off: of a bundle without a
    /// price of its own what its parts cost. Null when no list says.
    #[graphql(directive = cost::apply(3))]
    async fn list_price(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The ISO 4217 code of the currency, such as EUR.")] currency: String,
    ) -> Result<Option<Money>> {
        const UNKNOWN: &str = "currency: give a currency by its ISO 4217 code, such as EUR";
        let currency = Currency::parse(&currency).ok_or_else(|| Error::validation(UNKNOWN))?;
        let amount = gql.load::<ListPriceOf>((self.id, currency.code())).await?;
        Ok(amount.map(|amount| Money::new(amount, currency.code())))
    }
}

/// The codes of the units that products are counted in.
pub(crate) struct UnitCodeOf;

impl Batch for UnitCodeOf {
    type Key = ProductId;
    type Value = String;
    const READ: &'static Permission = &CATALOG;

    async fn load(tx: &mut Tx, keys: &[ProductId]) -> Result<HashMap<ProductId, String>> {
        let rows = sqlx::query!(
            r#"select p.id as "id!: ProductId", u.code from products.product p
               join products.unit_of_measure u on u.id = p.unit_id where p.id = any($1)"#,
            keys as &[ProductId],
        );
        Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.id, row.code)).collect())
    }
}

/// What products cost anybody.
pub(crate) struct ListPriceOf;

impl Batch for ListPriceOf {
    type Key = (ProductId, &'static str);
    type Value = Decimal;
    const READ: &'static Permission = &CATALOG;

    async fn load(tx: &mut Tx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Decimal>> {
        let today = validity::today(tx).await?;
        let (ids, currencies): (Vec<ProductId>, Vec<&str>) = keys.iter().copied().unzip();
        let currencies: Vec<String> = currencies.into_iter().map(str::to_owned).collect();
        let rows = sqlx::query!(
            r#"select w.id as "id!: ProductId", w.currency as "currency!", products.list_price(w.id, w.currency, $3) as amount
               from unnest($1::uuid[], $2::text[]) w (id, currency)"#,
            &ids as &[ProductId],
            &currencies,
            today,
        );
        let rows = rows.fetch_all(tx.conn()).await?;
        let key = |id: ProductId, currency: &str| Some((id, Currency::parse(currency)?.code()));
        Ok(rows.into_iter().filter_map(|row| Some((key(row.id, &row.currency)?, row.amount?))).collect())
    }
}

/// Which products a customer looks for; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct CatalogFilter {
    /// Part of the name, the number or the barcode.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// The kind of the products.
    pub kind: Option<ProductKind>,
    /// The id of the category that they belong to, or of one that theirs is part of.
    pub category_id: Option<CategoryId>,
}

sorts! {
    /// How the catalogue is ordered.
    CatalogSort {
        /// By the name of the product.
        Name,
    }
}

/// The catalogue that customers see.
#[derive(Default)]
pub struct CatalogQuery;

#[Object]
impl CatalogQuery {
    /// The products that customers may see, by name: active ones that are meant for them.
    async fn catalog(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of rows, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row to continue after, from the same list in the same order.")]
        after: Option<String>,
        #[graphql(desc = "The conditions that every row must meet.")] filter: Option<CatalogFilter>,
        #[graphql(desc = "The order of the rows; when absent, the one that the list is said to have.")]
        sort: Option<CatalogSort>,
    ) -> Result<graphql::Page<CatalogItem>> {
        let page = graphql::page(gql, first, after.as_deref())?;
        let found = list(gql.app(), filter.unwrap_or_default(), sort.unwrap_or_default(), page).await;
        graphql::listed(gql, found).await
    }

    /// One product that customers may see; null when there is none of that id.
    async fn catalog_item(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the product.")] id: ProductId,
    ) -> Result<Option<CatalogItem>> {
        let found: Option<CatalogItem> = gql.find(id).await?;
        Ok(found.filter(CatalogItem::is_shown))
    }
}
