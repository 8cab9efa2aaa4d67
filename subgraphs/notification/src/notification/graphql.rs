//! Notifications in GraphQL.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject, Subscription};
use chrono::{DateTime, Utc};
use common::{MembershipId, Page, Result};
use database::Ctx;
use futures::Stream;
use graphql::{App as _, Batch, payload};

use super::{Notification, NotificationId};
use crate::feed::Feed;

/// A member's place in the organization; the user module knows the rest.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(unresolvable)]
pub struct Membership {
    /// Opaque.
    pub id: MembershipId,
}

/// The thing that a notification is about.
#[derive(Clone, Debug, SimpleObject)]
pub struct NotificationLink {
    /// Its type in this graph, such as `LeaveRequest`.
    #[graphql(name = "type")]
    pub kind: String,
    /// Its id there.
    pub id: ID,
}

#[ComplexObject]
impl Notification {
    /// Whose deed it was; null when nobody's, but the system's.
    async fn actor(&self) -> Option<Membership> {
        self.actor_membership_id.map(|id| Membership { id })
    }

    /// The thing that it is about. It may be gone, or no longer the reader's to see.
    async fn link(&self) -> NotificationLink {
        NotificationLink { kind: self.link_type.clone(), id: self.link_id.into() }
    }
}

payload!(
    /// What marking a notification as read answers.
    NotificationMarkReadPayload {
        /// The notification, read.
        notification: Notification
    }
);

payload!(
    /// What marking notifications as read answers.
    NotificationMarkAllReadPayload {
        /// How many were unread before.
        marked_count: i32
    }
);

/// The caller's notifications, by id.
struct NotificationById;

impl Batch for NotificationById {
    type Key = NotificationId;
    type Value = Notification;

    async fn load(ctx: &Ctx, keys: &[NotificationId]) -> Result<HashMap<NotificationId, Notification>> {
        Ok(super::fetch(ctx, keys).await?.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// Notifications: queries.
#[derive(Default)]
pub struct NotificationQuery;

#[Object]
impl NotificationQuery {
    /// What the caller was told, newest first.
    async fn notifications(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Leave out what is read; false when not said.")] unread_only: Option<bool>,
    ) -> Result<graphql::Page<Notification>> {
        let page = Page::new(first, after.as_deref())?;
        Ok(graphql::connection(super::list(gql.app(), page, unread_only.unwrap_or_default()).await?))
    }

    /// How many notifications the caller has not read.
    async fn notification_unread_count(&self, gql: &Context<'_>) -> Result<i32> {
        Ok(i32::try_from(super::unread_count(gql.app()).await?).unwrap_or(i32::MAX))
    }

    /// One notification, for other subgraphs.
    #[graphql(entity)]
    async fn notification_by_id(
        &self,
        gql: &Context<'_>,
        id: NotificationId,
    ) -> Result<Option<Notification>> {
        gql.load::<NotificationById>(id).await
    }
}

/// Notifications: mutations.
#[derive(Default)]
pub struct NotificationMutation;

#[Object]
impl NotificationMutation {
    /// Marks a notification of the caller's as read.
    async fn notification_mark_read(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The notification.")] id: NotificationId,
    ) -> Result<NotificationMarkReadPayload> {
        NotificationMarkReadPayload::of(super::mark_read(gql.app(), id).await)
    }

    /// Marks the caller's notifications as read, all at once.
    async fn notification_mark_all_read(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Only those that had come by then; now when not said.")] up_to: Option<
            DateTime<Utc>,
        >,
    ) -> Result<NotificationMarkAllReadPayload> {
        NotificationMarkAllReadPayload::of(super::mark_all_read(gql.app(), up_to).await)
    }
}

/// Notifications: subscriptions.
#[derive(Default)]
pub struct NotificationSubscription;

#[Subscription]
impl NotificationSubscription {
    /// What the caller is told, as it happens.
    async fn notification_received(
        &self,
        gql: &Context<'_>,
        #[graphql(
            desc = "The last notification that was seen: what came since then comes first, oldest first."
        )]
        after: Option<NotificationId>,
    ) -> Result<impl Stream<Item = Result<Notification>> + use<>> {
        super::received(gql.app(), gql.data_unchecked::<Arc<Feed>>(), after).await
    }
}
