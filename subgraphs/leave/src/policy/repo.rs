//! Policies in PostgreSQL.

use chrono::NaiveDate;
use common::{OrganizationId, Page, Result};
use database::{Database, Tx};

use super::graphql::LeavePolicy;
use super::model::{Accrual, Line, PolicyId, PolicyLineId};
use crate::directory::{Employee, EmployeeId};
use crate::leave_type::LeaveTypeId;

/// A policy that an employee has, or had, for a while.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub employee_id: EmployeeId,
    pub first_day: NaiveDate,
    last_day: Option<NaiveDate>,
    pub lines: Vec<Line>,
}

impl Assignment {
    /// From when it gives anything: never before the employment.
    pub fn first_day(&self, employee: &Employee) -> NaiveDate {
        self.first_day.max(employee.joined_on)
    }

    /// Until when it gives anything: never after the employment.
    pub fn last_day(&self, employee: &Employee) -> Option<NaiveDate> {
        self.last_day.into_iter().chain(employee.left_on).min()
    }
}

pub async fn insert(tx: &mut Tx, policy: &LeavePolicy) -> Result<()> {
    sqlx::query!(
        "insert into leave.policy (id, name, is_default) values ($1, $2, $3)",
        policy.id as PolicyId,
        policy.name,
        policy.is_default,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn insert_line(tx: &mut Tx, line: &Line) -> Result<()> {
    sqlx::query!(
        "insert into leave.policy_line (id, policy_id, leave_type_id, days_per_year, accrual, carry_forward_days_max, carry_forward_months)
         values ($1, $2, $3, $4, $5, $6, $7)",
        line.id as PolicyLineId,
        line.policy_id as PolicyId,
        line.leave_type_id as LeaveTypeId,
        line.days_per_year,
        line.accrual as Accrual,
        line.carry_forward_days_max,
        line.carry_forward_months,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn select_page(tx: &mut Tx, page: &Page<String>) -> Result<Vec<LeavePolicy>> {
    Ok(sqlx::query_as!(
        LeavePolicy,
        r#"select id as "id: PolicyId", name, is_default from leave.policy
           where $1::text is null or (name, id) > ($1, $2) order by name, id limit $3"#,
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn default(tx: &mut Tx) -> Result<Option<PolicyId>> {
    Ok(sqlx::query_scalar!(r#"select id as "id: PolicyId" from leave.policy where is_default"#)
        .fetch_optional(tx.conn())
        .await?)
}

pub async fn lines_of(tx: &mut Tx, policy_ids: &[PolicyId]) -> Result<Vec<Line>> {
    Ok(sqlx::query_as!(
        Line,
        r#"select id as "id: PolicyLineId", policy_id as "policy_id: PolicyId", leave_type_id as "leave_type_id: LeaveTypeId",
               days_per_year, accrual as "accrual: Accrual", carry_forward_days_max, carry_forward_months
           from leave.policy_line where policy_id = any($1) order by id"#,
        policy_ids as &[PolicyId],
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The assignments of employees, with their lines, oldest first.
pub async fn assignments(tx: &mut Tx, employee_ids: &[EmployeeId]) -> Result<Vec<Assignment>> {
    let rows = sqlx::query!(
        r#"select policy_id as "policy_id: PolicyId", employee_id as "employee_id: EmployeeId", first_day, last_day
           from leave.policy_assignment where employee_id = any($1) order by employee_id, first_day"#,
        employee_ids as &[EmployeeId],
    )
    .fetch_all(tx.conn())
    .await?;
    let mut policy_ids: Vec<_> = rows.iter().map(|row| row.policy_id).collect();
    policy_ids.sort_unstable();
    policy_ids.dedup();
    let lines = lines_of(tx, &policy_ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| Assignment {
            employee_id: row.employee_id,
            first_day: row.first_day,
            last_day: row.last_day,
            lines: lines.iter().filter(|line| line.policy_id == row.policy_id).cloned().collect(),
        })
        .collect())
}

pub async fn insert_assignment(
    tx: &mut Tx,
    employee_id: EmployeeId,
    policy_id: PolicyId,
    first_day: NaiveDate,
) -> Result<()> {
    sqlx::query!(
        "insert into leave.policy_assignment (id, policy_id, employee_id, first_day) values ($1, $2, $3, $4)",
        uuid::Uuid::now_v7(),
        policy_id as PolicyId,
        employee_id as EmployeeId,
        first_day,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn end_assignment(tx: &mut Tx, employee_id: EmployeeId, last_day: NaiveDate) -> Result<()> {
    sqlx::query!(
        "update leave.policy_assignment set last_day = $2 where employee_id = $1 and last_day is null",
        employee_id as EmployeeId,
        last_day,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The organizations in which anybody may be due anything.
pub async fn organizations(database: &Database) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(r#"select leave.organizations_with_policies() as "id!: OrganizationId""#)
        .fetch_all(database.untenanted())
        .await?;
    Ok(ids)
}

/// Everybody who is due anything, in one organization.
pub async fn employees_with_policies(tx: &mut Tx) -> Result<Vec<EmployeeId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct employee_id as "id: EmployeeId" from leave.policy_assignment order by 1"#
    )
    .fetch_all(tx.conn())
    .await?)
}
