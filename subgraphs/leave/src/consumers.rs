//! What leave does when the employee module announces something. What it decides by it reads in the directory: an
//! event only says whose leave is to be looked at again.

use common::{EmployeeId, Envelope, Result};
use database::Tx;
use futures::future::BoxFuture;
use kafka::Consumer;
use serde::Deserialize;
use uuid::Uuid;

use crate::ids::{LeaveTypeId, PolicyId};
use crate::request::{self, Recount};
use crate::{due, ledger};

/// The consumers of this module.
pub static CONSUMERS: &[Consumer] = &[Consumer {
    name: "leave",
    module: "leave",
    types: &[
        "employee.employee.hired",
        "employee.employee.updated",
        "employee.employee.terminated",
        "employee.employee.reinstated",
        "employee.employee.rehired",
        "employee.schedule.changed",
        "employee.calendar.changed",
        "leave.policy.changed",
        "leave.type.changed",
    ],
    handle,
}];

fn handle<'a>(tx: &'a mut Tx, envelope: &'a Envelope) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        match envelope.event_type.as_str() {
            "leave.policy.changed" => policy_changed(tx, read(envelope)?).await,
            "leave.type.changed" => type_changed(tx, read(envelope)?).await,
            "employee.schedule.changed" => schedule_changed(tx, read(envelope)?).await,
            "employee.calendar.changed" => calendar_changed(tx, read(envelope)?).await,
            _ => looked_at_again(tx, read(envelope)?).await,
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

/// Whatever is new about an employee: their leave is counted again, and what they are due is written down.
async fn looked_at_again(tx: &mut Tx, event: OfEmployee) -> Result<()> {
    request::recount(tx, &[event.employee_id], Recount::WorkingTime).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScheduleChanged {
    work_schedule_id: Uuid,
}

async fn schedule_changed(tx: &mut Tx, event: ScheduleChanged) -> Result<()> {
    let affected = people::affected_by(tx, event.work_schedule_id).await?;
    request::recount(tx, &affected, Recount::WorkingTime).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CalendarChanged {
    holiday_calendar_id: Uuid,
}

async fn calendar_changed(tx: &mut Tx, event: CalendarChanged) -> Result<()> {
    let affected = people::affected_by(tx, event.holiday_calendar_id).await?;
    request::recount(tx, &affected, Recount::Holidays).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyChanged {
    policy_id: PolicyId,
    /// Earlier versions do not say it.
    #[serde(default)]
    concerns_default: bool,
}

async fn policy_changed(tx: &mut Tx, event: PolicyChanged) -> Result<()> {
    let affected = due::employees_with(tx, event.policy_id, event.concerns_default).await?;
    for employee in people::select_many(tx, &affected).await? {
        ledger::post(tx, &employee, None).await?;
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeChanged {
    leave_type_id: LeaveTypeId,
}

async fn type_changed(tx: &mut Tx, event: TypeChanged) -> Result<()> {
    // A day back: it may be yesterday still where somebody works.
    let today = tx.now().date_naive();
    let from = today.pred_opt().unwrap_or(today);
    let affected = request::employees_with_open(tx, event.leave_type_id, from).await?;
    request::recount(tx, &affected, Recount::WorkingTime).await
}
