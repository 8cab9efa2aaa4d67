//! How moves are written: each changes its levels, is valued by the average of what was paid, and is told.

use std::collections::HashMap;

use common::{Refusal, Result};
use database::{OnConstraint as _, Tx};
use rust_decimal::Decimal;

use super::level::{StockLevel, kept, lock_levels};
use super::moves::{StockMove, StockMoveKind};
use super::reorder;
use crate::events::StockChanged;
use crate::ids::{ProductId, VariantId, WarehouseId};
use crate::product::{Product, ProductStatus, check_variant, word};
use crate::warehouse::Warehouse;

pub(super) const NOT_ENOUGH: Refusal = Refusal::of("quantity", "NOT_ENOUGH_STOCK", "");
const NOT_TRACKED: Refusal =
    Refusal::of("productId", "NOT_TRACKED", "what comes and goes of this product is not written down");
const STILL_DRAFT: Refusal = Refusal::of(
    "productId",
    "PRODUCT_DRAFT",
    "this product is a draft; activate it before anything of it is moved",
);
pub(super) const ALREADY_REVERSED: Refusal =
    Refusal::whole("ALREADY_REVERSED", "this move was taken back before");

/// A thing and where it is moved: its levels are locked until the transaction ends.
pub(super) struct Shelf {
    pub product: Product,
    pub variant_id: Option<VariantId>,
    pub warehouses: HashMap<WarehouseId, Warehouse>,
    pub levels: HashMap<WarehouseId, StockLevel>,
}

/// How strictly a thing is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It is in use, and so is the warehouse.
    InUse,
    /// It was moved before: what is done follows from that.
    AsItIs,
}

impl Shelf {
    /// Finds a thing and locks what there is of it in warehouses; `fields` name what an input calls these.
    pub(super) async fn lock(
        tx: &mut Tx,
        (product, variant_id): (ProductId, Option<VariantId>),
        places: &[(&'static str, WarehouseId)],
        look: Look,
    ) -> Result<Self> {
        // Shared, so that it stays what it is while others move it, too.
        sqlx::query!("select id from products.product where id = $1 for share", product as ProductId)
            .fetch_optional(tx.conn())
            .await?;
        let product = match look {
            Look::InUse => tx.reference::<Product>("productId", product).await?,
            Look::AsItIs => tx.find(product).await?,
        };
        if look == Look::InUse {
            if !product.tracks_inventory {
                return Err(NOT_TRACKED.into());
            }
            if product.status == ProductStatus::Draft {
                return Err(STILL_DRAFT.into());
            }
            check_variant(tx, &product, variant_id).await?;
        }
        let mut warehouses = HashMap::new();
        for (field, id) in places {
            sqlx::query!("select id from products.warehouse where id = $1 for share", *id as WarehouseId)
                .fetch_optional(tx.conn())
                .await?;
            let warehouse = match look {
                Look::InUse => tx.reference::<Warehouse>(*field, *id).await?,
                Look::AsItIs => tx.find(*id).await?,
            };
            warehouses.insert(*id, warehouse);
        }
        let ids: Vec<WarehouseId> = places.iter().map(|(_, id)| *id).collect();
        let levels = lock_levels(tx, &ids, product.id, variant_id).await?;
        Ok(Self { product, variant_id, warehouses, levels })
    }

    /// What there is of it in one of the warehouses.
    pub(super) fn level(&self, id: WarehouseId) -> Result<&StockLevel> {
        self.levels.get(&id).ok_or(common::Error::NotFound("stock level"))
    }

    /// Whether so much may be taken out: of what is not promised, or more where the warehouse lets one.
    pub(super) fn check_available(&self, id: WarehouseId, quantity: Decimal) -> Result<(), Refusal> {
        let available = self.levels.get(&id).map_or(Decimal::ZERO, StockLevel::available);
        let allows_negative = self.warehouses.get(&id).is_some_and(|warehouse| warehouse.allows_negative);
        if available >= quantity || allows_negative { Ok(()) } else { Err(not_enough(available)) }
    }

    /// Whether so much is there at all, whoever it is promised to.
    pub(super) fn check_on_hand(&self, id: WarehouseId, quantity: Decimal) -> Result<(), Refusal> {
        let on_hand = self.levels.get(&id).map_or(Decimal::ZERO, |level| level.on_hand);
        let allows_negative = self.warehouses.get(&id).is_some_and(|warehouse| warehouse.allows_negative);
        if on_hand >= quantity || allows_negative { Ok(()) } else { Err(not_enough(on_hand)) }
    }

    /// What so much of it is worth that is taken out of a warehouse.
    pub(super) fn worth(&self, id: WarehouseId, quantity: Decimal) -> Result<Decimal> {
        let otherwise = self.standard_cost(id).unwrap_or_default();
        Ok(self.level(id)?.worth(quantity, otherwise))
    }

    /// What one of it costs by the catalogue, where that is in the warehouse's currency.
    pub(super) fn standard_cost(&self, id: WarehouseId) -> Option<Decimal> {
        let currency = self.warehouses.get(&id).map(|warehouse| warehouse.currency.as_str());
        let cost = self.product.standard_cost?;
        (self.product.standard_cost_currency.as_deref() == currency).then_some(cost)
    }

    /// A new move of it.
    pub(super) fn draft(&self, tx: &Tx, kind: StockMoveKind, quantity: Decimal, cost: Decimal) -> StockMove {
        let currency = self.warehouses.values().next().map(|warehouse| warehouse.currency.clone());
        StockMove {
            kind,
            variant_id: self.variant_id,
            quantity,
            cost,
            currency: currency.unwrap_or_default(),
            occurred_at: tx.now(),
            created_by: tx.membership_id(),
            ..StockMove::blank(tx.now(), self.product.id)
        }
    }

    /// Writes a move, and what follows from it: what was taken out before it came in is worth what it came in for, and where
    /// nothing is, nothing is worth anything.
    pub(super) async fn post(&mut self, tx: &mut Tx, mut made: StockMove) -> Result<StockMove> {
        let before = self.levels.clone();
        self.write(tx, &mut made).await?;
        let places = [made.from_warehouse_id, made.to_warehouse_id];
        for id in places.into_iter().flatten() {
            let (was, is) = (before.get(&id), self.level(id)?);
            let was_short = was.is_some_and(|was| was.on_hand < Decimal::ZERO);
            let comes = made.to_warehouse_id == Some(id) && made.quantity > Decimal::ZERO;
            let target = match is.on_hand {
                on_hand if on_hand.is_zero() => Decimal::ZERO,
                on_hand if was_short && comes => kept(made.cost / made.quantity * on_hand),
                on_hand if on_hand > Decimal::ZERO => is.value.max(Decimal::ZERO),
                _ => is.value,
            };
            let difference = target - is.value;
            if !difference.is_zero() {
                let mut revaluation =
                    self.draft(tx, StockMoveKind::Revaluation, Decimal::ZERO, difference.abs());
                revaluation.currency = made.currency.clone();
                if difference > Decimal::ZERO {
                    revaluation.to_warehouse_id = Some(id);
                } else {
                    revaluation.from_warehouse_id = Some(id);
                }
                self.write(tx, &mut revaluation).await?;
            }
        }
        self.tell_low(tx, &before).await?;
        Ok(made)
    }

    async fn write(&mut self, tx: &mut Tx, made: &mut StockMove) -> Result<()> {
        tx.save(made).await.on_constraint("stock_move_reversal_key", ALREADY_REVERSED)?;
        // What the database has made of the levels by now.
        if let Some(level) = made.from_warehouse_id.and_then(|id| self.levels.get_mut(&id)) {
            level.on_hand -= made.quantity;
            level.value -= made.cost;
        }
        if let Some(level) = made.to_warehouse_id.and_then(|id| self.levels.get_mut(&id)) {
            level.on_hand += made.quantity;
            level.value += made.cost;
        }
        tx.emit(&changed(made)).await
    }

    /// Whoever orders hears of what has just become little.
    pub(super) async fn tell_low(
        &self,
        tx: &mut Tx,
        before: &HashMap<WarehouseId, StockLevel>,
    ) -> Result<()> {
        for (id, level) in &self.levels {
            let was = before.get(id).map_or(Decimal::ZERO, StockLevel::available);
            if let Some(warehouse) = self.warehouses.get(id) {
                reorder::tell_if_low(tx, &self.product, warehouse, level, was).await?;
            }
        }
        Ok(())
    }
}

fn not_enough(left: Decimal) -> Refusal {
    NOT_ENOUGH.saying(format!("{} of it can be had there", left.normalize()))
}

fn changed(made: &StockMove) -> StockChanged {
    StockChanged {
        product_id: made.product_id,
        variant_id: made.variant_id,
        move_id: made.id,
        kind: word(&made.kind),
        from_warehouse_id: made.from_warehouse_id,
        to_warehouse_id: made.to_warehouse_id,
        quantity: made.quantity.normalize(),
        cost: made.cost.normalize(),
        currency: made.currency.clone(),
        reference: made.reference.clone(),
        reversal_of_id: made.reversal_of_id,
    }
}
