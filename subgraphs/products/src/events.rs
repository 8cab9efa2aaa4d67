//! What this module announces: ids, states and quantities.

use common::{MembershipId, event};
use rust_decimal::Decimal;

use crate::ids::{
    DealId, PriceListId, ProductId, ServiceRateId, StockMoveId, StockReservationId, VariantId, WarehouseId,
};

event! {
    /// A product was made.
    ProductCreated = "products.product.created", of product_id {
        /// The product.
        product_id: ProductId,
        /// GOOD, SERVICE, SUBSCRIPTION or BUNDLE.
        kind: String,
        /// DRAFT, ACTIVE or DISCONTINUED.
        status: String,
    }

    /// A product, its variants or what it is made of were changed, or it went from state to state.
    ProductUpdated = "products.product.updated", of product_id {
        /// The product.
        product_id: ProductId,
        /// GOOD, SERVICE, SUBSCRIPTION or BUNDLE.
        kind: String,
        /// DRAFT, ACTIVE or DISCONTINUED.
        status: String,
        /// Whether it is archived.
        is_archived: bool,
    }

    /// A product was archived: it stays readable, and is offered no more.
    ProductArchived = "products.product.archived", of product_id {
        /// The product.
        product_id: ProductId,
    }

    /// What a product costs by a price list is another from now on, or from some day on.
    ProductPriceChanged = "products.price.changed", of product_id {
        /// The product.
        product_id: ProductId,
        /// The price list.
        price_list_id: PriceListId,
        /// The ISO 4217 code of the list's currency; older events do not say it.
        currency: Option<String>,
    }

    /// What an hour of work costs is another from now on, or from some day on.
    ServiceRateChanged = "products.service_rate.changed", of service_rate_id {
        /// The service rate.
        service_rate_id: ServiceRateId,
        /// The service that it is for; none when it is for any.
        product_id: Option<ProductId>,
        /// Whether it is archived, and counts no more.
        is_archived: bool,
    }

    /// Something came, went, was found or was valued anew.
    StockChanged = "products.stock.changed", of product_id {
        /// The product.
        product_id: ProductId,
        /// The variant, where it has any.
        variant_id: Option<VariantId>,
        /// The move; whoever books it does so once for each.
        move_id: StockMoveId,
        /// RECEIPT, ISSUE, TRANSFER, ADJUSTMENT or REVALUATION.
        kind: String,
        /// Where it was taken from.
        from_warehouse_id: Option<WarehouseId>,
        /// Where it was put.
        to_warehouse_id: Option<WarehouseId>,
        /// How much, in the product's unit.
        quantity: Decimal,
        /// What all of it is worth.
        cost: Decimal,
        /// The ISO 4217 code of its currency.
        currency: String,
        /// What caused it, as whoever asked for it calls that.
        reference: Option<String>,
        /// The move that it takes back.
        reversal_of_id: Option<StockMoveId>,
    }

    /// Something was promised to somebody, or is promised to them no more.
    StockReserved = "products.stock.reserved", of product_id {
        /// The product.
        product_id: ProductId,
        /// The variant, where it has any.
        variant_id: Option<VariantId>,
        /// The reservation.
        reservation_id: StockReservationId,
        /// OPEN, FULFILLED, RELEASED or LAPSED.
        status: String,
        /// The warehouse.
        warehouse_id: WarehouseId,
        /// How much, in the product's unit.
        quantity: Decimal,
        /// What it is kept for, as whoever asked for it calls that.
        reference: Option<String>,
        /// The reservation that it was a part of, where it ended by itself; of that one it is told what is left.
        part_of_id: Option<StockReservationId>,
        /// The deal that it is kept for.
        deal_id: Option<DealId>,
    }

    /// What is available of something fell to the quantity at which it is to be ordered again, or below.
    StockLow = "products.stock.run_low", of product_id {
        /// The product.
        product_id: ProductId,
        /// The variant, where it has any.
        variant_id: Option<VariantId>,
        /// The warehouse.
        warehouse_id: WarehouseId,
        /// The product's name in the organization's catalogue.
        sku: String,
        /// What is available.
        available: Decimal,
        /// The quantity at which it is to be ordered again.
        min_quantity: Decimal,
        /// The short code of the warehouse.
        warehouse_code: Option<String>,
        /// The memberships of those who keep the warehouse; nobody in particular when empty.
        keeper_membership_ids: Option<Vec<MembershipId>>,
    }
}
