//! Employees, who belong to the employee module: what this module adds to them is in `links.rs`.

use async_graphql::SimpleObject;

use crate::ids::EmployeeId;

/// An employee; the employee module owns it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Employee {
    /// The id of the employee; opaque to clients.
    pub id: EmployeeId,
}

impl From<EmployeeId> for Employee {
    fn from(id: EmployeeId) -> Self {
        Self { id }
    }
}
