//! Notifications in GraphQL.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Subscription};
use chrono::{DateTime, Utc};
use common::Result;
use futures::Stream;
use graphql::{App as _, mutations, noun, sorts};

use super::wording::{NotificationValue, Part, reader};
use super::{Notification, UPDATE, list, mark_all_read, mark_read, mark_read_bulk, received, unread_count};
use crate::feed::Feed;
use crate::ids::NotificationId;
use crate::member::Membership;

/// The thing that a notification is about.
#[derive(Clone, Debug, SimpleObject)]
pub struct NotificationLink {
    /// The name of the thing's type in this graph, such as `LeaveRequest`.
    #[graphql(name = "type")]
    pub kind: String,
    /// The id of the thing, within its type.
    pub id: ID,
}

#[noun]
impl Notification {
    /// What happened, in a few words, in the reader's language.
    async fn title(&self, gql: &Context<'_>) -> Result<String> {
        Ok(self.part(reader(gql).await?, Part::Title))
    }

    /// Which thing it happened to, in a sentence in the reader's language.
    async fn body(&self, gql: &Context<'_>) -> Result<String> {
        Ok(self.part(reader(gql).await?, Part::Body))
    }

    /// What its message says, value by value, by name; nothing of notifications from before messages had values.
    async fn values(&self, gql: &Context<'_>) -> Result<Vec<NotificationValue>> {
        Ok(self.values_for(reader(gql).await?))
    }

    /// The member whose deed it was; null when it was the system's.
    async fn actor(&self) -> Option<Membership> {
        self.actor_membership_id.map(|id| Membership { id })
    }

    /// The thing that it is about. It may be gone, or no longer the reader's to see.
    async fn link(&self) -> NotificationLink {
        NotificationLink { kind: self.link_type.clone(), id: self.link_id.into() }
    }
}

/// Which notifications a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct NotificationFilter {
    /// True for those that are not marked as read, false for those that are; both when absent.
    pub is_unread: Option<bool>,
    /// True for the archived ones in place of the others.
    #[graphql(default)]
    pub is_archived: bool,
    /// What happened, such as `leave.request.submitted`.
    #[graphql(name = "type")]
    pub kind: Option<String>,
}

sorts! {
    /// How a list of notifications is ordered.
    NotificationSort {
        /// By when the member was told.
        desc CreatedAt,
    }
}

/// Queries about notifications. By hand, for the list takes an argument of the days before filters.
#[derive(Default)]
pub struct NotificationQuery;

#[Object]
impl NotificationQuery {
    /// What the caller was told; those that are not archived, the newest first, unless the arguments say otherwise.
    #[graphql(directive = graphql::cost::apply(1))]
    async fn notifications(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of rows, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row to continue after, from the same list in the same order.")]
        after: Option<String>,
        #[graphql(desc = "The conditions that every row must meet.")] filter: Option<NotificationFilter>,
        #[graphql(desc = "The order of the rows; when absent, the one that the list is said to have.")] sort: Option<
            NotificationSort,
        >,
        #[graphql(desc = "True to leave out what is read. Use the filter's isUnread instead.")]
        unread_only: Option<bool>,
    ) -> Result<graphql::Page<Notification>> {
        let page = graphql::page(gql, first, after.as_deref())?;
        let mut filter = filter.unwrap_or_default();
        if unread_only.unwrap_or_default() {
            filter.is_unread = Some(true);
        }
        let listed = list(gql.app(), filter, sort.unwrap_or_default(), page).await;
        graphql::listed(gql, listed).await
    }

    /// The number of notifications that the caller has neither read nor archived.
    #[graphql(directive = graphql::cost::apply(10))]
    async fn notification_unread_count(&self, gql: &Context<'_>) -> Result<i32> {
        Ok(i32::try_from(unread_count(gql.app()).await?).unwrap_or(i32::MAX))
    }

    /// One notification of the caller's, archived or not; null when there is none of that id.
    async fn notification(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the notification.")] id: NotificationId,
    ) -> Result<Option<Notification>> {
        gql.find(id).await
    }

    /// One notification of the caller's, for other subgraphs.
    #[graphql(entity)]
    async fn notification_by_id(
        &self,
        gql: &Context<'_>,
        id: NotificationId,
    ) -> Result<Option<Notification>> {
        gql.find(id).await
    }
}

mutations! {
    Notification as notification;
    /// Marks a notification of the caller's as read. One that is read already keeps its time.
    notification_mark_read(id: NotificationId) = mark_read for UPDATE if |notification| notification.is_unread();
    /// Marks many notifications of the caller's as read; one answer for each, in the order of the list.
    bulk notification_mark_read_bulk(
        /// The id of each notification, 500 at most.
        ids: Vec<NotificationId>
    ) = mark_read_bulk for UPDATE;
    /// Marks all notifications of the caller's as read that are not archived.
    notification_mark_all_read(
        /// The instant by which a notification must have come to be marked; now when absent.
        up_to: Option<DateTime<Utc>>
    ) ->
        /// The number of notifications that were unread before; null when nothing was done.
        marked_count: i32 = mark_all_read for UPDATE;
    archive and restore for UPDATE;
}

/// Subscriptions to notifications.
#[derive(Default)]
pub struct NotificationSubscription;

#[Subscription]
impl NotificationSubscription {
    /// What the caller is told, as it happens.
    async fn notification_received(
        &self,
        gql: &Context<'_>,
        #[graphql(
            desc = "The id of the last notification that was seen: what came since then comes first, oldest first. \
                    Only what is new comes when absent."
        )]
        after: Option<NotificationId>,
    ) -> Result<impl Stream<Item = Result<Notification>> + use<>> {
        received(gql.app(), gql.data_unchecked::<Arc<Feed>>(), after).await
    }
}
