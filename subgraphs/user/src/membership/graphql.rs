//! Memberships: API.

use std::collections::HashMap;

use async_graphql::{Context, InputObject, Object};
use chrono::{DateTime, Utc};
use common::{MembershipId, Page, Result, Role};
use database::Ctx;
use graphql::{App as _, Batch, payload};

use super::{Filter, Membership, MembershipStatus, READ, repo};
use crate::user::{READ_OWN, User};

/// One person's place in the organization. Records of every module name it as who acted.
#[Object]
impl Membership {
    /// Opaque.
    async fn id(&self) -> MembershipId {
        self.id
    }

    /// What people call them.
    async fn display_name(&self) -> &str {
        &self.user.display_name
    }

    /// The roles that they hold, highest first.
    async fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Whether they may come in.
    async fn status(&self) -> MembershipStatus {
        self.status
    }

    /// When they became a member.
    async fn joined_at(&self) -> DateTime<Utc> {
        self.joined_at
    }

    /// The person.
    async fn user(&self) -> &User {
        &self.user
    }

    /// The keys of the rights that the roles give, in the modules that the organization has on.
    async fn permissions(&self, gql: &Context<'_>) -> Result<Vec<String>> {
        Ok(gql.load::<PermissionsOfRoles>(self.roles.clone()).await?.unwrap_or_default())
    }
}

/// Which members are wanted; what is absent does not matter.
#[derive(Debug, Default, InputObject)]
pub struct MemberFilter {
    /// Only those of this status; without it, all but removed ones.
    pub status: Option<MembershipStatus>,
    /// Only those who hold this role.
    pub role: Option<Role>,
    /// Only those whose name or mail address contains this, in whatever case.
    pub search: Option<String>,
}

/// A member's new roles.
#[derive(Debug, InputObject)]
pub struct MemberRolesChangeInput {
    /// Whose.
    pub membership_id: MembershipId,
    /// All that they are to hold; at least one.
    pub roles: Vec<Role>,
}

payload!(
    /// What changing a member's roles answers.
    MemberRolesChangePayload {
        /// The member as they are now.
        membership: Membership
    }
);
payload!(
    /// What suspending a member answers.
    MemberSuspendPayload {
        /// The member as they are now.
        membership: Membership
    }
);
payload!(
    /// What reactivating a member answers.
    MemberReactivatePayload {
        /// The member as they are now.
        membership: Membership
    }
);
payload!(
    /// What removing a member answers.
    MemberRemovePayload {
        /// The member as they are now: removed.
        membership: Membership
    }
);

/// Memberships, by id.
pub(crate) struct MembershipById;

impl Batch for MembershipById {
    type Key = MembershipId;
    type Value = Membership;

    async fn load(ctx: &Ctx, keys: &[MembershipId]) -> Result<HashMap<MembershipId, Membership>> {
        let mut tx = ctx.begin(&READ).await?;
        Ok(repo::select_many(&mut tx, keys).await?.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// What sets of roles allow: a page of members has few different ones.
struct PermissionsOfRoles;

impl Batch for PermissionsOfRoles {
    type Key = Vec<Role>;
    type Value = Vec<String>;

    async fn load(ctx: &Ctx, keys: &[Vec<Role>]) -> Result<HashMap<Vec<Role>, Vec<String>>> {
        let mut tx = ctx.begin(&READ_OWN).await?;
        let permissions = super::permissions(&mut tx, keys).await?;
        Ok(keys.iter().cloned().zip(permissions).collect())
    }
}

/// Memberships: queries.
#[derive(Default)]
pub struct MembershipQuery;

#[Object]
impl MembershipQuery {
    /// The organization's members, by name.
    async fn members(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Which ones; all but removed ones when not said.")] filter: Option<MemberFilter>,
    ) -> Result<graphql::Page<Membership>> {
        let page = Page::new(first, after.as_deref())?;
        let MemberFilter { status, role, search } = filter.unwrap_or_default();
        Ok(graphql::connection(super::list(gql.app(), Filter { status, role, search }, page).await?))
    }

    /// One membership, for other subgraphs; removed ones included.
    #[graphql(entity)]
    async fn membership_by_id(&self, gql: &Context<'_>, id: MembershipId) -> Result<Option<Membership>> {
        gql.load::<MembershipById>(id).await
    }
}

/// Memberships: mutations.
#[derive(Default)]
pub struct MembershipMutation;

#[Object]
impl MembershipMutation {
    /// Gives a member other roles. Their open sessions renew themselves with the new ones.
    async fn member_roles_change(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Whose, and which.")] input: MemberRolesChangeInput,
    ) -> Result<MemberRolesChangePayload> {
        MemberRolesChangePayload::of(super::change_roles(gql.app(), input.membership_id, input.roles).await)
    }

    /// Shuts a member out until they are reactivated.
    async fn member_suspend(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Whom.")] id: MembershipId,
    ) -> Result<MemberSuspendPayload> {
        MemberSuspendPayload::of(super::suspend(gql.app(), id).await)
    }

    /// Lets a suspended member in again.
    async fn member_reactivate(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Whom.")] id: MembershipId,
    ) -> Result<MemberReactivatePayload> {
        MemberReactivatePayload::of(super::reactivate(gql.app(), id).await)
    }

    /// Ends a membership. What they did stays; another invitation begins a new membership.
    async fn member_remove(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Whom.")] id: MembershipId,
    ) -> Result<MemberRemovePayload> {
        MemberRemovePayload::of(super::remove(gql.app(), id).await)
    }
}
