//! Tenant: organizations, and which modules each has on.

pub mod events;
pub mod organization;
pub mod organization_module;

use async_graphql::{EmptySubscription, MergedObject, Schema};
use service::{EventType, Subgraph};

/// Everything that tenant can be asked.
#[derive(MergedObject, Default)]
pub struct Query(organization::OrganizationQuery);

/// Everything that tenant can be told.
#[derive(MergedObject, Default)]
pub struct Mutation(organization::OrganizationMutation, organization_module::OrganizationModuleMutation);

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The module, as it describes itself.
#[must_use]
pub fn subgraph() -> Subgraph {
    Subgraph {
        id: "tenant",
        name: "Organization",
        description: "The organization itself, and the modules that it has switched on.",
        is_core: true,
        requires: &[],
        port: 8001,
        permissions: &[&organization::READ, &organization::MANAGE, &organization_module::MANAGE],
        migrator: &MIGRATOR,
        events: vec![
            EventType::of::<events::OrganizationCreated>(),
            EventType::of::<events::ModuleEnabled>(),
            EventType::of::<events::ModuleDisabled>(),
        ],
        consumers: &[],
        jobs: &[],
        sdl: || service::sdl(&schema()),
        executable: |runtime| service::guard("tenant", schema(), runtime),
        routes: None,
    }
}

fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    service::schema(Query::default(), Mutation::default(), EmptySubscription).finish()
}
