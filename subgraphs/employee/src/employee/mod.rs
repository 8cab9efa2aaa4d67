//! Employees: hired, changed, moved, and let go.

mod graphql;
mod list;
mod model;
mod refused;
mod repo;

use common::{Cursor, Error, Page, Permission, Result, Slice, id};
use database::{Ctx, OnConstraint as _, Tx};

pub(crate) use self::graphql::EmployeeById;
pub use self::graphql::{EmployeeMutation, EmployeeQuery};
pub use self::list::{EmployeeFilter, Key};
pub use self::model::{
    Employee, EmployeeCreateInput, EmployeeSort, EmployeeStatus, EmployeeTerminateInput, EmployeeUpdateInput,
    EmploymentType, TerminationType,
};
pub use self::refused::Refused;
use crate::events::{EmployeeHired, EmployeeTerminated};
use crate::{EVERYBODY, PEOPLE_OFFICE, department, structure};

id!(
    /// One employee.
    EmployeeId
);

pub(crate) const READ: Permission = Permission {
    key: "employee.employee.read",
    description: "See the directory: who works here, where, and whom they report to.",
    grants: EVERYBODY,
};
pub(crate) const MANAGE: Permission = Permission {
    key: "employee.employee.manage",
    description: "Hire, change and let go employees.",
    grants: PEOPLE_OFFICE,
};

/// Hires somebody. The same key with the same input hires once.
pub async fn create(ctx: &Ctx, input: EmployeeCreateInput, key: Option<&str>) -> Result<Employee> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    if let Some(hired) = tx.idempotent(key, &("employeeCreate", &input)).await? {
        return find(&mut tx, hired.into()).await;
    }
    let mut employee = Employee::try_new(input, tx.now())?;
    check_manager(&mut tx, &employee).await?;
    employee.number = model::number(repo::next_number(&mut tx).await?);
    refuse(repo::insert(&mut tx, &employee).await)?;
    tx.answered(employee.id.0).await?;
    for state in structure::in_effect(&mut tx, &[employee.id]).await? {
        tx.emit(&EmployeeHired::from(state)).await?;
    }
    let employee = find(&mut tx, employee.id).await?;
    tx.commit().await?;
    Ok(employee)
}

/// Changes what is said about somebody.
pub async fn update(ctx: &Ctx, id: EmployeeId, input: EmployeeUpdateInput) -> Result<Employee> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut employee = find(&mut tx, id).await?;
    employee.apply(input)?;
    check_manager(&mut tx, &employee).await?;
    refuse(repo::save(&mut tx, &employee).await)?;
    announce(&mut tx, &[id]).await?;
    let employee = find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(employee)
}

/// Ends an employment. Those who report to the leaver are taken over first.
pub async fn terminate(
    ctx: &Ctx,
    id: EmployeeId,
    input: EmployeeTerminateInput,
    key: Option<&str>,
) -> Result<Employee> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    if let Some(terminated) = tx.idempotent(key, &("employeeTerminate", id, &input)).await? {
        return find(&mut tx, terminated.into()).await;
    }
    let mut employee = find(&mut tx, id).await?;
    employee.terminate(&input)?;
    let moved = hand_over(&mut tx, &employee, input.reassign_reports_to).await?;
    refuse(repo::save(&mut tx, &employee).await)?;
    tx.answered(id.0).await?;
    announce(&mut tx, &moved).await?;
    tx.emit(&EmployeeTerminated { employee_id: id, last_working_day: input.last_working_day.0 }).await?;
    let employee = find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(employee)
}

/// Employees, filtered and in an order.
pub async fn list(
    ctx: &Ctx,
    filter: &EmployeeFilter,
    sort: EmployeeSort,
    page: Page<Key>,
) -> Result<Slice<Employee>> {
    let mut tx = ctx.begin(&READ).await?;
    let rows = list::select(&mut tx, filter, sort, &page).await?;
    Ok(page.slice(rows, |row| Cursor { key: list::key(row, sort), id: row.id.0 }))
}

/// The employee whom the caller's membership belongs to.
pub async fn mine(ctx: &Ctx) -> Result<Option<Employee>> {
    let mut tx = ctx.begin(&READ).await?;
    repo::select_by_membership(&mut tx, ctx.member()?.membership_id).await
}

/// Whether there is such an employee, who has not left. Holds until the structure's lock is given back.
pub(crate) async fn is_active(tx: &mut Tx, id: EmployeeId) -> Result<bool> {
    Ok(!repo::select_line(tx, id).await?.is_empty())
}

async fn find(tx: &mut Tx, id: EmployeeId) -> Result<Employee> {
    repo::select_many(tx, &[id]).await?.pop().ok_or(Error::NotFound("employee"))
}

async fn announce(tx: &mut Tx, ids: &[EmployeeId]) -> Result<()> {
    let states = structure::in_effect(tx, ids).await?;
    structure::announce(tx, &states).await
}

async fn check_manager(tx: &mut Tx, employee: &Employee) -> Result<()> {
    if let Some(manager_id) = employee.manager_id {
        model::check_manager(employee.id, &repo::select_line(tx, manager_id).await?)?;
    }
    Ok(())
}

/// Gives the leaver's people and departments to `heir`; answers whose manager changed.
async fn hand_over(tx: &mut Tx, leaver: &Employee, heir: Option<EmployeeId>) -> Result<Vec<EmployeeId>> {
    let reports = repo::select_report_ids(tx, leaver.id).await?;
    match heir {
        Some(heir) => {
            model::check_heir(leaver.id, &repo::select_line(tx, heir).await?, &reports)?;
            repo::move_reports(tx, leaver, heir).await?;
        }
        None if reports.is_empty() => {}
        None => return Err(Refused::HasReports { count: reports.len() }.into()),
    }
    department::hand_over(tx, leaver.id, heir).await?;
    Ok(reports)
}

/// What the database refuses, as a sentence: taken keys, and references to what is missing or foreign.
fn refuse(saved: Result<()>) -> Result<()> {
    saved
        .on_constraint("employee_work_email_key", Refused::WorkEmailTaken)
        .on_constraint("employee_membership_key", Refused::MembershipTaken)
        .on_constraint("employee_department_fkey", Refused::DepartmentNotFound)
        .on_constraint("employee_work_location_fkey", Refused::WorkLocationNotFound)
        .on_constraint("employee_work_schedule_fkey", Refused::WorkScheduleNotFound)
        .on_constraint("employee_holiday_calendar_fkey", Refused::HolidayCalendarNotFound)
}
