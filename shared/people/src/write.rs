//! What the modules write that own the facts: employee, and by triggers of their own user and tenant.

use chrono::NaiveDate;
use common::{EmployeeId, MembershipId, Result, Role};
use database::Tx;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Person;

/// Takes in the present state of employees.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn employees(tx: &mut Tx, people: &[Person]) -> Result<()> {
    let rows: Value = people
        .iter()
        .map(|person| {
            json!({
                "id": person.id, "membership_id": person.membership_id, "manager_id": person.manager_id,
                "department_id": person.department_id, "joined_on": person.joined_on, "left_on": person.left_on,
                "time_zone": person.time_zone, "work_schedule_id": person.work_schedule_id,
                "holiday_calendar_id": person.holiday_calendar_id, "former": person.former,
            })
        })
        .collect();
    sqlx::query!(
        "insert into people.employee (id, membership_id, manager_id, department_id, joined_on, left_on, time_zone,
             work_schedule_id, holiday_calendar_id, former)
         select id, membership_id, manager_id, department_id, joined_on, left_on, time_zone, work_schedule_id,
             holiday_calendar_id, former
         from jsonb_populate_recordset(null::people.employee, $1)
         on conflict on constraint employee_pkey do update set membership_id = excluded.membership_id,
             manager_id = excluded.manager_id, department_id = excluded.department_id,
             joined_on = excluded.joined_on, left_on = excluded.left_on, time_zone = excluded.time_zone,
             work_schedule_id = excluded.work_schedule_id, holiday_calendar_id = excluded.holiday_calendar_id,
             former = excluded.former",
        rows,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes an employee's last day, or that there is none: for tests of modules that run without the employee module.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn left_on(tx: &mut Tx, id: EmployeeId, day: Option<NaiveDate>) -> Result<()> {
    sqlx::query!("update people.employee set left_on = $2 where id = $1", id as EmployeeId, day)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes in a work schedule: how much of each day is worked, Monday first, and the hours of the whole week.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn work_schedule(
    tx: &mut Tx,
    id: Uuid,
    day_fractions: &[Decimal],
    hours_per_week: Decimal,
) -> Result<()> {
    sqlx::query!(
        "insert into people.work_schedule (id, day_fractions, hours_per_week) values ($1, $2, $3)
         on conflict on constraint work_schedule_pkey do update set day_fractions = excluded.day_fractions,
             hours_per_week = excluded.hours_per_week",
        id,
        day_fractions,
        hours_per_week,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes in all holidays of a calendar, each with whether only half of the day is free.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn holidays(tx: &mut Tx, calendar_id: Uuid, holidays: &[(NaiveDate, bool)]) -> Result<()> {
    let (days, half_days): (Vec<NaiveDate>, Vec<bool>) = holidays.iter().copied().unzip();
    sqlx::query!("delete from people.holiday where holiday_calendar_id = $1", calendar_id)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "insert into people.holiday (holiday_calendar_id, day, is_half_day)
         select $1, t.day, t.is_half_day from unnest($2::date[], $3::boolean[]) as t (day, is_half_day)",
        calendar_id,
        &days,
        &half_days,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes in a member: for tests of modules that run without the user module, whose trigger writes it otherwise.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn member(tx: &mut Tx, id: MembershipId, roles: &[Role], is_active: bool) -> Result<()> {
    let roles: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into people.member (id, roles, is_active) values ($1, $2, $3)
         on conflict on constraint member_pkey do update set roles = excluded.roles, is_active = excluded.is_active",
        id as MembershipId,
        &roles,
        is_active,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes the language that a member reads in: for tests of modules that run without the user module, whose trigger writes it
/// otherwise.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn locale(tx: &mut Tx, id: MembershipId, locale: Option<&str>) -> Result<()> {
    sqlx::query!("update people.member set locale = $2 where id = $1", id as MembershipId, locale)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes the organization's time zone: for tests of modules that run without the tenant module, whose trigger writes it
/// otherwise.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn organization(tx: &mut Tx, time_zone: Option<&str>) -> Result<()> {
    sqlx::query!(
        "insert into people.organization (time_zone) values ($1)
         on conflict on constraint organization_pkey do update set time_zone = excluded.time_zone",
        time_zone,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
