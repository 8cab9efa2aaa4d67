//! The log between outboxes and consumers: one interface, whatever carries it.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use common::{Envelope, MembershipId, OrganizationId, Result};
use database::Database;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row as _};
use tokio::sync::watch;

/// An event and where it stands in the log.
#[derive(Clone, Debug)]
pub struct Positioned {
    /// Grows along the log; a consumer's offset is the position of the last event that it is done with.
    pub position: i64,
    /// The event.
    pub envelope: Envelope,
}

/// An ordered log of events that many consumers read, each at its own pace.
///
/// Events of one aggregate keep their order. An event may be appended twice and must be read at least once.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Appends events; returns when they will survive a crash.
    async fn append(&self, events: &[Envelope]) -> Result<()>;

    /// The events of these types after the consumer's offset, in order, `count_max` at most.
    async fn read(&self, consumer: &str, types: &[&str], count_max: i64) -> Result<Vec<Positioned>>;

    /// Moves the consumer's offset: everything up to `position` is done.
    async fn commit(&self, consumer: &str, position: i64) -> Result<()>;

    /// Sets an event aside that could not be processed, with the reason.
    async fn set_aside(&self, consumer: &str, event: &Positioned, error: &str) -> Result<()>;

    /// Takes back what was set aside for this consumer, to be processed again.
    async fn take_set_aside(&self, consumer: &str) -> Result<Vec<Positioned>>;

    /// Whether a consumer is done with every event of these types that a member has caused so far.
    async fn is_done_with(
        &self,
        consumer: &str,
        types: &[&str],
        organization_id: OrganizationId,
        membership_id: MembershipId,
    ) -> Result<bool>;

    /// Returns when there may be something new to read, or after a while.
    async fn wait(&self);
}

/// The log kept in PostgreSQL itself, in `core.event_log`: for laptops, tests and small installations.
#[derive(Debug)]
pub struct PostgresLog {
    database: Database,
    appended: watch::Sender<()>,
}

/// All appends take this lock until they commit, so that positions become visible in their order.
const APPEND_LOCK: i64 = 0x6576_656e_745f_6c6f;

/// How long a reader sleeps when nobody in this process rings: another process may have appended.
const POLL: Duration = Duration::from_millis(250);

impl PostgresLog {
    /// The log in `database`.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database, appended: watch::Sender::new(()) }
    }
}

#[async_trait]
impl EventLog for PostgresLog {
    async fn append(&self, events: &[Envelope]) -> Result<()> {
        let rows = serde_json::to_value(events)?;
        let mut tx = self.database.relay()?.begin().await?;
        sqlx::query("select pg_advisory_xact_lock($1)").bind(APPEND_LOCK).execute(&mut *tx).await?;
        sqlx::query(
            "insert into core.event_log (event_id, event_type, occurred_at, organization_id, actor, aggregate_id, correlation_id, payload)
             select (e->>'eventId')::uuid, e->>'eventType', (e->>'occurredAt')::timestamptz, (e->>'organizationId')::uuid,
                    e->'actor', (e->>'aggregateId')::uuid, e->>'correlationId', e->'payload'
             from jsonb_array_elements($1) with ordinality as t (e, n) order by n
             on conflict (event_id) do nothing",
        )
        .bind(rows)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.appended.send_replace(());
        Ok(())
    }

    async fn read(&self, consumer: &str, types: &[&str], count_max: i64) -> Result<Vec<Positioned>> {
        let rows = sqlx::query(
            "select position, event_id, event_type, occurred_at, organization_id, actor, aggregate_id, correlation_id, payload
             from core.event_log
             where position > coalesce((select position from core.consumer_offset where consumer = $1), 0)
               and event_type = any($2)
             order by position limit $3",
        )
        .bind(consumer)
        .bind(types)
        .bind(count_max)
        .fetch_all(self.database.relay()?)
        .await?;
        rows.iter().map(positioned).collect()
    }

    async fn commit(&self, consumer: &str, position: i64) -> Result<()> {
        sqlx::query(
            "insert into core.consumer_offset (consumer, position) values ($1, $2)
             on conflict (consumer) do update set position = greatest(consumer_offset.position, excluded.position), updated_at = now()",
        )
        .bind(consumer)
        .bind(position)
        .execute(self.database.relay()?)
        .await?;
        Ok(())
    }

    async fn set_aside(&self, consumer: &str, event: &Positioned, error: &str) -> Result<()> {
        sqlx::query(
            "insert into core.dead_letter (consumer, event_id, position, organization_id, error) values ($1, $2, $3, $4, $5)
             on conflict (consumer, event_id) do update set error = excluded.error, failed_at = now()",
        )
        .bind(consumer)
        .bind(event.envelope.event_id)
        .bind(event.position)
        .bind(event.envelope.organization_id)
        .bind(error)
        .execute(self.database.relay()?)
        .await?;
        Ok(())
    }

    async fn take_set_aside(&self, consumer: &str) -> Result<Vec<Positioned>> {
        let rows = sqlx::query(
            "with taken as (delete from core.dead_letter where consumer = $1 returning event_id)
             select position, event_id, event_type, occurred_at, organization_id, actor, aggregate_id, correlation_id, payload
             from core.event_log join taken using (event_id) order by position",
        )
        .bind(consumer)
        .fetch_all(self.database.relay()?)
        .await?;
        rows.iter().map(positioned).collect()
    }

    async fn is_done_with(
        &self,
        consumer: &str,
        types: &[&str],
        organization_id: OrganizationId,
        membership_id: MembershipId,
    ) -> Result<bool> {
        // What is in no log yet is in the outbox of the module whose event it is.
        let modules: BTreeSet<&str> = types.iter().filter_map(|kind| kind.split('.').next()).collect();
        let of_member = "organization_id = $1 and actor->>'id' = $2 and event_type = any($3)";
        let outboxes =
            modules.iter().map(|module| format!("select from \"{module}\".outbox where {of_member}"));
        let log = format!(
            "select from core.event_log where {of_member}
               and position > coalesce((select position from core.consumer_offset where consumer = $4), 0)"
        );
        let waits = outboxes.chain([log]).collect::<Vec<_>>().join(" union all ");
        let is_done = sqlx::query_scalar(AssertSqlSafe(format!("select not exists ({waits})")))
            .bind(organization_id)
            .bind(membership_id.to_string())
            .bind(types)
            .bind(consumer);
        Ok(is_done.fetch_one(self.database.relay()?).await?)
    }

    async fn wait(&self) {
        let mut appended = self.appended.subscribe();
        let _ = tokio::time::timeout(POLL, appended.changed()).await;
    }
}

fn positioned(row: &PgRow) -> Result<Positioned> {
    Ok(Positioned { position: row.try_get("position")?, envelope: envelope(row)? })
}

/// The event in a row of the log or of an outbox: both have the same columns for it.
pub(crate) fn envelope(row: &PgRow) -> Result<Envelope> {
    Ok(Envelope {
        event_id: row.try_get("event_id")?,
        event_type: row.try_get("event_type")?,
        occurred_at: row.try_get("occurred_at")?,
        organization_id: row.try_get("organization_id")?,
        actor: serde_json::from_value(row.try_get("actor")?)?,
        aggregate_id: row.try_get("aggregate_id")?,
        correlation_id: row.try_get("correlation_id")?,
        payload: row.try_get("payload")?,
    })
}
