//! The SQL of employees.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use common::{OrganizationId, Page, Permission, Place, Result, Slice};
use database::{Database, Tx, page};
use graphql::Batch;
use serde_json::json;

use super::READ;
use super::graphql::{EmployeeFilter, EmployeeSort};
use super::model::{Employee, EmployeeStatus, select_employee};
use crate::ids::{DepartmentId, EmployeeId, WorkLocationId};

pub(super) async fn select_page(
    tx: &mut Tx,
    filter: &EmployeeFilter,
    sort: EmployeeSort,
    page: Page,
) -> Result<Slice<Employee>> {
    let search = tx.search::<Employee>(filter.search.as_deref()).await?;
    let carrying =
        custom::carrying::<Employee>(tx, filter.tag.as_deref(), filter.custom_field.as_ref()).await?;
    Ok(page!(
        tx, Employee, page, sort: EmployeeSort { Name => "sort_name", JoinedOn => "joined_on", Number => "number" },
        "($3::text is null or $3 = 'ACTIVE' and (last_working_day is null or not employee.has_left(employee))
             or $3 = 'TERMINATED' and last_working_day is not null and employee.has_left(employee)) and ($4::uuid is null or department_id = $4)
         and ($5::uuid is null or manager_id = $5) and ($6::uuid is null or work_location_id = $6)
         and ($7::uuid[] is null or id = any($7)) and ($8::text[] is null or search_text like all($8))
         and ($9::uuid[] is null or id = any($9)) and ($10::text[] is null or tags @> $10)
         and ($11::jsonb is null or custom_fields @> $11)",
        [
            filter.status as Option<EmployeeStatus>,
            filter.department_id as Option<DepartmentId>,
            filter.manager_id as Option<EmployeeId>,
            filter.work_location_id as Option<WorkLocationId>,
            search.ids.as_deref(),
            search.patterns.as_deref(),
            carrying.ids.as_deref(),
            carrying.tags.as_deref(),
            carrying.fields.as_ref(),
        ],
    ))
}

pub(super) async fn select_mine(tx: &mut Tx) -> Result<Option<Employee>> {
    Ok(select_employee!("where membership_id = core.actor_id() and not employee.has_left(employee)")
        .fetch_optional(tx.conn())
        .await?)
}

/// An employee who has not left and all whom they report to, one above the other; empty when there is none of that id.
pub(super) async fn select_line(tx: &mut Tx, id: EmployeeId) -> Result<Vec<EmployeeId>> {
    Ok(sqlx::query_scalar!(
        r#"with recursive line as (
               select id, manager_id, 0 as height from employee.employee
               where id = $1 and not employee.has_left(employee)
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

/// The managers of employees, and of all above them; of those at the top, none.
pub(super) async fn select_above(
    tx: &mut Tx,
    ids: &[EmployeeId],
) -> Result<HashMap<EmployeeId, Option<EmployeeId>>> {
    let rows = sqlx::query!(
        r#"with recursive line as (
               select id, manager_id from employee.employee where id = any($1)
               union
               select above.id, above.manager_id
               from employee.employee above join line on above.id = line.manager_id
           )
           select id as "id!: EmployeeId", manager_id as "manager_id: EmployeeId" from line"#,
        ids as &[EmployeeId],
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.manager_id)).collect())
}

/// Who reports to an employee and has not left, locked.
pub(super) async fn lock_reports(tx: &mut Tx, id: EmployeeId) -> Result<Vec<Employee>> {
    Ok(select_employee!(
        "where manager_id = $1 and not employee.has_left(employee) order by id for update",
        id as EmployeeId
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Those whose next employment has begun where they work, locked.
pub(super) async fn lock_begun(tx: &mut Tx) -> Result<Vec<Employee>> {
    Ok(select_employee!(
        "where next_joined_on is not null
             and next_joined_on <= employee.today(core.organization_id(), work_location_id)
         order by id for update"
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The organizations in which a next employment may have begun.
pub(crate) async fn organizations_with_beginnings(
    database: &Database,
    now: DateTime<Utc>,
) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(
        r#"select employee.organizations_with_beginnings($1) as "id!: OrganizationId""#,
        now
    )
    .fetch_all(&mut *database.untenanted().await?)
    .await?;
    Ok(ids)
}

/// A page of those who report to a manager, by name, those who left aside.
pub(crate) struct ReportsOf;

impl Batch for ReportsOf {
    type Key = (EmployeeId, Page);
    type Value = Slice<Employee>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Slice<Employee>>> {
        const PLACE: Place = Place::new("employee.reports", "Name");
        // A list of parents asks each for the same page: one query for each page.
        let mut managers: HashMap<Page, Vec<EmployeeId>> = HashMap::new();
        for (manager_id, page) in keys {
            managers.entry(page.clone()).or_default().push(*manager_id);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (page, ids) in managers {
            let rows = select_employee!(
                // As an array the pages are found once, and not again for each employee of the organization.
                "where id = any(array(
                     select page.id from unnest($1::uuid[]) as manager (id) cross join lateral (
                         select report.id from employee.employee report
                         where report.manager_id = manager.id and not employee.has_left(report)
                             and ($2::jsonb is null or (report.sort_name, report.id) >
                                  (select sort_name, id from jsonb_populate_record(null::employee.employee, $2)))
                         order by report.sort_name, report.id limit $3
                     ) as page
                 )) order by sort_name, id",
                &ids as &[EmployeeId],
                page.after_row(PLACE)?,
                page.limit(),
            );
            let rows = common::page_of(rows.fetch_all(tx.conn()).await)?;
            let key = |row: &Employee| (row.id.into(), json!({ "sort_name": row.sort_name }));
            for id in ids {
                let reports = rows.iter().filter(|row| row.manager_id == Some(id)).cloned().collect();
                found.insert((id, page.clone()), page.slice_by(PLACE, reports, key));
            }
        }
        Ok(found)
    }
}
