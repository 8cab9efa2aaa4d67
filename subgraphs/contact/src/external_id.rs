//! What contacts are called in other systems.

use async_graphql::{InputObject, SimpleObject};
use common::{Form, Refusal, Result, text};
use database::{OnConstraint as _, Record, Tx};

use crate::ids::{ContactId, ExternalIdId};
use crate::rights::READ;

/// What a contact is called in another system.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject, Record)]
#[record("external id", table = "contact.external_id", read = READ)]
pub struct ContactExternalId {
    #[graphql(skip)]
    pub(crate) id: ExternalIdId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) contact_id: ContactId,
    /// The system, such as shop.
    #[record(once)]
    pub system: String,
    /// The id that it has there.
    pub value: String,
}

/// What a contact is called in another system.
#[derive(Clone, Debug, PartialEq, Eq, Hash, InputObject)]
pub struct ContactExternalIdInput {
    /// The system, such as shop: 1 to 40 of a to z, 0 to 9, _ and -.
    pub system: String,
    /// The id that it has there: 1 to 200 characters.
    pub value: String,
}

/// The most systems that know a contact.
pub(crate) const SYSTEMS_MAX: usize = 20;
const VALUE_MAX: usize = 200;

pub(crate) const TAKEN: Refusal = Refusal::of(
    "externalIds",
    "EXTERNAL_ID_TAKEN",
    "another contact is called so in that system; they are one, or one of them is called otherwise",
);
const SYSTEM_INVALID: Refusal = Refusal::of(
    "system",
    "SYSTEM_INVALID",
    "name the system by 1 to 40 of the characters a to z, 0 to 9, _ and -, beginning with a letter or a digit",
);
const VALUE_INVALID: Refusal =
    Refusal::of("value", "NAME_INVALID", "give 1 to 200 characters that can be seen, on one line");
const SYSTEM_TWICE: Refusal = Refusal::of("system", "SYSTEM_TWICE", "this system stands in the list before");

impl ContactExternalIdInput {
    /// The same in its one spelling.
    pub(crate) fn spelt(self) -> Result<Self, Refusal> {
        let system = self.system.trim().to_ascii_lowercase();
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        let begins = system.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !begins || system.len() > 40 || !system.chars().all(is_word) {
            return Err(SYSTEM_INVALID);
        }
        let value = text::name(&self.value, VALUE_MAX).ok_or(VALUE_INVALID)?;
        Ok(Self { system, value })
    }
}

/// Those that a form has for a contact.
pub(crate) fn filled_in(id: ContactId, given: Vec<ContactExternalIdInput>) -> Result<Vec<ContactExternalId>> {
    let (mut form, mut wanted): (_, Vec<ContactExternalId>) = (Form::default(), Vec::new());
    let given = async_graphql::MaybeUndefined::Value(given);
    form.each("externalIds", given, 0..=SYSTEMS_MAX, &mut wanted, |form, given: ContactExternalIdInput| {
        let mut one = ContactExternalId::blank(chrono::DateTime::UNIX_EPOCH, id);
        match given.spelt() {
            Ok(given) => (one.system, one.value) = (given.system, given.value),
            Err(refusal) => form.refuse(refusal),
        }
        one
    });
    for at in 1..wanted.len() {
        if wanted[..at].iter().any(|one| !one.system.is_empty() && one.system == wanted[at].system) {
            form.refuse(SYSTEM_TWICE.below("externalIds", at));
        }
    }
    form.check()?;
    Ok(wanted)
}

/// Makes those of a contact what they are wanted to be; answers whether anything was changed. Those of what was merged into
/// it stay where they are.
pub(crate) async fn replace(tx: &mut Tx, id: ContactId, mut wanted: Vec<ContactExternalId>) -> Result<bool> {
    let (there, merged): (Vec<_>, Vec<_>) =
        select_of(tx, &[id]).await?.into_iter().map(|(_, one)| one).partition(|one| one.contact_id == id);
    wanted
        .retain(|one| !merged.iter().any(|other| (&other.system, &other.value) == (&one.system, &one.value)));
    let done = tx.replace_parts(there, wanted, |one| one.system.clone()).await;
    done.on_constraint("external_id_value_key", TAKEN)
}

/// Those of contacts and of what was merged into them, each beside the contact that was asked for.
pub(crate) async fn select_of(tx: &mut Tx, ids: &[ContactId]) -> Result<Vec<(ContactId, ContactExternalId)>> {
    let family = crate::family::select(tx, ids).await?;
    let all: Vec<ContactId> = family.keys().copied().collect();
    let rows = select_contact_external_id!(
        "where contact_id = any($1) order by system, value",
        &all as &[ContactId]
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((*family.get(&row.contact_id)?, row))).collect())
}
