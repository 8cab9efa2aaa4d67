//! Dead letters: events that a consumer failed on five times, kept with the reason until somebody has them tried again.

use chrono::{DateTime, Utc};
use common::{Envelope, OrganizationId, Result};
use database::Database;
use sqlx::Row as _;
use uuid::Uuid;

use crate::EventLog;

/// An event that was set aside.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// Whose failure it was.
    pub consumer: String,
    /// The event.
    pub event_id: Uuid,
    /// `module.noun.verbed`; `None` where only the log knew it, and has forgotten.
    pub event_type: Option<String>,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// Why the last try failed.
    pub error: String,
    /// When it was set aside.
    pub failed_at: DateTime<Utc>,
}

/// The dead letters of a consumer, or of all, the oldest first; `count_max` at most.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn dead_letters(
    database: &Database,
    consumer: Option<&str>,
    count_max: i64,
) -> Result<Vec<DeadLetter>> {
    let rows = sqlx::query(
        "select consumer, event_id, envelope->>'eventType' as event_type, organization_id, error, failed_at
         from core.dead_letter where $1::text is null or consumer = $1 order by failed_at, event_id limit $2",
    )
    .bind(consumer)
    .bind(count_max)
    .fetch_all(database.relay()?)
    .await?;
    let letter = |row: &sqlx::postgres::PgRow| -> Result<DeadLetter, sqlx::Error> {
        Ok(DeadLetter {
            consumer: row.try_get("consumer")?,
            event_id: row.try_get("event_id")?,
            event_type: row.try_get("event_type")?,
            organization_id: row.try_get("organization_id")?,
            error: row.try_get("error")?,
            failed_at: row.try_get("failed_at")?,
        })
    };
    Ok(rows.iter().map(letter).collect::<Result<_, _>>()?)
}

/// How many events a consumer has failed on that are tried again or stand behind one, and how many it has given up.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn count_failed(database: &Database, consumer: &str) -> Result<(i64, i64)> {
    Ok(sqlx::query_as(
        "select (select count(*) from core.delayed_event where consumer = $1),
                (select count(*) from core.dead_letter where consumer = $1)",
    )
    .bind(consumer)
    .fetch_one(database.relay()?)
    .await?)
}

/// Makes a delayed event a dead letter, and tells the log.
pub(crate) async fn set_aside(
    database: &Database,
    consumer: &str,
    seq: i64,
    error: &str,
    log: &dyn EventLog,
) -> Result<()> {
    let envelope: Option<serde_json::Value> = sqlx::query_scalar(
        "with dead as (delete from core.delayed_event where consumer = $1 and seq = $2 returning *)
         insert into core.dead_letter (consumer, event_id, organization_id, error, envelope)
         select consumer, event_id, organization_id, $3, envelope from dead
         on conflict (consumer, event_id) do update
             set error = excluded.error, envelope = excluded.envelope, failed_at = now()
         returning envelope",
    )
    .bind(consumer)
    .bind(seq)
    .bind(error)
    .fetch_optional(database.relay()?)
    .await?;
    let Some(envelope) = envelope.map(serde_json::from_value::<Envelope>).and_then(Result::ok) else {
        return Ok(());
    };
    // It is kept where operators look; that others may see it too must not hold anything up.
    if let Err(error) = log.tell_dead(consumer, &envelope, error).await {
        tracing::warn!(consumer, event = %envelope.event_id, error = ?error, "a dead letter was not told to the log");
    }
    Ok(())
}

/// Gives a consumer's dead letters back to it; answers how many.
pub(crate) async fn revive(database: &Database, consumer: &str) -> Result<u64> {
    let revived = sqlx::query(
        "with alive as (
             delete from core.dead_letter d where consumer = $1 and envelope is not null returning *)
         insert into core.delayed_event (consumer, event_id, organization_id, aggregate_id, envelope, error)
         select consumer, event_id, organization_id, (envelope->>'aggregateId')::uuid, envelope, error
         from alive order by failed_at, event_id
         on conflict (consumer, event_id) do nothing",
    )
    .bind(consumer)
    .execute(database.relay()?)
    .await?;
    Ok(revived.rows_affected())
}
