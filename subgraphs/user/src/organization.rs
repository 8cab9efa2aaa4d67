//! Organizations as user sees them: tenant owns them, user knows who belongs to which.

use async_graphql::SimpleObject;
use common::{IdentityId, OrganizationId, Result};
use database::Tx;

// SQL.

/// The organizations that a person may enter, by name.
pub(crate) async fn select_of(tx: &mut Tx, identity_id: IdentityId) -> Result<Vec<OrganizationSummary>> {
    Ok(sqlx::query_as!(
        OrganizationSummary,
        r#"select id as "id!: OrganizationId", name as "name!", subdomain as "subdomain!"
           from tenant.organization_summaries(array(select organization_id from "user".memberships_of($1)))"#,
        identity_id as IdentityId,
    )
    .fetch_all(tx.conn())
    .await?)
}

// GraphQL.

/// An organization: a tenant.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Organization {
    /// Opaque.
    pub id: OrganizationId,
}

/// What a person sees of an organization that they belong to, before they enter it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(shareable)]
pub struct OrganizationSummary {
    /// Opaque.
    pub id: OrganizationId,
    /// What its members call it.
    pub name: String,
    /// The first part of its host name.
    pub subdomain: String,
}
