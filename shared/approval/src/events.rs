//! What the engine announces, through the outbox of the module that asked it.

use common::{MembershipId, event};
use uuid::Uuid;

use crate::ApprovalId;

event! {
    /// A thing has come to wait for members who were not told of it yet.
    StepAssigned = "approval.step.assigned", of subject_id {
        /// The approval.
        approval_id: ApprovalId,
        /// What is asked for: `leave.request`.
        kind: String,
        /// The thing.
        subject_id: Uuid,
        /// The name of its type in the graph: `LeaveRequest`.
        subject_type: String,
        /// The step that is to be decided on, from 1.
        step: i32,
        /// Those who can decide on it now and were not told before.
        assignees: Vec<MembershipId>,
    }

    /// A thing was approved or rejected.
    ApprovalDecided = "approval.approval.decided", of subject_id {
        /// The approval.
        approval_id: ApprovalId,
        /// What was asked for: `leave.request`.
        kind: String,
        /// The thing.
        subject_id: Uuid,
        /// Approved, and not rejected.
        is_approved: bool,
        /// Whose verdict it was in the end.
        decided_by: MembershipId,
    }
}
