//! What is told of selling.

use common::Result;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Audience, NotificationType, Subject, Telling};
use crate::ids::MembershipId;

/// Somebody looks after a lead from now on.
pub(super) const ASSIGNED: NotificationType = NotificationType {
    key: "crm.lead.assigned",
    recurs: true,
    subject: assigned,
    tellings: &[Telling {
        audience: Audience::Owner,
        words: |it| ("Lead given to you", format!("{} is yours to answer.", it.named())),
    }],
};

/// A customer has accepted a quote.
pub(super) const ACCEPTED: NotificationType = NotificationType {
    key: "crm.quote.accepted",
    recurs: false,
    subject: quote,
    tellings: &[Telling {
        audience: Audience::Owner,
        words: |it| ("Quote accepted", format!("{} was accepted.", it.named())),
    }],
};

/// A customer has declined a quote.
pub(super) const DECLINED: NotificationType = NotificationType {
    key: "crm.quote.declined",
    recurs: false,
    subject: quote,
    tellings: &[Telling {
        audience: Audience::Owner,
        words: |it| ("Quote declined", format!("{} was declined.", it.named())),
    }],
};

/// What something costs that a draft of a quote offers is another than when it was written.
pub(super) const PRICES_CHANGED: NotificationType = NotificationType {
    key: "crm.quote.prices_changed",
    recurs: true,
    subject: draft,
    tellings: &[Telling {
        audience: Audience::Owner,
        words: |it| ("Prices changed", format!("{} offers something whose price has changed.", it.named())),
    }],
};

/// It is time for something.
pub(super) const DUE: NotificationType = NotificationType {
    key: "crm.activity.fallen_due",
    recurs: true,
    subject: due,
    tellings: &[Telling {
        audience: Audience::Owner,
        words: |it| ("Something is due", format!("{} of yours is due.", it.named())),
    }],
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeadAssigned {
    lead_id: Uuid,
    number: String,
    owner_membership_id: MembershipId,
}

fn assigned(payload: &Value) -> Result<Subject> {
    let assigned = LeadAssigned::deserialize(payload)?;
    Ok(Subject {
        link_type: "Lead".to_owned(),
        link_id: assigned.lead_id,
        topic: Some(format!("lead {}", assigned.number)),
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

fn quote(payload: &Value) -> Result<Subject> {
    Ok(Subject { is_decided: true, ..draft(payload)? })
}

fn draft(payload: &Value) -> Result<Subject> {
    let quote = OfQuote::deserialize(payload)?;
    Ok(Subject {
        link_type: "Quote".to_owned(),
        link_id: quote.quote_id,
        topic: Some(format!("quote {}", quote.number)),
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

fn due(payload: &Value) -> Result<Subject> {
    let due = ActivityDue::deserialize(payload)?;
    Ok(Subject {
        link_type: "Activity".to_owned(),
        link_id: due.activity_id,
        topic: Some(format!("a {}", due.kind.to_lowercase())),
        owner: due.assignee_membership_id,
        ..Subject::default()
    })
}
