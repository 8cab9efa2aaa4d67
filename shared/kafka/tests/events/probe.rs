//! A module of the tests' own, whose consumer leaves a row for each event that takes effect.

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Clock, Envelope, Error, EventActor, OrganizationId, Result};
use database::{Database, Pooler, Tx};
use futures::future::BoxFuture;
use kafka::{Consumer, EventLog};
use serde_json::json;
use service::Subgraph;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

static MIGRATOR: Migrator = sqlx::migrate!("tests/events/migrations");

/// The consumer.
pub const CONSUMER: Consumer =
    Consumer { name: "probe", module: "probe", types: &["probe.thing.done"], handle };

/// As long as nobody may wait for anything here.
const LONG: Duration = Duration::from_secs(120);

fn handle<'a>(tx: &'a mut Tx, envelope: &'a Envelope) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        match envelope.payload["does"].as_str() {
            Some("fail") => {
                let is_mended: bool = sqlx::query_scalar("select exists (select from probe.mended)")
                    .fetch_one(tx.conn())
                    .await?;
                if !is_mended {
                    return Err(Error::internal("this makes no sense"));
                }
            }
            Some("hang") => {
                sqlx::raw_sql("set local statement_timeout = 50; select pg_sleep(10)")
                    .execute(tx.conn())
                    .await?;
            }
            _ => {}
        }
        sqlx::query("insert into probe.effect (event_id, aggregate_id, number) values ($1, $2, $3)")
            .bind(envelope.event_id)
            .bind(envelope.aggregate_id)
            .bind(envelope.payload["number"].as_i64().and_then(|number| i32::try_from(number).ok()))
            .execute(tx.conn())
            .await?;
        Ok(())
    })
}

fn subgraph() -> Subgraph {
    Subgraph {
        id: "probe",
        name: "Probe",
        description: "What the tests of events announce and hear.",
        is_core: true,
        requires: &[],
        port: 0,
        permissions: &[],
        nouns: Vec::new(),
        migrator: &MIGRATOR,
        events: Vec::new(),
        consumers: &[CONSUMER],
        jobs: &[],
        sdl: String::new,
        executable: |_| unreachable!("nobody asks it anything"),
        routes: None,
        public: None,
    }
}

/// A database with the module.
pub struct Probe {
    pub database: Database,
    pub behind: PgPool,
    url: String,
}

impl Probe {
    pub async fn new() -> Self {
        let url = testing::fresh_database(&[subgraph()]).await;
        let behind = PgPool::connect(&url).await.unwrap();
        Self { database: connect(&url).await, behind, url }
    }

    /// Connections of another process.
    pub async fn elsewhere(&self) -> Database {
        connect(&self.url).await
    }

    /// Writes `count` events for each of `aggregates` into the outbox, those of all aggregates in turn.
    pub async fn write(&self, organization: OrganizationId, aggregates: &[Uuid], count: i32, does: &str) {
        self.write_from(organization, aggregates, 1, count, does).await;
    }

    /// As [`Probe::write`], numbered from `first`.
    pub async fn write_from(
        &self,
        organization: OrganizationId,
        aggregates: &[Uuid],
        first: i32,
        count: i32,
        does: &str,
    ) {
        sqlx::query(
            "insert into probe.outbox (event_id, event_type, occurred_at, organization_id, actor, aggregate_id, correlation_id, payload)
             select gen_random_uuid(), 'probe.thing.done', now(), $1, $5, a, 'request-' || n, jsonb_build_object('number', n, 'does', $4::text)
             from generate_series($6, $6 + $3 - 1) n cross join unnest($2) a order by n",
        )
        .bind(organization)
        .bind(aggregates)
        .bind(count)
        .bind(does)
        .bind(json!({ "type": "system", "id": "probe" }))
        .bind(first)
        .execute(&self.behind)
        .await
        .unwrap();
    }

    /// What a relay and a consumer of one process do until they are cancelled.
    pub fn run(database: &Database, log: &Arc<dyn EventLog>) -> (JoinSet<()>, CancellationToken) {
        let (mut tasks, cancel) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn(kafka::relay(database.clone(), vec!["probe"], log.clone(), cancel.clone()));
        tasks.spawn(kafka::consume(database.clone(), CONSUMER, log.clone(), cancel.clone()));
        (tasks, cancel)
    }

    /// Waits until a query answers true.
    pub async fn until(&self, what: &str) {
        let begun = Instant::now();
        loop {
            let sql = AssertSqlSafe(format!("select {what}"));
            if sqlx::query_scalar::<_, bool>(sql).fetch_one(&self.behind).await.unwrap() {
                return;
            }
            assert!(begun.elapsed() < LONG, "in vain: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until so many effects are there.
    pub async fn until_effects(&self, count: i32) {
        self.until(&format!("count(*) >= {count} from probe.effect")).await;
    }

    /// What a query counts.
    pub async fn count(&self, from: &str) -> i64 {
        let sql = AssertSqlSafe(format!("select count(*) from {from}"));
        sqlx::query_scalar(sql).fetch_one(&self.behind).await.unwrap()
    }

    /// Every effect that is there was had once, and those of one aggregate in their order.
    pub async fn has_no_doubles_and_no_inversions(&self) {
        let doubles =
            self.count("(select event_id from probe.effect group by 1 having count(*) > 1) d").await;
        let inversions = "(select number, lag(number) over (partition by aggregate_id order by seq) as before
                           from probe.effect) e where number <= before";
        assert_eq!((doubles, self.count(inversions).await), (0, 0));
    }
}

async fn connect(url: &str) -> Database {
    Database::connect(url, Some(url), 10, Clock::default(), Pooler::None).await.unwrap()
}

/// An event that was in no outbox.
pub fn event(organization: OrganizationId, aggregate_id: Uuid, number: i32) -> Envelope {
    Envelope {
        event_id: Uuid::now_v7(),
        event_type: "probe.thing.done".to_owned(),
        occurred_at: chrono::Utc::now(),
        organization_id: organization,
        actor: EventActor::System("probe".to_owned()),
        aggregate_id,
        correlation_id: "request".to_owned(),
        payload: json!({ "number": number }),
    }
}

/// Some aggregates.
pub fn aggregates(count: usize) -> Vec<Uuid> {
    (0..count).map(|_| Uuid::now_v7()).collect()
}
