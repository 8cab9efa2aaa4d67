//! The ids of this module's nouns.

use common::id;

id!(
    /// One unit of measure.
    UnitOfMeasureId
);
id!(
    /// One category of products.
    CategoryId
);
id!(
    /// One attribute that variants differ by.
    AttributeId
);
id!(
    /// One product.
    ProductId
);
id!(
    /// One link to the catalogue.
    CatalogLinkId
);
id!(
    /// One variant of a product.
    VariantId
);
id!(
    /// One line of a bundle.
    BundleItemId
);
id!(
    /// One price list.
    PriceListId
);
id!(
    /// One customer of a price list.
    PriceListCustomerId
);
id!(
    /// One price.
    PriceId
);
id!(
    /// One discount rule.
    DiscountRuleId
);
id!(
    /// One service rate.
    ServiceRateId
);
id!(
    /// One warehouse.
    WarehouseId
);
id!(
    /// What there is of one thing in one warehouse.
    StockLevelId
);
id!(
    /// One move of stock.
    StockMoveId
);
id!(
    /// One reservation of stock.
    StockReservationId
);
id!(
    /// One count of stock.
    StockCountId
);
id!(
    /// One line of a count of stock.
    StockCountLineId
);
id!(
    /// One rule of reordering.
    ReorderRuleId
);
id!(
    /// One contact: the contact module's.
    ContactId
);
id!(
    /// One segment of contacts: the contact module's.
    SegmentId
);
id!(
    /// One deal: the crm module's.
    DealId
);
id!(
    /// One line of a deal: the crm module's.
    DealLineId
);
