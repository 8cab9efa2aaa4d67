//! Leave policies in GraphQL.

use std::collections::HashMap;

use async_graphql::InputObject;
use common::{Permission, Result};
use database::Tx;
use graphql::{Batch, Date, mutations, queries, sorts};

use super::assignment::lines_of;
use super::model::{LeavePolicyLineInput, PolicyLine};
use super::{MANAGE, Policy, READ, archive, assign, assign_bulk, create, list, restore, update};
use crate::employee::Employee;
use crate::ids::{EmployeeId, PolicyId};

/// The fields of a new leave policy.
#[derive(Clone, Debug, InputObject)]
pub struct LeavePolicyCreateInput {
    /// The name that people know it by: 1 to 100 characters, unique among those in use.
    pub name: String,
    /// Whether everybody who is hired from now on gets it; false when absent. One policy can be the default.
    pub is_default: Option<bool>,
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
    /// Whether everybody who is hired from now on gets it. One policy can be the default.
    pub is_default: async_graphql::MaybeUndefined<bool>,
}

/// Who gets which policy.
#[derive(Clone, Debug, InputObject)]
pub struct LeavePolicyAssignInput {
    /// The id of the employee who gets it.
    pub employee_id: EmployeeId,
    /// The id of the leave policy.
    pub policy_id: PolicyId,
    /// The first day on which it holds, within five years of today; today when absent, and never before they joined.
    pub first_day: Option<Date>,
}

/// Who get which policy.
#[derive(Clone, Debug, InputObject)]
pub struct LeavePolicyAssignBulkInput {
    /// The ids of the employees who get it, 500 at most.
    pub employee_ids: Vec<EmployeeId>,
    /// The id of the leave policy.
    pub policy_id: PolicyId,
    /// The first day on which it holds, within five years of today; today when absent, and never before they joined.
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
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of leave policies is ordered.
    LeavePolicySort {
        /// By name.
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
    /// Renames a leave policy, or makes it the default or no longer so. What it gives does not change: people have it.
    leave_policy_update(id: PolicyId, input: LeavePolicyUpdateInput) = update for MANAGE;
    /// Archives a leave policy that is not the default: it is offered no more, and whoever has it keeps it.
    leave_policy_archive(id: PolicyId) = archive for MANAGE if |policy| !policy.is_default && policy.archived_at.is_none();
    /// Restores an archived leave policy: it is offered again.
    leave_policy_restore(id: PolicyId) = restore for MANAGE if |policy| policy.archived_at.is_some();
    /// Gives an employee a leave policy from a day on, in place of the one they had.
    leave_policy_assign(
        /// The employee, the policy and the first day.
        input: LeavePolicyAssignInput
    ) -> employee: Employee = assign for MANAGE;
    /// Gives many employees a leave policy from a day on; one answer for each, in the order of the list.
    bulk leave_policy_assign_bulk(
        /// The employees, the policy and the first day.
        input: LeavePolicyAssignBulkInput
    ) = assign_bulk for MANAGE;
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
