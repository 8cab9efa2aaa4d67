//! Who has which policy, from when to when.

use chrono::NaiveDate;
use common::Result;
use database::{OnConstraint as _, Record, Tx};
use people::Person;

use super::model::{PolicyLine, select_policy_line};
use super::{BEGINS_BEFORE, READ};
use crate::employee::Employee;
use crate::ids::{EmployeeId, PolicyAssignmentId, PolicyId};

/// A policy that an employee has, or had, for a while.
#[derive(Clone, Debug, Record)]
#[record("leave policy assignment", table = "leave.policy_assignment", read = READ, owner = employee_id)]
pub struct PolicyAssignment {
    pub id: PolicyAssignmentId,
    #[record(once)]
    pub policy_id: PolicyId,
    #[record(once)]
    pub employee_id: EmployeeId,
    #[record(once)]
    pub first_day: NaiveDate,
    pub last_day: Option<NaiveDate>,
}

impl From<PolicyAssignment> for Employee {
    fn from(assignment: PolicyAssignment) -> Self {
        assignment.employee_id.into()
    }
}

/// A policy that covers an employee for a while, with what it gives.
#[derive(Clone, Debug)]
pub struct Covered {
    pub employee_id: EmployeeId,
    pub first_day: NaiveDate,
    last_day: Option<NaiveDate>,
    pub lines: Vec<PolicyLine>,
}

impl Covered {
    /// From when it gives anything: never before the employment.
    pub fn first_day(&self, employee: &Person) -> NaiveDate {
        self.first_day.max(employee.joined_on)
    }

    /// Until when it gives anything: never after the employment.
    pub fn last_day(&self, employee: &Person) -> Option<NaiveDate> {
        self.last_day.into_iter().chain(employee.left_on).min()
    }
}

/// The policies that employees have or had, with their lines, oldest first.
pub async fn covered(tx: &mut Tx, employee_ids: &[EmployeeId]) -> Result<Vec<Covered>> {
    let assignments = of_employees(tx, employee_ids).await?;
    let mut policy_ids: Vec<PolicyId> = assignments.iter().map(|assignment| assignment.policy_id).collect();
    policy_ids.sort_unstable();
    policy_ids.dedup();
    let lines = lines_of(tx, &policy_ids).await?;
    let covered = assignments.into_iter().map(|assignment| Covered {
        employee_id: assignment.employee_id,
        first_day: assignment.first_day,
        last_day: assignment.last_day,
        lines: lines.iter().filter(|line| line.policy_id == assignment.policy_id).cloned().collect(),
    });
    Ok(covered.collect())
}

/// Gives an employee a policy from a day on; what they had before ends the day before.
pub async fn insert(
    tx: &mut Tx,
    employee: &Person,
    policy_id: PolicyId,
    first_day: NaiveDate,
) -> Result<PolicyAssignment> {
    let mut assignments = of_employees(tx, &[employee.id]).await?;
    if let Some(current) = assignments.iter().map(|assignment| assignment.first_day).max()
        && current >= first_day
    {
        let message =
            format!("the employee has a policy that begins on {current}; a new one must begin after it");
        return Err(BEGINS_BEFORE.saying(message).into());
    }
    for open in assignments.iter_mut().filter(|assignment| assignment.last_day.is_none()) {
        open.last_day = first_day.pred_opt();
        tx.save(open).await?;
    }
    let blank = PolicyAssignment::blank(tx.now(), policy_id, employee.id);
    let mut assignment = PolicyAssignment { first_day, ..blank };
    tx.save(&mut assignment).await.on_constraint("policy_assignment_open_key", BEGINS_BEFORE)?;
    Ok(assignment)
}

async fn of_employees(tx: &mut Tx, employee_ids: &[EmployeeId]) -> Result<Vec<PolicyAssignment>> {
    Ok(select_policy_assignment!(
        "where employee_id = any($1) order by employee_id, first_day",
        employee_ids as &[EmployeeId]
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What policies give, line by line.
pub async fn lines_of(tx: &mut Tx, policy_ids: &[PolicyId]) -> Result<Vec<PolicyLine>> {
    Ok(select_policy_line!("where policy_id = any($1) order by id", policy_ids as &[PolicyId])
        .fetch_all(tx.conn())
        .await?)
}

/// Everybody who is due anything, in one organization.
pub async fn employees_with_policies(tx: &mut Tx) -> Result<Vec<EmployeeId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct employee_id as "id: EmployeeId" from leave.policy_assignment order by 1"#
    )
    .fetch_all(tx.conn())
    .await?)
}
