//! Which contacts a list or a segment has.

use async_graphql::InputObject;
use chrono::{DateTime, Utc};
use common::{Error, MembershipId, Refusal, Result, text};
use custom::CustomFieldCondition;
use serde_json::{Map, Value, json};

use super::model::{ContactKind, ContactRole, ContactStatus};
use super::parts::COUNTRY_UNKNOWN;
use crate::consent_key::{ConsentChannel, grant};
use crate::country;
use crate::ids::{ContactId, SegmentId};

/// Which contacts a list has; every condition holds.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ContactFilter {
    /// The ids of contacts; those of merged ones stand for what they were merged into. 500 at most.
    pub ids: Option<Vec<ContactId>>,
    /// Part of the name, a mail address, a phone number, the number, the tax id or the city: 1 to 100 characters.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// Whether they are a person or a company.
    pub kind: Option<ContactKind>,
    /// Whether one deals with them.
    pub status: Option<ContactStatus>,
    /// What they are to the organization, among other things.
    pub role: Option<ContactRole>,
    /// The id of the company that they belong to, not counting those below.
    pub parent_company_id: Option<ContactId>,
    /// The id of the membership of whoever looks after them.
    pub owner_id: Option<MembershipId>,
    /// Whether anybody looks after them.
    pub is_owned: Option<bool>,
    /// The id of a segment that they are in.
    pub segment_id: Option<SegmentId>,
    /// The ISO 3166 code of the country of their first address.
    pub country: Option<String>,
    /// What a company does, as it is spelt.
    pub industry: Option<String>,
    /// Where they were met first, as it is spelt.
    pub source: Option<String>,
    /// The language that they are written to in, as it is spelt.
    pub language: Option<String>,
    /// A tag that they carry, as it is spelt.
    pub tag: Option<String>,
    /// A value of a custom field that they have.
    pub custom_field: Option<CustomFieldCondition>,
    /// What they have allowed and may be sent.
    pub may_receive: Option<ContactGrantInput>,
    /// Whether they want to hear nothing.
    pub is_do_not_contact: Option<bool>,
    /// Whether they have a mail address.
    pub has_email: Option<bool>,
    /// Whether they have a phone number.
    pub has_phone: Option<bool>,
    /// An instant since which nobody has talked or written to them: they are dormant.
    pub contacted_before: Option<DateTime<Utc>>,
    /// An instant since which somebody has talked or written to them.
    pub contacted_after: Option<DateTime<Utc>>,
    /// An instant before which the record was made.
    pub created_before: Option<DateTime<Utc>>,
    /// An instant after which the record was made.
    pub created_after: Option<DateTime<Utc>>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

/// A way to reach somebody, and what for.
#[derive(Clone, Debug, InputObject)]
pub struct ContactGrantInput {
    /// The way.
    pub channel: ConsentChannel,
    /// What for, such as newsletter.
    pub purpose: String,
}

/// The most ids that a list is asked for.
pub(super) const IDS_MAX: usize = 500;
/// The conditions that `contact.fits` looks at.
///
/// # Errors
/// Refuses the field of a text that is none.
pub(crate) fn conditions(filter: &ContactFilter) -> Result<Value, Refusal> {
    let mut all = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            all.insert(name.to_owned(), value);
        }
    };
    put("kind", filter.kind.map(|kind| json!(kind)));
    put("status", filter.status.map(|status| json!(status)));
    put("role", filter.role.map(|role| json!(role)));
    put("ownerId", filter.owner_id.map(|id| json!(id)));
    put("isOwned", filter.is_owned.map(Value::Bool));
    put("isDoNotContact", filter.is_do_not_contact.map(Value::Bool));
    put("hasEmail", filter.has_email.map(Value::Bool));
    put("hasPhone", filter.has_phone.map(Value::Bool));
    put("contactedBefore", filter.contacted_before.map(|at| json!(at)));
    put("contactedAfter", filter.contacted_after.map(|at| json!(at)));
    put("createdBefore", filter.created_before.map(|at| json!(at)));
    put("createdAfter", filter.created_after.map(|at| json!(at)));
    put("industry", spelt("industry", &filter.industry)?);
    put("source", spelt("source", &filter.source)?);
    put("language", spelt("language", &filter.language)?);
    if let Some(country) = &filter.country {
        put("country", Some(json!(country::code(country).ok_or(COUNTRY_UNKNOWN)?)));
    }
    if let Some(wanted) = &filter.may_receive {
        put("grant", Some(json!(grant(wanted.channel, &wanted.purpose).ok_or(PURPOSE_INVALID)?)));
    }
    Ok(Value::Object(all))
}

const PURPOSE_INVALID: Refusal =
    Refusal::of("mayReceive.purpose", "PURPOSE_INVALID", "give a purpose of 1 to 40 of a to z, 0 to 9 and _");

/// A text as it is kept.
fn spelt(field: &'static str, text: &Option<String>) -> Result<Option<Value>, Refusal> {
    const TEXT_MAX: usize = 200;
    let invalid =
        || Refusal::of(field, "NAME_INVALID", "give 1 to 200 characters that can be seen, on one line");
    text.as_ref()
        .map(|text| text::name(text, TEXT_MAX).map(|text| json!(text)).ok_or_else(invalid))
        .transpose()
}

/// As a list says it that cannot be looked for.
pub(super) fn invalid(refusal: Refusal) -> Error {
    Error::validation(format!("{}: {}", refusal.field.unwrap_or_default(), refusal.message))
}
