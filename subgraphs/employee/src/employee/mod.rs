//! Employees: hired, changed, moved, let go, and hired again.

mod csv;
mod employment;
mod graphql;
mod model;
mod repo;

use chrono::Datelike as _;
use common::{PEOPLE_MATTERS, PEOPLE_OFFICE, Page, Permission, Result, STAFF, Slice};
use custom::Definitions;
use database::{Ctx, OnConstraint as _, Tx};

pub(crate) use self::csv::EXPORT;
pub(crate) use self::employment::begin_next;
pub use self::employment::{
    EmployeeCorrectEmploymentsInput, EmployeeRehireInput, EmployeeTerminateInput, FormerEmployment,
    TerminationType, correct, rehire, reinstate, terminate,
};
pub use self::graphql::{
    EmployeeExportQuery, EmployeeFilter, EmployeeMutation, EmployeeQuery, EmployeeSort, EmployeeUpdateRow,
    MyEmployeeQuery,
};
pub use self::model::{Employee, EmployeeCreateInput, EmployeeStatus, EmployeeUpdateInput};
pub(crate) use self::repo::{ReportsOf, organizations_with_beginnings};
use crate::department::Department;
use crate::holiday_calendar::HolidayCalendar;
use crate::ids::EmployeeId;
use crate::structure::{self, Change};
use crate::work_location::WorkLocation;
use crate::work_schedule::WorkSchedule;

pub(crate) const READ: Permission = Permission::new(
    "employee.employee.read",
    "See the directory: who works here, where, and whom they report to.",
    STAFF,
);
pub(crate) const MANAGE: Permission =
    Permission::new("employee.employee.manage", "Hire, change and let go employees.", PEOPLE_OFFICE);

pub(crate) const TERMINATION_READ: Permission =
    Permission::new("employee.termination.read", "See why an employment ends.", PEOPLE_MATTERS);
pub(crate) const DOCUMENTS_READ: Permission = Permission::new(
    "employee.document.read",
    "See the files that are attached to an employee, such as a contract.",
    PEOPLE_MATTERS,
);
pub(crate) const DOCUMENTS_MANAGE: Permission = Permission::new(
    "employee.document.manage",
    "Attach files to an employee, and detach them.",
    PEOPLE_OFFICE,
);

/// Hires somebody.
pub async fn create(ctx: &Ctx, input: EmployeeCreateInput) -> Result<Employee> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let employee = create_in(&mut tx, input).await?;
    tx.commit(employee).await
}

async fn create_in(tx: &mut Tx, input: EmployeeCreateInput) -> Result<Employee> {
    let mut employee = Employee::blank(tx.now());
    let before = employee.clone();
    employee.fill_in(input.into(), &Definitions::of::<Employee>(tx).await?)?;
    check_references(tx, &before, &employee).await?;
    let year = tx.now().year();
    employee.number = tx.next_number(&model::NUMBERS, year).await?;
    save(tx, &mut employee).await?;
    structure::announce_many(tx, &[employee.id], Change::Hired).await?;
    Ok(employee)
}

/// Changes what is said about somebody.
pub async fn update(ctx: &Ctx, id: EmployeeId, input: EmployeeUpdateInput) -> Result<Employee> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let employee = update_in(&mut tx, id, input).await?;
    tx.commit(employee).await
}

/// Changes what is said about many; what is refused of one, the others are not.
pub async fn update_bulk(ctx: &Ctx, rows: Vec<EmployeeUpdateRow>) -> Result<Vec<Result<Employee>>> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    // In the caller's order: somebody may get the address that another one has just given up.
    let done = tx.each(rows, |_| (), |tx, row| Box::pin(update_in(tx, row.id, row.input))).await?;
    tx.commit(done).await
}

async fn update_in(tx: &mut Tx, id: EmployeeId, input: EmployeeUpdateInput) -> Result<Employee> {
    let mut employee: Employee = tx.lock_at(id, input.version).await?;
    let before = employee.clone();
    let fields = match input.custom_fields.is_undefined() {
        true => Definitions::default(),
        false => Definitions::of::<Employee>(tx).await?,
    };
    employee.fill_in(input, &fields)?;
    check_references(tx, &before, &employee).await?;
    save(tx, &mut employee).await?;
    structure::announce_many(tx, &[id], Change::Updated).await?;
    Ok(employee)
}

/// The employees that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: EmployeeFilter,
    sort: EmployeeSort,
    page: Page,
) -> Result<Slice<Employee>> {
    let mut tx = ctx.read_list(&READ).await?;
    repo::select_page(&mut tx, &filter, sort, page).await
}

/// The employee whom the caller's membership belongs to.
pub async fn mine(ctx: &Ctx) -> Result<Option<Employee>> {
    let mut tx = ctx.read(&READ).await?;
    repo::select_mine(&mut tx).await
}

/// Whether what an employee begins to refer to is there, and in use.
async fn check_references(tx: &mut Tx, before: &Employee, now: &Employee) -> Result<()> {
    tx.check_reference::<Department>("departmentId", before.department_id, now.department_id).await?;
    tx.check_reference::<WorkLocation>("workLocationId", before.work_location_id, now.work_location_id)
        .await?;
    tx.check_reference::<WorkSchedule>("workScheduleId", before.work_schedule_id, now.work_schedule_id)
        .await?;
    tx.check_reference::<HolidayCalendar>(
        "holidayCalendarId",
        before.holiday_calendar_id,
        now.holiday_calendar_id,
    )
    .await?;
    if let Some(member) = now.membership_id.filter(|_| now.membership_id != before.membership_id)
        && !people::works_here(tx, member).await?
    {
        return Err(model::MEMBER_NOT_FOUND.into());
    }
    if let Some(manager_id) = now.manager_id.filter(|_| now.manager_id != before.manager_id) {
        model::check_manager(now.id, &repo::select_line(tx, manager_id).await?)?;
    }
    Ok(())
}

async fn save(tx: &mut Tx, employee: &mut Employee) -> Result<()> {
    save_all(tx, std::slice::from_mut(employee)).await
}

async fn save_all(tx: &mut Tx, employees: &mut [Employee]) -> Result<()> {
    tx.save_all(employees)
        .await
        .map(|_| ())
        .on_constraint("employee_number_key", model::NUMBER_TAKEN)
        .on_constraint("employee_work_email_key", model::WORK_EMAIL_TAKEN)
        .on_constraint("employee_membership_key", model::MEMBERSHIP_TAKEN)
}
