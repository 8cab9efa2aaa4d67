//! The catalogue: every type of notification. A new one is one entry here, and nothing else.

mod contacts;
mod products;
mod sales;

use chrono::NaiveDate;
use common::Result;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value as Json;
use uuid::Uuid;
use words::{Unit, Value, Values};

use crate::ids::MembershipId;

/// One type of notification, and the event that it tells of.
pub(crate) struct NotificationType {
    /// The event's name, and the type that clients see.
    pub(crate) key: &'static str,
    /// Whether it can happen to a thing again; what cannot is told once, however often it is announced.
    pub(crate) recurs: bool,
    /// Reads the event's payload.
    pub(crate) subject: fn(&Json) -> Result<Subject>,
    /// Who hears of it, by which message; whoever is in several audiences hears of it as in the first.
    pub(crate) tellings: &'static [Telling],
}

/// What one audience hears of an event.
pub(crate) struct Telling {
    /// Who hears of it.
    pub(crate) audience: Audience,
    /// The message that says it, one of `messages/`: which one it is, and nothing that only some may know. Its id never changes.
    pub(crate) message: fn(&Subject) -> &'static str,
}

/// Who hears of an event. Nobody hears of their own deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Those who decide.
    Approvers,
    /// Whose it is.
    Owner,
    /// Those who were told of the thing before, but for whose it is.
    Told,
    /// Those who look after people: the first of HR, administrators and owners that anybody else holds.
    Office,
    /// Those who keep what it is about; where nobody in particular does, administrators, or else owners.
    Keepers,
}

/// What a notification is about, read from an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The thing's type in the graph.
    pub(crate) link_type: String,
    /// The thing's id.
    pub(crate) link_id: Uuid,
    /// What tells one occasion from another, where the same can happen to a thing again; empty where it cannot.
    pub(crate) occasion: String,
    /// What the thing is, for messages about it that cannot say it by themselves.
    pub(crate) topic: Topic,
    /// What the messages say, by name.
    pub(crate) values: Values,
    /// Whether somebody decided on it.
    pub(crate) is_decided: bool,
    /// Whose it is; `None` when they have no account.
    pub(crate) owner: Option<MembershipId>,
    /// Who decides, or keeps it; empty when nobody in particular does.
    pub(crate) approvers: Vec<MembershipId>,
    /// Whose deed it is, if the event says so itself.
    pub(crate) actor: Option<MembershipId>,
}

/// What a thing is, in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Whatever it is, no message asks.
    #[default]
    Unasked,
    /// This, from now on.
    Said(Value),
    /// As the last event said that did, in `$topic`; there is none where no event has.
    AsBefore,
}

impl Topic {
    /// A phrase of `messages/`.
    fn said(message: &str, values: &Values) -> Self {
        Self::Said(Value::Phrase { message: message.to_owned(), values: values.clone() })
    }
}

/// Every type of notification.
pub(crate) const CATALOGUE: &[NotificationType] = &[
    NotificationType {
        key: "leave.request.submitted",
        recurs: false,
        subject: leave_request,
        tellings: &[
            Telling { audience: Audience::Approvers, message: |_| "leave-request-submitted" },
            Telling { audience: Audience::Owner, message: |_| "leave-request-submitted-for-you" },
        ],
    },
    NotificationType {
        key: "approval.step.assigned",
        recurs: false,
        subject: assigned_step,
        tellings: &[Telling { audience: Audience::Approvers, message: assigned_step_message }],
    },
    NotificationType {
        key: "leave.request.approved",
        recurs: false,
        subject: leave_request,
        tellings: &[Telling { audience: Audience::Owner, message: |_| "leave-request-approved" }],
    },
    NotificationType {
        key: "leave.request.rejected",
        recurs: false,
        subject: leave_request,
        tellings: &[Telling { audience: Audience::Owner, message: |_| "leave-request-rejected" }],
    },
    NotificationType {
        key: "leave.request.cancelled",
        recurs: false,
        subject: leave_request,
        tellings: &[
            Telling { audience: Audience::Owner, message: |_| "leave-request-cancelled" },
            Telling {
                audience: Audience::Told,
                message: |it| match it.is_decided {
                    true => "leave-request-cancelled-of-other",
                    false => "leave-request-withdrawn",
                },
            },
        ],
    },
    NotificationType {
        key: "leave.request.adjusted",
        recurs: true,
        subject: leave_request,
        tellings: &[Telling { audience: Audience::Owner, message: |_| "leave-request-adjusted" }],
    },
    NotificationType {
        key: "leave.balance.adjusted",
        recurs: true,
        subject: adjusted_balance,
        tellings: &[Telling {
            audience: Audience::Owner,
            message: |it| match it.values.get("reason") {
                Some(_) => "leave-balance-adjusted-because",
                None => "leave-balance-adjusted",
            },
        }],
    },
    NotificationType {
        key: "leave.balance.overdrawn",
        recurs: true,
        subject: overdrawn_balance,
        tellings: &[
            Telling { audience: Audience::Owner, message: |_| "leave-balance-overdrawn" },
            Telling { audience: Audience::Office, message: |_| "leave-balance-overdrawn-of-other" },
        ],
    },
    contacts::ASSIGNED,
    contacts::EXPORTED,
    products::RUN_LOW,
    sales::ASSIGNED,
    sales::ACCEPTED,
    sales::DECLINED,
    sales::PRICES_CHANGED,
    sales::DUE,
];

/// The type that tells of an event; `None` when nobody is told of it.
pub(crate) fn type_of(event_type: &str) -> Option<&'static NotificationType> {
    CATALOGUE.iter().find(|kind| kind.key == event_type)
}

/// What the events of a leave request say, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeaveRequest {
    request_id: Uuid,
    requester_membership_id: Option<MembershipId>,
    #[serde(default)]
    approver_membership_ids: Vec<MembershipId>,
    decided_by_membership_id: Option<MembershipId>,
    actor_membership_id: Option<MembershipId>,
    first_day: NaiveDate,
    last_day: NaiveDate,
    days: Decimal,
    // Earlier versions do not say what they count in, and know of nothing but days.
    #[serde(default)]
    unit: Unit,
}

fn leave_request(payload: &Json) -> Result<Subject> {
    let request = LeaveRequest::deserialize(payload)?;
    let values = Values::default()
        .with("period", Value::Period { first: request.first_day, last: request.last_day })
        .with("amount", Value::Count { count: request.days, unit: request.unit });
    Ok(Subject {
        link_type: leave_request_type(),
        link_id: request.request_id,
        // Leave can be called off day by day.
        occasion: format!(":{}:{}", request.first_day, request.last_day),
        topic: Topic::said("leave", &values),
        values,
        is_decided: request.decided_by_membership_id.is_some(),
        owner: request.requester_membership_id,
        approvers: request.approver_membership_ids,
        actor: request.actor_membership_id,
    })
}

/// What the events of a leave balance say, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeaveBalance {
    employee_id: Uuid,
    membership_id: Option<MembershipId>,
    days: Decimal,
    #[serde(default)]
    unit: Unit,
    reason: Option<String>,
    actor_membership_id: Option<MembershipId>,
}

/// As much of what somebody wrote as is told.
const REASON_MAX: usize = 500;

fn adjusted_balance(payload: &Json) -> Result<Subject> {
    let balance = LeaveBalance::deserialize(payload)?;
    let values = Values::default().with("change", Value::Change { count: balance.days, unit: balance.unit });
    let values = match &balance.reason {
        Some(reason) => {
            values.with("reason", Value::text(reason.chars().take(REASON_MAX).collect::<String>()))
        }
        None => values,
    };
    Ok(balance.subject(values))
}

fn overdrawn_balance(payload: &Json) -> Result<Subject> {
    let balance = LeaveBalance::deserialize(payload)?;
    let lacking = Value::Count { count: balance.days.abs(), unit: balance.unit };
    Ok(balance.subject(Values::default().with("amount", lacking)))
}

impl LeaveBalance {
    fn subject(self, values: Values) -> Subject {
        Subject {
            // Balances are no things of the graph: whoever is told finds them at the employee.
            link_type: "Employee".to_owned(),
            link_id: self.employee_id,
            values,
            owner: self.membership_id,
            actor: self.actor_membership_id,
            ..Subject::default()
        }
    }
}

/// What it says that a step of an approval has come to wait for somebody, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssignedStep {
    approval_id: Uuid,
    subject_id: Uuid,
    /// Earlier versions do not say it, and know of nothing else that is decided on.
    #[serde(default = "leave_request_type")]
    subject_type: String,
    step: i32,
    assignees: Vec<MembershipId>,
}

fn leave_request_type() -> String {
    "LeaveRequest".to_owned()
}

fn assigned_step(payload: &Json) -> Result<Subject> {
    let assigned = AssignedStep::deserialize(payload)?;
    Ok(Subject {
        topic: Topic::AsBefore,
        values: Values::default().with("kind", Value::kind(assigned.subject_type.as_str())),
        link_type: assigned.subject_type,
        link_id: assigned.subject_id,
        // Whoever decides on two steps is told of both, and again when the thing is asked for again.
        occasion: format!(":{}:{}", assigned.approval_id, assigned.step),
        approvers: assigned.assignees,
        ..Subject::default()
    })
}

/// What it is, where anybody has said so.
fn assigned_step_message(it: &Subject) -> &'static str {
    match it.values.get("topic") {
        Some(_) => "step-assigned",
        None => "step-assigned-of-kind",
    }
}

#[cfg(test)]
mod tests;
