//! What reports answer.

use async_graphql::{ComplexObject, Context, SimpleObject};
use common::{MembershipId, Result};
use graphql::{App as _, Money};
use rust_decimal::Decimal;

use crate::Membership;
use crate::deal::DealStatus;
use crate::ids::{LeadSourceId, LostReasonId, StageId};
use crate::lead_source::LeadSource;
use crate::lost_reason::LostReason;
use crate::pipeline::Stage;

/// What is in a stage.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct SalesStageReport {
    #[graphql(skip)]
    pub(super) stage_id: StageId,
    /// The number of open deals in it, in this currency.
    pub deal_count: i32,
    /// What they are worth.
    pub amount: Money,
    /// What they are worth, each as far as it is likely to be won.
    pub weighted: Money,
    /// For how many days they have been in it, on average.
    pub average_days: Decimal,
    /// The number of those that have been in it for longer than it allows.
    pub rotting_count: i32,
}

/// How many deals have come to a stage, and how they went on.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct SalesFunnelStage {
    #[graphql(skip)]
    pub(super) stage_id: StageId,
    /// The number of deals that came to it in the time.
    pub entered: i32,
    /// The number of those that were won since.
    pub won: i32,
    /// For how many days deals that left it in the time had been in it, on average; null when none left.
    pub average_days: Option<Decimal>,
}

/// How deals ended.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct SalesOutcome {
    /// How.
    pub status: DealStatus,
    #[graphql(skip)]
    pub(super) reason_id: Option<LostReasonId>,
    /// The number of deals that ended so, in this currency.
    pub deal_count: i32,
    /// What they were worth.
    pub amount: Money,
}

/// How fast deals are won.
#[derive(Clone, Debug, SimpleObject)]
pub struct SalesVelocity {
    /// The number of deals that were won in the time.
    pub won: i32,
    /// The number of deals that were lost in the time.
    pub lost: i32,
    /// How many of a hundred that ended were won; null when none ended.
    pub win_rate: Option<Decimal>,
    /// How many days it took from making a deal to winning it, on average; null when none was won.
    pub average_days_to_win: Option<Decimal>,
}

/// What a source of leads has brought.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct SalesSourceReport {
    #[graphql(skip)]
    pub(super) source_id: Option<LeadSourceId>,
    /// The number of leads that came in the time.
    pub lead_count: i32,
    /// The number of those that have become a contact.
    pub converted_count: i32,
    /// What the deals were worth that were won of them, in each currency that there is.
    pub won: Vec<Money>,
    /// What the campaigns have cost that brought them, in each currency that there is.
    pub cost: Vec<Money>,
}

/// How soon leads are answered.
#[derive(Clone, Debug, SimpleObject)]
pub struct SalesFirstResponse {
    /// The number of leads that came in the time.
    pub lead_count: i32,
    /// The number of those that somebody has answered.
    pub answered: i32,
    /// The number of those that were answered too late, or should have been by now.
    pub breached: i32,
    /// How many hours the first answer took, on average; null when none was answered.
    pub average_hours: Option<Decimal>,
}

/// What somebody has done.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct SalesActivityReport {
    #[graphql(skip)]
    pub(super) assignee_membership_id: Option<MembershipId>,
    /// The number of activities that they have done in the time.
    pub done: i32,
    /// The number of calls, meetings and mails among them.
    pub talks: i32,
    /// The number of activities that are due and not done.
    pub overdue: i32,
}

#[ComplexObject]
impl SalesStageReport {
    /// The stage.
    async fn stage(&self, gql: &Context<'_>) -> Result<Option<Stage>> {
        gql.find(self.stage_id).await
    }
}

#[ComplexObject]
impl SalesFunnelStage {
    /// The stage.
    async fn stage(&self, gql: &Context<'_>) -> Result<Option<Stage>> {
        gql.find(self.stage_id).await
    }
}

#[ComplexObject]
impl SalesOutcome {
    /// The reason why they were lost; null for those that were not.
    async fn reason(&self, gql: &Context<'_>) -> Result<Option<LostReason>> {
        gql.find(self.reason_id).await
    }
}

#[ComplexObject]
impl SalesSourceReport {
    /// The source; null for leads of which nobody says where they came from.
    async fn source(&self, gql: &Context<'_>) -> Result<Option<LeadSource>> {
        gql.find(self.source_id).await
    }
}

#[ComplexObject]
impl SalesActivityReport {
    /// The member; null for activities that are nobody's.
    async fn assignee(&self) -> Option<Membership> {
        self.assignee_membership_id.map(|id| Membership { id })
    }
}
