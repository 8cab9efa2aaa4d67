//! What the events of contacts say.

use common::Result;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::Subject;
use crate::ids::MembershipId;

/// What it says that somebody looks after a contact, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContactAssigned {
    contact_id: Uuid,
    number: String,
    owner_membership_id: MembershipId,
}

pub(super) fn assigned(payload: &Value) -> Result<Subject> {
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

pub(super) fn exported(payload: &Value) -> Result<Subject> {
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
