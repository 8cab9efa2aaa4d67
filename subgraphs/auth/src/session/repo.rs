//! Sessions: SQL.

use chrono::{DateTime, Duration, Utc};
use common::{IdentityId, MembershipId, Page, Result, SessionId};
use database::Tx;

use super::Session;

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
    let row = sqlx::query!(
        r#"select s.id as "id: SessionId", s.identity_id as "identity_id: IdentityId",
               s.membership_id as "membership_id: MembershipId", s.created_at, s.last_used_at, s.expires_at,
               s.address, s.user_agent, s.refresh_hash
           from auth.session s join auth.identity i on i.id = s.identity_id
           where s.id = $1 and s.revoked_at is null and s.expires_at > $2 and i.status = 'ACTIVE'
           for update of s"#,
        id as SessionId,
        now,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        let session = Session {
            id: row.id,
            identity_id: row.identity_id,
            membership_id: row.membership_id,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            address: row.address,
            user_agent: row.user_agent,
        };
        (session, row.refresh_hash)
    }))
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

/// One of an identity's own sessions, open or not.
pub(super) async fn lock_own(tx: &mut Tx, id: SessionId, identity_id: IdentityId) -> Result<Option<Session>> {
    Ok(sqlx::query_as!(
        Session,
        r#"select id as "id: SessionId", identity_id as "identity_id: IdentityId",
               membership_id as "membership_id: MembershipId", created_at, last_used_at, expires_at, address,
               user_agent
           from auth.session where id = $1 and identity_id = $2 for update"#,
        id as SessionId,
        identity_id as IdentityId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Ends a session; one that was ended before keeps its reason.
pub(super) async fn revoke(tx: &mut Tx, id: SessionId, because: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update auth.session set revoked_at = $2, revoked_because = $3 where id = $1 and revoked_at is null",
        id as SessionId,
        now,
        because,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends an identity's sessions but one; answers how many.
pub(crate) async fn revoke_others(tx: &mut Tx, identity_id: IdentityId, kept: SessionId) -> Result<u64> {
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
    page: &Page<DateTime<Utc>>,
) -> Result<Vec<Session>> {
    let now = tx.now();
    Ok(sqlx::query_as!(
        Session,
        r#"select id as "id: SessionId", identity_id as "identity_id: IdentityId",
               membership_id as "membership_id: MembershipId", created_at, last_used_at, expires_at, address,
               user_agent
           from auth.session
           where identity_id = $1 and revoked_at is null and expires_at > $2
             and ($3::timestamptz is null or (created_at, id) < ($3, $4))
           order by created_at desc, id desc limit $5"#,
        identity_id as IdentityId,
        now,
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Forgets the sessions that ended long ago.
pub(crate) async fn forget(tx: &mut Tx) -> Result<()> {
    let before = tx.now() - KEPT_FOR;
    sqlx::query!("delete from auth.session where expires_at < $1 or revoked_at < $1", before)
        .execute(tx.conn())
        .await?;
    Ok(())
}
