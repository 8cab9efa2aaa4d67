//! Leave policies: what people are due of each leave type, and the accrual that gives it to them.

mod graphql;
mod model;
mod repo;

pub use graphql::{PolicyMutation, PolicyQuery};
pub use model::{Grant, Line, PolicyId};
pub(crate) use repo::{Assignment, assignments, employees_with_policies, organizations};

use chrono::{Datelike as _, NaiveDate};
use common::{Cursor, Page, Permission, Result, Role, Scope, Slice};
use database::{Ctx, OnConstraint as _, Tx};
use rust_decimal::Decimal;

use crate::balance;
use crate::directory::{self, Employee, EmployeeId};
use graphql::{LeavePolicy, LeavePolicyAssignInput, LeavePolicyCreateInput};
use model::{PolicyLineId, Refused};

pub(crate) const READ: Permission = Permission {
    key: "leave.policy.read",
    description: "See the leave policies.",
    grants: &[(Role::Admin, Scope::All), (Role::Hr, Scope::All), (Role::Manager, Scope::All)],
};
pub(crate) const MANAGE: Permission = Permission {
    key: "leave.policy.manage",
    description: "Create leave policies and assign them.",
    grants: &[(Role::Admin, Scope::All), (Role::Hr, Scope::All)],
};

/// The most lines in a policy, and the most employees in one assignment.
const LINES_MAX: usize = 50;

/// How far from today a policy can begin, in days: five years.
const ASSIGNED_DAYS_MAX: i64 = 5 * 366;

/// Creates a policy with its lines.
pub async fn create(ctx: &Ctx, input: LeavePolicyCreateInput) -> Result<LeavePolicy> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let (policy, lines) = checked(input)?;
    repo::insert(&mut tx, &policy)
        .await
        .on_constraint("policy_name_key", Refused::NameTaken)
        .on_constraint("policy_default_key", Refused::DefaultTaken)?;
    for line in &lines {
        repo::insert_line(&mut tx, line)
            .await
            .on_constraint("policy_line_leave_type_fkey", Refused::LeaveTypeUnknown)
            .on_constraint("policy_line_leave_type_key", Refused::Lines)?;
    }
    tx.commit().await?;
    Ok(policy)
}

/// Gives an employee a policy from a day on; what they had before ends the day before.
pub async fn assign(
    ctx: &Ctx,
    input: LeavePolicyAssignInput,
    idempotency_key: Option<&str>,
) -> Result<EmployeeId> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let request = (input.employee_id, input.policy_id, input.first_day.map(|day| day.0));
    if let Some(answer) = tx.idempotent(idempotency_key, &request).await? {
        return Ok(answer.into());
    }
    let employee = directory::select_many(&mut tx, &[input.employee_id]).await?.pop();
    let employee = employee.ok_or(Refused::EmployeeUnknown)?;
    let today = employee.day_at(ctx.now());
    let first_day = input.first_day.map_or(today, |day| day.0).max(employee.joined_on);
    if (first_day - today).num_days().abs() > ASSIGNED_DAYS_MAX {
        return Err(Refused::OutOfRange("firstDay").into());
    }
    give(&mut tx, &employee, input.policy_id, first_day).await?;
    accrue(&mut tx, &employee, today).await?;
    tx.answered(employee.id.0).await?;
    tx.commit().await?;
    Ok(employee.id)
}

/// The policies, by name.
pub async fn list(ctx: &Ctx, page: Page<String>) -> Result<Slice<LeavePolicy>> {
    let mut tx = ctx.begin(&READ).await?;
    let rows = repo::select_page(&mut tx, &page).await?;
    Ok(page.slice(rows, |row| Cursor { key: row.name.clone(), id: row.id.0 }))
}

/// Gives the default policy, if there is one, to somebody who has none; and what is due by `today`.
///
/// From this leave year on: who has been here for long took the leave of earlier years elsewhere.
pub(crate) async fn give_default(tx: &mut Tx, employee: &Employee, today: NaiveDate) -> Result<()> {
    if repo::assignments(tx, &[employee.id]).await?.is_empty()
        && let Some(policy_id) = repo::default(tx).await?
    {
        let this_year = NaiveDate::from_ymd_opt(today.year(), 1, 1).unwrap_or(today);
        give(tx, employee, policy_id, employee.joined_on.max(this_year)).await?;
    }
    accrue(tx, employee, today).await
}

async fn give(tx: &mut Tx, employee: &Employee, policy_id: PolicyId, first_day: NaiveDate) -> Result<()> {
    balance::lock_all(tx, employee.id).await?;
    let assigned = repo::assignments(tx, &[employee.id]).await?;
    if let Some(current) = assigned.iter().map(|assignment| assignment.first_day).max()
        && current >= first_day
    {
        return Err(Refused::BeginsBefore(current).into());
    }
    if let Some(eve) = first_day.pred_opt() {
        repo::end_assignment(tx, employee.id, eve).await?;
    }
    repo::insert_assignment(tx, employee.id, policy_id, first_day)
        .await
        .on_constraint("policy_assignment_policy_fkey", Refused::PolicyUnknown)?;
    take_back(tx, employee).await
}

/// Posts what an employee is due by `today` and was not given yet. Any number of runs give it once (LEV-6).
pub(crate) async fn accrue(tx: &mut Tx, employee: &Employee, today: NaiveDate) -> Result<()> {
    let assigned = repo::assignments(tx, &[employee.id]).await?;
    let year = today.year();
    for assignment in &assigned {
        let last_day = assignment.last_day(employee);
        for line in &assignment.lines {
            balance::open(tx, employee.id, line.leave_type_id).await?;
            let grants = line.grants(assignment.first_day(employee), last_day, today);
            balance::post_grants(tx, employee.id, "ACCRUE", &grants).await?;
            let covers_this_year = last_day.is_none_or(|last_day| last_day.year() >= year);
            if covers_this_year && assignment.first_day(employee).year() < year {
                let left = balance::left_at_end_of(tx, employee.id, line.leave_type_id, year - 1).await?;
                let carried: Vec<_> = line.carry_forward(left, year).into_iter().collect();
                balance::post_grants(tx, employee.id, "CARRY_FORWARD", &carried).await?;
            }
        }
    }
    Ok(())
}

/// Takes back what was given for time that an assignment, or the employment, no longer covers.
pub(crate) async fn take_back(tx: &mut Tx, employee: &Employee) -> Result<()> {
    for assignment in repo::assignments(tx, &[employee.id]).await? {
        let Some(last_day) = assignment.last_day(employee) else { continue };
        for line in &assignment.lines {
            let due = line.grants(assignment.first_day(employee), Some(last_day), NaiveDate::MAX);
            let prefix = format!("{}:", line.id);
            for given in balance::accrued(tx, employee.id, &prefix).await? {
                let still_due =
                    due.iter().find(|grant| grant.key == given.key).map_or(Decimal::ZERO, |grant| grant.days);
                let correction = Grant {
                    key: format!("{}:until:{last_day}", given.key),
                    days: still_due - given.days,
                    ..given.clone()
                };
                if !correction.days.is_zero() {
                    balance::post_grants(tx, employee.id, "ADJUST", &[correction]).await?;
                }
            }
        }
    }
    Ok(())
}

fn checked(input: LeavePolicyCreateInput) -> Result<(LeavePolicy, Vec<Line>), Refused> {
    let name = input.name.trim().to_owned();
    if !(1..=100).contains(&name.chars().count()) {
        return Err(Refused::Name);
    }
    if input.lines.is_empty() || input.lines.len() > LINES_MAX {
        return Err(Refused::Lines);
    }
    let policy = LeavePolicy { id: PolicyId::new(), name, is_default: input.is_default.unwrap_or(false) };
    let lines = input.lines.into_iter().map(|line| {
        let in_range =
            |days: Decimal| (Decimal::ZERO..=Decimal::from(366)).contains(&days) && days.scale() <= 2;
        if !in_range(line.days_per_year) {
            return Err(Refused::OutOfRange("daysPerYear"));
        }
        if !line.carry_forward_days_max.is_none_or(in_range) {
            return Err(Refused::OutOfRange("carryForwardDaysMax"));
        }
        if !line.carry_forward_months.is_none_or(|months| (1..=12).contains(&months)) {
            return Err(Refused::OutOfRange("carryForwardMonths"));
        }
        Ok(Line {
            id: PolicyLineId::new(),
            policy_id: policy.id,
            leave_type_id: line.leave_type_id,
            days_per_year: line.days_per_year,
            accrual: line.accrual.unwrap_or(model::Accrual::Upfront),
            carry_forward_days_max: line.carry_forward_days_max,
            carry_forward_months: line.carry_forward_months,
        })
    });
    let lines = lines.collect::<Result<_, _>>()?;
    Ok((policy, lines))
}
