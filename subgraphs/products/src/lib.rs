//! What the organization sells, buys and keeps: the catalogue, what things cost and why, and what is in stock.
// A product has more columns than the macro that writes them as JSON counts to by itself.
#![recursion_limit = "256"]

mod adjust;
mod attribute;
mod bundle;
mod catalog;
mod catalog_link;
mod category;
mod consumers;
mod contact;
mod deal;
mod discount;
pub mod events;
mod file;
mod ids;
mod jobs;
mod links;
mod member;
mod price;
mod price_links;
mod price_list;
mod product;
mod public_catalog;
mod ratio;
mod resolve;
mod rights;
mod service_rate;
mod stock;
mod structure;
mod unit_of_measure;
mod validity;
mod variant;
mod warehouse;

use async_graphql::{MergedObject, MergedSubscription, SchemaBuilder};
use common::Permission;
use service::{EventType, Noun, Subgraph};

pub(crate) use member::{Attachment, HistoryEntry, Membership};

pub use ids::{CategoryId, PriceListId, ProductId, UnitOfMeasureId, VariantId, WarehouseId};

/// All queries of the products module.
#[derive(MergedObject, Default)]
pub struct Query(
    product::ProductQuery,
    product::ProductByCodeQuery,
    variant::VariantQuery,
    attribute::AttributeQuery,
    category::CategoryQuery,
    unit_of_measure::UnitOfMeasureQuery,
    unit_of_measure::UnitOfMeasureConversionQuery,
    CostQuery,
    catalog::CatalogQuery,
    catalog_link::CatalogLinkQuery,
    public_catalog::PublicCatalogQuery,
    warehouse::WarehouseQuery,
    file::ProductFileQuery,
    StockQuery,
);

/// The queries about what things and work cost.
#[derive(MergedObject, Default)]
pub struct CostQuery(
    price_list::PriceListQuery,
    price::PriceQuery,
    discount::DiscountRuleQuery,
    resolve::PriceResolveQuery,
    service_rate::ServiceRateQuery,
    service_rate::ServiceRateResolveQuery,
    price_links::ContactQuery,
);

/// The queries about stock.
#[derive(MergedObject, Default)]
pub struct StockQuery(
    stock::StockLevelQuery,
    stock::StockMoveQuery,
    stock::StockReservationQuery,
    stock::CountQuery,
    stock::ReorderRuleQuery,
    stock::ReorderSuggestionQuery,
);

/// All mutations of the products module.
#[derive(MergedObject, Default)]
pub struct Mutation(
    product::ProductMutation,
    variant::VariantMutation,
    attribute::AttributeMutation,
    category::CategoryMutation,
    unit_of_measure::UnitOfMeasureMutation,
    price_list::PriceListMutation,
    price::PriceMutation,
    adjust::PriceListAdjustMutation,
    discount::DiscountRuleMutation,
    service_rate::ServiceRateMutation,
    warehouse::WarehouseMutation,
    file::ProductFileMutation,
    catalog_link::CatalogLinkMutation,
    stock::StockMoveMutation,
    stock::StockReservationMutation,
    stock::CountMutation,
    stock::ReorderRuleMutation,
);

/// All subscriptions of the products module.
#[derive(MergedSubscription, Default)]
pub struct Subscription(stock::StockSubscription);

const PERMISSIONS: &[&Permission] = &[
    &rights::CATALOG,
    &rights::READ,
    &rights::MANAGE,
    &rights::COST,
    &rights::PRICE_READ,
    &rights::PRICE_MANAGE,
    &rights::STOCK_READ,
    &rights::STOCK_MOVE,
    &rights::STOCK_RESERVE,
    &rights::WAREHOUSE_MANAGE,
];

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The module, as it describes itself.
#[must_use]
pub fn subgraph() -> Subgraph {
    Subgraph {
        id: "products",
        name: "Products",
        description: "Goods, services, subscriptions and bundles: what they are, what they cost and why, and what is in stock.",
        is_core: false,
        requires: &[],
        port: 8012,
        permissions: PERMISSIONS,
        nouns: vec![
            Noun::of::<product::Product>(),
            Noun::of::<variant::Variant>(),
            Noun::of::<bundle::BundleItem>(),
            Noun::of::<attribute::Attribute>(),
            Noun::of::<category::Category>(),
            Noun::of::<unit_of_measure::UnitOfMeasure>(),
            Noun::of::<price_list::PriceList>(),
            Noun::of::<price_list::PriceListCustomer>(),
            Noun::of::<price::Price>(),
            Noun::of::<discount::DiscountRule>(),
            Noun::of::<service_rate::ServiceRate>(),
            Noun::of::<catalog_link::CatalogLink>(),
            Noun::of::<warehouse::Warehouse>(),
            Noun::of::<stock::StockLevel>(),
            Noun::of::<stock::StockMove>(),
            Noun::of::<stock::StockReservation>(),
            Noun::of::<stock::Count>(),
            Noun::of::<stock::CountLine>(),
            Noun::of::<stock::ReorderRule>(),
        ],
        migrator: &MIGRATOR,
        events: vec![
            EventType::of::<events::ProductCreated>(),
            EventType::of::<events::ProductUpdated>(),
            EventType::of::<events::ProductArchived>(),
            EventType::of::<events::ProductPriceChanged>(),
            EventType::of::<events::ServiceRateChanged>(),
            EventType::of::<events::StockChanged>(),
            EventType::of::<events::StockReserved>(),
            EventType::of::<events::StockLow>(),
        ],
        consumers: consumers::CONSUMERS,
        jobs: jobs::JOBS,
        sdl: || service::sdl(&schema().finish()),
        executable: |runtime| {
            let schema = schema().data(runtime.changes.clone()).data(runtime.access.clone()).finish();
            service::guard("products", PERMISSIONS, schema, runtime)
        },
        routes: None,
        public: None,
    }
}

fn schema() -> SchemaBuilder<Query, Mutation, Subscription> {
    service::schema(Query::default(), Mutation::default(), Subscription::default())
}
