//! Contacts of deals: who has to do with one, as what, and who is the one to talk to.

use std::collections::HashMap;

use async_graphql::{InputObject, SimpleObject};
use common::{Form, Permission, Refusal, Result};
use database::{Record, Tx};
use graphql::{Batch, choices};

use crate::ids::{ContactId, DealContactId, DealId};
use crate::rights::DEAL_READ;

choices! {
    /// What a contact has to do with a deal.
    DealContactRole {
        /// Something else.
        Other,
        /// Decides.
        DecisionMaker,
        /// Is listened to by those who decide.
        Influencer,
        /// Will use what is bought.
        User,
        /// Gets the invoices.
        Billing,
    }
}

/// A contact's part in a deal.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("deal contact", table = "crm.deal_contact", read = DEAL_READ)]
pub struct DealContact {
    /// The id of the entry; opaque to clients.
    pub id: DealContactId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) deal_id: DealId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) contact_id: ContactId,
    /// What the contact has to do with the deal.
    pub role: DealContactRole,
    /// Whether it is the one to talk to; of those of a deal exactly one is.
    pub is_primary: bool,
}

/// A contact's part in a deal.
#[derive(Clone, Debug, InputObject)]
pub struct DealContactInput {
    /// The id of the contact.
    pub contact_id: ContactId,
    /// What the contact has to do with the deal.
    #[graphql(default)]
    pub role: DealContactRole,
    /// Whether it is the one to talk to: exactly one of several is, and one alone is in any case.
    #[graphql(default)]
    pub is_primary: bool,
}

/// The most contacts of a deal.
pub(crate) const CONTACTS_MAX: usize = 50;
const ONE_PRIMARY: Refusal =
    Refusal::of("contacts", "ONE_PRIMARY", "say of exactly one contact that it is the one to talk to");
const CONTACT_TWICE: Refusal =
    Refusal::of("contactId", "CONTACT_TWICE", "this contact stands in the list before");

/// What a form says of the contacts of a deal.
pub(super) fn filled_in(form: &mut Form, given: Vec<DealContactInput>, deal: DealId) -> Vec<DealContact> {
    let (mut contacts, now) = (Vec::new(), chrono::DateTime::UNIX_EPOCH);
    form.each(
        "contacts",
        common::given(given),
        0..=CONTACTS_MAX,
        &mut contacts,
        |_, input: DealContactInput| DealContact {
            role: input.role,
            is_primary: input.is_primary,
            ..DealContact::blank(now, deal, input.contact_id)
        },
    );
    if let [one] = contacts.as_mut_slice() {
        one.is_primary = true;
    }
    if !contacts.is_empty() && contacts.iter().filter(|contact| contact.is_primary).count() != 1 {
        form.refuse(ONE_PRIMARY);
    }
    let is_twice = |at: usize| contacts[..at].iter().any(|other| other.contact_id == contacts[at].contact_id);
    for at in (1..contacts.len()).filter(|at| is_twice(*at)) {
        form.refuse(CONTACT_TWICE.below("contacts", at));
    }
    contacts
}

// SQL.

/// The contacts of deals, the one to talk to first.
pub(crate) async fn select_of(tx: &mut Tx, deals: &[DealId]) -> Result<Vec<DealContact>> {
    Ok(select_deal_contact!("where deal_id = any($1) order by is_primary desc, id", deals as &[DealId])
        .fetch_all(tx.conn())
        .await?)
}

/// The contacts of deals.
pub(crate) struct ContactsOf;

impl Batch for ContactsOf {
    type Key = DealId;
    type Value = Vec<DealContact>;
    const READ: &'static Permission = &DEAL_READ;

    async fn load(tx: &mut Tx, keys: &[DealId]) -> Result<HashMap<DealId, Vec<DealContact>>> {
        let mut found: HashMap<DealId, Vec<DealContact>> = HashMap::new();
        for contact in select_of(tx, keys).await? {
            found.entry(contact.deal_id).or_default().push(contact);
        }
        Ok(found)
    }
}
