//! The caller: who they are, where they are logged in, and what they may do there.

use async_graphql::{Context, Object, SimpleObject};
use common::{Error, Result};
use database::Ctx;
use graphql::App as _;

use crate::membership::{Membership, repo};
use crate::organization::{self, Organization, OrganizationSummary};
use crate::user::{READ_OWN, User};

// Use-cases.

/// The caller.
///
/// # Errors
/// `NOT_FOUND` when the membership is not there any more.
pub async fn find(ctx: &Ctx) -> Result<Me> {
    let mut tx = ctx.begin(&READ_OWN).await?;
    let member = ctx.member()?;
    let found = repo::select_many(&mut tx, &[member.membership_id]).await?;
    let membership = found.into_iter().next().ok_or(Error::NotFound("membership"))?;
    Ok(Me {
        user: membership.user.clone(),
        membership,
        organization: Organization { id: member.organization_id },
        organizations: organization::select_of(&mut tx, member.identity_id).await?,
    })
}

// GraphQL.

/// The caller.
#[derive(Clone, Debug, SimpleObject)]
pub struct Me {
    /// Who they are.
    pub user: User,
    /// Their place in the organization that they are logged in to.
    pub membership: Membership,
    /// The organization that they are logged in to.
    pub organization: Organization,
    /// Every organization that they may enter, by name.
    pub organizations: Vec<OrganizationSummary>,
}

/// The caller: queries.
#[derive(Default)]
pub struct MeQuery;

#[Object]
impl MeQuery {
    /// The caller: who they are, where they are logged in, and what they may do there.
    async fn me(&self, gql: &Context<'_>) -> Result<Me> {
        find(gql.app()).await
    }
}
