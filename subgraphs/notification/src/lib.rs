//! Notification: tells members, at once and exactly once, what happened that concerns them.

mod consumers;
mod feed;
mod ids;
mod member;
mod notification;

use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription, SchemaBuilder};
use common::Permission;
use service::{Noun, Subgraph};

pub(crate) use member::HistoryEntry;

pub use ids::NotificationId;

/// All queries of the notification module.
#[derive(MergedObject, Default)]
pub struct Query(notification::NotificationQuery);

/// All mutations of the notification module.
#[derive(MergedObject, Default)]
pub struct Mutation(notification::NotificationMutation);

/// All subscriptions of the notification module.
#[derive(MergedSubscription, Default)]
pub struct Subscription(notification::NotificationSubscription);

const PERMISSIONS: &[&Permission] = &[&notification::READ, &notification::UPDATE];

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The module, as it describes itself.
#[must_use]
pub fn subgraph() -> Subgraph {
    Subgraph {
        id: "notification",
        name: "Notifications",
        description: "What each member is told of the work of others.",
        is_core: true,
        requires: &[],
        port: 8014,
        permissions: PERMISSIONS,
        nouns: vec![Noun::of::<notification::Notification>()],
        migrator: &MIGRATOR,
        events: vec![],
        consumers: &[consumers::CONSUMER],
        jobs: &[],
        sdl: || service::sdl(&schema().finish()),
        executable: |runtime| {
            let feed = Arc::new(feed::Feed::new(runtime));
            service::guard("notification", PERMISSIONS, schema().data(feed).finish(), runtime)
        },
        routes: None,
        public: None,
    }
}

fn schema() -> SchemaBuilder<Query, Mutation, Subscription> {
    service::schema(Query::default(), Mutation::default(), Subscription::default())
}
