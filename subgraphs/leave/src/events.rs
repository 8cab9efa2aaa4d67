//! What leave announces: its contract with other modules. Fields are only ever added.

use chrono::NaiveDate;
use common::{Event, MembershipId, event};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an amount of leave is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AmountUnit {
    /// Days, and halves of them.
    Day,
    /// Hours.
    Hour,
}

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
    /// What it takes from the balance: days, or hours of a leave type that is taken in hours.
    pub days: Decimal,
    /// What `days` are: days or hours.
    pub unit: AmountUnit,
    /// The leave type.
    pub leave_type_id: Option<Uuid>,
    /// The member who did this; absent when it followed from something else.
    pub actor_membership_id: Option<MembershipId>,
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

event! {
    /// Somebody gave an employee leave, or took it from them, by hand (LeaveBalanceAdjusted).
    BalanceAdjusted = "leave.balance.adjusted", of employee_id {
        /// The employee.
        employee_id: Uuid,
        /// That employee's membership, if they have one.
        membership_id: Option<MembershipId>,
        /// The leave type.
        leave_type_id: Uuid,
        /// How much, signed: days, or hours of a leave type that is taken in hours.
        days: Decimal,
        /// What `days` are: days or hours.
        unit: AmountUnit,
        /// Why.
        reason: String,
        /// The member who did it.
        actor_membership_id: Option<MembershipId>,
    }

    /// What an employee was granted, or asked for, is more than they have, since something was corrected
    /// (LeaveBalanceOverdrawn).
    BalanceOverdrawn = "leave.balance.overdrawn", of employee_id {
        /// The employee.
        employee_id: Uuid,
        /// That employee's membership, if they have one.
        membership_id: Option<MembershipId>,
        /// The leave type.
        leave_type_id: Uuid,
        /// How much they lack: days, or hours of a leave type that is taken in hours.
        days: Decimal,
        /// What `days` are: days or hours.
        unit: AmountUnit,
    }

    /// A leave policy was changed: what people are due by it follows.
    PolicyChanged = "leave.policy.changed", of policy_id {
        /// The leave policy.
        policy_id: Uuid,
        /// Whether it became, or ceased to be, the default: what people are due follows who have none of their own.
        concerns_default: bool,
    }

    /// A leave type was changed: what future days of leave take follows.
    TypeChanged = "leave.type.changed", of leave_type_id {
        /// The leave type.
        leave_type_id: Uuid,
    }
}
