//! When to order something again, and how much.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{App as _, cost, inputs, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

use super::level::StockLevel;
use crate::events::StockLow;
use crate::ids::{ProductId, ReorderRuleId, VariantId, WarehouseId};
use crate::product::{Product, check_variant};
use crate::rights::{STOCK_MOVE, STOCK_READ};
use crate::unit_of_measure::{DECIMALS_MAX, QUANTITY_MAX};
use crate::variant::Variant;
use crate::warehouse::Warehouse;

/// When to order something again, and how much.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("reorder rule", table = "products.reorder_rule", read = STOCK_READ)]
pub struct ReorderRule {
    /// The id of the rule; opaque to clients.
    pub id: ReorderRuleId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) warehouse_id: WarehouseId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) product_id: ProductId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) variant_id: Option<VariantId>,
    /// It is to be ordered when so much is available, or less.
    pub min_quantity: Decimal,
    /// So much is to be available after that.
    pub target_quantity: Decimal,
    /// What is ordered is a multiple of this, such as what a box holds; null for any quantity.
    pub multiple: Option<Decimal>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
}

/// Something that is to be ordered again.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReorderSuggestion {
    /// The rule that says so.
    pub rule: ReorderRule,
    /// How much is available.
    pub available: Decimal,
    /// How much is to be ordered: what is missing to the target, up to a whole multiple.
    pub quantity: Decimal,
}

/// The most suggestions at once.
const SUGGESTIONS_MAX: i64 = 500;

// Use-cases.

/// Creates a rule.
pub async fn create(ctx: &Ctx, input: ReorderRuleCreateInput) -> Result<ReorderRule> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    tx.reference::<Warehouse>("warehouseId", input.warehouse_id).await?;
    let product: Product = tx.reference("productId", input.product_id).await?;
    if !product.tracks_inventory {
        return Err(NOT_TRACKED.into());
    }
    check_variant(&mut tx, &product, input.variant_id).await?;
    let mut rule = ReorderRule::blank(tx.now(), input.warehouse_id, input.product_id);
    rule.variant_id = input.variant_id;
    rule.fill_in(input.into())?;
    tx.save(&mut rule).await.on_constraint("reorder_rule_item_key", RULE_TAKEN)?;
    tx.commit(rule).await
}

/// Changes a rule.
pub async fn update(ctx: &Ctx, id: ReorderRuleId, input: ReorderRuleUpdateInput) -> Result<ReorderRule> {
    let mut tx = ctx.begin(&STOCK_MOVE).await?;
    let mut rule: ReorderRule = tx.lock_at(id, input.version).await?;
    rule.fill_in(input)?;
    tx.save(&mut rule).await?;
    tx.commit(rule).await
}

/// The rules that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: ReorderRuleFilter,
    sort: ReorderRuleSort,
    page: Page,
) -> Result<Slice<ReorderRule>> {
    let mut tx = ctx.read_list(&STOCK_READ).await?;
    Ok(page!(
        tx, ReorderRule, page, sort: ReorderRuleSort { CreatedAt => "created_at" },
        "(archived_at is not null) = $3 and ($4::uuid is null or warehouse_id = $4)
         and ($5::uuid is null or product_id = $5)",
        [
            filter.is_archived,
            filter.warehouse_id as Option<WarehouseId>,
            filter.product_id as Option<ProductId>,
        ],
    ))
}

/// What is to be ordered again, the most urgent first.
pub async fn suggest(ctx: &Ctx, warehouse: Option<WarehouseId>) -> Result<Vec<ReorderSuggestion>> {
    let mut tx = ctx.read(&STOCK_READ).await?;
    let rows = sqlx::query!(
        r#"select r.id as "id!: ReorderRuleId", coalesce(l.on_hand - l.reserved, 0) as "available!"
           from products.reorder_rule r join products.product p on p.id = r.product_id
           left join products.stock_level l on l.warehouse_id = r.warehouse_id and l.item_id = r.item_id
           where r.archived_at is null and ($1::uuid is null or r.warehouse_id = $1)
             and p.status = 'ACTIVE' and p.archived_at is null
             and coalesce(l.on_hand - l.reserved, 0) <= r.min_quantity
           order by coalesce(l.on_hand - l.reserved, 0) - r.min_quantity, r.id limit $2"#,
        warehouse as Option<WarehouseId>,
        SUGGESTIONS_MAX,
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let ids: Vec<ReorderRuleId> = rows.iter().map(|row| row.id).collect();
    let rules = tx.find_many::<ReorderRule>(&ids).await?;
    let suggestion = |id: ReorderRuleId, available: Decimal| {
        let rule = rules.get(&id)?.clone();
        let quantity = rule.missing(available);
        Some(ReorderSuggestion { rule, available: available.normalize(), quantity })
    };
    Ok(rows.into_iter().filter_map(|row| suggestion(row.id, row.available)).collect())
}

/// Tells of something of which so little has just become available that it is to be ordered again.
pub(super) async fn tell_if_low(
    tx: &mut Tx,
    product: &Product,
    warehouse: &Warehouse,
    level: &StockLevel,
    was: Decimal,
) -> Result<()> {
    let is = level.available();
    if is >= was {
        return Ok(());
    }
    let rule = select_reorder_rule!(
        "where warehouse_id = $1 and item_id = coalesce($3, $2::uuid) and archived_at is null",
        level.warehouse_id as WarehouseId,
        level.product_id as ProductId,
        level.variant_id as Option<VariantId>,
    );
    let Some(rule) = rule.fetch_optional(tx.conn()).await? else { return Ok(()) };
    if was <= rule.min_quantity || is > rule.min_quantity {
        return Ok(());
    }
    tx.emit(&StockLow {
        product_id: level.product_id,
        variant_id: level.variant_id,
        warehouse_id: level.warehouse_id,
        sku: product.sku.clone(),
        available: is.normalize(),
        min_quantity: rule.min_quantity.normalize(),
        warehouse_code: Some(warehouse.code.clone()),
        keeper_membership_ids: Some(warehouse.keeper_ids.clone()),
    })
    .await
}

// Rules.

const NOT_TRACKED: Refusal =
    Refusal::of("productId", "NOT_TRACKED", "what comes and goes of this product is not written down");
const RULE_TAKEN: Refusal =
    Refusal::of("productId", "RULE_TAKEN", "there is a rule for this in this warehouse already");
const TARGET_TOO_SMALL: Refusal =
    Refusal::of("targetQuantity", "OUT_OF_RANGE", "give more than the quantity at which it is ordered");

impl ReorderRule {
    fn fill_in(&mut self, input: ReorderRuleUpdateInput) -> Result<()> {
        let mut form = Form::default();
        let quantities = || Decimal::ZERO..=Decimal::from(QUANTITY_MAX);
        form.decimal("minQuantity", input.min_quantity, quantities(), DECIMALS_MAX, &mut self.min_quantity);
        form.decimal(
            "targetQuantity",
            input.target_quantity,
            quantities(),
            DECIMALS_MAX,
            &mut self.target_quantity,
        );
        match input.multiple {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => self.multiple = None,
            given => {
                crate::bundle::positive(&mut form, "multiple", given, self.multiple.get_or_insert_default())
            }
        }
        if self.target_quantity <= self.min_quantity {
            form.refuse(TARGET_TOO_SMALL);
        }
        form.check()
    }

    /// How much is to be ordered when so much is available.
    fn missing(&self, available: Decimal) -> Decimal {
        let missing = (self.target_quantity - available).max(Decimal::ZERO);
        let whole = |multiple: Decimal| (missing / multiple).ceil() * multiple;
        self.multiple.map_or(missing, whole).normalize()
    }
}

// GraphQL.

#[noun]
impl ReorderRule {
    /// The warehouse that is to have enough of it.
    async fn warehouse(&self, gql: &Context<'_>) -> Result<Option<Warehouse>> {
        gql.find(self.warehouse_id).await
    }

    /// The product that is to be ordered again.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }

    /// Its variant; null for a product without variants.
    async fn variant(&self, gql: &Context<'_>) -> Result<Option<Variant>> {
        gql.find(self.variant_id).await
    }
}

inputs! {
    /// The fields of a new reorder rule.
    ReorderRuleCreateInput,
    /// The fields of a reorder rule to change; those that are absent stay as they are.
    ReorderRuleUpdateInput {
        /// The id of the warehouse; it stays so.
        once warehouse_id: WarehouseId,
        /// The id of the product; it stays so.
        once product_id: ProductId,
        /// The id of its variant; absent for a product without variants. It stays so.
        once variant_id: Option<VariantId>,
        /// It is to be ordered when so much is available, or less: of six decimals at most.
        required min_quantity: Decimal,
        /// So much is to be available after that: more than the quantity at which it is ordered.
        required target_quantity: Decimal,
        /// What is ordered is a multiple of this, such as what a box holds; null for any quantity.
        nullable multiple: Decimal,
    }
}

/// Which reorder rules a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct ReorderRuleFilter {
    /// The id of the warehouse.
    pub warehouse_id: Option<WarehouseId>,
    /// The id of the product.
    pub product_id: Option<ProductId>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of reorder rules is ordered.
    ReorderRuleSort {
        /// By when they were made, the oldest first.
        CreatedAt,
    }
}

queries! {
    ReorderRule;
    /// The rules by which things are ordered again; those in use unless the arguments say otherwise.
    reorder_rules(ReorderRuleFilter, ReorderRuleSort) = list;
    /// One reorder rule, archived or not; null when there is none of that id.
    reorder_rule;
}

/// What is to be ordered again.
#[derive(Default)]
pub struct ReorderSuggestionQuery;

#[Object]
impl ReorderSuggestionQuery {
    /// What is to be ordered again by the rules in use, the most urgent first; 500 at most.
    #[graphql(directive = cost::apply(100))]
    async fn reorder_suggestions(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the warehouse; all of them when absent.")] warehouse_id: Option<
            WarehouseId,
        >,
    ) -> Result<Vec<ReorderSuggestion>> {
        suggest(gql.app(), warehouse_id).await
    }
}

mutations! {
    ReorderRule as reorder_rule;
    /// Creates a reorder rule.
    reorder_rule_create(input: ReorderRuleCreateInput) = create for STOCK_MOVE;
    /// Changes a reorder rule.
    reorder_rule_update(id: ReorderRuleId, input: ReorderRuleUpdateInput) = update for STOCK_MOVE;
    archive and restore for STOCK_MOVE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ordered_fills_up_to_the_target_in_whole_boxes() {
        let blank = ReorderRule::blank(DateTime::UNIX_EPOCH, WarehouseId::new(), ProductId::new());
        let mut rule = ReorderRule { target_quantity: Decimal::from(50), ..blank };
        assert_eq!(rule.missing(Decimal::from(7)), Decimal::from(43));
        rule.multiple = Some(Decimal::from(12));
        assert_eq!(rule.missing(Decimal::from(7)), Decimal::from(48));
        assert_eq!(rule.missing(Decimal::from(-7)), Decimal::from(60));
        assert_eq!(rule.missing(Decimal::from(60)), Decimal::ZERO);
    }
}
