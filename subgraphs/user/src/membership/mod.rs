//! Memberships: who belongs to the organization, with which roles.

mod graphql;
mod model;
mod repo;

use common::{ADMINISTRATION, Error, Page, Permission, Result, Role, Slice};
use database::{Actor, Ctx, Tx};

pub use self::graphql::{
    MemberFilter, MemberRolesChangeInput, MemberSort, MembershipMutation, MembershipQuery,
};
use self::model::Change;
pub(crate) use self::model::granted;
pub use self::model::{Membership, MembershipStatus};
pub(crate) use self::repo::exists_email;
use crate::events::{MemberReactivated, MemberRemoved, MemberRolesChanged, MemberSuspended};
use crate::ids::MembershipId;
use crate::user::READ;

pub(crate) const MANAGE: Permission = Permission::new(
    "user.member.manage",
    "Change members' roles, suspend and remove members.",
    ADMINISTRATION,
);

/// Gives a member other roles. The roles that they have already change nothing.
pub async fn change_roles(ctx: &Ctx, input: MemberRolesChangeInput) -> Result<Membership> {
    change(ctx, input.membership_id, Change::Roles(input.roles)).await
}

/// As [`change_roles`], for each of a list.
pub async fn change_roles_bulk(
    ctx: &Ctx,
    rows: Vec<MemberRolesChangeInput>,
) -> Result<Vec<Result<Membership>>> {
    change_each(ctx, rows.into_iter().map(|row| (row.membership_id, Change::Roles(row.roles))).collect())
        .await
}

/// Shuts a member out until they are reactivated.
pub async fn suspend(ctx: &Ctx, id: MembershipId) -> Result<Membership> {
    change(ctx, id, Change::Suspend).await
}

/// As [`suspend`], for each of a list.
pub async fn suspend_bulk(ctx: &Ctx, ids: Vec<MembershipId>) -> Result<Vec<Result<Membership>>> {
    change_each(ctx, ids.into_iter().map(|id| (id, Change::Suspend)).collect()).await
}

/// Lets a suspended member in again.
pub async fn reactivate(ctx: &Ctx, id: MembershipId) -> Result<Membership> {
    change(ctx, id, Change::Reactivate).await
}

/// As [`reactivate`], for each of a list.
pub async fn reactivate_bulk(ctx: &Ctx, ids: Vec<MembershipId>) -> Result<Vec<Result<Membership>>> {
    change_each(ctx, ids.into_iter().map(|id| (id, Change::Reactivate)).collect()).await
}

/// Ends a membership. Another invitation begins a new one.
pub async fn remove(ctx: &Ctx, id: MembershipId) -> Result<Membership> {
    change(ctx, id, Change::Remove).await
}

/// As [`remove`], for each of a list.
pub async fn remove_bulk(ctx: &Ctx, ids: Vec<MembershipId>) -> Result<Vec<Result<Membership>>> {
    change_each(ctx, ids.into_iter().map(|id| (id, Change::Remove)).collect()).await
}

/// The members that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: MemberFilter,
    sort: MemberSort,
    page: Page,
) -> Result<Slice<Membership>> {
    let mut tx = ctx.read(&READ).await?;
    repo::select_page(&mut tx, &filter, sort, page).await
}

async fn change(ctx: &Ctx, id: MembershipId, change: Change) -> Result<Membership> {
    let mut tx = ctx.begin(&MANAGE).await?;
    repo::lock_owners(&mut tx).await?;
    let member = change_in(&mut tx, authority(ctx)?, id, change).await?;
    tx.commit(member).await
}

async fn change_each(ctx: &Ctx, rows: Vec<(MembershipId, Change)>) -> Result<Vec<Result<Membership>>> {
    let mut tx = ctx.begin(&MANAGE).await?;
    repo::lock_owners(&mut tx).await?;
    let by = authority(ctx)?.to_vec();
    // Whoever else does this waits for the owners' rows; so they are done in the caller's order, which decides who of
    // the owners stays.
    let done = tx.each(
        rows,
        |_| (),
        move |tx, (id, change)| {
            let by = by.clone();
            Box::pin(async move { change_in(tx, &by, id, change).await })
        },
    );
    let done = done.await?;
    tx.commit(done).await
}

/// One change to one member: what the four have in common.
async fn change_in(tx: &mut Tx, by: &[Role], id: MembershipId, change: Change) -> Result<Membership> {
    let mut member: Membership = tx.lock(id).await?;
    let before = member.clone();
    member.change(by, &change)?;
    if (member.status, &member.roles) == (before.status, &before.roles) {
        return Ok(member);
    }
    if before.is_active_owner() && !member.is_active_owner() && !repo::has_other_owner(tx, id).await? {
        return Err(model::last_owner(tx.membership_id() == Some(id)).into());
    }
    tx.save(&mut member).await?;
    emit(tx, &member, &change).await?;
    Ok(member)
}

async fn emit(tx: &mut Tx, member: &Membership, change: &Change) -> Result<()> {
    let (membership_id, user_id, roles) = (member.id, member.user_id, member.roles.clone());
    match change {
        Change::Roles(_) => tx.emit(&MemberRolesChanged { membership_id, user_id, roles }).await,
        Change::Suspend => tx.emit(&MemberSuspended { membership_id, user_id, roles }).await,
        Change::Reactivate => tx.emit(&MemberReactivated { membership_id, user_id, roles }).await,
        Change::Remove => tx.emit(&MemberRemoved { membership_id, user_id, roles }).await,
    }
}

/// The roles that the caller may act with: their own; the system acts as an owner.
pub(crate) fn authority(ctx: &Ctx) -> Result<&[Role]> {
    match ctx.actor() {
        Actor::Member(member) => Ok(&member.roles),
        Actor::System(_) => Ok(&[Role::Owner]),
        Actor::Anonymous => Err(Error::Unauthenticated),
    }
}
