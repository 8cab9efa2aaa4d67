//! Who has which policy, from when on.

use std::collections::HashMap;

use async_graphql::SimpleObject;
use chrono::{DateTime, NaiveDate, Utc};
use common::Result;
use database::{Record, Tx};
use graphql::Date;
use people::Person;

use super::READ_DUE;
use super::default::Defaults;
use super::line::{PolicyLine, select_policy_line};
use super::year::{LeaveYear, LeaveYears, YearRule, shift};
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
    /// The first day of the employment in which it does.
    pub employed_since: NaiveDate,
    /// The first day.
    pub first_day: NaiveDate,
    /// The last day, once there is one.
    pub last_day: Option<NaiveDate>,
}

/// What covers employees, each in the order of time. Three queries, however many they are.
pub(crate) async fn covers(
    tx: &mut Tx,
    employees: &[Person],
    only: Option<LeaveTypeId>,
) -> Result<HashMap<EmployeeId, Vec<Cover>>> {
    let spans = spans(tx, employees).await?;
    let mut policy_ids: Vec<PolicyId> = spans.values().flatten().filter_map(|span| span.policy_id).collect();
    policy_ids.sort_unstable();
    policy_ids.dedup();
    let mut lines: HashMap<PolicyId, Vec<PolicyLine>> = HashMap::new();
    for line in lines_of(tx, &policy_ids).await? {
        if only.is_none_or(|only| only == line.leave_type_id) {
            lines.entry(line.policy_id).or_default().push(line);
        }
    }
    let of = |person: &Person| {
        let mine = spans.get(&person.id).into_iter().flatten();
        let covers = mine.filter_map(|span| Some((span, lines.get(&span.policy_id?)?)));
        (person.id, in_one(covers.flat_map(|(span, lines)| span.covers(person.employments(), lines))))
    };
    Ok(employees.iter().map(of).collect())
}

/// From when to when somebody works here, with a last day where there is one.
type Employment = (NaiveDate, Option<NaiveDate>);

/// The time in which a policy, or none, holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) policy_id: Option<PolicyId>,
    pub(crate) first_day: Option<NaiveDate>,
    pub(crate) last_day: Option<NaiveDate>,
    pub(crate) years: YearRule,
    /// The only employment for which it does; all of them when `None`.
    pub(crate) only: Option<Employment>,
}

impl Span {
    /// What it gives somebody with these employments, line by line.
    pub(crate) fn covers(
        &self,
        employments: impl Iterator<Item = Employment>,
        lines: &[PolicyLine],
    ) -> Vec<Cover> {
        let mut covers = Vec::new();
        for (joined_on, left_on) in employments.filter(|held| self.only.is_none_or(|only| only == *held)) {
            let years = self.years.of(joined_on);
            let last_day = self.last_day.into_iter().chain(left_on).min();
            for line in lines {
                let first_day = shift(joined_on, line.waiting_months);
                let first_day = self.first_day.map_or(first_day, |day| day.max(first_day));
                if last_day.is_none_or(|last_day| first_day <= last_day) {
                    let line = line.clone();
                    covers.push(Cover { line, years, employed_since: joined_on, first_day, last_day });
                }
            }
        }
        covers
    }
}

/// The same in the order of time, where a line that goes on within an employment is one cover: who is assigned the policy
/// again that they have goes on having it, and no year's gift falls into two that are rounded each.
pub(crate) fn in_one(covers: impl Iterator<Item = Cover>) -> Vec<Cover> {
    let mut covers: Vec<_> = covers.collect();
    covers.sort_by_key(|cover| cover.first_day);
    let mut in_one: Vec<Cover> = Vec::new();
    for cover in covers {
        let before = in_one.iter_mut().find(|before| {
            (before.line.id, before.employed_since) == (cover.line.id, cover.employed_since)
                && before.last_day.and_then(|day| day.succ_opt()) == Some(cover.first_day)
        });
        match before {
            Some(before) => before.last_day = cover.last_day,
            None => in_one.push(cover),
        }
    }
    in_one
}

/// What was entered about somebody's policies: one that they were assigned, or that they have the default.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) id: PolicyAssignmentId,
    pub(super) employee_id: EmployeeId,
    pub(super) policy_id: Option<PolicyId>,
    pub(super) first_day: Option<NaiveDate>,
    pub(super) is_by_default: bool,
    pub(super) created_at: DateTime<Utc>,
    pub(super) years: YearRule,
}

/// The times in which their policies hold for employees, oldest first: those that they were assigned, each until the next
/// one, and before them the default.
async fn spans(tx: &mut Tx, employees: &[Person]) -> Result<HashMap<EmployeeId, Vec<Span>>> {
    let held = held(tx, employees).await?;
    let defaults = Defaults::of(tx, employees, &held).await?;
    let of = |person: &Person| {
        let mine: Vec<_> = held.iter().filter(|held| held.employee_id == person.id).collect();
        (person.id, timeline(person, &mine, &defaults))
    };
    Ok(employees.iter().map(of).collect())
}

fn timeline(person: &Person, held: &[&Held], defaults: &Defaults) -> Vec<Span> {
    let own: Vec<_> = held.iter().filter(|held| !held.is_by_default).collect();
    let by_default = held.iter().filter(|held| held.is_by_default);
    let first_own = own.first().map(|held| held.first_day);
    let mut spans: Vec<_> = by_default.flat_map(|held| defaults.spans(person, held, first_own)).collect();
    spans.extend(own.iter().enumerate().map(|(at, held)| Span {
        policy_id: held.policy_id,
        first_day: held.first_day,
        last_day: own.get(at + 1).and_then(|next| next.first_day?.pred_opt()),
        years: held.years,
        only: None,
    }));
    spans
}

async fn held(tx: &mut Tx, employees: &[Person]) -> Result<Vec<Held>> {
    let ids: Vec<_> = employees.iter().map(|person| person.id).collect();
    let rows = sqlx::query!(
        r#"select a.id as "id: PolicyAssignmentId", a.employee_id as "employee_id: EmployeeId",
               a.policy_id as "policy_id: PolicyId", a.first_day, a.is_by_default, a.created_at,
               coalesce(p.leave_year, 'FIXED') as "leave_year!: LeaveYear",
               coalesce(p.year_start_month, 1) as "month!", coalesce(p.year_start_day, 1) as "day!"
           from leave.policy_assignment a left join leave.policy p on p.id = a.policy_id
           where a.employee_id = any($1) and a.withdrawn_at is null
           order by a.employee_id, a.first_day nulls first"#,
        &ids as &[EmployeeId],
    )
    .fetch_all(tx.conn())
    .await?;
    let held = rows.into_iter().map(|row| Held {
        id: row.id,
        employee_id: row.employee_id,
        policy_id: row.policy_id,
        first_day: row.first_day,
        is_by_default: row.is_by_default,
        created_at: row.created_at,
        years: YearRule { leave_year: row.leave_year, month: row.month, day: row.day },
    });
    Ok(held.collect())
}

/// What employees have or had, as it holds, oldest first: the default with its policy and its first day, where they have it.
pub(crate) async fn in_force(
    tx: &mut Tx,
    employees: &[Person],
) -> Result<HashMap<EmployeeId, Vec<PolicyAssignment>>> {
    let held = held(tx, employees).await?;
    let defaults = Defaults::of(tx, employees, &held).await?;
    let ids: Vec<_> = employees.iter().map(|person| person.id).collect();
    let mut found: HashMap<EmployeeId, Vec<PolicyAssignment>> = HashMap::new();
    for assignment in assignments(tx, &ids).await? {
        found.entry(assignment.employee_id).or_default().push(assignment);
    }
    for person in employees {
        let Some(mine) = found.get_mut(&person.id) else { continue };
        let first_own = mine.iter().find(|assignment| !assignment.is_by_default);
        let first_own = first_own.map(|assignment| assignment.first_day.map(|day| day.0));
        let (first_employment, _) = person.employments().next().unwrap_or((person.joined_on, None));
        mine.retain_mut(|assignment| {
            let by_default = held.iter().find(|held| held.is_by_default && held.id == assignment.id);
            let Some(by_default) = by_default else { return !assignment.is_by_default };
            // Of several employments, the present one's.
            let Some(span) = defaults.spans(person, by_default, first_own).pop() else { return false };
            assignment.policy_id = span.policy_id;
            assignment.first_day = span.first_day.filter(|day| *day > first_employment).map(Date);
            true
        });
    }
    Ok(found)
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

/// Everybody who has, or had, this policy; with `and_by_default` also everybody who has whatever the default is.
pub(crate) async fn employees_with(
    tx: &mut Tx,
    policy_id: PolicyId,
    and_by_default: bool,
) -> Result<Vec<EmployeeId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct employee_id as "id: EmployeeId" from leave.policy_assignment
           where withdrawn_at is null and (policy_id = $1 or is_by_default and policy_id is null
               and ($2 or exists (select from leave.default_policy d where d.policy_id = $1))) order by 1"#,
        policy_id as PolicyId,
        and_by_default,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Everybody who has a policy, in one organization.
pub(crate) async fn employees_with_policies(tx: &mut Tx) -> Result<Vec<EmployeeId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct employee_id as "id: EmployeeId" from leave.policy_assignment
           where withdrawn_at is null and (not is_by_default or policy_id is not null
               or exists (select from leave.default_policy d where d.policy_id is not null)) order by 1"#
    )
    .fetch_all(tx.conn())
    .await?)
}
