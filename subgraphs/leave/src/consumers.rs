//! What leave does when the employee module announces something. What it decides by it reads in the directory: an
//! event only says whose leave is to be looked at again.

use common::{EmployeeId, Envelope, Result};
use database::Tx;
use futures::future::BoxFuture;
use kafka::Consumer;
use serde::Deserialize;
use uuid::Uuid;

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
    ],
    handle,
}];

fn handle<'a>(tx: &'a mut Tx, envelope: &'a Envelope) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        match envelope.event_type.as_str() {
            "employee.employee.hired" => hired(tx, read(envelope)?).await,
            "employee.employee.updated" => recount(tx, read(envelope)?).await,
            "employee.employee.terminated" => terminated(tx, read(envelope)?).await,
            "employee.schedule.changed" => schedule_changed(tx, read(envelope)?).await,
            "employee.calendar.changed" => calendar_changed(tx, read(envelope)?).await,
            _ => Ok(()),
        }
    })
}

fn read<'a, T: Deserialize<'a>>(envelope: &'a Envelope) -> Result<T> {
    Ok(T::deserialize(&envelope.payload)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfEmployee {
    employee_id: EmployeeId,
}

async fn hired(tx: &mut Tx, event: OfEmployee) -> Result<()> {
    let employee = people::find(tx, event.employee_id).await?;
    let today = employee.day_at(tx.now());
    policy::give_default(tx, &employee, today).await
}

async fn recount(tx: &mut Tx, event: OfEmployee) -> Result<()> {
    request::recount(tx, &[event.employee_id]).await
}

async fn terminated(tx: &mut Tx, event: OfEmployee) -> Result<()> {
    request::recount(tx, &[event.employee_id]).await?;
    let employee = people::find(tx, event.employee_id).await?;
    policy::take_back(tx, &employee).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScheduleChanged {
    work_schedule_id: Uuid,
}

async fn schedule_changed(tx: &mut Tx, event: ScheduleChanged) -> Result<()> {
    let affected = people::affected_by(tx, event.work_schedule_id).await?;
    request::recount(tx, &affected).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CalendarChanged {
    holiday_calendar_id: Uuid,
}

async fn calendar_changed(tx: &mut Tx, event: CalendarChanged) -> Result<()> {
    let affected = people::affected_by(tx, event.holiday_calendar_id).await?;
    request::recount(tx, &affected).await
}
