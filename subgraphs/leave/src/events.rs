//! What leave announces: its contract with other modules. Fields are only ever added.

use chrono::NaiveDate;
use common::{Event, MembershipId};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every event about a request says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestFacts {
    /// The request.
    pub request_id: Uuid,
    /// Whose leave it is.
    pub employee_id: Uuid,
    /// That employee's membership, if they have one.
    pub requester_membership_id: Option<MembershipId>,
    /// Who is to decide. Empty: whoever looks after people in the organization.
    pub approver_membership_ids: Vec<MembershipId>,
    /// Who decided, once somebody has.
    pub decided_by_membership_id: Option<MembershipId>,
    /// The first day away.
    pub first_day: NaiveDate,
    /// The last day away.
    pub last_day: NaiveDate,
    /// What it takes from the balance.
    pub days: Decimal,
}

macro_rules! request_event {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub RequestFacts);

        impl Event for $name {
            const TYPE: &'static str = $kind;
            fn aggregate_id(&self) -> Uuid {
                self.0.request_id
            }
        }
    };
}

request_event!(
    /// Somebody asks for leave (LeaveRequested).
    RequestSubmitted,
    "leave.request.submitted"
);
request_event!(
    /// It was granted (LeaveApproved).
    RequestApproved,
    "leave.request.approved"
);
request_event!(
    /// It was not (LeaveRejected).
    RequestRejected,
    "leave.request.rejected"
);
request_event!(
    /// It, or what was left of it, was called off (LeaveCancelled).
    RequestCancelled,
    "leave.request.cancelled"
);
request_event!(
    /// A changed holiday or schedule changed how many days it takes (LeaveAmended).
    RequestAdjusted,
    "leave.request.adjusted"
);
