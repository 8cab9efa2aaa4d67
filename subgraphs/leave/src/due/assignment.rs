//! Who has which policy, from when on.

use std::collections::HashMap;

use async_graphql::SimpleObject;
use chrono::{DateTime, NaiveDate, Utc};
use common::Result;
use database::{Record, Tx};
use graphql::Date;
use people::Person;

use super::READ_DUE;
use super::line::{PolicyLine, select_policy_line};
use super::year::{LeaveYear, LeaveYears, shift};
use crate::employee::Employee;
use crate::ids::{EmployeeId, LeaveTypeId, PolicyAssignmentId, PolicyId};

/// A leave policy that somebody has from a day on, until the next one begins.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "LeavePolicyAssignment", complex)]
#[record("leave policy assignment", table = "leave.policy_assignment", read = READ_DUE, owner = employee_id)]
pub struct PolicyAssignment {
    /// The id of the assignment; opaque to clients.
    pub id: PolicyAssignmentId,
    #[graphql(skip)]
    pub policy_id: Option<PolicyId>,
    #[graphql(skip)]
    #[record(once)]
    pub employee_id: EmployeeId,
    /// The first day on which it holds; null when it holds since the first day of the employment.
    #[record(once)]
    pub first_day: Option<Date>,
    /// Counts the changes.
    pub version: i32,
    #[graphql(skip)]
    pub withdrawn_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    pub is_by_default: bool,
}

impl From<PolicyAssignment> for Employee {
    fn from(assignment: PolicyAssignment) -> Self {
        assignment.employee_id.into()
    }
}

/// A line of a policy that covers an employee for a while.
#[derive(Clone, Debug)]
pub struct Cover {
    /// What it gives.
    pub line: PolicyLine,
    /// The leave years by which it gives it.
    pub years: LeaveYears,
    /// The first day.
    pub first_day: NaiveDate,
    /// The last day, once there is one.
    pub last_day: Option<NaiveDate>,
}

/// What covers employees, each in the order of time. Two queries, however many they are.
pub(crate) async fn covers(
    tx: &mut Tx,
    employees: &[Person],
    only: Option<LeaveTypeId>,
) -> Result<HashMap<EmployeeId, Vec<Cover>>> {
    let ids: Vec<_> = employees.iter().map(|person| person.id).collect();
    let spans = spans(tx, &ids).await?;
    let mut policy_ids: Vec<PolicyId> = spans.iter().filter_map(|span| span.policy_id).collect();
    policy_ids.sort_unstable();
    policy_ids.dedup();
    let mut lines: HashMap<PolicyId, Vec<PolicyLine>> = HashMap::new();
    for line in lines_of(tx, &policy_ids).await? {
        if only.is_none_or(|only| only == line.leave_type_id) {
            lines.entry(line.policy_id).or_default().push(line);
        }
    }
    let of = |person: &Person| {
        let mine = spans.iter().filter(|span| span.employee_id == person.id);
        let covers = mine.filter_map(|span| Some((span, lines.get(&span.policy_id?)?)));
        (person.id, covers.flat_map(|(span, lines)| span.covers(person.employments(), lines)).collect())
    };
    Ok(employees.iter().map(of).collect())
}

/// The time in which an assignment holds.
pub(crate) struct Span {
    pub(crate) employee_id: EmployeeId,
    pub(crate) policy_id: Option<PolicyId>,
    pub(crate) first_day: Option<NaiveDate>,
    pub(crate) last_day: Option<NaiveDate>,
    pub(crate) leave_year: LeaveYear,
    pub(crate) year_start_month: i32,
    pub(crate) year_start_day: i32,
}

impl Span {
    /// What it gives somebody with these employments, line by line.
    pub(crate) fn covers(
        &self,
        employments: impl Iterator<Item = (NaiveDate, Option<NaiveDate>)>,
        lines: &[PolicyLine],
    ) -> Vec<Cover> {
        let mut covers = Vec::new();
        for (joined_on, left_on) in employments {
            let years = match self.leave_year {
                LeaveYear::Anniversary => LeaveYears::from(joined_on),
                LeaveYear::Fixed => {
                    let (month, day) = (self.year_start_month, self.year_start_day);
                    LeaveYears::on(month.unsigned_abs(), day.unsigned_abs())
                }
            };
            let last_day = self.last_day.into_iter().chain(left_on).min();
            for line in lines {
                let first_day = shift(joined_on, line.waiting_months);
                let first_day = self.first_day.map_or(first_day, |day| day.max(first_day));
                if last_day.is_none_or(|last_day| first_day <= last_day) {
                    covers.push(Cover { line: line.clone(), years, first_day, last_day });
                }
            }
        }
        covers
    }
}

/// The assignments of employees, each with the last day before the next one begins, oldest first.
async fn spans(tx: &mut Tx, employee_ids: &[EmployeeId]) -> Result<Vec<Span>> {
    Ok(sqlx::query_as!(
        Span,
        r#"select a.employee_id as "employee_id: EmployeeId", a.policy_id as "policy_id: PolicyId", a.first_day,
               lead(a.first_day) over (partition by a.employee_id order by a.first_day nulls first) - 1 as last_day,
               coalesce(p.leave_year, 'FIXED') as "leave_year!: LeaveYear",
               coalesce(p.year_start_month, 1) as "year_start_month!", coalesce(p.year_start_day, 1) as "year_start_day!"
           from leave.policy_assignment a left join leave.policy p on p.id = a.policy_id
           where a.employee_id = any($1) and a.withdrawn_at is null
           order by a.employee_id, a.first_day nulls first"#,
        employee_ids as &[EmployeeId],
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The assignments of employees, oldest first.
pub(crate) async fn assignments(tx: &mut Tx, employee_ids: &[EmployeeId]) -> Result<Vec<PolicyAssignment>> {
    Ok(select_policy_assignment!(
        "where employee_id = any($1) and withdrawn_at is null order by employee_id, first_day nulls first",
        employee_ids as &[EmployeeId]
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What policies give, line by line.
pub(crate) async fn lines_of(tx: &mut Tx, policy_ids: &[PolicyId]) -> Result<Vec<PolicyLine>> {
    Ok(select_policy_line!("where policy_id = any($1) order by id", policy_ids as &[PolicyId])
        .fetch_all(tx.conn())
        .await?)
}

/// Everybody who has, or had, this policy.
pub(crate) async fn employees_with(tx: &mut Tx, policy_id: PolicyId) -> Result<Vec<EmployeeId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct employee_id as "id: EmployeeId" from leave.policy_assignment
           where policy_id = $1 and withdrawn_at is null order by 1"#,
        policy_id as PolicyId,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Everybody who has a policy, in one organization.
pub(crate) async fn employees_with_policies(tx: &mut Tx) -> Result<Vec<EmployeeId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct employee_id as "id: EmployeeId" from leave.policy_assignment
           where withdrawn_at is null order by 1"#
    )
    .fetch_all(tx.conn())
    .await?)
}
