//! What is told of contacts.

use common::Result;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Audience, NotificationType, Subject, Telling};
use crate::ids::MembershipId;

/// Somebody looks after a contact from now on.
pub(super) const ASSIGNED: NotificationType = NotificationType {
    key: "contact.contact.assigned",
    recurs: true,
    subject: assigned,
    tellings: &[Telling {
        audience: Audience::Owner,
        words: |it| ("Contact given to you", format!("{} is yours to look after.", it.named())),
    }],
};

/// Contacts were taken out of the system.
pub(super) const EXPORTED: NotificationType = NotificationType {
    key: "contact.contact.exported",
    recurs: false,
    subject: exported,
    tellings: &[Telling {
        audience: Audience::Office,
        words: |it| ("Contacts exported", format!("{} taken out of the system.", it.named())),
    }],
};

/// What it says that somebody looks after a contact, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContactAssigned {
    contact_id: Uuid,
    number: String,
    owner_membership_id: MembershipId,
}

fn assigned(payload: &Value) -> Result<Subject> {
    let assigned = ContactAssigned::deserialize(payload)?;
    Ok(Subject {
        link_type: "Contact".to_owned(),
        link_id: assigned.contact_id,
        topic: Some(format!("contact {}", assigned.number)),
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

fn exported(payload: &Value) -> Result<Subject> {
    let exported = ContactsExported::deserialize(payload)?;
    let topic = match exported.contact_count {
        1 => "1 contact was".to_owned(),
        count => format!("{count} contacts were"),
    };
    Ok(Subject {
        link_type: "ContactExport".to_owned(),
        link_id: exported.export_id,
        topic: Some(topic),
        actor: exported.actor_membership_id,
        ..Subject::default()
    })
}
