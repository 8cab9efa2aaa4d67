//! What is told of selling.

use common::Result;
use serde::Deserialize;
use serde_json::Value as Json;
use uuid::Uuid;
use words::{Value, Values};

use super::{Audience, NotificationType, Subject, Telling, Topic};
use crate::ids::MembershipId;

/// Somebody looks after a lead from now on.
pub(super) const ASSIGNED: NotificationType = NotificationType {
    key: "crm.lead.assigned",
    recurs: true,
    subject: assigned,
    tellings: &[Telling { audience: Audience::Owner, message: |_| "lead-assigned" }],
};

/// A customer has accepted a quote.
pub(super) const ACCEPTED: NotificationType = NotificationType {
    key: "crm.quote.accepted",
    recurs: false,
    subject: quote,
    tellings: &[Telling { audience: Audience::Owner, message: |_| "quote-accepted" }],
};

/// A customer has declined a quote.
pub(super) const DECLINED: NotificationType = NotificationType {
    key: "crm.quote.declined",
    recurs: false,
    subject: quote,
    tellings: &[Telling { audience: Audience::Owner, message: |_| "quote-declined" }],
};

/// What something costs that a draft of a quote offers is another than when it was written.
pub(super) const PRICES_CHANGED: NotificationType = NotificationType {
    key: "crm.quote.prices_changed",
    recurs: true,
    subject: draft,
    tellings: &[Telling { audience: Audience::Owner, message: |_| "prices-changed" }],
};

/// It is time for something.
pub(super) const DUE: NotificationType = NotificationType {
    key: "crm.activity.fallen_due",
    recurs: true,
    subject: due,
    tellings: &[Telling { audience: Audience::Owner, message: |_| "activity-due" }],
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeadAssigned {
    lead_id: Uuid,
    number: String,
    owner_membership_id: MembershipId,
}

fn assigned(payload: &Json) -> Result<Subject> {
    let assigned = LeadAssigned::deserialize(payload)?;
    let values = Values::default().with("number", Value::text(assigned.number));
    Ok(Subject {
        link_type: "Lead".to_owned(),
        link_id: assigned.lead_id,
        topic: Topic::said("lead", &values),
        values,
        owner: Some(assigned.owner_membership_id),
        ..Subject::default()
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfQuote {
    quote_id: Uuid,
    number: String,
    owner_membership_id: Option<MembershipId>,
}

fn quote(payload: &Json) -> Result<Subject> {
    Ok(Subject { is_decided: true, ..draft(payload)? })
}

fn draft(payload: &Json) -> Result<Subject> {
    let quote = OfQuote::deserialize(payload)?;
    let values = Values::default().with("number", Value::text(quote.number));
    Ok(Subject {
        link_type: "Quote".to_owned(),
        link_id: quote.quote_id,
        topic: Topic::said("quote", &values),
        values,
        owner: quote.owner_membership_id,
        ..Subject::default()
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActivityDue {
    activity_id: Uuid,
    kind: String,
    assignee_membership_id: Option<MembershipId>,
}

fn due(payload: &Json) -> Result<Subject> {
    let due = ActivityDue::deserialize(payload)?;
    Ok(Subject {
        link_type: "Activity".to_owned(),
        link_id: due.activity_id,
        values: Values::default().with("activity", Value::Code { code: due.kind }),
        owner: due.assignee_membership_id,
        ..Subject::default()
    })
}
