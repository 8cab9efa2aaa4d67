//! The list of all modules. A new one adds a line here.

use common::ModuleSet;
use service::Subgraph;

/// The schemas that belong to no module: what several of them write and read.
pub const SHARED_SCHEMAS: [&str; 3] = ["people", "common", "approval"];

/// Every module, each after those that its migrations build on.
#[must_use]
pub fn all() -> Vec<Subgraph> {
    vec![
        tenant::subgraph(),
        auth::subgraph(),
        user::subgraph(),
        notification::subgraph(),
        employee::subgraph(),
        leave::subgraph(),
        contact::subgraph(),
        products::subgraph(),
        crm::subgraph(),
    ]
}

/// The ids of all modules.
#[must_use]
pub fn ids() -> Vec<&'static str> {
    all().iter().map(|subgraph| subgraph.id).collect()
}

/// The ids of the modules that are always on.
#[must_use]
pub fn core() -> ModuleSet {
    all().iter().filter(|subgraph| subgraph.is_core).map(|subgraph| subgraph.id.to_owned()).collect()
}

/// The modules beside the core ones of which also those see something who are not logged in: what they give to whoever has a
/// link. Everything else of them answers `UNAUTHENTICATED`.
#[must_use]
pub fn open() -> ModuleSet {
    ["products".to_owned()].into_iter().collect()
}

/// The module with this id.
#[must_use]
pub fn find(id: &str) -> Option<Subgraph> {
    all().into_iter().find(|subgraph| subgraph.id == id)
}
