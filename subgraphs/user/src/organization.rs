//! Organizations as this module sees them: tenant owns them, this one knows who belongs to which.

use async_graphql::SimpleObject;
use serde::Deserialize;

use crate::ids::OrganizationId;

/// An organization: a tenant.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Organization {
    /// The id of the organization; opaque to clients.
    pub id: OrganizationId,
}

/// An organization, as a person who belongs to it sees it before they enter it.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(shareable)]
pub struct OrganizationSummary {
    /// The id of the organization; opaque to clients.
    pub id: OrganizationId,
    /// The name that its members know it by.
    pub name: String,
    /// The first part of its host name, unique among all organizations.
    pub subdomain: String,
}
