//! Contacts in GraphQL.

use async_graphql::{Context, InputObject, Object};
use common::Result;
use database::Record as _;
use graphql::{App as _, cost, mutations, queries, sorts};

use super::hold::{hold, release};
use super::{
    Contact, ContactCreateInput, ContactFilter, ContactHoldInput, ContactUpdateInput, archive, archive_bulk,
    by_email, create, list, restore, restore_bulk, update, update_bulk,
};
use crate::ids::ContactId;
use crate::rights::{ERASE, MANAGE};

sorts! {
    /// How a list of contacts is ordered.
    ContactSort {
        /// By name; people by last name, then first name.
        Name,
        /// By when the record was made, the oldest first.
        CreatedAt,
        /// By when the record was last changed, the oldest first.
        UpdatedAt,
    }
}

/// One contact to change among many.
#[derive(Debug, InputObject)]
pub struct ContactUpdateRow {
    /// The id of the contact.
    pub id: ContactId,
    /// The fields to change.
    pub input: ContactUpdateInput,
}

queries! {
    Contact;
    /// The contacts; those in use, by name, unless the arguments say otherwise.
    contacts(ContactFilter, ContactSort) = list;
    /// One contact, archived or not, by its id or that of one that was merged into it; null when there is none.
    contact;
}

/// Contacts by what others know of them.
#[derive(Default)]
pub struct ContactByEmailQuery;

#[Object]
impl ContactByEmailQuery {
    /// The contacts that a mail address belongs to, by name, 100 at most.
    #[graphql(directive = cost::apply(5))]
    async fn contacts_by_email(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The mail address.")] email: String,
    ) -> Result<Vec<Contact>> {
        by_email(gql.app(), &email).await
    }
}

mutations! {
    Contact as contact;
    /// Creates a contact; ask its duplicates whether it was there already.
    contact_create(input: ContactCreateInput) = create for MANAGE;
    /// Changes a contact.
    contact_update(id: ContactId, input: ContactUpdateInput) = update for MANAGE if |contact| contact.erased_at.is_none();
    /// Changes many contacts; one answer for each, in the order of the list.
    bulk contact_update_bulk(
        /// The contacts and what to change about each, 500 at most.
        rows: Vec<ContactUpdateRow>
    ) = update_bulk for MANAGE;
    /// Archives a contact: it is offered no more, and what refers to it still does.
    contact_archive(id: ContactId) = archive for MANAGE if |contact| !contact.is_archived();
    /// Restores an archived contact: it is offered again.
    contact_restore(id: ContactId) = restore for MANAGE if |contact| contact.is_archived();
    /// Archives many contacts; one answer for each, in the order of the list.
    bulk contact_archive_bulk(
        /// The ids of the contacts, 500 at most.
        ids: Vec<ContactId>
    ) = archive_bulk for MANAGE;
    /// Restores many archived contacts; one answer for each, in the order of the list.
    bulk contact_restore_bulk(
        /// The ids of the contacts, 500 at most.
        ids: Vec<ContactId>
    ) = restore_bulk for MANAGE;
    /// Places a legal hold: nothing that is known of the contact may be erased while there is one.
    contact_hold(
        /// The id of the contact.
        id: ContactId,
        /// Why nothing may be erased.
        input: ContactHoldInput
    ) = hold for ERASE if |contact| contact.erased_at.is_none();
    /// Lifts a legal hold.
    contact_release(
        /// The id of the contact.
        id: ContactId
    ) = release for ERASE if |contact| contact.legal_hold_reason.is_some();
    attach and detach for MANAGE;
}
