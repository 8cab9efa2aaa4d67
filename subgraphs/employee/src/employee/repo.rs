//! The SQL of employees.

use common::{MembershipId, Result};
use database::Tx;

use super::{Employee, EmployeeId, EmployeeStatus, EmploymentType, TerminationType};
use crate::department::DepartmentId;
use crate::holiday_calendar::HolidayCalendarId;
use crate::work_location::WorkLocationId;
use crate::work_schedule::WorkScheduleId;

/// The next number; the one who asks next waits until this transaction is through.
pub(super) async fn next_number(tx: &mut Tx) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into employee.employee_counter as counter (last_number) values (1)
         on conflict on constraint employee_counter_pkey do update set last_number = counter.last_number + 1
         returning last_number",
    )
    .fetch_one(tx.conn())
    .await?)
}

pub(super) async fn insert(tx: &mut Tx, e: &Employee) -> Result<()> {
    sqlx::query!(
        "insert into employee.employee (id, number, first_name, last_name, work_email, status, employment_type,
             joined_on, membership_id, department_id, manager_id, work_location_id, work_schedule_id,
             holiday_calendar_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        e.id as EmployeeId,
        e.number,
        e.first_name,
        e.last_name,
        e.work_email,
        e.status as EmployeeStatus,
        e.employment_type as EmploymentType,
        e.joined_on,
        e.membership_id as Option<MembershipId>,
        e.department_id as Option<DepartmentId>,
        e.manager_id as Option<EmployeeId>,
        e.work_location_id as Option<WorkLocationId>,
        e.work_schedule_id as Option<WorkScheduleId>,
        e.holiday_calendar_id as Option<HolidayCalendarId>,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn save(tx: &mut Tx, e: &Employee) -> Result<()> {
    sqlx::query!(
        "update employee.employee set first_name = $2, last_name = $3, work_email = $4, status = $5,
             employment_type = $6, joined_on = $7, last_working_day = $8, termination_type = $9,
             membership_id = $10, department_id = $11, manager_id = $12, work_location_id = $13,
             work_schedule_id = $14, holiday_calendar_id = $15, version = version + 1
         where id = $1",
        e.id as EmployeeId,
        e.first_name,
        e.last_name,
        e.work_email,
        e.status as EmployeeStatus,
        e.employment_type as EmploymentType,
        e.joined_on,
        e.last_working_day,
        e.termination_type as Option<TerminationType>,
        e.membership_id as Option<MembershipId>,
        e.department_id as Option<DepartmentId>,
        e.manager_id as Option<EmployeeId>,
        e.work_location_id as Option<WorkLocationId>,
        e.work_schedule_id as Option<WorkScheduleId>,
        e.holiday_calendar_id as Option<HolidayCalendarId>,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets those who report to the leaver report to `heir`; an heir from among them moves up.
pub(super) async fn move_reports(tx: &mut Tx, leaver: &Employee, heir: EmployeeId) -> Result<()> {
    sqlx::query!(
        "update employee.employee
         set manager_id = case when id = $2 then $3 else $2 end, version = version + 1
         where manager_id = $1 and status <> 'TERMINATED'",
        leaver.id as EmployeeId,
        heir as EmployeeId,
        leaver.manager_id as Option<EmployeeId>,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An active employee and all whom they report to, one above the other; empty when there is none of that id.
pub(super) async fn select_line(tx: &mut Tx, id: EmployeeId) -> Result<Vec<EmployeeId>> {
    Ok(sqlx::query_scalar!(
        r#"with recursive line as (
               select id, manager_id, 0 as height from employee.employee where id = $1 and status <> 'TERMINATED'
               union all
               select above.id, above.manager_id, line.height + 1
               from employee.employee above join line on above.id = line.manager_id
           )
           select id as "id!: EmployeeId" from line order by height"#,
        id as EmployeeId,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Who reports to an employee and has not left.
pub(super) async fn select_report_ids(tx: &mut Tx, id: EmployeeId) -> Result<Vec<EmployeeId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: EmployeeId" from employee.employee where manager_id = $1 and status <> 'TERMINATED'"#,
        id as EmployeeId,
    )
    .fetch_all(tx.conn())
    .await?)
}

pub(super) async fn select_many(tx: &mut Tx, ids: &[EmployeeId]) -> Result<Vec<Employee>> {
    Ok(sqlx::query_as!(
        Employee,
        r#"select id, number, first_name, last_name, work_email, status as "status: EmployeeStatus",
               employment_type as "employment_type: EmploymentType", joined_on, last_working_day,
               termination_type as "termination_type: TerminationType",
               membership_id as "membership_id: MembershipId", department_id as "department_id: DepartmentId",
               manager_id as "manager_id: EmployeeId", work_location_id as "work_location_id: WorkLocationId",
               work_schedule_id as "work_schedule_id: WorkScheduleId",
               holiday_calendar_id as "holiday_calendar_id: HolidayCalendarId", sort_name, version,
               created_at, updated_at
           from employee.employee where id = any($1)"#,
        ids as &[EmployeeId],
    )
    .fetch_all(tx.conn())
    .await?)
}

pub(super) async fn select_by_membership(tx: &mut Tx, id: MembershipId) -> Result<Option<Employee>> {
    Ok(sqlx::query_as!(
        Employee,
        r#"select id, number, first_name, last_name, work_email, status as "status: EmployeeStatus",
               employment_type as "employment_type: EmploymentType", joined_on, last_working_day,
               termination_type as "termination_type: TerminationType",
               membership_id as "membership_id: MembershipId", department_id as "department_id: DepartmentId",
               manager_id as "manager_id: EmployeeId", work_location_id as "work_location_id: WorkLocationId",
               work_schedule_id as "work_schedule_id: WorkScheduleId",
               holiday_calendar_id as "holiday_calendar_id: HolidayCalendarId", sort_name, version,
               created_at, updated_at
           from employee.employee where membership_id = $1 and status <> 'TERMINATED'"#,
        id as MembershipId,
    )
    .fetch_optional(tx.conn())
    .await?)
}
