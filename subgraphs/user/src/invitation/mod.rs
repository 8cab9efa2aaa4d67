//! Invitations: a one-time token for one mail address, good for a week. Accepting one is auth's.

pub mod graphql;
mod model;
mod repo;

pub use graphql::MemberInviteInput;
pub use model::{Invitation, InvitationId, InvitationStatus, Refused, Token};

use chrono::{DateTime, Utc};
use common::{Cursor, Error, Page, Permission, Result, Role, Scope, Slice};
use database::{Ctx, OnConstraint as _};

use crate::membership;

pub(crate) const INVITE: Permission = Permission {
    key: "user.member.invite",
    description: "Invite people, see invitations and revoke them.",
    grants: &[(Role::Admin, Scope::All)],
};

/// Invites somebody; answers the invitation and its token, which is shown this once.
///
/// # Errors
/// Refuses an address that is none, a member's, one that is invited already, and roles above the caller's.
pub async fn invite(ctx: &Ctx, input: MemberInviteInput) -> Result<(Invitation, Token)> {
    let mut tx = ctx.begin(&INVITE).await?;
    let email = model::email_address(&input.email)?;
    let roles = membership::normalized(&input.roles)?;
    membership::may_grant(membership::authority(ctx)?, &roles)?;
    if membership::repo::exists_email(&mut tx, &email).await? {
        return Err(Refused::AlreadyMember.into());
    }
    let (token, token_hash) = Token::new();
    repo::expire(&mut tx, &email).await?;
    let invitation = repo::insert(&mut tx, &email, &roles, &token_hash)
        .await
        .on_constraint("invitation_email_key", Refused::AlreadyInvited)?;
    tx.commit().await?;
    Ok((invitation, token))
}

/// The invitations, latest first.
///
/// # Errors
/// As [`Ctx::begin`].
pub async fn list(ctx: &Ctx, page: Page<DateTime<Utc>>) -> Result<Slice<Invitation>> {
    let mut tx = ctx.begin(&INVITE).await?;
    let rows = repo::select_page(&mut tx, &page).await?;
    Ok(page.slice(rows, |row| Cursor { key: row.created_at, id: row.id.0 }))
}

/// Takes an invitation back. Revoked already, it stays so.
///
/// # Errors
/// `NOT_FOUND`; refuses one that was accepted.
pub async fn revoke(ctx: &Ctx, id: InvitationId) -> Result<Invitation> {
    let mut tx = ctx.begin(&INVITE).await?;
    let mut invitation = repo::lock(&mut tx, id).await?.ok_or(Error::NotFound("invitation"))?;
    invitation.revoke()?;
    repo::save(&mut tx, &invitation).await?;
    tx.commit().await?;
    Ok(invitation)
}
