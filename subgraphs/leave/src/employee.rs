//! Employees, who belong to the employee module: what this module adds to them is in `links.rs`.

use async_graphql::SimpleObject;
use common::{Refusal, Result, Scope};
use database::Tx;
use people::Person;

use crate::ids::EmployeeId;

// An employee; the employee module owns it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex, extends)]
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

const OWN_LEAVE: Refusal = Refusal::whole(
    "OWN_LEAVE",
    "what you are due yourself, somebody else of HR or an administrator enters and corrects",
);

/// Whether an employee is the caller, and somebody else is there to do for them what the office does for others.
pub(crate) async fn is_left_to_others(tx: &mut Tx, id: EmployeeId) -> Result<bool> {
    let Some(member) = tx.membership_id() else { return Ok(false) };
    let is_own = people::relations(tx, &[id]).await?.get(&id) == Some(&Scope::Own);
    Ok(is_own && !people::is_office_alone(tx, member).await?)
}

/// Nobody decides on what they are due themselves, but for the only one who could.
///
/// # Errors
/// `OWN_LEAVE`.
pub(crate) async fn check_not_own(tx: &mut Tx, id: EmployeeId) -> Result<()> {
    if is_left_to_others(tx, id).await? { Err(OWN_LEAVE.into()) } else { Ok(()) }
}

impl From<EmployeeId> for Employee {
    fn from(id: EmployeeId) -> Self {
        Self { id }
    }
}
