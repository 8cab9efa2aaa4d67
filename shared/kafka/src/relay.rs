//! The relay: moves events from the outboxes to the log, at least once and in commit order.

use std::sync::Arc;
use std::time::Duration;

use common::Result;
use database::Database;
use sqlx::{AssertSqlSafe, Row as _};
use tokio_util::sync::CancellationToken;

use crate::EventLog;
use crate::changes;
use crate::row::{COLUMNS, envelope};

/// How many events move at once.
const BATCH: i64 = 2000;

/// How long to sleep when nothing in this process was announced: another process may have written.
const POLL: Duration = Duration::from_millis(500);

/// Moves the events of `modules` until cancelled. Several processes may run it for the same module; an
/// advisory lock lets one of them work at a time.
pub async fn relay(
    database: Database,
    modules: Vec<&'static str>,
    log: Arc<dyn EventLog>,
    cancel: CancellationToken,
) {
    while !cancel.is_cancelled() {
        let mut moved = 0;
        for module in &modules {
            match relay_once(&database, module, log.as_ref()).await {
                Ok(count) => moved += count,
                Err(error) => {
                    tracing::warn!(module, error = ?error, "relaying events failed; trying again");
                    tokio::time::sleep(POLL).await;
                }
            }
        }
        if moved == 0 {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = database.event_announced() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
}

/// Moves one batch of a module's events; answers how many.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database or the log does not answer; the events stay in the outbox.
pub async fn relay_once(database: &Database, module: &str, log: &dyn EventLog) -> Result<usize> {
    // Without a lock, because it is mostly empty. By its index: what was moved lies in the table until it is cleared.
    let first: Option<i64> =
        sqlx::query_scalar(AssertSqlSafe(format!("select id from \"{module}\".outbox order by id limit 1")))
            .fetch_optional(database.relay()?)
            .await?;
    if first.is_none() {
        return Ok(0);
    }
    let _turn = database.turn_to_relay().await;
    let mut tx = database.relay()?.begin().await?;
    let is_mine: bool =
        sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtext('relay'), hashtext($1))")
            .bind(module)
            .fetch_one(&mut *tx)
            .await?;
    if !is_mine {
        return Ok(0);
    }
    // Only below every transaction that is still open: one that commits late must not be overtaken. Among
    // those, in the order of their writing and not of `xid`: of two that wrote about one thing, the one that
    // waited for the other's lock may well have the lower `xid`.
    let rows = sqlx::query(AssertSqlSafe(format!(
        "select id, {COLUMNS}
         from \"{module}\".outbox where xid < pg_snapshot_xmin(pg_current_snapshot()) order by id limit $1"
    )))
    .bind(BATCH)
    .fetch_all(&mut *tx)
    .await?;
    let mut ids = Vec::with_capacity(rows.len());
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        ids.push(row.try_get::<i64, _>("id")?);
        events.push(envelope(row)?);
    }
    if events.is_empty() {
        return Ok(0);
    }
    log.append(&events).await?;
    sqlx::query(AssertSqlSafe(format!("delete from \"{module}\".outbox where id = any($1)")))
        .bind(&ids)
        .execute(&mut *tx)
        .await?;
    // By this transaction, which nobody waits for: PostgreSQL lets those who say something commit one after the other.
    sqlx::query("select pg_notify($1, said) from unnest($2::text[]) said")
        .bind(changes::CHANNEL)
        .bind(changes::messages(&events))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(events.len())
}
