//! Deals, which belong to the crm module: what is kept for them says so.

use async_graphql::SimpleObject;

use crate::ids::DealId;

/// Something that may be sold to somebody; the crm module owns it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Deal {
    /// The id of the deal; opaque to clients.
    pub id: DealId,
}
