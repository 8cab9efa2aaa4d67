//! The SQL of sessions.

use chrono::Duration;
use common::{IdentityId, MembershipId, Page, Result, SessionId, Slice};
use database::{Tx, page};

use super::graphql::{SessionFilter, SessionSort};
use super::model::{Session, select_session};

/// How long a session that ended is kept, for whoever looks into a theft.
const KEPT_FOR: Duration = Duration::days(30);

pub(super) async fn insert(tx: &mut Tx, session: &Session, refresh_hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into auth.session (id, identity_id, membership_id, refresh_hash, created_at, last_used_at,
             expires_at, address, user_agent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        session.id as SessionId,
        session.identity_id as IdentityId,
        session.membership_id as MembershipId,
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

/// A session that can go on, with the hash of its good refresh token. Locked: a token is exchanged once.
pub(super) async fn lock_open(tx: &mut Tx, id: SessionId) -> Result<Option<(Session, Vec<u8>)>> {
    let now = tx.now();
    let refresh_hash = sqlx::query_scalar!(
        "select s.refresh_hash from auth.session s join auth.identity i on i.id = s.identity_id
         where s.id = $1 and s.revoked_at is null and s.expires_at > $2 and i.status = 'ACTIVE' for update of s",
        id as SessionId,
        now,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(match refresh_hash {
        Some(refresh_hash) => Some((tx.find(id).await?, refresh_hash)),
        None => None,
    })
}

pub(super) async fn save(tx: &mut Tx, session: &Session, refresh_hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "update auth.session set refresh_hash = $2, last_used_at = $3, expires_at = $4 where id = $1",
        session.id as SessionId,
        refresh_hash,
        session.last_used_at,
        session.expires_at,
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
    Ok(())
}

/// Ends an identity's sessions but one; answers how many.
pub(crate) async fn end_others(tx: &mut Tx, identity_id: IdentityId, kept: SessionId) -> Result<u64> {
    let now = tx.now();
    let done = sqlx::query!(
        "update auth.session set revoked_at = $3, revoked_because = 'PASSWORD_CHANGED'
         where identity_id = $1 and id <> $2 and revoked_at is null and expires_at > $3",
        identity_id as IdentityId,
        kept as SessionId,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
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
