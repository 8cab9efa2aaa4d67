//! Employees in GraphQL.

use async_graphql::{Context, InputObject, Object};
use common::{Page, Result};
use custom::CustomFieldCondition;
use exchange::{CsvPage, ImportReport};
use graphql::{App as _, mutations, queries, sorts};

use super::csv::{EmployeeImportInput, export, import};
use super::{
    DOCUMENTS_MANAGE, Employee, EmployeeCorrectEmploymentsInput, EmployeeCreateInput, EmployeeRehireInput,
    EmployeeStatus, EmployeeTerminateInput, EmployeeUpdateInput, MANAGE, correct, create, list, rehire,
    reinstate, terminate, update, update_bulk,
};
use crate::ids::{DepartmentId, EmployeeId, WorkLocationId};

/// Which employees a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct EmployeeFilter {
    /// Where the employment stands; anywhere when absent.
    pub status: Option<EmployeeStatus>,
    /// The id of the department that they are in, not counting its parts.
    pub department_id: Option<DepartmentId>,
    /// The id of the employee whom they report to, not counting those below.
    pub manager_id: Option<EmployeeId>,
    /// The id of the place where they work.
    pub work_location_id: Option<WorkLocationId>,
    /// Part of the name, the mail address or the number: 1 to 100 characters.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// A tag that they carry, as it is spelt.
    pub tag: Option<String>,
    /// A value of a custom field that they have.
    pub custom_field: Option<CustomFieldCondition>,
}

sorts! {
    /// How a list of employees is ordered.
    EmployeeSort {
        /// By last name, then first name.
        Name,
        /// By first day at work, the earliest first.
        JoinedOn,
        /// By number.
        Number,
    }
}

/// One employee to change among many.
#[derive(Debug, InputObject)]
pub struct EmployeeUpdateRow {
    /// The id of the employee.
    pub id: EmployeeId,
    /// The fields to change.
    pub input: EmployeeUpdateInput,
}

queries! {
    Employee;
    /// The employees, those who left included unless the filter says otherwise.
    employees(EmployeeFilter, EmployeeSort) = list;
    /// One employee; null when there is none of that id.
    employee;
}

/// Queries about the caller's own employee.
#[derive(Default)]
pub struct MyEmployeeQuery;

#[Object]
impl MyEmployeeQuery {
    /// The employee whom the caller's membership belongs to; null when there is none.
    async fn my_employee(&self, gql: &Context<'_>) -> Result<Option<Employee>> {
        super::mine(gql.app()).await
    }
}

/// Employees as files.
#[derive(Default)]
pub struct EmployeeExportQuery;

#[Object]
impl EmployeeExportQuery {
    /// The employees as CSV, those who left included unless the filter says otherwise. Each page is a file of its own,
    /// header included, which employeeImport takes as it is; to make one file of several pages, leave out the first line
    /// of all but the first.
    async fn employees_export(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The conditions that every row must meet.")] filter: Option<EmployeeFilter>,
        #[graphql(desc = "The order of the rows; by name when absent.")] sort: Option<EmployeeSort>,
        #[graphql(
            desc = "The endCursor of the page to continue after, from the same list in the same order."
        )]
        after: Option<String>,
        #[graphql(desc = "The number of rows, 1 to 5000.", default = 1000)] first: i32,
    ) -> Result<CsvPage> {
        let page = Page::within(first, after.as_deref(), exchange::PAGE_MAX)?;
        let (filter, sort) = (filter.unwrap_or_default(), sort.unwrap_or_default());
        let done = export(gql.app(), filter, sort, page).await;
        if done.is_err() {
            // After a failed statement the transaction answers nothing more.
            gql.app().end_reading().await;
        }
        done
    }
}

mutations! {
    Employee as employee;
    /// Hires somebody.
    employee_create(input: EmployeeCreateInput) = create for MANAGE;
    /// Changes what is said about an employee who has not left.
    employee_update(id: EmployeeId, input: EmployeeUpdateInput) = update for MANAGE if |employee| employee.is_active();
    /// Changes what is said about many employees; one answer for each, in the order of the list.
    bulk employee_update_bulk(
        /// The employees and what to change about each, 500 at most.
        rows: Vec<EmployeeUpdateRow>
    ) = update_bulk for MANAGE;
    /// Hires and changes the employees of a file. A row that is refused keeps no other from being done; the report says
    /// which were, and why.
    employee_import(
        /// The file, and what may be done with it.
        input: EmployeeImportInput
    ) -> report: ImportReport = import for MANAGE;
    /// Ends an employment, or says another last day or reason of one that ends or has ended.
    employee_terminate(
        /// The id of the employee who leaves.
        id: EmployeeId,
        /// How the employment ends.
        input: EmployeeTerminateInput
    ) = terminate for MANAGE;
    /// Takes a termination back, before or after its day: the employment goes on, and a next one that was to follow it does
    /// not begin.
    employee_reinstate(
        /// The id of the employee who stays.
        id: EmployeeId
    ) = reinstate for MANAGE if |employee| employee.has_last_day();
    /// Begins another employment of somebody who has a last working day, with the same number and history. Where that day is
    /// not over yet, the present employment goes on until then and the other one follows it; said again, it begins on
    /// another day.
    employee_rehire(
        /// The id of the employee who comes back.
        id: EmployeeId,
        /// The next employment.
        input: EmployeeRehireInput
    ) = rehire for MANAGE if |employee| employee.has_last_day();
    /// Puts somebody's employments right, all of them: a return that was a mistake, a wrong day of a former employment, one
    /// that was forgotten. What follows from them, such as leave, follows from what is said here.
    employee_correct_employments(
        /// The id of the employee.
        id: EmployeeId,
        /// What the employments are.
        input: EmployeeCorrectEmploymentsInput
    ) = correct for MANAGE;
    attach and detach for DOCUMENTS_MANAGE;
}
