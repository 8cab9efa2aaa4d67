//! Notification: tells members, at once and exactly once, what happened that concerns them.

mod consumers;
mod feed;
mod member;
mod notification;

use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription, SchemaBuilder};
use service::Subgraph;

use crate::notification::{NotificationMutation, NotificationQuery, NotificationSubscription};

/// Everything that notification can be asked.
#[derive(MergedObject, Default)]
pub struct Query(NotificationQuery);

/// Everything that notification can be told.
#[derive(MergedObject, Default)]
pub struct Mutation(NotificationMutation);

/// Everything that notification announces to those who stay on the line.
#[derive(MergedSubscription, Default)]
pub struct Subscription(NotificationSubscription);

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
        permissions: &[&notification::READ, &notification::UPDATE],
        migrator: &MIGRATOR,
        events: vec![],
        consumers: &[consumers::CONSUMER],
        jobs: &[],
        sdl: || service::sdl(&schema().finish()),
        executable: |runtime| {
            let feed = Arc::new(feed::Feed::new(runtime));
            service::guard("notification", schema().data(feed).finish(), runtime)
        },
        routes: None,
    }
}

fn schema() -> SchemaBuilder<Query, Mutation, Subscription> {
    service::schema(Query::default(), Mutation::default(), Subscription::default())
}
