//! The party master: people and companies, how they are reached, what they have allowed, what was said to them, and which of
//! them are one.
// A contact has more columns than the macro that writes them as JSON counts to by itself.
#![recursion_limit = "256"]

mod communication;
mod consent;
mod consent_key;
mod contact;
mod country;
mod duplicate;
mod erasure;
pub mod events;
mod export;
mod external_id;
mod family;
mod file;
mod ids;
mod links;
mod member;
mod merge;
mod relation;
mod report;
mod rights;
mod segment;

use async_graphql::{MergedObject, MergedSubscription, SchemaBuilder};
use common::Permission;
use service::{EventType, Noun, Subgraph};

pub(crate) use member::{Attachment, HistoryEntry, Membership};

pub use ids::{
    CommunicationId, ConsentId, ContactId, ExportId, ExternalIdId, MergeId, RelationId, SegmentId,
};

/// All queries of the contact module.
#[derive(MergedObject, Default)]
pub struct Query(
    contact::ContactQuery,
    contact::ContactByEmailQuery,
    duplicate::ContactDuplicateQuery,
    communication::CommunicationQuery,
    segment::SegmentQuery,
    export::ExportQuery,
    erasure::ContactDossierQuery,
    file::ContactFileQuery,
    report::ContactReportQuery,
);

/// All mutations of the contact module.
#[derive(MergedObject, Default)]
pub struct Mutation(
    contact::ContactMutation,
    relation::RelationMutation,
    consent::ConsentMutation,
    merge::MergeMutation,
    erasure::ContactErasureMutation,
    file::ContactFileMutation,
    communication::CommunicationMutation,
    segment::SegmentMutation,
);

/// All subscriptions of the contact module.
#[derive(MergedSubscription, Default)]
pub struct Subscription(contact::ContactSubscription);

const PERMISSIONS: &[&Permission] = &[
    &rights::READ,
    &rights::MANAGE,
    &rights::MERGE,
    &rights::ERASE,
    &rights::EXPORT,
    &rights::TALK_READ,
    &rights::SEGMENT_READ,
    &rights::SEGMENT_MANAGE,
    &rights::REPORT,
];

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The module, as it describes itself.
#[must_use]
pub fn subgraph() -> Subgraph {
    Subgraph {
        id: "contact",
        name: "Contacts",
        description: "Customers, vendors and everybody else outside: how they are reached, and what they have allowed.",
        is_core: false,
        requires: &[],
        port: 8013,
        permissions: PERMISSIONS,
        nouns: vec![
            Noun::of::<contact::Contact>(),
            Noun::of::<external_id::ContactExternalId>(),
            Noun::of::<relation::Relation>(),
            Noun::of::<consent::Consent>(),
            Noun::of::<merge::Merge>(),
            Noun::of::<communication::Communication>(),
            Noun::of::<segment::Segment>(),
            Noun::of::<export::Export>(),
        ],
        migrator: &MIGRATOR,
        events: vec![
            EventType::of::<events::ContactCreated>(),
            EventType::of::<events::ContactUpdated>(),
            EventType::of::<events::ContactAssigned>(),
            EventType::of::<events::ContactMerged>(),
            EventType::of::<events::ContactUnmerged>(),
            EventType::of::<events::ContactErased>(),
            EventType::of::<events::ContactsExported>(),
            EventType::of::<events::ConsentChanged>(),
        ],
        consumers: &[],
        jobs: &[],
        sdl: || service::sdl(&schema().finish()),
        executable: |runtime| {
            let schema = schema().data(runtime.changes.clone()).finish();
            service::guard("contact", PERMISSIONS, schema, runtime)
        },
        routes: None,
        public: None,
    }
}

fn schema() -> SchemaBuilder<Query, Mutation, Subscription> {
    service::schema(Query::default(), Mutation::default(), Subscription::default())
}
