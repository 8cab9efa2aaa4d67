//! The graph of rules, delegations and what waits for the caller: objects that a module merges into its own.
//!
//! ```text
//! struct Approvals;
//! impl approval::graphql::Graph for Approvals {
//!     type Membership = crate::Membership;
//!     type HistoryEntry = crate::HistoryEntry;
//!     // … and which modules the caller's organization has on.
//! }
//!
//! #[derive(MergedObject, Default)]
//! pub struct Query(MemberQuery, approval::graphql::ApprovalQuery<Approvals>);
//! #[derive(MergedObject, Default)]
//! pub struct Mutation(MemberMutation, approval::graphql::ApprovalMutation<Approvals>);
//! ```

mod delegation;
mod rule;
mod subject;
mod waiting;

use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::{Context, ID, Object, OutputType};
use common::{ModuleSet, Result};
use graphql::{Actor, App as _, Entry, Page};

pub use self::delegation::{Delegation, DelegationCreatePayload, DelegationEndPayload};
pub use self::rule::{
    ApprovalRule, ApprovalRuleArchivePayload, ApprovalRuleCreatePayload, ApprovalRuleRestorePayload,
    ApprovalRuleStep, ApprovalRuleUpdatePayload,
};
pub use self::subject::{ApprovalDecision, decisions, viewer_permissions, waits_for};
pub use self::waiting::{Approval, ApprovalSubject};
use crate::delegation::{DelegationCreateInput, DelegationFilter, DelegationSort};
use crate::rule::{ApprovalRuleCreateInput, ApprovalRuleFilter, ApprovalRuleSort, ApprovalRuleUpdateInput};
use crate::{DelegationId, RuleId};

/// The types of the module whose graph these objects become part of.
pub trait Graph: Send + Sync + 'static {
    /// Its type for members.
    type Membership: Actor + OutputType;
    /// Its type for the entries of histories.
    type HistoryEntry: From<Entry> + OutputType;

    /// The modules that the caller's organization has on: what is asked for in any other, nobody could open.
    fn modules(gql: &Context<'_>) -> impl Future<Output = Result<Arc<ModuleSet>>> + Send;
}

/// Queries about who decides on what.
pub struct ApprovalQuery<G>(PhantomData<fn() -> G>);

impl<G> Default for ApprovalQuery<G> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// Queries about who decides on what.
#[Object]
impl<G: Graph> ApprovalQuery<G> {
    /// What the caller can decide on now, in the modules that the organization has on: what falls due first comes first.
    #[graphql(directive = graphql::cost::apply(2))]
    async fn my_approvals(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of rows, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row to continue after.")] after: Option<String>,
    ) -> Result<Page<Approval<G>>> {
        let page = graphql::page(gql, first, after.as_deref())?;
        let modules = G::modules(gql).await?;
        let waiting = crate::waiting_for(gql.app(), &modules, page).await;
        graphql::listed(gql, waiting.map(|slice| slice.map(Into::into))).await
    }

    /// The approval rules; those in use, by priority, unless the arguments say otherwise.
    async fn approval_rules(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of rows, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row to continue after, from the same list in the same order.")]
        after: Option<String>,
        #[graphql(desc = "The conditions that every row must meet.")] filter: Option<ApprovalRuleFilter>,
        #[graphql(desc = "The order of the rows; when absent, the one that the list is said to have.")] sort: Option<
            ApprovalRuleSort,
        >,
    ) -> Result<Page<ApprovalRule<G>>> {
        let page = graphql::page(gql, first, after.as_deref())?;
        let (filter, sort) = (filter.unwrap_or_default(), sort.unwrap_or_default());
        let rules = crate::rule::list(gql.app(), filter, sort, page).await;
        graphql::listed(gql, rules.map(|slice| slice.map(Into::into))).await
    }

    /// One approval rule, archived or not; null when there is none of that id.
    async fn approval_rule(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the approval rule.")] id: RuleId,
    ) -> Result<Option<ApprovalRule<G>>> {
        Ok(gql.find::<crate::Rule>(id).await?.map(Into::into))
    }

    #[graphql(entity)]
    async fn approval_rule_by_id(&self, gql: &Context<'_>, id: RuleId) -> Result<Option<ApprovalRule<G>>> {
        Ok(gql.find::<crate::Rule>(id).await?.map(Into::into))
    }

    #[graphql(entity)]
    async fn delegation_by_id(&self, gql: &Context<'_>, id: DelegationId) -> Result<Option<Delegation<G>>> {
        Ok(gql.find::<crate::Delegation>(id).await?.map(Into::into))
    }

    /// The delegations that the caller gives or has, of everybody for the office; by their first day, those that were
    /// not ended before their time, unless the arguments say otherwise.
    async fn delegations(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of rows, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row to continue after, from the same list in the same order.")]
        after: Option<String>,
        #[graphql(desc = "The conditions that every row must meet.")] filter: Option<DelegationFilter>,
        #[graphql(desc = "The order of the rows; when absent, the one that the list is said to have.")] sort: Option<
            DelegationSort,
        >,
    ) -> Result<Page<Delegation<G>>> {
        let page = graphql::page(gql, first, after.as_deref())?;
        let (filter, sort) = (filter.unwrap_or_default(), sort.unwrap_or_default());
        let delegations = crate::delegation::list(gql.app(), filter, sort, page).await;
        graphql::listed(gql, delegations.map(|slice| slice.map(Into::into))).await
    }

    /// One delegation, ended or not; null when there is none of that id that the caller may see.
    async fn delegation(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the delegation.")] id: DelegationId,
    ) -> Result<Option<Delegation<G>>> {
        Ok(gql.find::<crate::Delegation>(id).await?.map(Into::into))
    }
}

/// What is changed about who decides on what.
pub struct ApprovalMutation<G>(PhantomData<fn() -> G>);

impl<G> Default for ApprovalMutation<G> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// What is changed about who decides on what.
#[Object]
impl<G: Graph> ApprovalMutation<G> {
    /// Creates an approval rule, for what is asked for from now on.
    async fn approval_rule_create(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The fields of the approval rule.")] input: ApprovalRuleCreateInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<ApprovalRuleCreatePayload<G>>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        ApprovalRuleCreatePayload::answer(gql, crate::rule::create(&ctx, input).await).await.map(Some)
    }

    /// Changes an approval rule, for what is asked for from now on.
    async fn approval_rule_update(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the approval rule.")] id: RuleId,
        #[graphql(desc = "The fields of the approval rule.")] input: ApprovalRuleUpdateInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<ApprovalRuleUpdatePayload<G>>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        ApprovalRuleUpdatePayload::answer(gql, crate::rule::update(&ctx, id, input).await).await.map(Some)
    }

    /// Archives an approval rule: it holds no more for what is asked for from now on.
    async fn approval_rule_archive(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the approval rule.")] id: RuleId,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<ApprovalRuleArchivePayload<G>>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        ApprovalRuleArchivePayload::answer(gql, crate::rule::archive(&ctx, id).await).await.map(Some)
    }

    /// Restores an archived approval rule: it holds again.
    async fn approval_rule_restore(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the approval rule.")] id: RuleId,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<ApprovalRuleRestorePayload<G>>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        ApprovalRuleRestorePayload::answer(gql, crate::rule::restore(&ctx, id).await).await.map(Some)
    }

    /// Lets another member decide for the caller for a time; the office may do so for others.
    async fn delegation_create(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The fields of the delegation.")] input: DelegationCreateInput,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<DelegationCreatePayload<G>>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        DelegationCreatePayload::answer(gql, crate::delegation::create(&ctx, input).await).await.map(Some)
    }

    /// Ends a delegation now.
    async fn delegation_end(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the delegation.")] id: DelegationId,
        #[graphql(
            desc = "A key of your choice that names this request, 1 to 100 bytes. Sent again within a day with the same arguments, the request changes nothing and answers the same."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Option<DelegationEndPayload<G>>> {
        let ctx = graphql::once(gql, idempotency_key)?;
        DelegationEndPayload::answer(gql, crate::delegation::end(&ctx, id).await).await.map(Some)
    }
}

/// A wrapper that shows a record in a graph, and the payloads of what changes one. `graphql::payload!` for a type that
/// takes the graph.
macro_rules! shown {
    ($(#[$doc:meta])* $wrapper:ident of $record:ty as $field:ident; $( $(#[$payload_doc:meta])* $payload:ident ),* $(,)?) => {
        $(#[$doc])*
        pub struct $wrapper<G>(pub(super) $record, std::marker::PhantomData<fn() -> G>);

        impl<G> From<$record> for $wrapper<G> {
            fn from(record: $record) -> Self {
                Self(record, std::marker::PhantomData)
            }
        }

        $(
            $(#[$payload_doc])*
            #[derive(async_graphql::SimpleObject)]
            pub struct $payload<G: super::Graph> {
                /// It, as it is now; null when nothing was done, unless it was because somebody else had changed it first.
                pub $field: Option<$wrapper<G>>,
                /// Why nothing was done; empty when it was.
                pub user_errors: Vec<graphql::UserError>,
            }

            impl<G: super::Graph> $payload<G> {
                /// The payload of a use-case's result.
                ///
                /// # Errors
                /// Every error that is no refusal.
                pub async fn answer(
                    gql: &async_graphql::Context<'_>,
                    done: common::Result<$record>,
                ) -> common::Result<Self> {
                    let (answer, user_errors) = graphql::answer(gql, done).await?;
                    Ok(Self { $field: answer.map(Into::into), user_errors })
                }
            }
        )*
    };
}
use shown;
