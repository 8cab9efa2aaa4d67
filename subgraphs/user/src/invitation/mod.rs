//! Invitations: a one-time token for one mail address, good for a week. Accepting one is auth's.

mod graphql;
mod model;
mod sent;

use common::{ADMINISTRATION, Page, Permission, Refusal, Result, Role, Slice};
use database::{Ctx, OnConstraint as _, Tx, page};

pub use self::graphql::TokensShown;
pub use self::graphql::{
    InvitationFilter, InvitationMutation, InvitationQuery, InvitationSort, InviteMutation, MemberInviteInput,
};
use self::model::select_invitation;
pub use self::model::{Invitation, InvitationStatus};
pub use self::sent::send_invitation;
use crate::ids::InvitationId;
use crate::membership::{self, authority};

pub(crate) const INVITE: Permission =
    Permission::new("user.member.invite", "Invite people, see invitations and revoke them.", ADMINISTRATION);

const ALREADY_MEMBER: Refusal =
    Refusal::of("email", "ALREADY_MEMBER", "somebody with this mail address is a member already");
const ALREADY_INVITED: Refusal = Refusal::of(
    "email",
    "ALREADY_INVITED",
    "this mail address has been invited already; revoke that invitation first",
);

/// Invites somebody. The token of the invitation is shown this once: asked again, the answer is without it.
pub async fn invite(ctx: &Ctx, input: MemberInviteInput) -> Result<Invitation> {
    let mut tx = ctx.begin(&INVITE).await?;
    let invitation = invite_in(&mut tx, authority(ctx)?, input).await?;
    tx.commit(invitation).await
}

/// Invites many; what is refused of one, the others are not.
pub async fn invite_bulk(ctx: &Ctx, rows: Vec<MemberInviteInput>) -> Result<Vec<Result<Invitation>>> {
    let mut tx = ctx.begin(&INVITE).await?;
    let by = authority(ctx)?.to_vec();
    let done = tx.each(
        rows,
        |row| row.email.to_lowercase(),
        move |tx, row| {
            let by = by.clone();
            Box::pin(async move { invite_in(tx, &by, row).await })
        },
    );
    let done = done.await?;
    tx.commit(done).await
}

async fn invite_in(tx: &mut Tx, by: &[Role], input: MemberInviteInput) -> Result<Invitation> {
    let mut invitation = Invitation::blank(tx.now());
    invitation.fill_in(input, by)?;
    invitation.invited_by_id = tx.membership_id();
    if membership::exists_email(tx, &invitation.email).await? {
        return Err(ALREADY_MEMBER.into());
    }
    make_way(tx, &invitation.email).await?;
    tx.save(&mut invitation).await.on_constraint("invitation_email_key", ALREADY_INVITED)?;
    Ok(invitation)
}

/// Takes an invitation back. Revoked already, it stays so.
pub async fn revoke(ctx: &Ctx, id: InvitationId) -> Result<Invitation> {
    let mut tx = ctx.begin(&INVITE).await?;
    let invitation = revoke_in(&mut tx, id).await?;
    tx.commit(invitation).await
}

/// As [`revoke`], for each of a list.
pub async fn revoke_bulk(ctx: &Ctx, ids: Vec<InvitationId>) -> Result<Vec<Result<Invitation>>> {
    let mut tx = ctx.begin(&INVITE).await?;
    let done = tx.each(ids, |id| *id, |tx, id| Box::pin(revoke_in(tx, id))).await?;
    tx.commit(done).await
}

async fn revoke_in(tx: &mut Tx, id: InvitationId) -> Result<Invitation> {
    let mut invitation: Invitation = tx.lock(id).await?;
    invitation.revoke()?;
    tx.save(&mut invitation).await?;
    Ok(invitation)
}

/// The invitations that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: InvitationFilter,
    sort: InvitationSort,
    page: Page,
) -> Result<Slice<Invitation>> {
    let mut tx = ctx.read(&INVITE).await?;
    let search = tx.search::<Invitation>(filter.search.as_deref()).await?;
    let now = tx.now();
    // Pending ones whose week is over count as expired: nothing runs when it ends.
    let (stored, is_good) = match filter.status {
        Some(InvitationStatus::Pending) => (Some(["PENDING", "PENDING"]), Some(true)),
        Some(InvitationStatus::Expired) => (Some(["PENDING", "EXPIRED"]), Some(false)),
        Some(InvitationStatus::Accepted) => (Some(["ACCEPTED", "ACCEPTED"]), None),
        Some(InvitationStatus::Revoked) => (Some(["REVOKED", "REVOKED"]), None),
        None => (None, None),
    };
    Ok(page!(
        tx, Invitation, page, sort: InvitationSort { CreatedAt => "created_at", Email => "email" },
        "($3::text[] is null or status = any($3))
         and ($4::boolean is null or status <> 'PENDING' or (expires_at > $5) = $4)
         and ($6::uuid[] is null or id = any($6)) and ($7::text[] is null or search_text like all($7))",
        [
            stored.as_ref().map(<[&str; 2]>::as_slice) as Option<&[&str]>,
            is_good,
            now,
            search.ids.as_deref(),
            search.patterns.as_deref(),
        ],
    ))
}

/// Marks what nobody can accept any more, so that the address can be invited again: its week is over, or whoever invited
/// might not do so today.
async fn make_way(tx: &mut Tx, email: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        r#"update "user".invitation set status = case when expires_at <= $2 then 'EXPIRED' else 'REVOKED' end
           where email = $1 and status = 'PENDING'
             and (expires_at <= $2 or not "user".may_invite(invited_by, roles))"#,
        email,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
