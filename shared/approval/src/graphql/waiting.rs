//! What waits for the caller.

use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use common::Result;
use graphql::Actor as _;
use uuid::Uuid;

use super::{Graph, shown};
use crate::ApprovalId;

/// What is asked for, wherever it is in the graph.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct ApprovalSubject {
    /// The name of its type in the graph, such as LeaveRequest.
    #[graphql(name = "type")]
    pub type_name: String,
    /// Its id; opaque to clients.
    pub id: async_graphql::ID,
}

impl ApprovalSubject {
    /// The thing of a kind: `leave.request` is a `LeaveRequest`.
    pub(crate) fn new(kind: &str, id: Uuid) -> Self {
        let capital = |word: &str| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        };
        Self { type_name: kind.split(['.', '_']).filter_map(capital).collect(), id: id.into() }
    }
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
        ApprovalSubject::new(&self.0.kind, self.0.subject_id)
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

    /// When the office decides as well; null when it does not by itself.
    async fn due_at(&self) -> Option<DateTime<Utc>> {
        self.0.due_at
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_named_by_its_type_in_the_graph() {
        let name = |kind| ApprovalSubject::new(kind, Uuid::nil()).type_name;
        assert_eq!(name("leave.request"), "LeaveRequest");
        assert_eq!(name("finance.expense_claim"), "FinanceExpenseClaim");
    }
}
