//! Memberships in GraphQL.

use async_graphql::{Context, InputObject};
use common::{Result, Role};
use graphql::{App as _, mutations, noun, queries, sorts};

use super::model::MembershipStatus::{Active, Removed, Suspended};
use super::{
    MANAGE, Membership, MembershipStatus, authority, change_roles, change_roles_bulk, list, reactivate,
    reactivate_bulk, remove, remove_bulk, suspend, suspend_bulk,
};
use crate::ids::MembershipId;
use crate::rights::Rights;
use crate::user::User;

#[noun(no_mutations)]
impl Membership {
    /// The person whose membership it is.
    async fn user(&self) -> User {
        self.person()
    }

    /// The keys of the rights that the roles give, in the modules that the organization has on.
    async fn permissions(&self, gql: &Context<'_>) -> Result<Vec<String>> {
        gql.data_unchecked::<Rights>().of(gql.app(), &self.roles).await
    }

    /// The names of the mutations that the caller may use on it now, by their rights, their rank and its state.
    #[graphql(directive = graphql::cost::apply(1))]
    async fn viewer_permissions(&self, gql: &Context<'_>) -> Result<Vec<&'static str>> {
        if self.may_be_changed_by(authority(gql.app())?) {
            graphql::viewer_permissions(gql, self).await
        } else {
            Ok(Vec::new())
        }
    }
}

impl graphql::Actor for Membership {
    async fn find(gql: &Context<'_>, id: MembershipId) -> Result<Option<Self>> {
        gql.find(id).await
    }
}

/// Which members a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct MemberFilter {
    /// Whether they may come in; all but removed ones when absent.
    pub status: Option<MembershipStatus>,
    /// A role that they hold.
    pub role: Option<Role>,
    /// Part of the name or the mail address: 1 to 100 characters.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
}

/// A member's new roles.
#[derive(Clone, Debug, InputObject)]
pub struct MemberRolesChangeInput {
    /// The id of the membership whose roles change.
    pub membership_id: MembershipId,
    /// All roles that the member is to hold: at least one, none above the caller's own.
    pub roles: Vec<Role>,
}

sorts! {
    /// How a list of members is ordered.
    MemberSort {
        /// By the name of the member.
        Name,
        /// By when they became members.
        JoinedAt,
    }
}

queries! {
    Membership;
    /// The organization's members; all but removed ones, by name, unless the arguments say otherwise.
    members(MemberFilter, MemberSort) = list;
    /// One member, removed or not; null when there is none of that id.
    member;
}

mutations! {
    Membership as membership;
    /// Gives a member other roles. Their open sessions renew themselves with the new ones.
    member_roles_change(
        /// The membership and its new roles.
        input: MemberRolesChangeInput
    ) = change_roles for MANAGE if |member| member.status != Removed;
    /// Gives many members other roles; one answer for each, in the order of the list.
    bulk member_roles_change_bulk(
        /// The memberships and their new roles, 500 at most.
        rows: Vec<MemberRolesChangeInput>
    ) = change_roles_bulk for MANAGE;
    /// Shuts a member out until they are reactivated.
    member_suspend(id: MembershipId) = suspend for MANAGE if |member| member.status == Active;
    /// Shuts many members out; one answer for each, in the order of the list.
    bulk member_suspend_bulk(
        /// The id of each membership to suspend, 500 at most.
        ids: Vec<MembershipId>
    ) = suspend_bulk for MANAGE;
    /// Lets a suspended member in again.
    member_reactivate(id: MembershipId) = reactivate for MANAGE if |member| member.status == Suspended;
    /// Lets many suspended members in again; one answer for each, in the order of the list.
    bulk member_reactivate_bulk(
        /// The id of each membership to reactivate, 500 at most.
        ids: Vec<MembershipId>
    ) = reactivate_bulk for MANAGE;
    /// Ends a membership. What the member did stays; another invitation begins a new membership.
    member_remove(id: MembershipId) = remove for MANAGE if |member| member.status != Removed;
    /// Ends many memberships; one answer for each, in the order of the list.
    bulk member_remove_bulk(
        /// The id of each membership to end, 500 at most.
        ids: Vec<MembershipId>
    ) = remove_bulk for MANAGE;
}
