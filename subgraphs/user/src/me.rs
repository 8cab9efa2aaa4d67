//! The caller: who they are, where they are logged in, and what they may do there.

use async_graphql::{Context, Object, SimpleObject};
use common::{Error, Result};
use database::Ctx;
use graphql::App as _;
use sqlx::types::Json;

use crate::ids::{IdentityId, MembershipId};
use crate::membership::Membership;
use crate::organization::{Organization, OrganizationSummary};
use crate::user::{READ_OWN, User};

/// The caller.
#[derive(Clone, Debug, SimpleObject)]
pub struct Me {
    /// The person that the caller is.
    pub user: User,
    /// Their place in the organization that they are logged in to.
    pub membership: Membership,
    /// The organization that they are logged in to.
    pub organization: Organization,
    /// Every organization that they may enter, by name.
    pub organizations: Vec<OrganizationSummary>,
}

/// The caller, in one statement: every page of a client asks for them.
pub async fn find(ctx: &Ctx) -> Result<Me> {
    let mut tx = ctx.read(&READ_OWN).await?;
    let member = ctx.member()?;
    let found = sqlx::query!(
        r#"select to_jsonb(m) as "membership!: Json<Membership>",
               (select coalesce(jsonb_agg(to_jsonb(o)), '[]') from tenant.organization_summaries(
                   array(select organization_id from "user".memberships_of($2))) o
               ) as "organizations!: Json<Vec<OrganizationSummary>>"
           from "user".membership m where m.id = $1"#,
        member.membership_id as MembershipId,
        member.identity_id as IdentityId,
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound("member"))?;
    let Json(membership) = found.membership;
    Ok(Me {
        user: membership.person(),
        membership,
        organization: Organization { id: member.organization_id },
        organizations: found.organizations.0,
    })
}

/// Queries about the caller.
#[derive(Default)]
pub struct MeQuery;

#[Object]
impl MeQuery {
    /// The caller: who they are, where they are logged in, and what they may do there.
    async fn me(&self, gql: &Context<'_>) -> Result<Me> {
        find(gql.app()).await
    }
}
