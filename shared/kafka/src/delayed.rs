//! Delayed events: what a consumer failed on, and what stands behind it of the same aggregate. Each is tried by itself,
//! five times, and then set aside as a dead letter.

use std::collections::HashSet;
use std::time::Duration;

use common::{Envelope, Error, Result};
use database::Database;
use futures::{StreamExt as _, stream};
use serde_json::json;
use sqlx::FromRow;

use crate::apply::{ALONE_MAX, alone};
use crate::key::Key;
use crate::{Consumer, EventLog, dead_letters};

/// How often an event is tried by itself before it is set aside.
pub(crate) const ATTEMPTS_MAX: i32 = 5;

/// How many are tried at a time.
const AT_ONCE: usize = 4;

/// How many are claimed at a time; each in its turn has to end before others may take it.
const CLAIMED_MAX: i64 = 8;

/// For how long an event is whose claim it is: longer than it may take, twice, for it may wait for its turn.
const CLAIM: Duration = Duration::from_secs(2 * ALONE_MAX.as_secs() + 30);

/// How long until the second try. Each time four times as long; where what failed was the database or a lock, ten times
/// that: 0.1 to 6.4 seconds, or 1 to 64.
const PAUSE_MS: i64 = 100;

/// An event to be delayed: with the reason if it is the one that failed.
pub(crate) struct Delayed<'e> {
    pub(crate) event: &'e Envelope,
    pub(crate) error: Option<&'e str>,
}

/// Whose events a consumer must not process now.
pub(crate) async fn keys(database: &Database, consumer: &str) -> Result<HashSet<Key>> {
    let keys = sqlx::query_as::<_, (uuid::Uuid, uuid::Uuid)>(
        "select distinct organization_id, aggregate_id from core.delayed_event where consumer = $1",
    )
    .bind(consumer)
    .fetch_all(database.relay()?)
    .await?;
    Ok(keys.into_iter().map(|(organization, aggregate)| (organization.into(), aggregate)).collect())
}

/// Writes events down for later, in their order.
pub(crate) async fn delay(database: &Database, consumer: &str, events: &[Delayed<'_>]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> =
        events.iter().map(|one| json!({ "envelope": one.event, "error": one.error })).collect();
    sqlx::query(
        "insert into core.delayed_event (consumer, event_id, organization_id, aggregate_id, envelope, error)
         select $1, (e->'envelope'->>'eventId')::uuid, (e->'envelope'->>'organizationId')::uuid,
                (e->'envelope'->>'aggregateId')::uuid, e->'envelope', e->>'error'
         from jsonb_array_elements($2) with ordinality as t (e, n) order by n
         on conflict (consumer, event_id) do nothing",
    )
    .bind(consumer)
    .bind(serde_json::Value::Array(rows))
    .execute(database.relay()?)
    .await?;
    Ok(())
}

/// How long until the next delayed event of a consumer may be tried; `None` when there is none.
pub(crate) async fn next_try(database: &Database, consumer: &Consumer) -> Option<Duration> {
    const PAUSE_MAX: f64 = 1.0;
    let seconds: Option<f64> = sqlx::query_scalar(
        "select extract(epoch from min(retry_at) - clock_timestamp())::float8 from core.delayed_event where consumer = $1",
    )
    .bind(consumer.name)
    .fetch_one(database.relay().ok()?)
    .await
    .ok()?;
    // The first may stand behind another one that is tried later, so never too soon.
    Some(Duration::from_secs_f64(seconds?.clamp(0.02, PAUSE_MAX)))
}

#[derive(FromRow)]
struct Claimed {
    seq: i64,
    attempts: i32,
    envelope: serde_json::Value,
}

/// Tries, once each, the delayed events that are due and the first of their aggregate; answers how many.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub(crate) async fn try_delayed(
    database: &Database,
    consumer: &Consumer,
    log: &dyn EventLog,
) -> Result<usize> {
    let claimed = claim(database, consumer.name).await?;
    let count = claimed.len();
    let mut tried = stream::iter(claimed.into_iter().map(|one| try_again(database, consumer, log, one)))
        .buffer_unordered(AT_ONCE);
    let mut failed = Ok(());
    while let Some(result) = tried.next().await {
        failed = failed.and(result);
    }
    failed.map(|()| count)
}

async fn claim(database: &Database, consumer: &str) -> Result<Vec<Claimed>> {
    // Mostly there is none, and nothing is to be written then.
    let is_due: bool = sqlx::query_scalar(
        "select exists (select from core.delayed_event where consumer = $1 and retry_at <= now())",
    )
    .bind(consumer)
    .fetch_one(database.relay()?)
    .await?;
    if !is_due {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as(
        "update core.delayed_event d set attempts = attempts + 1, retry_at = now() + $2
         where (consumer, seq) in (
             select h.consumer, h.seq from core.delayed_event h
             where h.consumer = $1 and h.retry_at <= now() and not exists (
                 select from core.delayed_event b where b.consumer = h.consumer
                     and b.organization_id = h.organization_id and b.aggregate_id = h.aggregate_id and b.seq < h.seq)
             order by h.retry_at, h.seq limit $3 for update skip locked)
         returning seq, attempts, envelope",
    )
    .bind(consumer)
    .bind(CLAIM)
    .bind(CLAIMED_MAX)
    .fetch_all(database.relay()?)
    .await?)
}

async fn try_again(
    database: &Database,
    consumer: &Consumer,
    log: &dyn EventLog,
    mut one: Claimed,
) -> Result<()> {
    let applied = match serde_json::from_value::<Envelope>(one.envelope.take()) {
        Ok(event) => alone(database, consumer, &event).await,
        Err(error) => Err(error.into()),
    };
    match applied {
        Ok(()) => {
            sqlx::query("delete from core.delayed_event where consumer = $1 and seq = $2")
                .bind(consumer.name)
                .bind(one.seq)
                .execute(database.relay()?)
                .await?;
            Ok(())
        }
        Err(error) if one.attempts >= ATTEMPTS_MAX => {
            tracing::error!(consumer = consumer.name, seq = one.seq, error = ?error, "an event was set aside");
            dead_letters::set_aside(database, consumer.name, one.seq, &reason(&error), log).await
        }
        Err(error) => later(database, consumer.name, &one, &error).await,
    }
}

async fn later(database: &Database, consumer: &str, one: &Claimed, error: &Error) -> Result<()> {
    let times = if matches!(error, Error::Unavailable) { 10 } else { 1 };
    let pause_ms = times * PAUSE_MS * 4_i64.pow(one.attempts.clamp(1, ATTEMPTS_MAX).unsigned_abs() - 1);
    sqlx::query(
        "update core.delayed_event set retry_at = now() + $3 * interval '1 ms', error = $4 where consumer = $1 and seq = $2",
    )
    .bind(consumer)
    .bind(one.seq)
    .bind(pause_ms)
    .bind(reason(error))
    .execute(database.relay()?)
    .await?;
    Ok(())
}

/// Why an event failed, as an operator reads it.
pub(crate) fn reason(error: &Error) -> String {
    match error {
        Error::Internal(cause) => cause.to_string(),
        Error::Unavailable => {
            "DEPENDENCY_UNAVAILABLE: a statement or a lock took too long, or the database did not answer"
                .to_owned()
        }
        other => format!("{}: {other}", other.code()),
    }
}
