//! Sessions: logging in, going on, and ending. A session is one log-in on one device, in one organization.

mod graphql;
mod model;
mod refresh_token;
mod repo;

use chrono::{DateTime, Utc};
use common::{
    EVERYBODY_OWN, Error, IdentityId, OrganizationId, Page, Permission, Refusal, Result, SessionId, Slice,
};
use database::{Ctx, Tx};

pub use self::graphql::{
    LogInInput, LogInMutation, SessionFilter, SessionMutation, SessionQuery, SessionRefreshInput,
    SessionRevokeAllMutation, SessionSort, SessionSwitchInput,
};
use self::model::{Aim, Choice, Stand, choose};
pub use self::model::{GoneOn, LoggedIn, Session, SessionTokens};
use self::refresh_token::{Exchanged, Presented, RefreshToken, Stored};
pub(crate) use self::repo::forget;
use crate::device;
use crate::identity::{self, address};
use crate::organization::{self, Membership};
use crate::password::Password;
use crate::proof::{self, Otherwise};
use crate::session_end::end_all;
use crate::signing_key::Signer;
use crate::vault::Vault;

pub(crate) const READ: Permission =
    Permission::new("auth.session.read", "See one's own sessions.", EVERYBODY_OWN);
pub(crate) const REVOKE: Permission = Permission::new(
    "auth.session.revoke",
    "Log out, and end one's own sessions on other devices.",
    EVERYBODY_OWN,
);

/// Logs in: answers a session, or the organizations to choose from when there are several and none was named.
///
/// # Errors
/// Refuses an unknown address and a wrong password alike; `RATE_LIMITED`, `TENANT_SUSPENDED`.
pub async fn log_in(ctx: &Ctx, vault: &Vault, input: LogInInput) -> Result<LoggedIn> {
    let ctx = &ctx.as_nobody();
    // What is no address is nobody's, and is answered, counted and timed as one that nobody has.
    let email = common::text::email(&input.email).unwrap_or_default();
    let account = vault.account(&email);
    let (mut tx, admitted) = proof::admit(ctx, vault, account, input.device_token.as_deref()).await?;
    let known = identity::select_by_email(&mut tx, &email).await?;
    tx.commit(()).await?;

    let password = Password::new(&input.password);
    let proof = admitted.prove(ctx, known, password, Otherwise::Refused).await?;
    let signer = vault.signers.current(ctx).await?;

    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    // A password that is changed meanwhile ends every session; this one must not slip in behind it.
    proof.settle(&mut tx, &email).await?;
    let identity_id = proof.identity_id();
    let memberships = organization::select_memberships(&mut tx, identity_id).await?;
    let suspended = organization::select_suspensions(&mut tx, identity_id).await?;
    let choice =
        match at_host(ctx, input.organization_id).and_then(|named| choose(&memberships, &suspended, named)) {
            Ok(choice) => choice,
            Err(refused) => {
                // The password was right, and is counted as such.
                tx.commit(()).await?;
                return Err(refused.into());
            }
        };
    let (session, organizations) = match choice {
        Choice::One(membership) => {
            (Some(open(&mut tx, ctx, vault, &signer, identity_id, membership).await?), Vec::new())
        }
        Choice::Several => (None, organization::select_summaries(&mut tx, &memberships).await?),
    };
    let device_token = proof.keep_device(&mut tx, vault).await?;
    tx.commit(()).await?;
    Ok(LoggedIn { session, organizations, device_token })
}

/// The organization to enter: the one whose host name the request was sent to, and no other there.
fn at_host(ctx: &Ctx, named: Option<OrganizationId>) -> Result<Option<OrganizationId>, Refusal> {
    match (ctx.request().host_organization, named) {
        (Some(host), Some(named)) if host != named => Err(model::NOT_A_MEMBER),
        (host, named) => Ok(host.or(named)),
    }
}

/// Opens a session for somebody who has proved who they are.
pub(crate) async fn open(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    signer: &Signer,
    identity_id: IdentityId,
    membership: &Membership,
) -> Result<SessionTokens> {
    organization::require_active(tx, membership.organization_id).await?;
    let user_agent = ctx.request().user_agent.as_deref().map(model::user_agent);
    let session = Session::new(identity_id, membership, address(ctx), user_agent, tx.now());
    let refresh_token = RefreshToken::new(vault, session.id);
    repo::insert(tx, &session, &refresh_token.hash()).await?;
    session.tokens(signer, membership, &refresh_token, tx.now())
}

/// Goes on with a session: the refresh token is exchanged for a new one, and the roles are read again. For half a minute
/// the token that was exchanged is answered its successor again: two windows ask at once, and answers are lost. Whoever
/// believes the session to be in another organization than it is in is told where it is, and nothing is done.
///
/// # Errors
/// `UNAUTHENTICATED`, without a reason, for every token that is not good; one that was exchanged longer ago ends the
/// session, because either of the two who have it may have stolen it. `TENANT_SUSPENDED`; `HOST_REFUSED` at the host name
/// of another organization, where the token stays good.
pub async fn refresh(ctx: &Ctx, vault: &Vault, input: SessionRefreshInput) -> Result<GoneOn> {
    go_on(ctx, vault, &input.refresh_token, Aim::Stay(input.organization_id)).await
}

/// Goes on with a session in another organization of the same person. The refresh token is asked for, and not the access
/// token: what is good for ten minutes must not lead to what is good for weeks. One that was exchanged already moves the
/// session nowhere else: of two who switch at once, one is told.
///
/// # Errors
/// As [`refresh`]. Refuses an organization that the person does not belong to, or may not enter at present, and at an
/// organization's own host name every other; then the session stays as it was.
pub async fn switch(ctx: &Ctx, vault: &Vault, input: SessionSwitchInput) -> Result<GoneOn> {
    go_on(ctx, vault, &input.refresh_token, Aim::Switch(input.organization_id)).await
}

async fn go_on(ctx: &Ctx, vault: &Vault, refresh_token: &str, aim: Aim) -> Result<GoneOn> {
    let ctx = &ctx.as_nobody();
    let token = RefreshToken::parse(refresh_token).ok_or(Error::SessionEnded)?;
    let signer = vault.signers.current(ctx).await?;
    let mut tx = ctx.begin(&Permission::PUBLIC).await?;
    let (session, stored) = repo::lock_open(&mut tx, token.session_id()).await?.ok_or(Error::SessionEnded)?;
    let presented = token.presented(vault, &stored, tx.now());
    match &presented {
        Presented::Current | Presented::JustExchanged { .. } => {}
        Presented::Spent => {
            tracing::warn!(session = %session.id, "a spent refresh token came again; its session is ended");
            return over(tx, session, "TOKEN_REUSED").await;
        }
        Presented::Foreign => return Err(Error::SessionEnded),
    }
    if at_host(ctx, session.organization_id).is_err() {
        return Err(Error::HostRefused);
    }
    let memberships = organization::select_memberships(&mut tx, session.identity_id).await?;
    let found = match (session.stands(&presented, aim), aim, &presented) {
        (Stand::Exchanged, ..) => return Err(model::TOKEN_EXCHANGED.into()),
        (Stand::Goes, Aim::Switch(to), Presented::Current) => {
            let suspended = organization::select_suspensions(&mut tx, session.identity_id).await?;
            match choose(&memberships, &suspended, at_host(ctx, Some(to))?)? {
                Choice::One(membership) => Some(membership),
                Choice::Several => None,
            }
        }
        (Stand::Goes | Stand::Moved, ..) => session.membership(&memberships),
    };
    let Some(membership) = found else { return over(tx, session, "MEMBERSHIP_ENDED").await };
    organization::require_active(&mut tx, membership.organization_id).await?;
    if session.stands(&presented, aim) == Stand::Moved {
        let known = organization::select_summaries(&mut tx, std::slice::from_ref(membership)).await?;
        return Ok(GoneOn::Moved(known.into_iter().next()));
    }
    let going = Going { session, token, membership, now: tx.now() };
    let (next, session) = exchange(&mut tx, vault, presented, going).await?;
    let tokens = session.tokens(&signer, membership, &next, tx.now())?;
    tx.commit(()).await?;
    Ok(GoneOn::With(tokens))
}

/// A session that goes on, with a token that is good for it, by a membership.
struct Going<'m> {
    session: Session,
    token: RefreshToken,
    membership: &'m Membership,
    now: DateTime<Utc>,
}

/// The next refresh token. The one that was exchanged already has its successor, and changes nothing.
async fn exchange(
    tx: &mut Tx,
    vault: &Vault,
    presented: Presented,
    going: Going<'_>,
) -> Result<(RefreshToken, Session)> {
    let Going { mut session, token, membership, now } = going;
    if let Presented::JustExchanged { salt, .. } = presented {
        return Ok((token.successor(vault, &salt), session));
    }
    let salt = rand::random::<[u8; 16]>().to_vec();
    let next = token.successor(vault, &salt);
    let is_move = session.organization_id != Some(membership.organization_id);
    session.enter(membership);
    session.prolong(now);
    let exchanged = Some(Exchanged { hash: token.hash(), at: now, salt, is_move });
    repo::save(tx, &session, &Stored { refresh_hash: next.hash(), exchanged }).await?;
    Ok((next, session))
}

/// Ends a session that does not go on.
async fn over(mut tx: Tx, mut session: Session, because: &str) -> Result<GoneOn> {
    repo::end(&mut tx, &mut session, because).await?;
    tx.commit(()).await?;
    Err(Error::SessionEnded)
}

/// Ends the caller's session.
///
/// # Errors
/// As [`Ctx::begin`].
pub async fn log_out(ctx: &Ctx) -> Result<Session> {
    let id = ctx.member()?.session_id;
    end(ctx, id, "LOG_OUT").await
}

/// Ends one of the caller's sessions, on whatever device and in whatever organization. Ended already, it stays so.
///
/// # Errors
/// `NOT_FOUND`, for other people's as well.
pub async fn revoke(ctx: &Ctx, id: SessionId) -> Result<Session> {
    end(ctx, id, "REVOKED").await
}

/// As [`revoke`], for each of a list.
pub async fn revoke_bulk(ctx: &Ctx, ids: Vec<SessionId>) -> Result<Vec<Result<Session>>> {
    let mut tx = ctx.begin(&REVOKE).await?;
    let done = tx.each(ids, |id| *id, |tx, id| Box::pin(end_in(tx, id, "REVOKED"))).await?;
    tx.commit(done).await
}

/// Ends all of the caller's sessions, on all devices and in all organizations, this one included, and knows their devices
/// no more; answers how many sessions it were.
///
/// # Errors
/// As [`Ctx::begin`].
pub async fn revoke_all(ctx: &Ctx) -> Result<i32> {
    let mut tx = ctx.begin(&REVOKE).await?;
    let identity_id = ctx.member()?.identity_id;
    let count = end_all(&mut tx, identity_id, None, "EVERYWHERE").await?;
    device::forget_all(&mut tx, identity_id).await?;
    tx.commit(count).await
}

async fn end(ctx: &Ctx, id: SessionId, because: &str) -> Result<Session> {
    let mut tx = ctx.begin(&REVOKE).await?;
    let session = end_in(&mut tx, id, because).await?;
    tx.commit(session).await
}

async fn end_in(tx: &mut Tx, id: SessionId, because: &str) -> Result<Session> {
    let mut session: Session = tx.lock(id).await?;
    repo::end(tx, &mut session, because).await?;
    Ok(session)
}

/// The caller's sessions in all organizations that the filter lets through.
pub async fn list(ctx: &Ctx, filter: SessionFilter, sort: SessionSort, page: Page) -> Result<Slice<Session>> {
    let mut tx = ctx.read(&READ).await?;
    repo::select_page(&mut tx, ctx.member()?.identity_id, &filter, sort, page).await
}
