//! What waits for the caller.

use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use common::Result;
use graphql::{Actor as _, App as _};

use super::{ApprovalDecision, Graph, shown};
use crate::ApprovalId;
use crate::decision::DecisionsOfApproval;

/// What is asked for, wherever it is in the graph.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct ApprovalSubject {
    /// The name of its type in the graph, such as LeaveRequest.
    #[graphql(name = "type")]
    pub type_name: String,
    /// Its id; opaque to clients.
    pub id: async_graphql::ID,
}

shown! {
    /// Something that was asked for, and waits.
    Approval of crate::Approval as approval;
}

/// Something that was asked for, and waits for a decision.
#[Object]
impl<G: Graph> Approval<G> {
    /// The id of the approval; opaque to clients.
    async fn id(&self) -> ApprovalId {
        self.0.id
    }

    /// What is asked for, such as leave.request.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The thing that is asked for.
    async fn subject(&self) -> ApprovalSubject {
        ApprovalSubject { type_name: self.0.subject_type.clone(), id: self.0.subject_id.into() }
    }

    /// The member who asks; null when they are not to be found.
    async fn requester(&self, gql: &Context<'_>) -> Result<Option<G::Membership>> {
        G::Membership::find(gql, self.0.requester_membership_id).await
    }

    /// The step that is to be decided on, from 1.
    async fn step(&self) -> i32 {
        self.0.step
    }

    /// How many steps there are.
    async fn step_count(&self) -> i32 {
        self.0.step_count
    }

    /// When it comes to wait for the office as well; null when it does not by itself. The office may decide at any time
    /// before that, each of its members once on the whole approval.
    async fn due_at(&self) -> Option<DateTime<Utc>> {
        self.0.due_at
    }

    /// What was decided on it so far, in order.
    async fn decisions(&self, gql: &Context<'_>) -> Result<Vec<ApprovalDecision<G::Membership>>> {
        let decisions = gql.load::<DecisionsOfApproval>(self.0.id).await?.unwrap_or_default();
        Ok(decisions.into_iter().map(Into::into).collect())
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}
