//! Employees, who belong to the employee module: what this module adds to them is in `links.rs`.

use async_graphql::SimpleObject;
use common::{Refusal, Result};
use database::Tx;
use people::Person;

use crate::ids::EmployeeId;

/// An employee; the employee module owns it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Employee {
    /// The id of the employee; opaque to clients.
    pub id: EmployeeId,
}

const NOT_FOUND: Refusal = Refusal::of("employeeId", "EMPLOYEE_NOT_FOUND", "there is no such employee");

/// The employee whom an input names.
///
/// # Errors
/// `EMPLOYEE_NOT_FOUND` of the field `employeeId`.
pub(crate) async fn named(tx: &mut Tx, id: EmployeeId) -> Result<Person> {
    people::select_many(tx, &[id]).await?.pop().ok_or_else(|| NOT_FOUND.into())
}

impl From<EmployeeId> for Employee {
    fn from(id: EmployeeId) -> Self {
        Self { id }
    }
}
