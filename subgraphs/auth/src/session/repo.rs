//! The SQL of sessions.

use chrono::Duration;
use common::{IdentityId, MembershipId, OrganizationId, Page, Result, SessionId, Slice};
use database::{Tx, page};

use super::graphql::{SessionFilter, SessionSort};
use super::model::{Session, select_session};
use super::refresh_token::{Exchanged, Stored};

/// How long a session that ended is kept, for whoever looks into a theft.
const KEPT_FOR: Duration = Duration::days(30);

pub(super) async fn insert(tx: &mut Tx, session: &Session, refresh_hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into auth.session (id, identity_id, membership_id, membership_period, organization, refresh_hash,
             created_at, last_used_at, expires_at, address, user_agent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        session.id as SessionId,
        session.identity_id as IdentityId,
        session.membership_id as MembershipId,
        session.membership_period,
        session.organization_id as Option<OrganizationId>,
        refresh_hash,
        session.created_at,
        session.last_used_at,
        session.expires_at,
        session.address,
        session.user_agent,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A session that can go on, with what is stored of its refresh tokens. Locked: a token is exchanged once.
pub(super) async fn lock_open(tx: &mut Tx, id: SessionId) -> Result<Option<(Session, Stored)>> {
    let now = tx.now();
    let found = sqlx::query!(
        "select s.refresh_hash, s.previous_hash, s.exchanged_at, s.exchange_salt, s.exchange_moved
         from auth.session s join auth.identity i on i.id = s.identity_id
         where s.id = $1 and s.revoked_at is null and s.expires_at > $2 and i.status = 'ACTIVE' for update of s",
        id as SessionId,
        now,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(found) = found else { return Ok(None) };
    let exchanged = match (found.previous_hash, found.exchanged_at, found.exchange_salt) {
        (Some(hash), Some(at), Some(salt)) => {
            Some(Exchanged { hash, at, salt, is_move: found.exchange_moved })
        }
        _ => None,
    };
    Ok(Some((tx.find(id).await?, Stored { refresh_hash: found.refresh_hash, exchanged })))
}

/// Goes on with a session: where it is now, and what is stored of its refresh tokens.
pub(super) async fn save(tx: &mut Tx, session: &Session, stored: &Stored) -> Result<()> {
    let exchanged = stored.exchanged.as_ref();
    sqlx::query!(
        "update auth.session set membership_id = $2, membership_period = $3, organization = $4, last_used_at = $5,
             expires_at = $6, refresh_hash = $7, previous_hash = $8, exchanged_at = $9, exchange_salt = $10,
             exchange_moved = $11
         where id = $1",
        session.id as SessionId,
        session.membership_id as MembershipId,
        session.membership_period,
        session.organization_id as Option<OrganizationId>,
        session.last_used_at,
        session.expires_at,
        stored.refresh_hash,
        exchanged.map(|exchanged| exchanged.hash.as_slice()),
        exchanged.map(|exchanged| exchanged.at),
        exchanged.map(|exchanged| exchanged.salt.as_slice()),
        exchanged.is_some_and(|exchanged| exchanged.is_move),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a session; one that was ended before keeps its reason and its time.
pub(super) async fn end(tx: &mut Tx, session: &mut Session, because: &str) -> Result<()> {
    if session.revoked_at.is_some() {
        return Ok(());
    }
    session.revoked_at = Some(tx.now());
    sqlx::query!(
        "update auth.session set revoked_at = $2, revoked_because = $3 where id = $1 and revoked_at is null",
        session.id as SessionId,
        session.revoked_at,
        because,
    )
    .execute(tx.conn())
    .await?;
    tx.session_ended(session.id);
    Ok(())
}

pub(super) async fn select_page(
    tx: &mut Tx,
    identity_id: IdentityId,
    filter: &SessionFilter,
    sort: SessionSort,
    page: Page,
) -> Result<Slice<Session>> {
    let now = tx.now();
    Ok(page!(
        tx, Session, page, sort: SessionSort { CreatedAt => "created_at" },
        "identity_id = $3 and (revoked_at is null and expires_at > $4) = (not $5)",
        [identity_id as IdentityId, now, filter.is_ended],
    ))
}

/// Forgets the sessions that ended long ago.
pub(crate) async fn forget(tx: &mut Tx) -> Result<()> {
    let before = tx.now() - KEPT_FOR;
    sqlx::query!("delete from auth.session where expires_at < $1 or revoked_at < $1", before)
        .execute(tx.conn())
        .await?;
    Ok(())
}
