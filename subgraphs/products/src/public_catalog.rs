//! The catalogue as whoever has a link to it sees it, without being logged in: what customers see, and nothing that would tell
//! of anything else. A key that opens nothing answers as one that never was.

use std::collections::HashMap;

use async_graphql::{Context, Object, SimpleObject};
use common::{Currency, Error, OrganizationId, Page, Permission, Result};
use database::{Access, Ctx};
use graphql::{App as _, Batch as _, Money, cost};

use crate::catalog::{self, CatalogFilter, CatalogItem, CatalogSort, ListPriceOf, UnitCodeOf};
use crate::ids::ProductId;
use crate::product::{ProductBillingInterval, ProductKind};

/// A product as whoever has a link to the catalogue sees it.
#[derive(Clone, Debug, SimpleObject)]
pub struct PublicCatalogItem {
    /// The id of the product; opaque to clients.
    pub id: ProductId,
    /// The number that the organization knows it by.
    pub sku: String,
    /// The kind of product: goods, a service, a subscription or a bundle.
    pub kind: ProductKind,
    /// The name that people know it by.
    pub name: String,
    /// What there is to say of it.
    pub description: Option<String>,
    /// How often a subscription is paid for; null for everything else.
    pub billing_interval: Option<ProductBillingInterval>,
    /// The code of the unit that it is counted in.
    pub unit_code: Option<String>,
    /// What one of it costs anybody today, before anything comes off: of a bundle without a price of its own what its parts
    /// cost. Null when no list for everybody says, and when no currency was asked for.
    pub list_price: Option<Money>,
}

/// Some of the products of a catalogue, by name.
#[derive(Clone, Debug, SimpleObject)]
pub struct PublicCatalogPage {
    /// The products.
    pub items: Vec<PublicCatalogItem>,
    /// The cursor of the last product, to continue after; null when the page has none.
    pub end_cursor: Option<String>,
    /// Whether more follow.
    pub has_next_page: bool,
}

/// The catalogue that a key opens, as the module sees it; none when there is no such link in use, and when the organization
/// has the module off or is not active.
async fn opened(ctx: &Ctx, access: &Access, key: &str) -> Result<Option<Ctx>> {
    const KEY_LENGTH: usize = 32;
    if key.len() != KEY_LENGTH {
        return Ok(None);
    }
    let mut connection = ctx.database().untenanted().await?;
    let id = sqlx::query_scalar!(r#"select products.organization_of_link($1) as "id: OrganizationId""#, key)
        .fetch_one(&mut *connection)
        .await?;
    drop(connection);
    let Some(id) = id else { return Ok(None) };
    let organization = access.organization(id).await?;
    let is_open = organization.is_active && organization.modules.contains("products");
    Ok(is_open.then(|| Ctx::system(ctx.database().clone(), "products", id, &ctx.request().request_id)))
}

/// What these look like from outside.
async fn shown(
    ctx: &Ctx,
    items: Vec<CatalogItem>,
    currency: Option<&'static str>,
) -> Result<Vec<PublicCatalogItem>> {
    let ids: Vec<ProductId> = items.iter().map(|item| item.id).collect();
    let mut tx = ctx.read(&Permission::PUBLIC).await?;
    let mut units = UnitCodeOf::load(&mut tx, &ids).await?;
    let prices = match currency {
        Some(currency) => {
            let keys: Vec<_> = ids.iter().map(|id| (*id, currency)).collect();
            ListPriceOf::load(&mut tx, &keys).await?
        }
        None => HashMap::new(),
    };
    let item = |item: CatalogItem| PublicCatalogItem {
        unit_code: units.remove(&item.id),
        list_price: currency
            .and_then(|currency| Some(Money::new(*prices.get(&(item.id, currency))?, currency))),
        id: item.id,
        sku: item.sku,
        kind: item.kind,
        name: item.name,
        description: item.description,
        billing_interval: item.billing_interval,
    };
    Ok(items.into_iter().map(item).collect())
}

fn code(currency: Option<String>) -> Result<Option<&'static str>> {
    const UNKNOWN: &str = "currency: give a currency by its ISO 4217 code, such as EUR";
    let code = |given: String| Currency::parse(&given).map(|currency| currency.code());
    currency.map(|given| code(given).ok_or_else(|| Error::validation(UNKNOWN))).transpose()
}

/// The catalogue for whoever has a link to it.
#[derive(Default)]
pub struct PublicCatalogQuery;

#[Object]
impl PublicCatalogQuery {
    /// The products that customers may see, by name, for whoever has the key of a link, logged in or not; null when the key
    /// opens nothing.
    #[graphql(tag = "needs-no-token", directive = cost::apply(10))]
    async fn public_catalog(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The key of the link.")] key: String,
        #[graphql(desc = "The number of products, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The endCursor of the page to continue after.")] after: Option<String>,
        #[graphql(desc = "The conditions that every product must meet.")] filter: Option<CatalogFilter>,
        #[graphql(
            desc = "The ISO 4217 code of the currency of the prices, such as EUR; no prices when absent."
        )]
        currency: Option<String>,
    ) -> Result<Option<PublicCatalogPage>> {
        let page = Page::new(first, after.as_deref())?;
        let currency = code(currency)?;
        let Some(ctx) = opened(gql.app(), gql.data_unchecked(), &key).await? else { return Ok(None) };
        let slice = catalog::list(&ctx, filter.unwrap_or_default(), CatalogSort::default(), page).await?;
        let (end_cursor, has_next_page) =
            (slice.rows.last().map(|(cursor, _)| cursor.clone()), slice.has_next);
        let items = slice.rows.into_iter().map(|(_, item)| item).collect();
        let items = shown(&ctx, items, currency).await?;
        ctx.end_reading().await;
        Ok(Some(PublicCatalogPage { items, end_cursor, has_next_page }))
    }

    /// One product that customers may see, for whoever has the key of a link; null when there is none of that id, and when the
    /// key opens nothing.
    #[graphql(tag = "needs-no-token", directive = cost::apply(10))]
    async fn public_catalog_item(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The key of the link.")] key: String,
        #[graphql(desc = "The id of the product.")] id: ProductId,
        #[graphql(
            desc = "The ISO 4217 code of the currency of the price, such as EUR; no price when absent."
        )]
        currency: Option<String>,
    ) -> Result<Option<PublicCatalogItem>> {
        let currency = code(currency)?;
        let Some(ctx) = opened(gql.app(), gql.data_unchecked(), &key).await? else { return Ok(None) };
        let found = ctx.read(&Permission::PUBLIC).await?.find_many::<CatalogItem>(&[id]).await?.remove(&id);
        let items = found.filter(CatalogItem::is_shown).into_iter().collect();
        let mut items = shown(&ctx, items, currency).await?;
        ctx.end_reading().await;
        Ok(items.pop())
    }
}
