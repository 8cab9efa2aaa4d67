//! The ids of this module's nouns.

use common::id;

pub use common::EmployeeId;

id!(
    /// One leave type.
    LeaveTypeId
);
id!(
    /// One leave policy.
    PolicyId
);
id!(
    /// One line of a policy: what it gives of one leave type.
    PolicyLineId
);
id!(
    /// One employee's policy for a while.
    PolicyAssignmentId
);
id!(
    /// One request for leave.
    RequestId
);
id!(
    /// Something that was given to an account, or taken from it, by hand.
    AdjustmentId
);
