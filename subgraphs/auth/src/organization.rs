//! Organizations and memberships as auth sees them: tenant and user own them, and publish these functions.

use async_graphql::SimpleObject;
use common::{Error, IdentityId, MembershipId, OrganizationId, Result};
use database::Tx;

// Rules.

/// Where an identity may go: what its tokens will say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) id: MembershipId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) roles: Vec<String>,
    pub(crate) version: i64,
    /// How often it has begun: after a suspension it is another one.
    pub(crate) period: i32,
}

// SQL.

/// The active memberships of an identity.
pub(crate) async fn select_memberships(tx: &mut Tx, identity_id: IdentityId) -> Result<Vec<Membership>> {
    Ok(sqlx::query_as!(
        Membership,
        r#"select membership_id as "id!: MembershipId", organization_id as "organization_id!: OrganizationId",
               roles as "roles!", version as "version!", period as "period!"
           from "user".memberships_of($1)"#,
        identity_id as IdentityId,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The organizations that an identity may not enter for the time being.
pub(crate) async fn select_suspensions(tx: &mut Tx, identity_id: IdentityId) -> Result<Vec<OrganizationId>> {
    Ok(sqlx::query_scalar!(
        r#"select organization_id as "id!: OrganizationId" from "user".suspensions_of($1) as organization_id"#,
        identity_id as IdentityId,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// One active membership of an identity.
pub(crate) async fn select_membership(
    tx: &mut Tx,
    identity_id: IdentityId,
    id: MembershipId,
) -> Result<Option<Membership>> {
    Ok(select_memberships(tx, identity_id).await?.into_iter().find(|membership| membership.id == id))
}

/// The organizations of these memberships, by name.
pub(crate) async fn select_summaries(
    tx: &mut Tx,
    memberships: &[Membership],
) -> Result<Vec<OrganizationSummary>> {
    let ids: Vec<OrganizationId> = memberships.iter().map(|membership| membership.organization_id).collect();
    Ok(sqlx::query_as!(
        OrganizationSummary,
        r#"select id as "id!: OrganizationId", name as "name!", subdomain as "subdomain!"
           from tenant.organization_summaries($1)"#,
        &ids as &[OrganizationId],
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Lets nobody into an organization that may not work.
///
/// # Errors
/// `TENANT_SUSPENDED`.
pub(crate) async fn require_active(tx: &mut Tx, id: OrganizationId) -> Result<()> {
    let is_active = sqlx::query_scalar!(
        r#"select is_active as "is_active!" from tenant.organization_state($1)"#,
        id as OrganizationId
    )
    .fetch_optional(tx.conn())
    .await?;
    if is_active == Some(true) { Ok(()) } else { Err(Error::TenantSuspended) }
}

// GraphQL.

/// An organization, as a person who belongs to it sees it before they enter it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(shareable)]
pub struct OrganizationSummary {
    /// The id of the organization; opaque to clients.
    pub id: OrganizationId,
    /// The name that its members know it by.
    pub name: String,
    /// The first part of its host name, unique among all organizations.
    pub subdomain: String,
}
