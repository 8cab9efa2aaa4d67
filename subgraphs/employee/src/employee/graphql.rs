//! Employees in GraphQL.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, Object};
use common::{Cursor, Page, Result};
use database::Ctx;
use graphql::{App as _, Batch, Date, payload};

use super::{
    Employee, EmployeeCreateInput, EmployeeFilter, EmployeeId, EmployeeSort, EmployeeTerminateInput,
    EmployeeUpdateInput, READ, list, repo,
};
use crate::department::{Department, DepartmentById};
use crate::events::EmployeeUpdated;
use crate::holiday_calendar::{HolidayCalendar, HolidayCalendarById};
use crate::membership::Membership;
use crate::structure;
use crate::work_location::{WorkLocation, WorkLocationById};
use crate::work_schedule::{WorkSchedule, WorkScheduleById};

#[ComplexObject]
impl Employee {
    /// Their first and last name.
    async fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// Their first day.
    async fn joined_on(&self) -> Date {
        self.joined_on.into()
    }

    /// Their last day at work; null while none is set.
    async fn last_working_day(&self) -> Option<Date> {
        self.last_working_day.map(Date)
    }

    /// Their department.
    async fn department(&self, gql: &Context<'_>) -> Result<Option<Department>> {
        match self.department_id {
            Some(id) => gql.load::<DepartmentById>(id).await,
            None => Ok(None),
        }
    }

    /// The employee whom they report to.
    async fn manager(&self, gql: &Context<'_>) -> Result<Option<Employee>> {
        match self.manager_id {
            Some(id) => gql.load::<EmployeeById>(id).await,
            None => Ok(None),
        }
    }

    /// The active employees who report to them, by name.
    async fn reports(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Result<graphql::Page<Employee>> {
        let page = Page::<String>::new(first, after.as_deref())?;
        let rows = gql.load::<ReportsOf>((self.id, first, after)).await?.unwrap_or_default();
        let slice = page.slice(rows, |row| Cursor { key: row.sort_name.clone(), id: row.id.0 });
        Ok(graphql::connection(slice))
    }

    /// Where they work.
    async fn location(&self, gql: &Context<'_>) -> Result<Option<WorkLocation>> {
        match self.work_location_id {
            Some(id) => gql.load::<WorkLocationById>(id).await,
            None => Ok(None),
        }
    }

    /// The schedule that they work by: their own, else the organization's default; null means Monday to Friday.
    async fn work_schedule(&self, gql: &Context<'_>) -> Result<Option<WorkSchedule>> {
        match gql.load::<InEffect>(self.id).await?.and_then(|state| state.work_schedule_id) {
            Some(id) => gql.load::<WorkScheduleById>(id).await,
            None => Ok(None),
        }
    }

    /// They have no schedule of their own.
    async fn inherits_work_schedule(&self) -> bool {
        self.work_schedule_id.is_none()
    }

    /// Their holidays: their own calendar, else the location's, else the organization's default; null means none.
    async fn holiday_calendar(&self, gql: &Context<'_>) -> Result<Option<HolidayCalendar>> {
        match gql.load::<InEffect>(self.id).await?.and_then(|state| state.holiday_calendar_id) {
            Some(id) => gql.load::<HolidayCalendarById>(id).await,
            None => Ok(None),
        }
    }

    /// They have no holiday calendar of their own.
    async fn inherits_holiday_calendar(&self) -> bool {
        self.holiday_calendar_id.is_none()
    }

    /// Their membership, once they can log in.
    async fn membership(&self) -> Option<Membership> {
        self.membership_id.map(|id| Membership { id })
    }
}

payload!(
    /// What hiring somebody answers.
    EmployeeCreatePayload {
        /// The new employee.
        employee: Employee
    }
);

payload!(
    /// What changing an employee answers.
    EmployeeUpdatePayload {
        /// The employee as they are now.
        employee: Employee
    }
);

payload!(
    /// What ending an employment answers.
    EmployeeTerminatePayload {
        /// The employee as they are now.
        employee: Employee
    }
);

/// Employees, by id.
pub(crate) struct EmployeeById;

impl Batch for EmployeeById {
    type Key = EmployeeId;
    type Value = Employee;

    async fn load(ctx: &Ctx, keys: &[EmployeeId]) -> Result<HashMap<EmployeeId, Employee>> {
        let mut tx = ctx.begin(&READ).await?;
        Ok(repo::select_many(&mut tx, keys).await?.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// What holds for employees after inheritance.
struct InEffect;

impl Batch for InEffect {
    type Key = EmployeeId;
    type Value = EmployeeUpdated;

    async fn load(ctx: &Ctx, keys: &[EmployeeId]) -> Result<HashMap<EmployeeId, EmployeeUpdated>> {
        let mut tx = ctx.begin(&READ).await?;
        let states = structure::in_effect(&mut tx, keys).await?;
        Ok(states.into_iter().map(|state| (state.employee_id, state)).collect())
    }
}

/// A page of those who report to a manager, with `first` and `after` as they were asked for.
struct ReportsOf;

impl Batch for ReportsOf {
    type Key = (EmployeeId, Option<i32>, Option<String>);
    type Value = Vec<Employee>;

    async fn load(ctx: &Ctx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<Employee>>> {
        let mut tx = ctx.begin(&READ).await?;
        // A list of parents asks each for the same page: one query for each page.
        let mut managers: HashMap<_, Vec<EmployeeId>> = HashMap::new();
        for (manager_id, first, after) in keys {
            managers.entry((*first, after.clone())).or_default().push(*manager_id);
        }
        let mut found: HashMap<Self::Key, Vec<Employee>> = HashMap::new();
        for ((first, after), ids) in managers {
            let page = Page::new(first, after.as_deref())?;
            for report in list::reports(&mut tx, &ids, &page).await? {
                if let Some(manager_id) = report.manager_id {
                    found.entry((manager_id, first, after.clone())).or_default().push(report);
                }
            }
        }
        Ok(found)
    }
}

/// Employees: queries.
#[derive(Default)]
pub struct EmployeeQuery;

#[Object]
impl EmployeeQuery {
    /// The employees, those who left included unless the filter says otherwise.
    async fn employees(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor, of a list in the same order.")] after: Option<String>,
        #[graphql(desc = "Which ones; all when not said.")] filter: Option<EmployeeFilter>,
        #[graphql(desc = "In which order; by name when not said.")] sort: Option<EmployeeSort>,
    ) -> Result<graphql::Page<Employee>> {
        let page = Page::new(first, after.as_deref())?;
        let sort = sort.unwrap_or(EmployeeSort::Name);
        Ok(graphql::connection(super::list(gql.app(), &filter.unwrap_or_default(), sort, page).await?))
    }

    /// One employee; null when there is none of that id.
    async fn employee(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which one.")] id: EmployeeId,
    ) -> Result<Option<Employee>> {
        gql.load::<EmployeeById>(id).await
    }

    /// The employee whom your membership belongs to; null when there is none.
    async fn my_employee(&self, gql: &Context<'_>) -> Result<Option<Employee>> {
        super::mine(gql.app()).await
    }

    /// One employee, for other subgraphs.
    #[graphql(entity)]
    async fn employee_by_id(&self, gql: &Context<'_>, id: EmployeeId) -> Result<Option<Employee>> {
        gql.load::<EmployeeById>(id).await
    }
}

/// Employees: mutations.
#[derive(Default)]
pub struct EmployeeMutation;

#[Object]
impl EmployeeMutation {
    /// Hires somebody.
    async fn employee_create(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Who they are.")] input: EmployeeCreateInput,
        #[graphql(desc = "A key of your choice, so that a request sent twice hires once.")]
        idempotency_key: Option<ID>,
    ) -> Result<EmployeeCreatePayload> {
        let key = idempotency_key.as_ref().map(|key| key.as_str());
        EmployeeCreatePayload::of(super::create(gql.app(), input, key).await)
    }

    /// Changes what is said about somebody.
    async fn employee_update(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Who.")] id: EmployeeId,
        #[graphql(desc = "What is to change.")] input: EmployeeUpdateInput,
    ) -> Result<EmployeeUpdatePayload> {
        EmployeeUpdatePayload::of(super::update(gql.app(), id, input).await)
    }

    /// Ends an employment.
    async fn employee_terminate(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Whose.")] id: EmployeeId,
        #[graphql(desc = "How it ends.")] input: EmployeeTerminateInput,
        #[graphql(desc = "A key of your choice, so that a request sent twice counts once.")] idempotency_key: Option<
            ID,
        >,
    ) -> Result<EmployeeTerminatePayload> {
        let key = idempotency_key.as_ref().map(|key| key.as_str());
        EmployeeTerminatePayload::of(super::terminate(gql.app(), id, input, key).await)
    }
}
