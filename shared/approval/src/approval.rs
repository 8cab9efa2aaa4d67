//! Approvals: things that were asked for.

use chrono::{DateTime, Utc};
use common::{EmployeeId, MembershipId, ModuleSet, Page, Permission, Result, STAFF, Slice};
use database::{Ctx, Record, page};
use graphql::{choices, sorts};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::ApprovalId;

choices! {
    /// What has become of something that was asked for.
    State "ApprovalState" {
        /// It waits for a decision.
        Pending,
        /// Every step was passed.
        Approved,
        /// Somebody said no.
        Rejected,
        /// It was taken back.
        Withdrawn,
    }
}

/// Something that was asked for, and where it stands. Its requester sees it, those who can decide on it now, and the
/// office.
#[derive(Clone, Debug, Record)]
#[record("approval", table = "approval.approval", read = READ)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// What is asked for: `leave.request`.
    pub kind: String,
    /// The thing.
    pub subject_id: Uuid,
    /// The name of its type in the graph: `LeaveRequest`.
    pub subject_type: String,
    /// Who asks.
    pub requester_membership_id: MembershipId,
    /// Whom it is for.
    pub employee_id: Option<EmployeeId>,
    /// How much.
    pub amount: Option<Decimal>,
    /// Of what sort.
    pub category_id: Option<Uuid>,
    /// What has become of it.
    pub state: State,
    /// The current step, from 1.
    pub step: i32,
    /// Of so many.
    pub step_count: i32,
    /// When it comes to wait for the office as well, unless somebody decided.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it is due, or the end of time.
    #[record(read)]
    pub due_order: DateTime<Utc>,
}

/// To see what waits for one's decision.
pub const READ: Permission =
    Permission::new("approval.approval.read", "See what waits for one's own decision.", STAFF);

sorts! {
    /// How what waits is ordered.
    ApprovalSort {
        /// By when it falls due; what never does comes last, the oldest first.
        Due,
    }
}

/// What the caller can decide on now, in these modules: what falls due first comes first.
///
/// # Errors
/// As [`Ctx::read`].
pub async fn waiting_for(ctx: &Ctx, modules: &ModuleSet, page: Page) -> Result<Slice<Approval>> {
    let mut tx = ctx.read(&READ).await?;
    let sort = ApprovalSort::default();
    let modules: Vec<String> = modules.iter().cloned().collect();
    Ok(page!(
        tx, Approval, page, sort: ApprovalSort { Due => "due_order" },
        "id = any((select approval.waiting())::uuid[]) and split_part(kind, '.', 1) = any($3)",
        [&modules],
    ))
}
