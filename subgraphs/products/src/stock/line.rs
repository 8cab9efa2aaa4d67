//! Lines of a count: what somebody has found of one thing.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, InputObject, SimpleObject};
use common::{Permission, Result};
use database::{Record, Tx};
use graphql::{App as _, Batch};
use rust_decimal::Decimal;

use crate::ids::{ProductId, StockCountId, StockCountLineId, VariantId};
use crate::product::Product;
use crate::rights::STOCK_READ;
use crate::variant::Variant;

/// What was counted of one thing.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "StockCountLine", complex)]
#[record("stock count line", table = "products.stock_count_line", read = STOCK_READ, graphql = "StockCountLine")]
pub struct CountLine {
    /// The id of the line; opaque to clients.
    pub id: StockCountLineId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) count_id: StockCountId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) product_id: ProductId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) variant_id: Option<VariantId>,
    /// How much was thought to be there when it was counted.
    pub expected: Decimal,
    /// How much was found.
    pub counted: Decimal,
}

/// What was counted of one thing.
#[derive(Clone, Debug, InputObject)]
pub struct StockCountLineInput {
    /// The id of the product.
    pub product_id: ProductId,
    /// The id of its variant; absent for a product without variants.
    pub variant_id: Option<VariantId>,
    /// How much was found, in the product's unit: of six decimals at most.
    pub counted: Decimal,
}

#[ComplexObject]
impl CountLine {
    /// The product.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }

    /// Its variant; null for a product without variants.
    async fn variant(&self, gql: &Context<'_>) -> Result<Option<Variant>> {
        gql.find(self.variant_id).await
    }

    /// How much more was found than was thought to be there; below zero when it was less.
    async fn difference(&self) -> Decimal {
        (self.counted - self.expected).normalize()
    }
}

/// All lines of a count, in the order in which things are moved.
pub(super) async fn select_all(tx: &mut Tx, id: StockCountId) -> Result<Vec<CountLine>> {
    Ok(select_count_line!("where count_id = $1 order by product_id, variant_id, id", id as StockCountId)
        .fetch_all(tx.conn())
        .await?)
}

/// The lines of counts.
pub(super) struct LinesOf;

impl Batch for LinesOf {
    type Key = StockCountId;
    type Value = Vec<CountLine>;
    const READ: &'static Permission = &STOCK_READ;

    async fn load(tx: &mut Tx, keys: &[StockCountId]) -> Result<HashMap<StockCountId, Vec<CountLine>>> {
        let rows = select_count_line!("where count_id = any($1) order by id", keys as &[StockCountId]);
        let mut found: HashMap<StockCountId, Vec<CountLine>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            found.entry(row.count_id).or_default().push(row);
        }
        Ok(found)
    }
}
