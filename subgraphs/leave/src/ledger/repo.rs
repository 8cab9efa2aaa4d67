//! The ledger in PostgreSQL: read as movements, only ever added to.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use common::Result;
use database::Tx;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::Grant;
use super::model::Movement;
use crate::ids::{EmployeeId, LeaveTypeId, RequestId};

/// A movement, and whose it is.
#[derive(Debug)]
pub struct Row {
    pub employee_id: EmployeeId,
    pub leave_type_id: LeaveTypeId,
    days: Decimal,
    effective_on: NaiveDate,
    expires_on: Option<NaiveDate>,
}

impl Row {
    pub fn movement(&self) -> Movement {
        Movement { days: self.days, effective_on: self.effective_on, expires_on: self.expires_on }
    }
}

/// Makes sure that an account exists.
pub async fn open(tx: &mut Tx, employee_id: EmployeeId, leave_type_id: LeaveTypeId) -> Result<()> {
    sqlx::query!(
        "insert into leave.account (employee_id, leave_type_id) values ($1, $2) on conflict do nothing",
        employee_id as EmployeeId,
        leave_type_id as LeaveTypeId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Opens an account where there is none, and locks it: two requests cannot both spend its last day.
pub async fn lock(tx: &mut Tx, employee_id: EmployeeId, leave_type_id: LeaveTypeId) -> Result<()> {
    if !lock_open(tx, employee_id, leave_type_id).await? {
        open(tx, employee_id, leave_type_id).await?;
        lock_open(tx, employee_id, leave_type_id).await?;
    }
    Ok(())
}

async fn lock_open(tx: &mut Tx, employee_id: EmployeeId, leave_type_id: LeaveTypeId) -> Result<bool> {
    let locked = sqlx::query!(
        "select employee_id from leave.account where employee_id = $1 and leave_type_id = $2 for update",
        employee_id as EmployeeId,
        leave_type_id as LeaveTypeId,
    );
    Ok(locked.fetch_optional(tx.conn()).await?.is_some())
}

/// Locks every account that an employee has, in one order.
pub async fn lock_all(tx: &mut Tx, employee_id: EmployeeId) -> Result<()> {
    sqlx::query!(
        "select employee_id from leave.account where employee_id = $1 order by leave_type_id for update",
        employee_id as EmployeeId,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// What was given and taken. What one request took and got back within a year is one movement, on the day
/// it began: a cancelled leave goes back to where it came from.
pub async fn movements(tx: &mut Tx, employees: &[EmployeeId], only: Option<LeaveTypeId>) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select employee_id as "employee_id: EmployeeId", leave_type_id as "leave_type_id: LeaveTypeId",
               sum(days) as "days!", min(effective_on) as "effective_on!", max(expires_on) as expires_on
           from leave.ledger_entry
           where employee_id = any($1) and ($2::uuid is null or leave_type_id = $2)
           group by employee_id, leave_type_id, request_id, leave_year, case when request_id is null then id end"#,
        employees as &[EmployeeId],
        only as Option<LeaveTypeId>,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What requests that are not decided would take, a movement for each request and year.
pub async fn holds(
    tx: &mut Tx,
    employees: &[EmployeeId],
    only: Option<LeaveTypeId>,
    except: Option<RequestId>,
) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select r.employee_id as "employee_id: EmployeeId", r.leave_type_id as "leave_type_id: LeaveTypeId",
               -sum(h.portion) as "days!", min(h.day) as "effective_on!", null::date as expires_on
           from leave.request r join leave.request_half_day h on h.request_id = r.id and h.is_active
           where r.employee_id = any($1) and r.status = 'PENDING' and ($2::uuid is null or r.leave_type_id = $2)
             and ($3::uuid is null or r.id <> $3)
           group by r.employee_id, r.leave_type_id, r.id, extract(year from h.day)
           having sum(h.portion) > 0"#,
        employees as &[EmployeeId],
        only as Option<LeaveTypeId>,
        except as Option<RequestId>,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Which grants employees have had.
pub async fn accrual_keys(tx: &mut Tx, employees: &[EmployeeId]) -> Result<BTreeSet<(EmployeeId, String)>> {
    let rows = sqlx::query!(
        r#"select employee_id as "employee_id: EmployeeId", accrual_key as "accrual_key!"
           from leave.ledger_entry where employee_id = any($1) and accrual_key is not null"#,
        employees as &[EmployeeId],
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.employee_id, row.accrual_key)).collect())
}

/// What one policy line gave an employee, corrections applied.
pub async fn accrued(tx: &mut Tx, employee_id: EmployeeId, key_prefix: &str) -> Result<Vec<Grant>> {
    Ok(sqlx::query_as!(
        Grant,
        r#"select split_part(accrual_key, ':until:', 1) as "key!", leave_type_id as "leave_type_id: LeaveTypeId",
               sum(days) as "days!", min(effective_on) as "effective_on!", max(expires_on) as expires_on
           from leave.ledger_entry where employee_id = $1 and starts_with(accrual_key, $2)
           group by 1, leave_type_id"#,
        employee_id as EmployeeId,
        key_prefix,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Posts what is given; what was given already stays as it is.
pub async fn post_grants(tx: &mut Tx, employee_id: EmployeeId, kind: &str, grants: &[Grant]) -> Result<()> {
    if grants.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = grants.iter().map(|_| Uuid::now_v7()).collect();
    let types: Vec<_> = grants.iter().map(|grant| grant.leave_type_id.0).collect();
    let days: Vec<_> = grants.iter().map(|grant| grant.days).collect();
    let effective: Vec<_> = grants.iter().map(|grant| grant.effective_on).collect();
    let expires: Vec<_> = grants.iter().map(|grant| grant.expires_on).collect();
    let keys: Vec<_> = grants.iter().map(|grant| grant.key.clone()).collect();
    sqlx::query!(
        "insert into leave.ledger_entry (id, employee_id, leave_type_id, kind, days, effective_on, expires_on, leave_year, accrual_key)
         select t.id, $1, t.leave_type_id, $2, t.days, t.effective_on, t.expires_on, extract(year from t.effective_on), t.key
         from unnest($3::uuid[], $4::uuid[], $5::numeric[], $6::date[], $7::date[], $8::text[])
             as t (id, leave_type_id, days, effective_on, expires_on, key)
         on conflict (organization_id, employee_id, accrual_key) do nothing",
        employee_id as EmployeeId,
        kind,
        &ids,
        &types,
        &days,
        &effective,
        &expires as &[Option<NaiveDate>],
        &keys,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Posts what a request takes, gives back or now takes differently; one entry for each leave year (LEV-7).
pub async fn post_for_request(
    tx: &mut Tx,
    employee_id: EmployeeId,
    leave_type_id: LeaveTypeId,
    request_id: RequestId,
    kind: &str,
    movements: &[Movement],
) -> Result<()> {
    for movement in movements {
        sqlx::query!(
            "insert into leave.ledger_entry (id, employee_id, leave_type_id, kind, days, effective_on, leave_year, request_id)
             values ($1, $2, $3, $4, $5, $6, extract(year from $6::date), $7)",
            Uuid::now_v7(),
            employee_id as EmployeeId,
            leave_type_id as LeaveTypeId,
            kind,
            movement.days,
            movement.effective_on,
            request_id as RequestId,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}
