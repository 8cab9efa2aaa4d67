//! Leave policies in GraphQL.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use common::{Page, Result};
use database::Ctx;
use graphql::{App as _, Batch, Date, payload};
use rust_decimal::Decimal;

use super::model::{Accrual, Line, PolicyId};
use super::{READ, assign, create, list, repo};
use crate::directory::EmployeeId;
use crate::employee::Employee;
use crate::leave_type::{LeaveType, LeaveTypeById, LeaveTypeId};

/// What people with this policy are due.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct LeavePolicy {
    /// Opaque.
    pub id: PolicyId,
    /// What it is called.
    pub name: String,
    /// Given to everybody who is hired.
    pub is_default: bool,
}

#[ComplexObject]
impl LeavePolicy {
    /// What it gives, a line for each leave type.
    async fn lines(&self, gql: &Context<'_>) -> Result<Vec<LeavePolicyLine>> {
        let lines = gql.load::<LinesOfPolicy>(self.id).await?.unwrap_or_default();
        Ok(lines.into_iter().map(LeavePolicyLine).collect())
    }
}

/// What a policy gives of one leave type.
pub struct LeavePolicyLine(Line);

/// What a policy gives of one leave type.
#[Object]
impl LeavePolicyLine {
    /// The kind of leave.
    async fn leave_type(&self, gql: &Context<'_>) -> Result<Option<LeaveType>> {
        gql.load::<LeaveTypeById>(self.0.leave_type_id).await
    }

    /// How much of it for a whole year.
    async fn days_per_year(&self) -> Decimal {
        self.0.days_per_year.normalize()
    }

    /// When it is given.
    async fn accrual(&self) -> Accrual {
        self.0.accrual
    }

    /// How much of what is left moves into the next year; everything, for good, when null.
    async fn carry_forward_days_max(&self) -> Option<Decimal> {
        self.0.carry_forward_days_max.map(|days| days.normalize())
    }

    /// How many months into the next year it lasts; all of it when null.
    async fn carry_forward_months(&self) -> Option<i32> {
        self.0.carry_forward_months
    }
}

/// A new policy.
#[derive(Debug, InputObject)]
pub struct LeavePolicyCreateInput {
    /// What it is called: 1 to 100 characters, unique in the organization.
    pub name: String,
    /// Give it to everybody who is hired from now on; false when not said. One policy can be.
    pub is_default: Option<bool>,
    /// What it gives: 1 to 50 lines, one for each leave type.
    pub lines: Vec<LeavePolicyLineInput>,
}

/// What a new policy gives of one leave type.
#[derive(Debug, InputObject)]
pub struct LeavePolicyLineInput {
    /// The kind of leave.
    pub leave_type_id: LeaveTypeId,
    /// How much of it for a whole year: 0 to 366, with two decimals at most.
    pub days_per_year: Decimal,
    /// When it is given; all at once when not said.
    pub accrual: Option<Accrual>,
    /// How much of what is left moves into the next year; everything, for good, when not said.
    pub carry_forward_days_max: Option<Decimal>,
    /// How many months into the next year it lasts, 1 to 12; all of it when not said.
    pub carry_forward_months: Option<i32>,
}

/// Who gets which policy.
#[derive(Debug, InputObject)]
pub struct LeavePolicyAssignInput {
    /// Who.
    pub employee_id: EmployeeId,
    /// Which.
    pub policy_id: PolicyId,
    /// From which day on, within five years of today; today when not said, and never before they joined.
    pub first_day: Option<Date>,
}

payload!(
    /// What creating a leave policy answers.
    LeavePolicyCreatePayload {
        /// The new policy.
        leave_policy: LeavePolicy
    }
);
payload!(
    /// What assigning a leave policy answers.
    LeavePolicyAssignPayload {
        /// Who has it now.
        employee: Employee
    }
);

struct LinesOfPolicy;

impl Batch for LinesOfPolicy {
    type Key = PolicyId;
    type Value = Vec<Line>;

    async fn load(ctx: &Ctx, keys: &[PolicyId]) -> Result<HashMap<PolicyId, Vec<Line>>> {
        let mut tx = ctx.begin(&READ).await?;
        let mut by_policy: HashMap<_, Vec<_>> = HashMap::new();
        for line in repo::lines_of(&mut tx, keys).await? {
            by_policy.entry(line.policy_id).or_default().push(line);
        }
        Ok(by_policy)
    }
}

/// Leave policies: queries.
#[derive(Default)]
pub struct PolicyQuery;

#[Object]
impl PolicyQuery {
    /// The leave policies, by name.
    async fn leave_policies(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Result<graphql::Page<LeavePolicy>> {
        let page = Page::new(first, after.as_deref())?;
        Ok(graphql::connection(list(gql.app(), page).await?))
    }
}

/// Leave policies: mutations.
#[derive(Default)]
pub struct PolicyMutation;

#[Object]
impl PolicyMutation {
    /// Creates a leave policy.
    async fn leave_policy_create(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What it is to be.")] input: LeavePolicyCreateInput,
    ) -> Result<LeavePolicyCreatePayload> {
        LeavePolicyCreatePayload::of(create(gql.app(), input).await)
    }

    /// Gives an employee a leave policy from a day on, in place of the one they had.
    async fn leave_policy_assign(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Who gets which.")] input: LeavePolicyAssignInput,
        #[graphql(desc = "Names this request, so that sending it again does nothing more.")] idempotency_key: Option<ID>,
    ) -> Result<LeavePolicyAssignPayload> {
        let key = idempotency_key.as_ref().map(|key| key.as_str());
        LeavePolicyAssignPayload::of(assign(gql.app(), input, key).await)
    }
}
