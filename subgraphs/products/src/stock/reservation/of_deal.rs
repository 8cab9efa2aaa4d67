//! What is kept for deals: what is there of the lines that are agreed on, from when an offer is accepted or the deal is won, until
//! it is lost or goes on.
//!
//! What is agreed on is asked of the crm module each time, and never read off an event: so it comes to the same in whatever order
//! events come, and however often.

use std::cmp::Reverse;
use std::collections::HashMap;

use common::Result;
use database::Tx;
use rust_decimal::{Decimal, RoundingStrategy};
use uuid::Uuid;

use super::{StockReservation, StockReservationStatus, let_go, reserve, select_stock_reservation};
use crate::ids::{DealId, DealLineId, ProductId, VariantId, WarehouseId};
use crate::stock::ledger::{Look, Shelf};
use crate::unit_of_measure::{DECIMALS_MAX, UnitOfMeasure};

/// A line that is agreed on.
struct AgreedLine {
    id: DealLineId,
    /// The number of its deal.
    number: String,
    product_id: ProductId,
    variant_id: Option<VariantId>,
    quantity: Decimal,
}

/// Where there is something that may be promised, by what it is.
type Places = HashMap<(ProductId, Uuid), Vec<WarehouseId>>;

/// Keeps for a deal what its lines say, as far as it is there, and lets go of what nobody agrees on any more. Each piece of a line
/// is kept once: what was handed out, let go by hand or has lapsed is not kept again as long as the line is agreed on.
pub(crate) async fn follow_deal(tx: &mut Tx, deal: DealId) -> Result<()> {
    // A quote and its deal are told of side by side: one waits for the other, and goes by what holds then.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('products.deal ' || $1::text, 0))",
        deal.0.to_string(),
    )
    .execute(tx.conn())
    .await?;
    let lines = select_agreed(tx, deal).await?;
    let kept = let_go_of_others(tx, deal, &lines).await?;
    let places = select_places(tx, &lines).await?;
    for line in &lines {
        let left = line.quantity - kept.get(&line.id).copied().unwrap_or_default();
        if let Some(places) = places.get(&line.thing()).filter(|_| left > Decimal::ZERO) {
            keep(tx, deal, line, left, places).await?;
        }
    }
    Ok(())
}

/// Lets go of what was kept for a deal and stands in no line any more; answers how much was ever kept for the others.
async fn let_go_of_others(
    tx: &mut Tx,
    deal: DealId,
    lines: &[AgreedLine],
) -> Result<HashMap<DealLineId, Decimal>> {
    let there = select_stock_reservation!(
        "where deal_id = $1 and deal_line_id is not null order by product_id, variant_id, id for update",
        deal as DealId,
    );
    let mut kept: HashMap<DealLineId, Decimal> = HashMap::new();
    for mut reservation in there.fetch_all(tx.conn()).await? {
        let Some(id) = reservation.deal_line_id else { continue };
        let thing = (reservation.product_id, reservation.variant_id);
        if lines.iter().any(|line| line.id == id && (line.product_id, line.variant_id) == thing) {
            *kept.entry(id).or_default() += reservation.quantity;
            continue;
        }
        match reservation.status {
            // What they have they have, should they agree on it again.
            StockReservationStatus::Fulfilled => {}
            StockReservationStatus::Open => {
                reservation.deal_line_id = None;
                let mut shelf = reservation.shelf(tx).await?;
                let_go(tx, &mut shelf, &mut reservation, StockReservationStatus::Released).await?;
            }
            StockReservationStatus::Released | StockReservationStatus::Lapsed => {
                reservation.deal_line_id = None;
                tx.save(&mut reservation).await?;
            }
        }
    }
    Ok(kept)
}

/// Keeps so much of what a line is about, or what there is of it.
async fn keep(
    tx: &mut Tx,
    deal: DealId,
    line: &AgreedLine,
    quantity: Decimal,
    places: &[WarehouseId],
) -> Result<()> {
    let named: Vec<_> = places.iter().map(|id| ("warehouseId", *id)).collect();
    let mut shelf = Shelf::lock(tx, (line.product_id, line.variant_id), &named, Look::AsItIs).await?;
    let unit: UnitOfMeasure = tx.find(shelf.product.unit_id).await?;
    let decimals = u32::try_from(unit.decimals).unwrap_or(DECIMALS_MAX);
    let whole = quantity.round_dp_with_strategy(decimals, RoundingStrategy::ToZero);
    let mut there = Vec::new();
    for (id, level) in &shelf.levels {
        there.extend(
            shelf.warehouses.get(id).map(|warehouse| (warehouse.code.clone(), *id, level.available())),
        );
    }
    for (warehouse, quantity) in spread(there, whole) {
        let mut reservation = StockReservation {
            variant_id: line.variant_id,
            quantity,
            reference: Some(line.number.clone()),
            deal_id: Some(deal),
            deal_line_id: Some(line.id),
            ..StockReservation::blank(tx.now(), warehouse, line.product_id)
        };
        reserve(tx, &mut shelf, &reservation, quantity).await?;
        tx.save(&mut reservation).await?;
    }
    Ok(())
}

// Rules.

impl AgreedLine {
    /// What it is about, as levels have it.
    fn thing(&self) -> (ProductId, Uuid) {
        (self.product_id, self.variant_id.map_or(self.product_id.0, |variant| variant.0))
    }
}

/// Which warehouses give how much of what is wanted: the first by its code that has all of it, or else what there is, from the
/// one that has the most on down.
fn spread(mut there: Vec<(String, WarehouseId, Decimal)>, wanted: Decimal) -> Vec<(WarehouseId, Decimal)> {
    there.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    if let Some((_, id, _)) = there.iter().find(|(.., available)| *available >= wanted) {
        return if wanted > Decimal::ZERO { vec![(*id, wanted.normalize())] } else { Vec::new() };
    }
    there.sort_by_key(|(.., available)| Reverse(*available));
    let mut left = wanted;
    let mut given = Vec::new();
    for (_, id, available) in there {
        let part = left.min(available);
        if part > Decimal::ZERO {
            left -= part;
            given.push((id, part.normalize()));
        }
    }
    given
}

// SQL.

/// The lines of a deal that are agreed on and name a product, in the order of what they name: so two deals that want the same
/// things wait for each other.
async fn select_agreed(tx: &mut Tx, deal: DealId) -> Result<Vec<AgreedLine>> {
    Ok(sqlx::query_as!(
        AgreedLine,
        r#"select line_id as "id!: DealLineId", number as "number!", product_id as "product_id!: ProductId",
               variant_id as "variant_id?: VariantId", quantity as "quantity!"
           from products.lines_agreed($1) where product_id is not null order by product_id, variant_id, line_id"#,
        deal as DealId,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Where there is something of what lines are about that may be promised: of products in use whose comings and goings are written
/// down, in warehouses in use.
async fn select_places(tx: &mut Tx, lines: &[AgreedLine]) -> Result<Places> {
    let (products, items): (Vec<ProductId>, Vec<Uuid>) = lines.iter().map(AgreedLine::thing).unzip();
    let rows = sqlx::query!(
        r#"select l.product_id as "product_id!: ProductId", l.item_id as "item_id!",
               l.warehouse_id as "warehouse_id!: WarehouseId"
           from products.stock_level l join products.product p on p.id = l.product_id
           join products.warehouse w on w.id = l.warehouse_id
           where l.product_id = any($1) and l.item_id = any($2) and l.on_hand > l.reserved
             and p.tracks_inventory and p.status <> 'DRAFT' and p.archived_at is null and w.archived_at is null
           order by l.warehouse_id"#,
        &products as &[ProductId],
        &items,
    );
    let mut found = Places::new();
    for row in rows.fetch_all(tx.conn()).await? {
        found.entry((row.product_id, row.item_id)).or_default().push(row.warehouse_id);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_gives_all_of_it_where_one_has_it_and_else_the_fullest_first() {
        let ids = [(); 3].map(|()| WarehouseId::new());
        let there = |of: [i64; 3]| {
            let codes = ["B", "A", "C"].map(str::to_owned);
            let places = codes.into_iter().zip(ids).zip(of);
            places.map(|((code, id), available)| (code, id, Decimal::from(available))).collect::<Vec<_>>()
        };
        let given = |of: [i64; 3], wanted: i64| {
            let name = |id| ["B", "A", "C"][ids.iter().position(|known| *known == id).unwrap()];
            let given = spread(there(of), Decimal::from(wanted)).into_iter();
            given.map(|(id, quantity)| format!("{} {quantity}", name(id))).collect::<Vec<_>>()
        };
        assert_eq!(given([9, 5, 7], 5), ["A 5"]);
        assert_eq!(given([9, 5, 7], 8), ["B 8"]);
        assert_eq!(given([3, 3, 5], 7), ["C 5", "A 2"]);
        assert_eq!(given([3, 3, 5], 20), ["C 5", "A 3", "B 3"]);
        assert!(given([0, -2, 0], 1).is_empty() && given([9, 9, 9], 0).is_empty());
    }
}
