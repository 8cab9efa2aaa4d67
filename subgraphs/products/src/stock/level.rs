//! Levels: what there is of one thing in one warehouse. They follow from the moves; only what is reserved is said here.

use std::collections::HashMap;

use async_graphql::{Context, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Page, Permission, Result, Slice};
use database::{Ctx, Record, Tx, page};
use graphql::{App as _, Batch, Money, noun, queries, sorts};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::ids::{ProductId, StockCountId, StockLevelId, VariantId, WarehouseId};
use crate::product::Product;
use crate::rights::{COST, STOCK_READ};
use crate::variant::Variant;
use crate::warehouse::Warehouse;

/// What there is of one thing in one warehouse.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("stock level", table = "products.stock_level", read = STOCK_READ)]
pub struct StockLevel {
    /// The id of the level; opaque to clients.
    pub id: StockLevelId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) warehouse_id: WarehouseId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) product_id: ProductId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) variant_id: Option<VariantId>,
    /// How much is there, in the product's unit: the sum of all moves.
    #[record(read)]
    pub on_hand: Decimal,
    #[graphql(skip)]
    #[record(read, right = COST)]
    pub(crate) value: Decimal,
    /// How much of it is promised to somebody.
    pub reserved: Decimal,
    /// When something of it was there for the first time.
    pub created_at: DateTime<Utc>,
}

/// The levels that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: StockLevelFilter,
    sort: StockLevelSort,
    page: Page,
) -> Result<Slice<StockLevel>> {
    let mut tx = ctx.read_list(&STOCK_READ).await?;
    Ok(page!(
        tx, StockLevel, page, sort: StockLevelSort { CreatedAt => "created_at" },
        "($3::uuid is null or warehouse_id = $3) and ($4::uuid is null or product_id = $4)
         and ($5::uuid is null or variant_id = $5) and ($6::boolean is null or (on_hand > reserved) = $6)",
        [
            filter.warehouse_id as Option<WarehouseId>,
            filter.product_id as Option<ProductId>,
            filter.variant_id as Option<VariantId>,
            filter.is_available,
        ],
    ))
}

// Rules.

/// How many decimals the worth of something has at most.
pub(super) const COST_DECIMALS: u32 = 4;

/// An amount as it is kept: a half goes away from zero.
pub(super) fn kept(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(COST_DECIMALS, RoundingStrategy::MidpointAwayFromZero)
}

impl StockLevel {
    /// How much may still be promised or taken.
    pub(crate) fn available(&self) -> Decimal {
        self.on_hand - self.reserved
    }

    /// What one of it is worth: all of it, by how much it is; none where nothing is there.
    pub(super) fn average_cost(&self) -> Option<Decimal> {
        (self.on_hand > Decimal::ZERO).then(|| self.value / self.on_hand)
    }

    /// What so much of it is worth that is taken out. What is taken beyond what is there is worth what the last of it was, or
    /// else `otherwise` each. Whoever takes all takes all that it is worth, so that nothing is left of it by rounding.
    pub(super) fn worth(&self, quantity: Decimal, otherwise: Decimal) -> Decimal {
        let each = self.average_cost().unwrap_or(otherwise);
        if self.on_hand <= Decimal::ZERO {
            return kept(each * quantity);
        }
        if quantity >= self.on_hand {
            return self.value + kept(each * (quantity - self.on_hand));
        }
        kept(each * quantity).min(self.value)
    }
}

// SQL.

/// The levels of one thing in warehouses, locked in one order, so that two who move it wait for each other. What was never
/// there has a level from now on.
pub(super) async fn lock_levels(
    tx: &mut Tx,
    warehouses: &[WarehouseId],
    product: ProductId,
    variant: Option<VariantId>,
) -> Result<HashMap<WarehouseId, StockLevel>> {
    let mut found = select_locked(tx, warehouses, product, variant).await?;
    if found.len() < warehouses.len() {
        sqlx::query!(
            "insert into products.stock_level (id, warehouse_id, product_id, variant_id, reserved)
             select core.uuid_v7(), w, $2, $3, 0 from unnest($1::uuid[]) w order by w
             on conflict on constraint stock_level_item_key do nothing",
            warehouses as &[WarehouseId],
            product as ProductId,
            variant as Option<VariantId>,
        )
        .execute(tx.conn())
        .await?;
        found = select_locked(tx, warehouses, product, variant).await?;
    }
    Ok(found)
}

async fn select_locked(
    tx: &mut Tx,
    warehouses: &[WarehouseId],
    product: ProductId,
    variant: Option<VariantId>,
) -> Result<HashMap<WarehouseId, StockLevel>> {
    let rows = select_stock_level!(
        "where warehouse_id = any($1) and item_id = coalesce($3, $2::uuid) order by warehouse_id for update",
        warehouses as &[WarehouseId],
        product as ProductId,
        variant as Option<VariantId>,
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|level| (level.warehouse_id, level)).collect())
}

/// What there is of products, and of their variants, in all warehouses.
pub(crate) struct LevelsOf;

impl Batch for LevelsOf {
    type Key = ProductId;
    type Value = Vec<StockLevel>;
    const READ: &'static Permission = &STOCK_READ;

    async fn load(tx: &mut Tx, keys: &[ProductId]) -> Result<HashMap<ProductId, Vec<StockLevel>>> {
        let rows =
            select_stock_level!("where product_id = any($1) order by created_at, id", keys as &[ProductId]);
        let mut found: HashMap<ProductId, Vec<StockLevel>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            found.entry(row.product_id).or_default().push(row);
        }
        Ok(found)
    }
}

/// Of what was counted in counts, the levels of which more is promised than is there.
pub(super) struct OverpromisedOf;

impl Batch for OverpromisedOf {
    type Key = StockCountId;
    type Value = Vec<StockLevel>;
    const READ: &'static Permission = &STOCK_READ;

    async fn load(tx: &mut Tx, keys: &[StockCountId]) -> Result<HashMap<StockCountId, Vec<StockLevel>>> {
        let rows = sqlx::query!(
            r#"select c.id as "count_id!: StockCountId", l.id as "id!: StockLevelId"
               from products.stock_count c join products.stock_count_line i on i.count_id = c.id
               join products.stock_level l on l.warehouse_id = c.warehouse_id and l.item_id = i.item_id
               where c.id = any($1) and l.reserved > l.on_hand order by i.id"#,
            keys as &[StockCountId],
        );
        let rows = rows.fetch_all(tx.conn()).await?;
        let ids: Vec<StockLevelId> = rows.iter().map(|row| row.id).collect();
        let levels = tx.find_many::<StockLevel>(&ids).await?;
        let mut found: HashMap<StockCountId, Vec<StockLevel>> = HashMap::new();
        for row in rows {
            found.entry(row.count_id).or_default().extend(levels.get(&row.id).cloned());
        }
        Ok(found)
    }
}

// GraphQL.

#[noun(no_mutations)]
impl StockLevel {
    /// The warehouse.
    async fn warehouse(&self, gql: &Context<'_>) -> Result<Option<Warehouse>> {
        gql.find(self.warehouse_id).await
    }

    /// The product.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }

    /// Its variant; null for a product without variants.
    async fn variant(&self, gql: &Context<'_>) -> Result<Option<Variant>> {
        gql.find(self.variant_id).await
    }

    /// How much may still be promised or taken: what is there less what is reserved. Below zero when what was promised is not
    /// there any more.
    #[graphql(name = "available")]
    async fn available_shown(&self) -> Decimal {
        self.available()
    }

    /// What all of it is worth, by what was paid for it; null to whoever may not know.
    async fn value(&self, gql: &Context<'_>) -> Result<Option<Money>> {
        self.money(gql, self.value).await
    }

    /// What one of it is worth on the average; null where nothing is there, and to whoever may not know.
    #[graphql(name = "averageCost")]
    async fn average_cost_shown(&self, gql: &Context<'_>) -> Result<Option<Money>> {
        match self.average_cost() {
            Some(each) => self.money(gql, kept(each)).await,
            None => Ok(None),
        }
    }

    /// The names of the mutations that the caller may use on it: none, for it follows from its moves.
    #[graphql(directive = graphql::cost::apply(1))]
    async fn viewer_permissions(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

impl StockLevel {
    async fn money(&self, gql: &Context<'_>, amount: Decimal) -> Result<Option<Money>> {
        if gql.app().scope(&COST).is_err() {
            return Ok(None);
        }
        let warehouse: Option<Warehouse> = gql.find(self.warehouse_id).await?;
        Ok(warehouse.map(|warehouse| Money::new(amount, &warehouse.currency)))
    }
}

/// Which levels a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct StockLevelFilter {
    /// The id of the warehouse.
    pub warehouse_id: Option<WarehouseId>,
    /// The id of the product.
    pub product_id: Option<ProductId>,
    /// The id of the variant.
    pub variant_id: Option<VariantId>,
    /// Whether any of it may still be promised or taken.
    pub is_available: Option<bool>,
}

sorts! {
    /// How a list of levels is ordered.
    StockLevelSort {
        /// By when something was there for the first time.
        CreatedAt,
    }
}

queries! {
    StockLevel;
    /// What there is of everything in every warehouse.
    stock_levels(StockLevelFilter, StockLevelSort) = list;
    /// What there is of one thing in one warehouse; null when there is no level of that id.
    stock_level;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(on_hand: i64, value: i64) -> StockLevel {
        let blank = StockLevel::blank(DateTime::UNIX_EPOCH, WarehouseId::new(), ProductId::new());
        StockLevel { on_hand: on_hand.into(), value: value.into(), ..blank }
    }

    #[test]
    fn what_is_taken_out_is_worth_the_average_and_the_last_of_it_what_is_left() {
        let worth = |on_hand, value, quantity: i64| {
            level(on_hand, value).worth(quantity.into(), Decimal::from(9)).to_string()
        };
        assert_eq!(worth(10, 100, 4), "40");
        assert_eq!(worth(3, 10, 1), "3.3333");
        assert_eq!(worth(3, 10, 3), "10");
        // Beyond what is there: at what the last of it was worth, or what it costs by the catalogue.
        assert_eq!(worth(2, 10, 5), "25");
        assert_eq!(worth(0, 0, 5), "45");
        assert_eq!(worth(-2, -18, 1), "9");
    }
}
