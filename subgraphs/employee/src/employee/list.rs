//! The SQL of lists of employees: one query for each order, so that each goes along its own index.

use chrono::NaiveDate;
use common::{Error, MembershipId, Page, Result};
use database::Tx;

use super::{Employee, EmployeeId, EmployeeSort, EmployeeStatus, EmploymentType, TerminationType};
use crate::department::DepartmentId;
use crate::holiday_calendar::HolidayCalendarId;
use crate::work_location::WorkLocationId;
use crate::work_schedule::WorkScheduleId;

/// The longest search, in characters.
const SEARCH_MAX: usize = 100;

/// Where a list continues: its order, and the value that it is ordered by.
pub type Key = (EmployeeSort, String);

/// Which employees a list has; every condition holds.
#[derive(Debug, Default, async_graphql::InputObject)]
pub struct EmployeeFilter {
    /// Where the employment stands; anywhere when not said.
    pub status: Option<EmployeeStatus>,
    /// In this department, not counting its parts.
    pub department_id: Option<DepartmentId>,
    /// Reporting to this employee, not counting those below.
    pub manager_id: Option<EmployeeId>,
    /// Part of the name, the e-mail address or the number: 1 to 100 characters.
    pub search: Option<String>,
}

/// The key that a list in this order continues after.
pub(super) fn key(employee: &Employee, sort: EmployeeSort) -> Key {
    let value = match sort {
        EmployeeSort::Name | EmployeeSort::NameDesc => employee.sort_name.clone(),
        EmployeeSort::JoinedOn | EmployeeSort::JoinedOnDesc => employee.joined_on.to_string(),
    };
    (sort, value)
}

pub(super) async fn select(
    tx: &mut Tx,
    filter: &EmployeeFilter,
    sort: EmployeeSort,
    page: &Page<Key>,
) -> Result<Vec<Employee>> {
    let foreign = || Error::validation("after is not a cursor of this list");
    let after = match page.after_key() {
        Some((of, _)) if of != sort => return Err(foreign()),
        after => after.map(|(_, value)| value),
    };
    let search = filter.search.as_deref().map(pattern).transpose()?;
    match sort {
        EmployeeSort::Name => by_name(tx, filter, search, after, page).await,
        EmployeeSort::NameDesc => by_name_desc(tx, filter, search, after, page).await,
        EmployeeSort::JoinedOn | EmployeeSort::JoinedOnDesc => {
            let after = after.map(|day| day.parse().map_err(|_| foreign())).transpose()?;
            match sort {
                EmployeeSort::JoinedOn => by_joined_on(tx, filter, search, after, page).await,
                _ => by_joined_on_desc(tx, filter, search, after, page).await,
            }
        }
    }
}

/// The pattern that finds a text as it stands: `%` and `_` mean themselves.
fn pattern(search: &str) -> Result<String> {
    let search = search.trim();
    if !(1..=SEARCH_MAX).contains(&search.chars().count()) || search.contains('\0') {
        return Err(Error::validation(format!("search must have 1 to {SEARCH_MAX} characters")));
    }
    let escaped = search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    Ok(format!("%{escaped}%"))
}

async fn by_name(
    tx: &mut Tx,
    filter: &EmployeeFilter,
    search: Option<String>,
    after: Option<String>,
    page: &Page<Key>,
) -> Result<Vec<Employee>> {
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
           from employee.employee
           where ($1::text is null or status = $1)
               and ($2::uuid is null or department_id = $2)
               and ($3::uuid is null or manager_id = $3)
               and ($4::text is null or search_text like lower($4))
               and ($5::text is null or (sort_name, id) > ($5, $6))
           order by sort_name, id limit $7"#,
        filter.status as Option<EmployeeStatus>,
        filter.department_id as Option<DepartmentId>,
        filter.manager_id as Option<EmployeeId>,
        search,
        after,
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

async fn by_name_desc(
    tx: &mut Tx,
    filter: &EmployeeFilter,
    search: Option<String>,
    after: Option<String>,
    page: &Page<Key>,
) -> Result<Vec<Employee>> {
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
           from employee.employee
           where ($1::text is null or status = $1)
               and ($2::uuid is null or department_id = $2)
               and ($3::uuid is null or manager_id = $3)
               and ($4::text is null or search_text like lower($4))
               and ($5::text is null or (sort_name, id) < ($5, $6))
           order by sort_name desc, id desc limit $7"#,
        filter.status as Option<EmployeeStatus>,
        filter.department_id as Option<DepartmentId>,
        filter.manager_id as Option<EmployeeId>,
        search,
        after,
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

async fn by_joined_on(
    tx: &mut Tx,
    filter: &EmployeeFilter,
    search: Option<String>,
    after: Option<NaiveDate>,
    page: &Page<Key>,
) -> Result<Vec<Employee>> {
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
           from employee.employee
           where ($1::text is null or status = $1)
               and ($2::uuid is null or department_id = $2)
               and ($3::uuid is null or manager_id = $3)
               and ($4::text is null or search_text like lower($4))
               and ($5::date is null or (joined_on, id) > ($5, $6))
           order by joined_on, id limit $7"#,
        filter.status as Option<EmployeeStatus>,
        filter.department_id as Option<DepartmentId>,
        filter.manager_id as Option<EmployeeId>,
        search,
        after,
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

async fn by_joined_on_desc(
    tx: &mut Tx,
    filter: &EmployeeFilter,
    search: Option<String>,
    after: Option<NaiveDate>,
    page: &Page<Key>,
) -> Result<Vec<Employee>> {
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
           from employee.employee
           where ($1::text is null or status = $1)
               and ($2::uuid is null or department_id = $2)
               and ($3::uuid is null or manager_id = $3)
               and ($4::text is null or search_text like lower($4))
               and ($5::date is null or (joined_on, id) < ($5, $6))
           order by joined_on desc, id desc limit $7"#,
        filter.status as Option<EmployeeStatus>,
        filter.department_id as Option<DepartmentId>,
        filter.manager_id as Option<EmployeeId>,
        search,
        after,
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The same page of the people of each of these managers, those who left aside.
pub(super) async fn reports(
    tx: &mut Tx,
    manager_ids: &[EmployeeId],
    page: &Page<String>,
) -> Result<Vec<Employee>> {
    Ok(sqlx::query_as!(
        Employee,
        r#"select e.id, e.number, e.first_name, e.last_name, e.work_email, e.status as "status: EmployeeStatus",
               e.employment_type as "employment_type: EmploymentType", e.joined_on, e.last_working_day,
               e.termination_type as "termination_type: TerminationType",
               e.membership_id as "membership_id: MembershipId", e.department_id as "department_id: DepartmentId",
               e.manager_id as "manager_id: EmployeeId", e.work_location_id as "work_location_id: WorkLocationId",
               e.work_schedule_id as "work_schedule_id: WorkScheduleId",
               e.holiday_calendar_id as "holiday_calendar_id: HolidayCalendarId", e.sort_name, e.version,
               e.created_at, e.updated_at
           from unnest($1::uuid[]) as manager (id)
           cross join lateral (
               select report.id from employee.employee report
               where report.manager_id = manager.id and report.status <> 'TERMINATED'
                   and ($2::text is null or (report.sort_name, report.id) > ($2, $3))
               order by report.sort_name, report.id limit $4
           ) as page
           join employee.employee e on e.id = page.id
           order by e.sort_name, e.id"#,
        manager_ids as &[EmployeeId],
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_its_characters_as_they_stand() {
        assert_eq!(pattern(" ada ").unwrap(), "%ada%");
        assert_eq!(pattern(r"50%_\x").unwrap(), r"%50\%\_\\x%");
        for wrong in ["", "   ", "a\0", &"x".repeat(101)] {
            assert!(pattern(wrong).is_err(), "{wrong}");
        }
    }
}
