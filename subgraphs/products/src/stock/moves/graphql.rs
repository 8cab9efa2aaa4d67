//! Moves in GraphQL.

use async_graphql::{Context, InputObject};
use chrono::{DateTime, Utc};
use common::Result;
use graphql::{App as _, Money, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

use super::{StockMove, StockMoveKind, adjust, issue, list, receive, reverse, transfer};
use crate::Membership;
use crate::ids::{ProductId, StockMoveId, UnitOfMeasureId, VariantId, WarehouseId};
use crate::product::Product;
use crate::rights::{COST, STOCK_MOVE};
use crate::variant::Variant;
use crate::warehouse::Warehouse;

#[noun]
impl StockMove {
    /// The product that came, went or was carried elsewhere.
    async fn product(&self, gql: &Context<'_>) -> Result<Option<Product>> {
        gql.find(self.product_id).await
    }

    /// Its variant; null for a product without variants.
    async fn variant(&self, gql: &Context<'_>) -> Result<Option<Variant>> {
        gql.find(self.variant_id).await
    }

    /// The warehouse that it was taken from; null when it came from outside or was found.
    #[graphql(name = "fromWarehouse")]
    async fn source_warehouse(&self, gql: &Context<'_>) -> Result<Option<Warehouse>> {
        gql.find(self.from_warehouse_id).await
    }

    /// The warehouse that it was put into; null when it went outside or was found missing.
    async fn to_warehouse(&self, gql: &Context<'_>) -> Result<Option<Warehouse>> {
        gql.find(self.to_warehouse_id).await
    }

    /// What all of it is worth; null to whoever may not know.
    async fn cost(&self, gql: &Context<'_>) -> Option<Money> {
        gql.app().scope(&COST).ok()?;
        Some(Money::new(self.cost, &self.currency))
    }

    /// The move that it takes back; null for one that does not.
    async fn reversal_of(&self, gql: &Context<'_>) -> Result<Option<StockMove>> {
        gql.find(self.reversal_of_id).await
    }

    /// The member who moved it; null when it was the system.
    async fn created_by(&self) -> Option<Membership> {
        self.created_by.map(|id| Membership { id })
    }
}

/// What came from outside.
#[derive(Clone, Debug, InputObject)]
pub struct StockMoveReceiveInput {
    /// The id of the warehouse that it comes into.
    pub warehouse_id: WarehouseId,
    /// The id of the product.
    pub product_id: ProductId,
    /// The id of its variant; absent for a product without variants.
    pub variant_id: Option<VariantId>,
    /// How much: above 0, of six decimals at most.
    pub quantity: Decimal,
    /// The id of the unit that the quantity is given in; the product's own when absent.
    pub unit_id: Option<UnitOfMeasureId>,
    /// What one of the product's own unit costs, in the currency of the warehouse, of four decimals at most; what the
    /// catalogue says when absent.
    pub unit_cost: Option<Decimal>,
    /// What caused it, such as the number of an order: 1 to 100 characters.
    pub reference: Option<String>,
    /// What there is to say of it: 1 to 500 characters.
    pub note: Option<String>,
}

/// What goes outside.
#[derive(Clone, Debug, InputObject)]
pub struct StockMoveIssueInput {
    /// The id of the warehouse that it is taken from.
    pub warehouse_id: WarehouseId,
    /// The id of the product.
    pub product_id: ProductId,
    /// The id of its variant; absent for a product without variants.
    pub variant_id: Option<VariantId>,
    /// How much: above 0, of six decimals at most, and no more than is available there.
    pub quantity: Decimal,
    /// The id of the unit that the quantity is given in; the product's own when absent.
    pub unit_id: Option<UnitOfMeasureId>,
    /// What caused it, such as the number of an order: 1 to 100 characters.
    pub reference: Option<String>,
    /// What there is to say of it: 1 to 500 characters.
    pub note: Option<String>,
}

/// What is carried elsewhere.
#[derive(Clone, Debug, InputObject)]
pub struct StockMoveTransferInput {
    /// The id of the warehouse that it is taken from.
    pub from_warehouse_id: WarehouseId,
    /// The id of the warehouse that it is put into.
    pub to_warehouse_id: WarehouseId,
    /// The id of the product.
    pub product_id: ProductId,
    /// The id of its variant; absent for a product without variants.
    pub variant_id: Option<VariantId>,
    /// How much: above 0, of six decimals at most, and no more than is available there.
    pub quantity: Decimal,
    /// The id of the unit that the quantity is given in; the product's own when absent.
    pub unit_id: Option<UnitOfMeasureId>,
    /// What caused it, such as the number of an order: 1 to 100 characters.
    pub reference: Option<String>,
    /// What there is to say of it: 1 to 500 characters.
    pub note: Option<String>,
}

/// What was found, or found missing.
#[derive(Clone, Debug, InputObject)]
pub struct StockMoveAdjustInput {
    /// The id of the warehouse.
    pub warehouse_id: WarehouseId,
    /// The id of the product.
    pub product_id: ProductId,
    /// The id of its variant; absent for a product without variants.
    pub variant_id: Option<VariantId>,
    /// How much more there is than was thought; below 0 when there is less. Not 0, of six decimals at most.
    pub quantity: Decimal,
    /// The id of the unit that the quantity is given in; the product's own when absent.
    pub unit_id: Option<UnitOfMeasureId>,
    /// What caused it: 1 to 100 characters.
    pub reference: Option<String>,
    /// Why: 1 to 500 characters.
    pub note: String,
}

/// Why a move is taken back.
#[derive(Clone, Debug, InputObject)]
pub struct StockMoveReverseInput {
    /// Why: 1 to 500 characters.
    pub note: String,
}

/// Which moves a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct StockMoveFilter {
    /// Why they were made.
    pub kind: Option<StockMoveKind>,
    /// The id of the product.
    pub product_id: Option<ProductId>,
    /// The id of the variant.
    pub variant_id: Option<VariantId>,
    /// The id of a warehouse that they were made from or to.
    pub warehouse_id: Option<WarehouseId>,
    /// What caused them, as it is spelt.
    pub reference: Option<String>,
    /// An instant since which they were made.
    pub from: Option<DateTime<Utc>>,
    /// An instant before which they were made.
    pub to: Option<DateTime<Utc>>,
}

sorts! {
    /// How a list of moves is ordered.
    StockMoveSort {
        /// By when they were made, the latest last.
        desc OccurredAt,
    }
}

queries! {
    StockMove;
    /// What came, went, was carried elsewhere and was found, the latest first.
    stock_moves(StockMoveFilter, StockMoveSort) = list;
    /// One move; null when there is none of that id.
    stock_move;
}

mutations! {
    StockMove as stock_move;
    /// Takes in what came from outside.
    stock_move_receive(
        /// What came, where to, and what it cost.
        input: StockMoveReceiveInput
    ) = receive for STOCK_MOVE;
    /// Hands out what goes outside.
    stock_move_issue(
        /// What goes, and where from.
        input: StockMoveIssueInput
    ) = issue for STOCK_MOVE;
    /// Carries something from one warehouse to another.
    stock_move_transfer(
        /// What is carried, from where and where to.
        input: StockMoveTransferInput
    ) = transfer for STOCK_MOVE;
    /// Writes down what was found, or found missing.
    stock_move_adjust(
        /// What was found, where, and why it was not known.
        input: StockMoveAdjustInput
    ) = adjust for STOCK_MOVE;
    /// Takes a move back: answers the move that does so. A move is taken back once.
    stock_move_reverse(
        /// The id of the move.
        id: StockMoveId,
        /// Why it is taken back.
        input: StockMoveReverseInput
    ) = reverse for STOCK_MOVE if |stock_move| stock_move.kind != StockMoveKind::Revaluation;
}
