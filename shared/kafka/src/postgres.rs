//! The log kept in PostgreSQL itself, in `core.event_log`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use common::{Envelope, Error, MembershipId, OrganizationId, Result};
use database::Database;
use sqlx::{AssertSqlSafe, Postgres, Row as _, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout};

use crate::Consumer;
use crate::log::{Batch, EventLog};
use crate::own_writes::{RECENT_MAX, is_waiting};
use crate::row::{COLUMNS, envelope};

/// The log for laptops, tests and small installations. Of all processes that consume for one consumer, one does at a time.
#[derive(Debug)]
pub struct PostgresLog {
    database: Database,
    appended: watch::Sender<()>,
    /// How far consumers have looked in vain, beyond their offsets: what is not for them need not be written down at once.
    looked_at: Mutex<HashMap<&'static str, i64>>,
    /// A batch keeps a connection while it is processed; so many may.
    reading: Arc<Semaphore>,
}

/// All appends take this lock until they commit, so that positions become visible in their order.
const APPEND_LOCK: i64 = 0x6576_656e_745f_6c6f;

/// How long a reader sleeps when nobody in this process rings: another process may have appended.
const POLL: Duration = Duration::from_millis(250);

/// How many events are looked at at once, whoever they are for.
const BATCH: i64 = 4000;

/// How many batches of a process keep a connection.
const BATCHES_MAX: usize = 2;

impl PostgresLog {
    /// The log in `database`.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self {
            database,
            appended: watch::Sender::new(()),
            looked_at: Mutex::default(),
            reading: Arc::new(Semaphore::new(BATCHES_MAX)),
        }
    }

    fn looked_at(&self, consumer: &Consumer) -> i64 {
        let looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        looked_at.get(consumer.name).copied().unwrap_or_default()
    }

    fn look_beyond(&self, consumer: &Consumer, position: i64) {
        self.looked_at.lock().unwrap_or_else(PoisonError::into_inner).insert(consumer.name, position);
    }

    /// The next batch with something in it for a consumer, if it is there already.
    async fn next(&self, consumer: &Consumer) -> Result<Option<Box<dyn Batch>>> {
        // Without a lock, because mostly there is nothing.
        let is_there: bool = sqlx::query_scalar(
            "select exists (select from core.event_log where position > greatest($2,
                 coalesce((select position from core.consumer_offset where consumer = $1), 0)))",
        )
        .bind(consumer.name)
        .bind(self.looked_at(consumer))
        .fetch_one(self.database.relay()?)
        .await?;
        if !is_there {
            return Ok(None);
        }
        let turn = self.reading.clone().acquire_owned().await.map_err(Error::internal)?;
        let mut tx = self.database.relay()?.begin().await?;
        let is_mine: bool = sqlx::query_scalar(
            "select pg_try_advisory_xact_lock(hashtext('consume'), hashtext($1))
             from set_config('idle_in_transaction_session_timeout', '60s', true)",
        )
        .bind(consumer.name)
        .fetch_one(&mut *tx)
        .await?;
        if !is_mine {
            return Ok(None);
        }
        let mut after: i64 = sqlx::query_scalar(
            "select greatest($2, (select position from core.consumer_offset where consumer = $1))",
        )
        .bind(consumer.name)
        .bind(self.looked_at(consumer))
        .fetch_one(&mut *tx)
        .await?;
        loop {
            let part = part(&mut tx, consumer, after).await?;
            let Some(until) = part.until else { return Ok(None) };
            if part.events.is_empty() && part.count < BATCH {
                self.look_beyond(consumer, until);
                return Ok(None);
            }
            if part.events.is_empty() {
                set_offset(&mut tx, consumer.name, until).await?;
                after = until;
                continue;
            }
            let (positions, events) = (part.positions, part.events);
            let consumer = consumer.name;
            return Ok(Some(Box::new(Part { consumer, tx, until, positions, events, _turn: turn })));
        }
    }
}

/// Some events behind each other, of which a consumer wants some.
struct Found {
    /// The position of the last one.
    until: Option<i64>,
    /// How many they are.
    count: i64,
    positions: Vec<i64>,
    events: Vec<Envelope>,
}

async fn part(tx: &mut Transaction<'static, Postgres>, consumer: &Consumer, after: i64) -> Result<Found> {
    let (until, count) = sqlx::query_as::<_, (Option<i64>, i64)>(
        "select max(position), count(*) from
         (select position from core.event_log where position > $1 order by position limit $2) next",
    )
    .bind(after)
    .bind(BATCH)
    .fetch_one(&mut **tx)
    .await?;
    let rows = sqlx::query(AssertSqlSafe(format!(
        "select position, {COLUMNS} from core.event_log
         where position > $1 and position <= $2 and event_type = any($3) order by position"
    )))
    .bind(after)
    .bind(until)
    .bind(consumer.types)
    .fetch_all(&mut **tx)
    .await?;
    let positions = rows.iter().map(|row| row.try_get("position")).collect::<Result<_, sqlx::Error>>()?;
    let events = rows.iter().map(envelope).collect::<Result<_>>()?;
    Ok(Found { until, count, positions, events })
}

async fn set_offset(tx: &mut Transaction<'static, Postgres>, consumer: &str, position: i64) -> Result<()> {
    sqlx::query(
        "insert into core.consumer_offset (consumer, position) values ($1, $2)
         on conflict (consumer) do update set position = greatest(consumer_offset.position, excluded.position), updated_at = now()",
    )
    .bind(consumer)
    .bind(position)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A batch; its transaction holds the consumer's turn.
struct Part {
    consumer: &'static str,
    tx: Transaction<'static, Postgres>,
    until: i64,
    positions: Vec<i64>,
    events: Vec<Envelope>,
    _turn: OwnedSemaphorePermit,
}

#[async_trait]
impl Batch for Part {
    fn events(&self) -> &[Envelope] {
        &self.events
    }

    async fn commit(mut self: Box<Self>, undone: &[usize]) -> Result<()> {
        let first_undone = undone.first().and_then(|index| self.positions.get(*index));
        let position = first_undone.map_or(self.until, |position| position - 1);
        set_offset(&mut self.tx, self.consumer, position).await?;
        Ok(self.tx.commit().await?)
    }
}

#[async_trait]
impl EventLog for PostgresLog {
    async fn append(&self, events: &[Envelope]) -> Result<()> {
        let rows = serde_json::to_value(events)?;
        let mut tx = self.database.relay()?.begin().await?;
        sqlx::query("select pg_advisory_xact_lock($1)").bind(APPEND_LOCK).execute(&mut *tx).await?;
        sqlx::query(AssertSqlSafe(format!(
            "insert into core.event_log ({COLUMNS})
             select (e->>'eventId')::uuid, e->>'eventType', (e->>'occurredAt')::timestamptz, (e->>'organizationId')::uuid,
                    e->'actor', (e->>'aggregateId')::uuid, e->>'correlationId', e->'payload'
             from jsonb_array_elements($1) with ordinality as t (e, n) order by n
             on conflict (event_id) do nothing"
        )))
        .bind(rows)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.appended.send_replace(());
        Ok(())
    }

    async fn read(&self, consumer: &Consumer, patience: Duration) -> Result<Option<Box<dyn Batch>>> {
        let mut appended = self.appended.subscribe();
        let end = Instant::now() + patience;
        loop {
            // What is appended while nothing is found yet rings below.
            appended.borrow_and_update();
            let found = self.next(consumer).await?;
            let left = end.saturating_duration_since(Instant::now());
            if found.is_some() || left.is_zero() {
                return Ok(found);
            }
            let _ = timeout(left.min(POLL), appended.changed()).await;
        }
    }

    async fn is_done_with(
        &self,
        consumer: &Consumer,
        organization_id: OrganizationId,
        membership_id: MembershipId,
    ) -> Result<bool> {
        // What was looked at in vain, and is beyond the offset all the same, is of other types.
        let in_log = format!(
            "select organization_id, actor, event_type from core.event_log
             where position > coalesce((select position from core.consumer_offset where consumer = $4), 0)
             order by position desc limit {RECENT_MAX}"
        );
        Ok(!is_waiting(&self.database, consumer, organization_id, membership_id, &in_log).await?)
    }

    async fn lag(&self, consumer: &Consumer) -> Result<i64> {
        Ok(sqlx::query_scalar(
            "select count(*) from core.event_log where event_type = any($2)
             and position > coalesce((select position from core.consumer_offset where consumer = $1), 0)",
        )
        .bind(consumer.name)
        .bind(consumer.types)
        .fetch_one(self.database.relay()?)
        .await?)
    }
}
