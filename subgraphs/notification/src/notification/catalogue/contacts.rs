//! What is told of contacts.

use common::Result;
use serde::Deserialize;
use serde_json::Value as Json;
use uuid::Uuid;
use words::{Value, Values};

use super::{Audience, NotificationType, Subject, Telling, Topic};
use crate::ids::MembershipId;

/// Somebody looks after a contact from now on.
pub(super) const ASSIGNED: NotificationType = NotificationType {
    key: "contact.contact.assigned",
    recurs: true,
    subject: assigned,
    tellings: &[Telling { audience: Audience::Owner, message: |_| "contact-assigned" }],
};

/// Contacts were taken out of the system.
pub(super) const EXPORTED: NotificationType = NotificationType {
    key: "contact.contact.exported",
    recurs: false,
    subject: exported,
    tellings: &[Telling { audience: Audience::Office, message: |_| "contacts-exported" }],
};

/// What it says that somebody looks after a contact, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContactAssigned {
    contact_id: Uuid,
    number: String,
    owner_membership_id: MembershipId,
}

fn assigned(payload: &Json) -> Result<Subject> {
    let assigned = ContactAssigned::deserialize(payload)?;
    let values = Values::default().with("number", Value::text(assigned.number));
    Ok(Subject {
        link_type: "Contact".to_owned(),
        link_id: assigned.contact_id,
        topic: Topic::said("contact", &values),
        values,
        owner: Some(assigned.owner_membership_id),
        ..Subject::default()
    })
}

/// What it says that contacts were taken out, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContactsExported {
    export_id: Uuid,
    contact_count: i32,
    actor_membership_id: Option<MembershipId>,
}

fn exported(payload: &Json) -> Result<Subject> {
    let exported = ContactsExported::deserialize(payload)?;
    Ok(Subject {
        link_type: "ContactExport".to_owned(),
        link_id: exported.export_id,
        values: Values::default().with("contacts", Value::Number { number: exported.contact_count.into() }),
        actor: exported.actor_membership_id,
        ..Subject::default()
    })
}
