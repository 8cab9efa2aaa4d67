//! What people are due: who has which policy from when on, and what its lines give of each leave type.

mod assignment;
mod default;
mod line;
mod year;

use common::{Grants, PEOPLE_MATTERS, Permission, Role, Scope};

pub use self::assignment::{Cover, PolicyAssignment};
pub(crate) use self::assignment::{
    assignments, covers, employees_with, employees_with_policies, in_force, lines_of,
};
pub(crate) use self::default::{DefaultFrom, set_default, usual_first_day, would_be_last};
pub use self::line::{LeavePolicyLineInput, PolicyLine};
pub use self::year::{LeaveYear, LeaveYears};
#[cfg(test)]
pub(crate) use self::{
    assignment::{Span, in_one},
    line::Accrual,
    year::YearRule,
    year::shift,
};

/// Managers see what there is; others who work here what applies to themselves.
const READERS: Grants = &[
    (Role::Admin, Scope::All),
    (Role::Hr, Scope::All),
    (Role::Manager, Scope::All),
    (Role::Accountant, Scope::Own),
    (Role::Sales, Scope::Own),
    (Role::Recruiter, Scope::Own),
    (Role::Member, Scope::Own),
];

pub(crate) const READ: Permission =
    Permission::new("leave.policy.read", "See leave policies, and what they give.", READERS);
pub(crate) const READ_DUE: Permission =
    Permission::new("leave.balance.read", "See leave balances.", PEOPLE_MATTERS);
