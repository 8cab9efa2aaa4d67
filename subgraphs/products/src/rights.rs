//! Who may do what with products, prices and stock. All of them on everything: what is sold is nobody's own.

use common::{ADMINISTRATION, EVERYBODY, Grants, Permission, Role, STAFF, Scope};

/// Whoever looks after the catalogue, its prices and the stock.
const KEPT_BY: Grants = &[(Role::Admin, Scope::All), (Role::Manager, Scope::All)];
/// Whoever looks after it, and the books.
const COSTS_SEEN_BY: Grants =
    &[(Role::Admin, Scope::All), (Role::Manager, Scope::All), (Role::Accountant, Scope::All)];
/// Whoever sells, and those who look after prices and books.
const PRICES_SEEN_BY: Grants = &[
    (Role::Admin, Scope::All),
    (Role::Manager, Scope::All),
    (Role::Accountant, Scope::All),
    (Role::Sales, Scope::All),
];
/// Whoever promises something to customers.
const RESERVED_BY: Grants =
    &[(Role::Admin, Scope::All), (Role::Manager, Scope::All), (Role::Sales, Scope::All)];

pub(crate) const CATALOG: Permission =
    Permission::new("products.catalog.read", "See the catalogue that is open to customers.", EVERYBODY);
pub(crate) const READ: Permission =
    Permission::new("products.product.read", "See products, their variants, categories and units.", STAFF);
pub(crate) const MANAGE: Permission =
    Permission::new("products.product.manage", "Create, change and archive products.", KEPT_BY);
pub(crate) const COST: Permission = Permission::new(
    "products.cost.read",
    "See what products cost the organization, and what its stock is worth.",
    COSTS_SEEN_BY,
);
pub(crate) const PRICE_READ: Permission = Permission::new(
    "products.price.read",
    "See price lists, prices, discounts and service rates.",
    PRICES_SEEN_BY,
);
pub(crate) const PRICE_MANAGE: Permission = Permission::new(
    "products.price.manage",
    "Create, change and archive price lists, prices, discounts and service rates.",
    KEPT_BY,
);
pub(crate) const STOCK_READ: Permission =
    Permission::new("products.stock.read", "See warehouses and what is in them.", STAFF);
pub(crate) const STOCK_MOVE: Permission =
    Permission::new("products.stock.move", "Receive, issue, transfer, adjust and count stock.", KEPT_BY);
pub(crate) const STOCK_RESERVE: Permission =
    Permission::new("products.stock.reserve", "Reserve stock, and release it.", RESERVED_BY);
pub(crate) const WAREHOUSE_MANAGE: Permission =
    Permission::new("products.warehouse.manage", "Create, change and archive warehouses.", ADMINISTRATION);
