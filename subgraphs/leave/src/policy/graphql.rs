//! Leave policies in GraphQL.

use std::collections::HashMap;

use async_graphql::InputObject;
use common::{Permission, Result};
use database::Tx;
use graphql::{Batch, Date, mutations, queries, sorts};

use super::{
    MANAGE, Policy, READ, archive, assign, assign_bulk, create, end_assignments, list, restore, update,
    withdraw,
};
use crate::due::{LeavePolicyLineInput, LeaveYear, PolicyAssignment, PolicyLine, in_force, lines_of};
use crate::employee::Employee;
use crate::ids::{EmployeeId, PolicyAssignmentId, PolicyId};

/// The fields of a new leave policy.
#[derive(Clone, Debug, InputObject)]
pub struct LeavePolicyCreateInput {
    /// The name that people know it by: 1 to 100 characters, unique among those in use.
    pub name: String,
    /// Whether it is the default from `defaultFrom` on, in place of the one before; false when absent. Whoever has no policy
    /// of their own has the default of the first day of their employment.
    pub is_default: Option<bool>,
    /// The first day of the employments whose default it is; today when absent, and since ever where there was none.
    pub default_from: Option<Date>,
    /// When its leave years begin; on one day for everybody when absent.
    pub leave_year: Option<LeaveYear>,
    /// The month in which the leave years begin that are one for everybody, 1 to 12; January when absent.
    pub year_start_month: Option<i32>,
    /// The day of that month, 1 to 28; the first when absent.
    pub year_start_day: Option<i32>,
    /// What it gives: 1 to 50 lines, one for each leave type.
    pub lines: Vec<LeavePolicyLineInput>,
}

/// The fields of a leave policy to change; those that are absent stay as they are.
#[derive(Clone, Debug, InputObject)]
pub struct LeavePolicyUpdateInput {
    /// The version that the change was made from; refused with VERSION_CONFLICT when there is a later one.
    pub version: i32,
    /// The name that people know it by: 1 to 100 characters, unique among those in use.
    pub name: async_graphql::MaybeUndefined<String>,
    /// Whether it is the default from `defaultFrom` on, in place of the one before; false for none from then on. Whoever has
    /// no policy of their own has the default of the first day of their employment.
    pub is_default: async_graphql::MaybeUndefined<bool>,
    /// The first day of the employments for which that holds, until another one is the default from a later day on; today
    /// when absent, and since ever where there was none. In place of what was said for the same day.
    pub default_from: Option<Date>,
    /// When its leave years begin.
    pub leave_year: async_graphql::MaybeUndefined<LeaveYear>,
    /// The month in which the leave years begin that are one for everybody, 1 to 12.
    pub year_start_month: async_graphql::MaybeUndefined<i32>,
    /// The day of that month, 1 to 28.
    pub year_start_day: async_graphql::MaybeUndefined<i32>,
    /// What it gives, in place of what it gave before, for the whole time for which people have it: 1 to 50 lines, one
    /// for each leave type.
    pub lines: async_graphql::MaybeUndefined<Vec<LeavePolicyLineInput>>,
}

/// Who gets which policy.
#[derive(Clone, Debug, InputObject)]
pub struct LeavePolicyAssignInput {
    /// The id of the employee who gets it.
    pub employee_id: EmployeeId,
    /// The id of the leave policy.
    pub policy_id: PolicyId,
    /// The first day on which it holds, within five years of today; today when absent. One on or before their first day at
    /// work means since then, also when that day is corrected later.
    pub first_day: Option<Date>,
}

/// Whose leave policy ends.
#[derive(Clone, Debug, InputObject)]
pub struct LeavePolicyUnassignInput {
    /// The id of the employee who has no policy from then on.
    pub employee_id: EmployeeId,
    /// The first day without one, within five years of today; today when absent.
    pub first_day: Option<Date>,
}

/// Who get which policy.
#[derive(Clone, Debug, InputObject)]
pub struct LeavePolicyAssignBulkInput {
    /// The ids of the employees who get it, 500 at most.
    pub employee_ids: Vec<EmployeeId>,
    /// The id of the leave policy.
    pub policy_id: PolicyId,
    /// The first day on which it holds, within five years of today; today when absent. One on or before somebody's first
    /// day at work means since then, also when that day is corrected later.
    pub first_day: Option<Date>,
}

impl LeavePolicyAssignBulkInput {
    /// How many rows it has.
    pub(super) fn len(&self) -> usize {
        self.employee_ids.len()
    }
}

/// Which leave policies a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct LeavePolicyFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of leave policies is ordered.
    LeavePolicySort {
        /// By the name of the leave policy.
        Name,
    }
}

queries! {
    Policy;
    /// The leave policies; those in use, by name, unless the arguments say otherwise.
    leave_policies(LeavePolicyFilter, LeavePolicySort) = list;
    /// One leave policy, archived or not; null when there is none of that id.
    leave_policy;
}

mutations! {
    Policy as leave_policy;
    /// Creates a leave policy.
    leave_policy_create(input: LeavePolicyCreateInput) = create for MANAGE;
    /// Changes a leave policy, for everybody who has it and for all the time for which they do: balances follow. What people
    /// are due from some day on is another policy, to be assigned from that day.
    leave_policy_update(id: PolicyId, input: LeavePolicyUpdateInput) = update for MANAGE;
    /// Archives a leave policy that is not the default: it is offered no more, and whoever has it keeps it.
    leave_policy_archive(id: PolicyId) = archive for MANAGE if |policy| !policy.is_default && policy.archived_at.is_none();
    /// Restores an archived leave policy: it is offered again.
    leave_policy_restore(id: PolicyId) = restore for MANAGE if |policy| policy.archived_at.is_some();
    /// Gives an employee a leave policy from a day on, until the next one begins that they have; in place of one that
    /// begins on the same day.
    leave_policy_assign(
        /// The employee, the policy and the first day.
        input: LeavePolicyAssignInput
    ) -> employee: Employee = assign for MANAGE;
    /// Ends the leave policy of an employee: from a day on they have none, until the next one begins.
    leave_policy_unassign(
        /// The employee and the first day without a policy.
        input: LeavePolicyUnassignInput
    ) -> employee: Employee = end_assignments for MANAGE;
    /// Gives many employees a leave policy from a day on; one answer for each, in the order of the list.
    bulk leave_policy_assign_bulk(
        /// The employees, the policy and the first day.
        input: LeavePolicyAssignBulkInput
    ) = assign_bulk for MANAGE;
}

mutations! {
    PolicyAssignment as leave_policy_assignment;
    /// Takes back that an employee was given a leave policy, or none, from a day on: what they had before goes on.
    leave_policy_assignment_withdraw(id: PolicyAssignmentId) = withdraw for MANAGE
        if |assignment| assignment.withdrawn_at.is_none();
}

/// What leave policies give, line by line.
pub(crate) struct LinesOfPolicy;

impl Batch for LinesOfPolicy {
    type Key = PolicyId;
    type Value = Vec<PolicyLine>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[PolicyId]) -> Result<HashMap<PolicyId, Vec<PolicyLine>>> {
        let mut by_policy: HashMap<_, Vec<_>> = HashMap::new();
        for line in lines_of(tx, keys).await? {
            by_policy.entry(line.policy_id).or_default().push(line);
        }
        Ok(by_policy)
    }
}

/// The policies that employees have or had, in the order of time.
pub(crate) struct AssignmentsOfEmployee;

impl Batch for AssignmentsOfEmployee {
    type Key = EmployeeId;
    type Value = Vec<PolicyAssignment>;
    const READ: &'static Permission = &crate::due::READ_DUE;

    async fn load(tx: &mut Tx, keys: &[EmployeeId]) -> Result<HashMap<EmployeeId, Vec<PolicyAssignment>>> {
        let employees = people::select_many(tx, keys).await?;
        in_force(tx, &employees).await
    }
}
