//! Contacts, which the contact module has: what it publishes for others, called in this module's transactions. See the README
//! for why it is done so.

use common::{MembershipId, Refusal, Result};
use database::Tx;
use serde_json::Value;

use crate::ids::{ContactId, OperationId};

/// What files hang on that hang on a contact.
pub(crate) const TABLE: &str = "contact.contact";

const NOT_FOUND: Refusal = Refusal::whole("CONTACT_NOT_FOUND", "there is no such contact");

const NO_COMPANY: Refusal = Refusal::whole("NO_COMPANY", "this contact is a person; name the company");
const NO_PERSON: Refusal = Refusal::whole("NO_PERSON", "this contact is a company; name the person");

/// A contact that something begins to name.
pub(crate) struct Named {
    /// The field that names it.
    pub(crate) field: String,
    pub(crate) id: ContactId,
    /// What it must be: `COMPANY` or `PERSON`; either when it is nothing.
    pub(crate) kind: Option<&'static str>,
}

/// Whether contacts that something begins to name are in use, in sight of whoever names them, and what they must be. One that is
/// kept from the caller is refused as one that there is not.
pub(crate) async fn check(tx: &mut Tx, wanted: &[Named]) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let ids: Vec<ContactId> = wanted.iter().map(|named| named.id).collect();
    let there = sqlx::query!(
        r#"select id as "id!: ContactId", kind as "kind!" from contact.parties_in_sight($1)"#,
        &ids as &[ContactId]
    );
    let there = there.fetch_all(tx.conn()).await?;
    let refusal = |named: &Named| {
        let Some(found) = there.iter().find(|row| row.id == named.id) else { return Some(NOT_FOUND) };
        let wrong = if named.kind == Some("COMPANY") { NO_COMPANY } else { NO_PERSON };
        named.kind.is_some_and(|kind| kind != found.kind).then_some(wrong)
    };
    let refused = wanted.iter().filter_map(|named| Some(refusal(named)?.at(named.field.clone())));
    let refused: Vec<Refusal> = refused.collect();
    if refused.is_empty() { Ok(()) } else { Err(common::Error::Refused(refused)) }
}

/// Who somebody is, as the contact module looks for them and makes them.
#[derive(Clone, Debug, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wanted {
    pub(crate) name: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) job_title: Option<String>,
    pub(crate) company_id: Option<ContactId>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) owner_id: Option<MembershipId>,
    pub(crate) source: Option<String>,
    pub(crate) role: Option<&'static str>,
}

/// Finds or makes the contact that an operation needs as its part `COMPANY` or `PERSON`; answers whether it was made.
pub(crate) async fn find_or_create(
    tx: &mut Tx,
    operation: OperationId,
    part: &str,
    wanted: &Wanted,
) -> Result<(ContactId, bool)> {
    let wanted: Value = serde_json::to_value(wanted)?;
    let found = sqlx::query!(
        r#"select contact_id as "contact_id!: ContactId", is_created as "is_created!"
           from contact.party_for($1, $2, $3)"#,
        operation as OperationId,
        part,
        wanted,
    )
    .fetch_one(tx.conn())
    .await?;
    // Its event was written by SQL.
    tx.announce();
    Ok((found.contact_id, found.is_created))
}

/// Gives a contact a role for an operation, unless they have it.
pub(crate) async fn give_role(
    tx: &mut Tx,
    operation: OperationId,
    part: &str,
    contact: ContactId,
    role: &str,
) -> Result<()> {
    sqlx::query!(
        "select contact.party_give_role($1, $2, $3, $4)",
        operation as OperationId,
        part,
        contact as ContactId,
        role,
    )
    .execute(tx.conn())
    .await?;
    tx.announce();
    Ok(())
}

/// Undoes what was done to contacts for an operation, as far as nobody has touched them since.
pub(crate) async fn undo(tx: &mut Tx, operation: OperationId) -> Result<()> {
    sqlx::query!("select contact.party_undo($1)", operation as OperationId).execute(tx.conn()).await?;
    tx.announce();
    Ok(())
}
