//! Events: how many a second come from an outbox to a consumer's effect, and what each costs, of few and of many.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::database::Tx;
use ::database::migrate::{self, Module};
use common::{Clock, Envelope};
use futures::future::BoxFuture;
use kafka::{Consumer, EventLog, PostgresLog};
use sqlx::migrate::Migrator;
use sqlx::{Connection as _, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::database::{Database, Server};
use crate::measure::say;
use crate::table::{number, write_table};
use crate::{Failure, usage};

static MIGRATOR: Migrator = sqlx::migrate!("sql/events");

/// A consumer with the least effect that there is: one row.
pub const CONSUMER: Consumer =
    Consumer { name: "measured", module: "measured", types: &["measured.thing.done"], handle };

fn handle<'a>(tx: &'a mut Tx, envelope: &'a Envelope) -> BoxFuture<'a, common::Result<()>> {
    Box::pin(async move {
        sqlx::query("insert into measured.effect (organization_id, event_id, aggregate_id, number) values ($1, $2, $3, $4)")
            .bind(envelope.organization_id)
            .bind(envelope.event_id)
            .bind(envelope.aggregate_id)
            .bind(envelope.payload["number"].as_i64())
            .execute(tx.conn())
            .await?;
        Ok(())
    })
}

/// How many there are at first, to warm up and to compare with.
const FEW: i64 = 1_000;
/// How often few are measured.
const TIMES: u32 = 10;
/// How long an event may take to arrive.
const ARRIVED_AT_MOST: Duration = Duration::from_secs(900);

/// What events cost, in a column for each number of them.
pub struct Events(Vec<Column>);

struct Column {
    title: String,
    per_s: f64,
    own_us: f64,
    postgres_us: Option<f64>,
}

/// Measures events alone.
pub fn run(many: i64) -> Result<Events, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { measure(&Server::connect().await?, many).await })
}

/// Measures events that stand in an outbox all at once, of 50 organizations and 10,000 aggregates: few and many.
pub async fn measure(server: &Server, many: i64) -> Result<Events, Failure> {
    let database = server.create("events", None).await?;
    migrate::run(&database.owner_url, &[module()]).await?;
    let measured = Measured::start(&database).await?;
    measured.deliver(FEW, server).await?;
    let mut columns = Vec::new();
    for (count, times) in [(FEW, TIMES), (many, 1)] {
        say(&format!("{times} × {count} events"));
        let mut sum =
            Column { title: format!("{count} events"), per_s: 0.0, own_us: 0.0, postgres_us: Some(0.0) };
        for _ in 0..times {
            let one = measured.deliver(count, server).await?;
            sum.per_s += one.per_s / f64::from(times);
            sum.own_us += one.own_us / f64::from(times);
            sum.postgres_us =
                sum.postgres_us.zip(one.postgres_us).map(|(sum, one)| sum + one / f64::from(times));
        }
        columns.push(sum);
    }
    measured.stop().await;
    server.drop(database).await?;
    Ok(Events(columns))
}

/// The module that announces and hears what is measured.
pub fn module() -> Module<'static> {
    Module {
        id: "measured",
        name: "Measured",
        description: "What is measured of events.",
        is_core: false,
        requires: &[],
        permissions: &[],
        migrator: &MIGRATOR,
    }
}

/// A relay and a consumer, in threads of their own.
struct Measured {
    owner_url: String,
    runtime: tokio::runtime::Runtime,
    cancel: CancellationToken,
}

impl Measured {
    async fn start(database: &Database) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let (url, relay_url) = (database.service_url.clone(), database.relay_url.clone());
        let cancel = CancellationToken::new();
        let ends = cancel.clone();
        let started = runtime.spawn(async move {
            let own = ::database::Database::connect(
                &url,
                Some(&relay_url),
                10,
                Clock::default(),
                ::database::Pooler::None,
            )
            .await?;
            let log: Arc<dyn EventLog> = Arc::new(PostgresLog::new(own.clone()));
            tokio::spawn(kafka::relay(own.clone(), vec!["measured"], log.clone(), ends.clone()));
            tokio::spawn(kafka::consume(own, CONSUMER, log, ends));
            Ok::<_, common::Error>(())
        });
        started.await??;
        Ok(Self { owner_url: database.owner_url.clone(), runtime, cancel })
    }

    /// Writes so many events and waits until each has taken effect.
    async fn deliver(&self, count: i64, server: &Server) -> Result<Column, Failure> {
        let mut admin = PgConnection::connect(&self.owner_url).await?;
        sqlx::query("truncate measured.effect").execute(&mut admin).await?;
        sqlx::query(
            "insert into measured.outbox (event_id, event_type, occurred_at, organization_id, actor, aggregate_id, correlation_id, payload)
             select gen_random_uuid(), 'measured.thing.done', now(), md5('o' || n % 50)::uuid,
                    jsonb_build_object('type', 'member', 'id', md5('m' || n % 5000)::uuid), md5('a' || n % 10000)::uuid,
                    'request-' || n, jsonb_build_object('number', n, 'status', 'DONE')
             from generate_series(1, $1) n",
        )
        .bind(count)
        .execute(&mut admin)
        .await?;
        let (begun, own, postgres) = (Instant::now(), own_cpu()?, server.cpu());
        loop {
            let arrived: i64 =
                sqlx::query_scalar("select count(*) from measured.effect").fetch_one(&mut admin).await?;
            if arrived >= count {
                break;
            }
            if begun.elapsed() > ARRIVED_AT_MOST {
                return Err(format!("{arrived} of {count} events arrived").into());
            }
            // Counting is work too, and more of it the more there are.
            tokio::time::sleep(Duration::from_micros(10_000 + count.unsigned_abs())).await;
        }
        let took = begun.elapsed();
        let each_us = |all: Duration| all.as_secs_f64() * 1e6 / count as f64;
        let own_us = each_us(own_cpu()?.saturating_sub(own));
        let postgres_us =
            postgres.zip(server.cpu()).map(|(before, after)| each_us(after.saturating_sub(before)));
        admin.close().await?;
        Ok(Column { title: String::new(), per_s: count as f64 / took.as_secs_f64(), own_us, postgres_us })
    }

    async fn stop(self) {
        self.cancel.cancel();
        self.runtime.shutdown_background();
    }
}

fn own_cpu() -> Result<Duration, Failure> {
    usage::cpu(&[std::process::id()])
}

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles: Vec<&str> = self.0.iter().map(|column| column.title.as_str()).collect();
        let row = |what: &str, show: &dyn Fn(&Column) -> Option<f64>, mark: &str| {
            let cells = self.0.iter().map(|column| Some(format!("{mark}{}{mark}", number(show(column)?))));
            (format!("events: {what}"), cells.collect())
        };
        let sum = |column: &Column| Some(column.own_us + column.postgres_us?);
        let of_few = |column: &Column| Some(sum(column)? / sum(self.0.first()?)?);
        let rows = vec![
            row("outbox to effect, per second", &|column| Some(column.per_s), ""),
            row("CPU per event, µs", &|column| Some(column.own_us), ""),
            row("PostgreSQL's CPU per event, µs", &|column| column.postgres_us, ""),
            row("CPU ÷ few", &of_few, "**"),
        ];
        write_table(f, &titles, rows)
    }
}
