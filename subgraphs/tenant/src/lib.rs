//! Tenant: organizations, which modules each has on, and how each numbers its documents.

mod currency;
pub mod events;
mod ids;
mod links;
mod number_series;
mod organization;
mod organization_module;
mod saved_view;

use std::time::Duration;

use async_graphql::{EmptySubscription, MergedObject, Schema};
use common::Permission;
use service::{EventType, Job, Noun, Subgraph};

pub(crate) use custom::HistoryEntry;

pub use ids::{NumberSeriesId, OrganizationId, SavedViewId};

/// All queries of the tenant module.
#[derive(MergedObject, Default)]
pub struct Query(
    links::OrganizationQuery,
    number_series::NumberSeriesQuery,
    currency::CurrencyQuery,
    custom::CustomFieldQuery,
    saved_view::SavedViewQuery,
);

/// All mutations of the tenant module.
#[derive(MergedObject, Default)]
pub struct Mutation(
    links::OrganizationMutation,
    number_series::NumberSeriesMutation,
    custom::CustomFieldMutation,
    saved_view::SavedViewMutation,
    files::FileUploadMutation,
);

const PERMISSIONS: &[&Permission] = &[
    &organization::READ,
    &organization::MANAGE,
    &organization_module::MANAGE,
    &number_series::READ,
    &number_series::MANAGE,
    &custom::READ,
    &custom::MANAGE,
    &custom::CONFIDENTIAL,
    &files::UPLOAD,
    &saved_view::READ,
    &saved_view::SAVE,
];

const FORGET_FILES: Job = Job {
    name: "tenant: files",
    every: Duration::from_secs(3600),
    run: |runtime| Box::pin(async move { files::forget(&runtime.database, &runtime.files).await }),
};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The module, as it describes itself.
#[must_use]
pub fn subgraph() -> Subgraph {
    Subgraph {
        id: "tenant",
        name: "Organization",
        description: "The organization itself, the modules that it has switched on, and how it numbers documents.",
        is_core: true,
        requires: &[],
        port: 8001,
        permissions: PERMISSIONS,
        nouns: vec![
            Noun::of::<organization::Organization>(),
            Noun::of::<number_series::NumberSeries>(),
            Noun::of::<custom::CustomField>(),
            Noun::of::<saved_view::SavedView>(),
        ],
        migrator: &MIGRATOR,
        events: vec![
            EventType::of::<events::OrganizationCreated>(),
            EventType::of::<events::OrganizationUpdated>(),
            EventType::of::<events::ModuleEnabled>(),
            EventType::of::<events::ModuleDisabled>(),
        ],
        consumers: &[],
        jobs: &[FORGET_FILES],
        sdl: || service::sdl(&schema()),
        executable: |runtime| service::guard("tenant", PERMISSIONS, schema(), runtime),
        routes: None,
        public: None,
    }
}

fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    service::schema(Query::default(), Mutation::default(), EmptySubscription).finish()
}
