//! What leave does when other modules announce something. Only the fields that it needs are read.

use chrono::NaiveDate;
use common::{Envelope, MembershipId, Result};
use database::Tx;
use futures::future::BoxFuture;
use kafka::Consumer;
use rust_decimal::Decimal;
use serde::Deserialize;
use uuid::Uuid;

use crate::directory::{self, Employee, EmployeeId};
use crate::{policy, request};

/// The consumers of this module.
pub static CONSUMERS: &[Consumer] = &[Consumer {
    name: "leave",
    module: "leave",
    types: &[
        "employee.employee.hired",
        "employee.employee.updated",
        "employee.employee.terminated",
        "employee.schedule.changed",
        "employee.calendar.changed",
        "user.member.joined",
        "user.member.reactivated",
        "user.member.suspended",
        "user.member.removed",
    ],
    handle,
}];

fn handle<'a>(tx: &'a mut Tx, envelope: &'a Envelope) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        match envelope.event_type.as_str() {
            "employee.employee.hired" => hired(tx, read(envelope)?).await,
            "employee.employee.updated" => updated(tx, read(envelope)?).await,
            "employee.employee.terminated" => terminated(tx, read(envelope)?).await,
            "employee.schedule.changed" => schedule_changed(tx, read(envelope)?).await,
            "employee.calendar.changed" => calendar_changed(tx, read(envelope)?).await,
            "user.member.joined" | "user.member.reactivated" => {
                member_changed(tx, read(envelope)?, true).await
            }
            "user.member.suspended" | "user.member.removed" => {
                member_changed(tx, read(envelope)?, false).await
            }
            _ => Ok(()),
        }
    })
}

fn read<'a, T: Deserialize<'a>>(envelope: &'a Envelope) -> Result<T> {
    Ok(T::deserialize(&envelope.payload)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EmployeeState {
    employee_id: EmployeeId,
    membership_id: Option<MembershipId>,
    manager_id: Option<EmployeeId>,
    joined_on: NaiveDate,
    time_zone: String,
    work_schedule_id: Option<Uuid>,
    holiday_calendar_id: Option<Uuid>,
}

impl From<EmployeeState> for Employee {
    fn from(state: EmployeeState) -> Self {
        Self {
            id: state.employee_id,
            membership_id: state.membership_id,
            manager_id: state.manager_id,
            joined_on: state.joined_on,
            left_on: None,
            time_zone: state.time_zone,
            work_schedule_id: state.work_schedule_id,
            holiday_calendar_id: state.holiday_calendar_id,
        }
    }
}

async fn hired(tx: &mut Tx, state: EmployeeState) -> Result<()> {
    let employee = Employee::from(state);
    directory::upsert_employee(tx, &employee).await?;
    let today = employee.day_at(tx.now());
    policy::give_default(tx, &employee, today).await
}

async fn updated(tx: &mut Tx, state: EmployeeState) -> Result<()> {
    let employee = Employee::from(state);
    let known = directory::select_many(tx, &[employee.id]).await?.pop();
    directory::upsert_employee(tx, &employee).await?;
    let works_as_before = known.is_some_and(|known| {
        (known.work_schedule_id, known.holiday_calendar_id)
            == (employee.work_schedule_id, employee.holiday_calendar_id)
    });
    if works_as_before { Ok(()) } else { request::recount(tx, &[employee.id]).await }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Terminated {
    employee_id: EmployeeId,
    last_working_day: NaiveDate,
}

async fn terminated(tx: &mut Tx, event: Terminated) -> Result<()> {
    directory::set_left_on(tx, event.employee_id, event.last_working_day).await?;
    request::recount(tx, &[event.employee_id]).await?;
    for employee in directory::select_many(tx, &[event.employee_id]).await? {
        policy::take_back(tx, &employee).await?;
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScheduleChanged {
    work_schedule_id: Uuid,
    day_fractions: Vec<Decimal>,
}

async fn schedule_changed(tx: &mut Tx, event: ScheduleChanged) -> Result<()> {
    let affected = directory::replace_schedule(tx, event.work_schedule_id, &event.day_fractions).await?;
    request::recount(tx, &affected).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CalendarChanged {
    holiday_calendar_id: Uuid,
    holidays: Vec<Holiday>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Holiday {
    date: NaiveDate,
    is_half_day: bool,
}

async fn calendar_changed(tx: &mut Tx, event: CalendarChanged) -> Result<()> {
    let (days, half): (Vec<_>, Vec<_>) =
        event.holidays.iter().map(|holiday| (holiday.date, holiday.is_half_day)).unzip();
    let affected = directory::replace_holidays(tx, event.holiday_calendar_id, &days, &half).await?;
    request::recount(tx, &affected).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MemberChanged {
    membership_id: MembershipId,
}

async fn member_changed(tx: &mut Tx, event: MemberChanged, is_active: bool) -> Result<()> {
    directory::upsert_member(tx, event.membership_id, is_active).await
}
