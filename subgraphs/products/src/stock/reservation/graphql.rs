//! Reservations in GraphQL.

use std::collections::HashMap;

use async_graphql::{Context, InputObject};
use common::{Permission, Result};
use database::Tx;
use graphql::{App as _, Batch, Date, cost, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

use super::{
    StockReservation, StockReservationStatus, create, extend, fulfil, list, release, select_stock_reservation,
};
use crate::deal::Deal;
use crate::ids::{DealId, ProductId, StockReservationId, UnitOfMeasureId, VariantId, WarehouseId};
use crate::product::Product;
use crate::rights::{STOCK_MOVE, STOCK_READ, STOCK_RESERVE};
use crate::stock::moves::StockMove;
use crate::variant::Variant;
use crate::warehouse::Warehouse;

#[noun]
impl StockReservation {
    /// The warehouse that it is in.
    async fn warehouse(&self, gql: &Context<'_>) -> Result<Option<Warehouse>> {
        gql.find(self.warehouse_id).await
    }

    /// The product that is reserved.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }

    /// Its variant; null for a product without variants.
    async fn variant(&self, gql: &Context<'_>) -> Result<Option<Variant>> {
        gql.find(self.variant_id).await
    }

    /// The move by which it was handed out; null while it was not.
    async fn stock_move(&self, gql: &Context<'_>) -> Result<Option<StockMove>> {
        gql.find(self.move_id).await
    }

    /// The reservation that it was a part of; null for one that was made by itself.
    async fn part_of(&self, gql: &Context<'_>) -> Result<Option<StockReservation>> {
        gql.find(self.part_of_id).await
    }

    /// The deal that it is kept for; null for one that is kept for something else.
    async fn deal(&self) -> Option<Deal> {
        self.deal_id.map(|id| Deal { id })
    }

    /// The parts of it that were handed out or let go by themselves while the rest stayed kept, the latest first; 100 at most.
    #[graphql(directive = cost::apply(5))]
    async fn parts(&self, gql: &Context<'_>) -> Result<Vec<StockReservation>> {
        Ok(gql.load::<PartsOf>(self.id).await?.unwrap_or_default())
    }
}

/// The parts of reservations, of each the latest 100.
struct PartsOf;

impl Batch for PartsOf {
    type Key = StockReservationId;
    type Value = Vec<StockReservation>;
    const READ: &'static Permission = &STOCK_READ;

    async fn load(
        tx: &mut Tx,
        keys: &[StockReservationId],
    ) -> Result<HashMap<StockReservationId, Vec<StockReservation>>> {
        let rows = select_stock_reservation!(
            "where id in (select p.id from unnest($1::uuid[]) w (id) cross join lateral (
                 select r.id from products.stock_reservation r where r.part_of_id = w.id
                 order by r.created_at desc, r.id desc limit 100) p)
             order by created_at desc, id desc",
            keys as &[StockReservationId],
        );
        let mut found: HashMap<StockReservationId, Vec<StockReservation>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            if let Some(whole) = row.part_of_id {
                found.entry(whole).or_default().push(row);
            }
        }
        Ok(found)
    }
}

/// What is kept for somebody.
#[derive(Clone, Debug, InputObject)]
pub struct StockReservationCreateInput {
    /// The id of the warehouse that it is in.
    pub warehouse_id: WarehouseId,
    /// The id of the product.
    pub product_id: ProductId,
    /// The id of its variant; absent for a product without variants.
    pub variant_id: Option<VariantId>,
    /// How much: above 0, of six decimals at most, and no more than is available there.
    pub quantity: Decimal,
    /// The id of the unit that the quantity is given in; the product's own when absent.
    pub unit_id: Option<UnitOfMeasureId>,
    /// What it is kept for, such as the number of an order: 1 to 100 characters.
    pub reference: Option<String>,
    /// The last day that it is kept, today or later; absent until somebody hands it out or lets go of it.
    pub last_day: Option<Date>,
}

/// A part of what is kept.
#[derive(Clone, Debug, InputObject)]
pub struct StockReservationPartInput {
    /// How much: above 0, of six decimals at most, and no more than is kept. The rest stays kept.
    pub quantity: Decimal,
    /// The id of the unit that the quantity is given in; the product's own when absent.
    pub unit_id: Option<UnitOfMeasureId>,
}

/// For how long something is kept from now on.
#[derive(Clone, Debug, InputObject)]
pub struct StockReservationExtendInput {
    /// The version of the reservation that this was decided from.
    pub version: i32,
    /// The last day that it is kept, today or later; absent until somebody hands it out or lets go of it.
    pub last_day: Option<Date>,
}

/// Which reservations a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct StockReservationFilter {
    /// What has become of them.
    pub status: Option<StockReservationStatus>,
    /// The id of the product.
    pub product_id: Option<ProductId>,
    /// The id of the variant.
    pub variant_id: Option<VariantId>,
    /// The id of the warehouse.
    pub warehouse_id: Option<WarehouseId>,
    /// What they are kept for, as it is spelt.
    pub reference: Option<String>,
    /// A day that is the last one that they are kept, or a later one.
    pub until: Option<Date>,
    /// The id of the reservation that they were parts of.
    pub part_of_id: Option<StockReservationId>,
    /// The id of the deal that they are kept for.
    pub deal_id: Option<DealId>,
}

sorts! {
    /// How a list of reservations is ordered.
    StockReservationSort {
        /// By when they were made, the latest last.
        desc CreatedAt,
    }
}

queries! {
    StockReservation;
    /// What is kept for somebody, or was, the latest first.
    stock_reservations(StockReservationFilter, StockReservationSort) = list;
    /// One reservation; null when there is none of that id.
    stock_reservation;
}

mutations! {
    StockReservation as stock_reservation;
    /// Keeps something for somebody, as long as so much of it is available.
    stock_reservation_create(
        /// What is kept, and where.
        input: StockReservationCreateInput
    ) = create for STOCK_RESERVE;
    /// Lets go of what was kept, or of a part of it: others may have it.
    stock_reservation_release(
        /// The id of the reservation.
        id: StockReservationId,
        /// The part that nobody wants any more; all of it when absent.
        input: Option<StockReservationPartInput>
    ) = release for STOCK_RESERVE
        if |reservation| reservation.status == StockReservationStatus::Open;
    /// Keeps something for longer, or for less long.
    stock_reservation_extend(
        /// The id of the reservation.
        id: StockReservationId,
        /// For how long.
        input: StockReservationExtendInput
    ) = extend for STOCK_RESERVE if |reservation| reservation.status == StockReservationStatus::Open;
    /// Hands out what was kept, or a part of it: each has a move of its own.
    stock_reservation_fulfil(
        /// The id of the reservation.
        id: StockReservationId,
        /// The part that is handed out; all of it when absent.
        input: Option<StockReservationPartInput>
    ) = fulfil for STOCK_MOVE
        if |reservation| reservation.status == StockReservationStatus::Open;
}
