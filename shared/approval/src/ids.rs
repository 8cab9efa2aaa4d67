//! The ids of this crate's nouns.

use common::id;

id!(
    /// One rule that says who decides.
    RuleId
);
id!(
    /// One thing that was asked for.
    ApprovalId
);
id!(
    /// One time in which a member decides for another.
    DelegationId
);
id!(
    /// What the things of a kind are sorted by, such as a leave type.
    CategoryId
);
id!(
    /// One department.
    DepartmentId
);
