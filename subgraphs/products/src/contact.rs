//! Contacts, who belong to the contact module: what this module adds to them is in `links.rs`.

use async_graphql::SimpleObject;

use crate::ids::ContactId;

/// Somebody outside; the contact module owns it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Contact {
    /// The id of the contact; opaque to clients.
    pub id: ContactId,
}
