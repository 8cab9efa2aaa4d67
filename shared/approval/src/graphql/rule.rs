//! Approval rules in the graph.

use std::marker::PhantomData;

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use common::{Result, Role};
use graphql::{Actor as _, App as _, Page};
use rust_decimal::Decimal;

use super::{Graph, shown};
use crate::step::StepsOfRule;
use crate::{CategoryId, DepartmentId, Quorum, RuleId, RuleStep, Who};

shown! {
    /// A rule that says who decides, step by step.
    ApprovalRule of crate::Rule as approval_rule;
    /// The result of approvalRuleCreate.
    ApprovalRuleCreatePayload,
    /// The result of approvalRuleUpdate.
    ApprovalRuleUpdatePayload,
    /// The result of approvalRuleArchive.
    ApprovalRuleArchivePayload,
    /// The result of approvalRuleRestore.
    ApprovalRuleRestorePayload,
}

/// A rule that says who decides on what is asked for, step by step. What is under way keeps to the steps that it began
/// with.
#[Object]
impl<G: Graph> ApprovalRule<G> {
    /// The id of the approval rule; opaque to clients.
    async fn id(&self) -> RuleId {
        self.0.id
    }

    /// What it is about, such as leave.request.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The name that people know it by.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its place: of the rules that fit, the one with the smallest number holds.
    async fn priority(&self) -> i32 {
        self.0.priority
    }

    /// The least amount that it is for; null for any.
    async fn amount_min(&self) -> Option<Decimal> {
        self.0.amount_min
    }

    /// The greatest amount that it is for; null for any.
    async fn amount_max(&self) -> Option<Decimal> {
        self.0.amount_max
    }

    /// The id of the only category that it is for, such as a leave type; null for any.
    async fn category_id(&self) -> Option<CategoryId> {
        self.0.category_id
    }

    /// The id of the only department whose people it is for; null for any.
    async fn department_id(&self) -> Option<DepartmentId> {
        self.0.department_id
    }

    /// Its steps, in order.
    async fn steps(&self, gql: &Context<'_>) -> Result<Vec<ApprovalRuleStep<G>>> {
        let steps = gql.load::<StepsOfRule>(self.0.id).await?.unwrap_or_default();
        Ok(steps.into_iter().map(|step| ApprovalRuleStep(step, PhantomData)).collect())
    }

    /// Counts the changes; an update names the version that it was made from.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was archived; null while it holds.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
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

    /// The names of the mutations that the caller may use on it now, by their rights and by its state.
    #[graphql(directive = graphql::cost::apply(1))]
    async fn viewer_permissions(&self, gql: &Context<'_>) -> Result<Vec<&'static str>> {
        graphql::viewer_permissions(gql, &self.0).await
    }
}

/// A step of an approval rule.
pub struct ApprovalRuleStep<G>(RuleStep, PhantomData<fn() -> G>);

/// A step of an approval rule.
#[Object]
impl<G: Graph> ApprovalRuleStep<G> {
    /// Its place, from 1.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// Whom the step names: a manager, a role or a member.
    async fn who(&self) -> Who {
        self.0.who
    }

    /// Of a manager: how far above the employee, 1 for the direct one; null for other steps.
    async fn level(&self) -> Option<i32> {
        self.0.level
    }

    /// The role that it names; null for other steps.
    async fn role(&self) -> Option<Role> {
        self.0.role
    }

    /// The member whom it names; null for other steps.
    async fn member(&self, gql: &Context<'_>) -> Result<Option<G::Membership>> {
        match self.0.membership_id {
            Some(id) => G::Membership::find(gql, id).await,
            None => Ok(None),
        }
    }

    /// How many of them it takes.
    async fn quorum(&self) -> Quorum {
        self.0.quorum
    }

    /// After how many days it waits for the office as well, and one verdict is enough; null for never. The office may
    /// decide at any time before that, each of its members once on the whole approval.
    async fn due_in_days(&self) -> Option<i32> {
        self.0.due_in_days
    }
}
