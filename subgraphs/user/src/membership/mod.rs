//! Memberships: who belongs to the organization, with which roles.

pub mod graphql;
mod model;
pub(crate) mod repo;

pub use model::{Membership, MembershipStatus, Refused};
pub(crate) use model::{may_grant, normalized};

use common::{Cursor, Error, Event, MembershipId, Page, Permission, Result, Role, Scope, Slice};
use database::{Actor, Ctx, Tx};

use crate::events::{MemberReactivated, MemberRemoved, MemberRolesChanged, MemberSuspended};

pub(crate) const READ: Permission = Permission {
    key: "user.member.read",
    description: "See the organization's members.",
    grants: &[
        (Role::Admin, Scope::All),
        (Role::Manager, Scope::All),
        (Role::Hr, Scope::All),
        (Role::Member, Scope::All),
    ],
};
pub(crate) const MANAGE: Permission = Permission {
    key: "user.member.manage",
    description: "Change members' roles, suspend and remove members.",
    grants: &[(Role::Admin, Scope::All)],
};

/// Which members are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those of this status; without it, all but removed ones.
    pub status: Option<MembershipStatus>,
    /// Only those who hold this role.
    pub role: Option<Role>,
    /// Only those whose name or mail address contains this, in whatever case.
    pub search: Option<String>,
}

/// The members, by name.
///
/// # Errors
/// As [`Ctx::begin`].
pub async fn list(ctx: &Ctx, filter: Filter, page: Page<String>) -> Result<Slice<Membership>> {
    let mut tx = ctx.begin(&READ).await?;
    let rows = repo::select_page(&mut tx, &filter, &page).await?;
    Ok(page.slice(rows, |row| Cursor { key: row.user.display_name.clone(), id: row.id.0 }))
}

/// Gives a member other roles. The roles that they have already change nothing.
///
/// # Errors
/// Refuses roles above the caller's, changes to an owner by others, and leaving the organization without one.
pub async fn change_roles(ctx: &Ctx, id: MembershipId, roles: Vec<Role>) -> Result<Membership> {
    let change = |by: &[Role], member: &mut Membership| member.change_roles(by, &roles);
    let event = |m: &Membership| MemberRolesChanged {
        membership_id: m.id,
        user_id: m.user.id,
        roles: m.roles.clone(),
    };
    apply(ctx, id, change, event).await
}

/// Shuts a member out until they are reactivated.
///
/// # Errors
/// Refuses who is not active, an owner's suspension by others, and leaving the organization without an owner.
pub async fn suspend(ctx: &Ctx, id: MembershipId) -> Result<Membership> {
    let event =
        |m: &Membership| MemberSuspended { membership_id: m.id, user_id: m.user.id, roles: m.roles.clone() };
    apply(ctx, id, |by, member| member.suspend(by), event).await
}

/// Lets a suspended member in again.
///
/// # Errors
/// Refuses who is not suspended, and an owner's return by others.
pub async fn reactivate(ctx: &Ctx, id: MembershipId) -> Result<Membership> {
    let event = |m: &Membership| MemberReactivated {
        membership_id: m.id,
        user_id: m.user.id,
        roles: m.roles.clone(),
    };
    apply(ctx, id, |by, member| member.reactivate(by), event).await
}

/// Ends a membership. Another invitation begins a new one.
///
/// # Errors
/// Refuses who is removed already, an owner's removal by others, and leaving the organization without an owner.
pub async fn remove(ctx: &Ctx, id: MembershipId) -> Result<Membership> {
    let event =
        |m: &Membership| MemberRemoved { membership_id: m.id, user_id: m.user.id, roles: m.roles.clone() };
    apply(ctx, id, |by, member| member.remove(by), event).await
}

/// One change to one member: what the four have in common.
async fn apply<E: Event>(
    ctx: &Ctx,
    id: MembershipId,
    change: impl FnOnce(&[Role], &mut Membership) -> Result<(), Refused>,
    event: impl FnOnce(&Membership) -> E,
) -> Result<Membership> {
    let mut tx = ctx.begin(&MANAGE).await?;
    // Locked before the member, and by everybody: two owners who remove each other would leave none.
    let owners = repo::lock_active_owners(&mut tx).await?;
    let before = repo::lock(&mut tx, id).await?.ok_or(Error::NotFound("member"))?;
    let mut member = before.clone();
    change(authority(ctx)?, &mut member)?;
    if member == before {
        return Ok(before);
    }
    member.keep_an_owner(&owners)?;
    repo::save(&mut tx, &member).await?;
    tx.emit(&event(&member)).await?;
    tx.commit().await?;
    Ok(member)
}

/// The roles that the caller may act with: their own; the system acts as an owner.
pub(crate) fn authority(ctx: &Ctx) -> Result<&[Role]> {
    match ctx.actor() {
        Actor::Member(member) => Ok(&member.roles),
        Actor::System(_) => Ok(&[Role::Owner]),
        Actor::Anonymous => Err(Error::Unauthenticated),
    }
}

/// The keys of the rights that roles give, among the modules that the organization has on.
pub(crate) async fn permissions(tx: &mut Tx, roles: &[Vec<Role>]) -> Result<Vec<Vec<String>>> {
    let catalogue = repo::select_permissions(tx).await?;
    let granted = |roles: &Vec<Role>| {
        let held = catalogue.iter().filter(|permission| permission.is_granted_to(roles));
        held.map(|permission| permission.key.clone()).collect()
    };
    Ok(roles.iter().map(granted).collect())
}
