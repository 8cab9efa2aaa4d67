//! What people are due: who has which policy from when on, and what its lines give of each leave type.

mod assignment;
mod line;
mod year;

use common::{Grants, PEOPLE_MATTERS, Permission, Role, Scope};

pub use self::assignment::{Cover, PolicyAssignment};
pub(crate) use self::assignment::{assignments, covers, employees_with, employees_with_policies, lines_of};
pub use self::line::{LeavePolicyLineInput, PolicyLine};
pub use self::year::{LeaveYear, LeaveYears};
#[cfg(test)]
pub(crate) use self::{assignment::Span, line::Accrual, year::shift};

const READERS: Grants = &[(Role::Admin, Scope::All), (Role::Hr, Scope::All), (Role::Manager, Scope::All)];

pub(crate) const READ: Permission = Permission::new("leave.policy.read", "See the leave policies.", READERS);
pub(crate) const READ_DUE: Permission =
    Permission::new("leave.balance.read", "See leave balances.", PEOPLE_MATTERS);
