//! Delegations in the graph.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use common::Result;
use graphql::{Actor as _, App as _, Date, Page};

use super::{Graph, shown};
use crate::{DelegationId, delegation};

shown! {
    /// A time in which a member decides for another.
    Delegation of crate::Delegation as delegation;
    /// The result of delegationCreate.
    DelegationCreatePayload,
    /// The result of delegationEnd.
    DelegationEndPayload,
}

/// A time in which a member decides for another as well. It goes no further than to them.
#[Object]
impl<G: Graph> Delegation<G> {
    /// The id of the delegation; opaque to clients.
    async fn id(&self) -> DelegationId {
        self.0.id
    }

    /// Who lets somebody decide for them; null when they are not to be found.
    async fn from(&self, gql: &Context<'_>) -> Result<Option<G::Membership>> {
        G::Membership::find(gql, self.0.from_membership_id).await
    }

    /// Who decides for them; null when they are not to be found.
    async fn to(&self, gql: &Context<'_>) -> Result<Option<G::Membership>> {
        G::Membership::find(gql, self.0.to_membership_id).await
    }

    /// The first day, where the one works who is stood in for.
    async fn first_day(&self) -> Date {
        self.0.first_day.into()
    }

    /// The last day.
    async fn last_day(&self) -> Date {
        self.0.last_day.into()
    }

    /// Why; null when nothing was said.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// When it was ended before its time; null when it was not.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// The names of the mutations that the caller may use on it now, by their rights and by its state.
    #[graphql(directive = graphql::cost::apply(1))]
    async fn viewer_permissions(&self, gql: &Context<'_>) -> Result<Vec<&'static str>> {
        let may_end = delegation::may_end(gql.app(), &self.0)? && self.0.ended_at.is_none();
        Ok(may_end.then_some("delegationEnd").into_iter().collect())
    }

    /// The changes made to it, the latest first: by whom, when, and what was there before.
    #[graphql(directive = graphql::cost::apply(2))]
    async fn history(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of entries, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to continue after.")] after: Option<String>,
    ) -> Result<Page<G::HistoryEntry>> {
        graphql::history(gql, &self.0, first, after.as_deref()).await
    }
}
