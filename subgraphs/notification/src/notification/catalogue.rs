//! The catalogue: every type of notification. A new one is one entry here, and nothing else.

use chrono::{Datelike as _, NaiveDate};
use common::Result;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::ids::MembershipId;

/// One type of notification, and the event that it tells of.
pub(crate) struct NotificationType {
    /// The event's name, and the type that clients see.
    pub(crate) key: &'static str,
    /// What the recipient reads first.
    pub(crate) title: &'static str,
    /// Who hears of it.
    pub(crate) audience: Audience,
    /// Reads the event's payload.
    pub(crate) subject: fn(&Value) -> Result<Subject>,
}

/// Who hears of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Those who decide.
    Approvers,
    /// Those who asked.
    Requester,
    /// Those who were told of the thing before.
    Told,
}

/// What a notification is about, read from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The thing's type in the graph.
    pub(crate) link_type: String,
    /// The thing's id.
    pub(crate) link_id: Uuid,
    /// What tells one occasion from another, where the same can happen to a thing again; empty where it cannot.
    pub(crate) occasion: String,
    /// One sentence: which one it is, and nothing that only some may know.
    pub(crate) body: String,
    /// Who asked; `None` when they have no account.
    pub(crate) requester: Option<MembershipId>,
    /// Who decides; empty when nobody in particular does.
    pub(crate) approvers: Vec<MembershipId>,
}

/// Every type of notification.
pub(crate) const CATALOGUE: &[NotificationType] = &[
    NotificationType {
        key: "leave.request.submitted",
        title: "Leave request",
        audience: Audience::Approvers,
        subject: leave_request,
    },
    NotificationType {
        key: "approval.step.assigned",
        title: "Waiting for your decision",
        audience: Audience::Approvers,
        subject: assigned_step,
    },
    NotificationType {
        key: "leave.request.approved",
        title: "Leave approved",
        audience: Audience::Requester,
        subject: leave_request,
    },
    NotificationType {
        key: "leave.request.rejected",
        title: "Leave rejected",
        audience: Audience::Requester,
        subject: leave_request,
    },
    NotificationType {
        key: "leave.request.cancelled",
        title: "Leave cancelled",
        audience: Audience::Told,
        subject: leave_request,
    },
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
    first_day: NaiveDate,
    last_day: NaiveDate,
    days: Decimal,
}

fn leave_request(payload: &Value) -> Result<Subject> {
    let request = LeaveRequest::deserialize(payload)?;
    let unit = if request.days == Decimal::ONE { "day" } else { "days" };
    Ok(Subject {
        link_type: leave_request_type(),
        link_id: request.request_id,
        occasion: String::new(),
        body: format!(
            "For {} ({} {unit}).",
            period(request.first_day, request.last_day),
            request.days.normalize()
        ),
        requester: request.requester_membership_id,
        approvers: request.approver_membership_ids,
    })
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

fn assigned_step(payload: &Value) -> Result<Subject> {
    let assigned = AssignedStep::deserialize(payload)?;
    Ok(Subject {
        link_type: assigned.subject_type,
        link_id: assigned.subject_id,
        // Whoever decides on two steps is told of both, and again when the thing is asked for again.
        occasion: format!(":{}:{}", assigned.approval_id, assigned.step),
        body: format!("Step {} of its approval.", assigned.step),
        requester: None,
        approvers: assigned.assignees,
    })
}

/// `9 to 13 March 2026`: what both days share is said once.
fn period(first: NaiveDate, last: NaiveDate) -> String {
    let until = last.format("%-d %B %Y");
    match () {
        () if first == last => until.to_string(),
        () if (first.year(), first.month()) == (last.year(), last.month()) => {
            format!("{} to {until}", first.day())
        }
        () if first.year() == last.year() => format!("{} to {until}", first.format("%-d %B")),
        () => format!("{} to {until}", first.format("%-d %B %Y")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(first: &str, last: &str, days: &str) -> String {
        let payload = json!({ "requestId": Uuid::nil(), "employeeId": Uuid::nil(), "requesterMembershipId": null,
            "approverMembershipIds": [], "firstDay": first, "lastDay": last, "days": days, "aFieldOfNextYear": 1 });
        leave_request(&payload).unwrap().body
    }

    #[test]
    fn the_body_says_the_days_in_the_fewest_words() {
        assert_eq!(body("2026-03-09", "2026-03-13", "5"), "For 9 to 13 March 2026 (5 days).");
        assert_eq!(body("2026-03-09", "2026-03-09", "1.00"), "For 9 March 2026 (1 day).");
        assert_eq!(body("2026-03-09", "2026-03-09", "0.50"), "For 9 March 2026 (0.5 days).");
        assert_eq!(body("2026-03-30", "2026-04-02", "4"), "For 30 March to 2 April 2026 (4 days).");
        assert_eq!(
            body("2026-12-30", "2027-01-04", "10"),
            "For 30 December 2026 to 4 January 2027 (10 days)."
        );
    }

    #[test]
    fn whoever_is_to_decide_later_hears_of_their_step() {
        let member = MembershipId::new();
        let payload = json!({ "approvalId": Uuid::nil(), "kind": "expense.claim", "subjectId": Uuid::nil(),
            "subjectType": "ExpenseClaim", "step": 2, "assignees": [member] });
        let subject = assigned_step(&payload).unwrap();
        assert_eq!((subject.link_type, subject.approvers), ("ExpenseClaim".to_owned(), vec![member]));
        assert_eq!(subject.body, "Step 2 of its approval.");
    }

    #[test]
    fn a_payload_without_its_request_is_an_error() {
        assert!(leave_request(&json!({ "firstDay": "2026-03-09" })).is_err());
    }

    #[test]
    fn every_type_is_there_once() {
        for kind in CATALOGUE {
            assert_eq!(CATALOGUE.iter().filter(|other| other.key == kind.key).count(), 1, "{}", kind.key);
        }
        assert!(type_of("leave.request.taken").is_none());
    }
}
