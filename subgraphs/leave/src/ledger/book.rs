//! The accounts of employees, read from the database: four queries, however many they are.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use common::Result;
use database::Tx;
use people::Person;
use rust_decimal::Decimal;

use super::account::{Account, Adjusted, Taken};
use crate::due::{self, Cover};
use crate::ids::{AdjustmentId, EmployeeId, LeaveTypeId, RequestId};

/// The accounts of one employee, by leave type.
pub type Accounts = BTreeMap<LeaveTypeId, Account>;

/// The accounts of employees; of one leave type with `only`.
pub async fn accounts(
    tx: &mut Tx,
    employees: &[Person],
    only: Option<LeaveTypeId>,
) -> Result<HashMap<EmployeeId, Accounts>> {
    let ids: Vec<_> = employees.iter().map(|person| person.id).collect();
    let mut covers = due::covers(tx, employees, only).await?;
    let mut found: HashMap<EmployeeId, Accounts> = employees
        .iter()
        .map(|person| (person.id, by_type(covers.remove(&person.id).unwrap_or_default())))
        .collect();
    for row in taken(tx, &ids, only).await? {
        let taken = Taken {
            request_id: Some(row.request_id),
            day: row.day,
            days: row.days,
            is_granted: row.is_granted,
        };
        account(&mut found, row.employee_id, row.leave_type_id).taken.push(taken);
    }
    for row in adjusted(tx, &ids, only).await? {
        let adjusted = Adjusted {
            id: row.id,
            days: row.days,
            effective_on: row.effective_on,
            expires_on: row.expires_on,
        };
        account(&mut found, row.employee_id, row.leave_type_id).adjustments.push(adjusted);
    }
    for person in employees {
        for account in found.entry(person.id).or_default().values_mut() {
            account.employments = person.employments().collect();
        }
    }
    Ok(found)
}

/// The account of one employee in one leave type.
pub async fn account_of(tx: &mut Tx, person: &Person, leave_type_id: LeaveTypeId) -> Result<Account> {
    let found = accounts(tx, std::slice::from_ref(person), Some(leave_type_id)).await?;
    let account = found.into_values().flatten().map(|(_, account)| account).next();
    Ok(account
        .unwrap_or_else(|| Account { employments: person.employments().collect(), ..Account::default() }))
}

fn account(
    found: &mut HashMap<EmployeeId, Accounts>,
    employee_id: EmployeeId,
    leave_type_id: LeaveTypeId,
) -> &mut Account {
    found.entry(employee_id).or_default().entry(leave_type_id).or_default()
}

fn by_type(covers: Vec<Cover>) -> Accounts {
    let mut accounts = Accounts::new();
    for cover in covers {
        accounts.entry(cover.line.leave_type_id).or_default().covers.push(cover);
    }
    accounts
}

struct TakenRow {
    employee_id: EmployeeId,
    leave_type_id: LeaveTypeId,
    request_id: RequestId,
    day: NaiveDate,
    days: Decimal,
    is_granted: bool,
}

async fn taken(tx: &mut Tx, employees: &[EmployeeId], only: Option<LeaveTypeId>) -> Result<Vec<TakenRow>> {
    Ok(sqlx::query_as!(
        TakenRow,
        r#"select employee_id as "employee_id: EmployeeId", leave_type_id as "leave_type_id: LeaveTypeId",
               request_id as "request_id: RequestId", day, sum(portion) as "days!", is_granted
           from leave.request_half_day
           where employee_id = any($1) and ($2::uuid is null or leave_type_id = $2) and is_active and portion > 0
           group by employee_id, leave_type_id, request_id, day, is_granted
           order by day, request_id"#,
        employees as &[EmployeeId],
        only as Option<LeaveTypeId>,
    )
    .fetch_all(tx.conn())
    .await?)
}

struct AdjustedRow {
    id: AdjustmentId,
    employee_id: EmployeeId,
    leave_type_id: LeaveTypeId,
    days: Decimal,
    effective_on: NaiveDate,
    expires_on: Option<NaiveDate>,
}

async fn adjusted(
    tx: &mut Tx,
    employees: &[EmployeeId],
    only: Option<LeaveTypeId>,
) -> Result<Vec<AdjustedRow>> {
    Ok(sqlx::query_as!(
        AdjustedRow,
        r#"select id as "id: AdjustmentId", employee_id as "employee_id: EmployeeId",
               leave_type_id as "leave_type_id: LeaveTypeId", days, effective_on, expires_on
           from leave.adjustment where employee_id = any($1) and ($2::uuid is null or leave_type_id = $2)
           order by effective_on, id"#,
        employees as &[EmployeeId],
        only as Option<LeaveTypeId>,
    )
    .fetch_all(tx.conn())
    .await?)
}
