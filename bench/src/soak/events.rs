//! Events through Kafka while the broker is away and processes are killed: 200 are written a second, and each takes effect
//! once, in the order of its aggregate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::database::migrate;
use common::Clock;
use kafka::{Brokers, KafkaLog};
use rand::Rng as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use testing::Broker;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Findings;
use crate::Failure;
use crate::database::{Database, Server};
use crate::events::{CONSUMER, module};
use crate::measure::say;

/// How often something is written.
const EVERY: Duration = Duration::from_millis(5);
/// How long the broker is there, before it is killed and after it is back.
const BESIDES: Duration = Duration::from_secs(10);
/// How many processes relay and consume, and how long each lives.
const PROCESSES: usize = 2;
const LIVES_S: std::ops::Range<u64> = 2..15;

/// Kills the broker for so long.
pub async fn run(outage: Duration) -> Result<Findings, Failure> {
    let Some(mut broker) = Broker::start("events through Kafka") else {
        return Err(
            "there is no broker to kill: `scripts/setup --test` fetches it where there are Java and Maven"
                .into(),
        );
    };
    let server = Server::connect().await?;
    let database = server.create("events", None).await?;
    migrate::run(&database.owner_url, &[module()]).await?;
    let processes = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = CancellationToken::new();
    for _ in 0..PROCESSES {
        processes.spawn(live_and_die(
            database.service_url.clone(),
            database.relay_url.clone(),
            broker.address(),
            ended.clone(),
        ));
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = processes.spawn(write(database.owner_url.clone(), is_over.clone()));
    tokio::time::sleep(BESIDES).await;
    say(&format!("the broker is away for {} s", outage.as_secs()));
    broker.kill();
    tokio::time::sleep(outage).await;
    broker.run();
    let back = Instant::now();
    tokio::time::sleep(BESIDES).await;
    is_over.store(true, Ordering::Relaxed);
    let (written, slowest) =
        writer.await?.map_err(|error| format!("something could not be written: {error}"))?;
    let drained = drained(&database, written, 2 * outage + Duration::from_secs(60)).await?;
    let findings = found(&database, written, slowest, drained.map(|at| at - back), outage).await?;
    ended.cancel();
    processes.shutdown_background();
    server.drop(database).await?;
    Ok(findings)
}

/// A process after the other, each killed wherever it is.
async fn live_and_die(url: String, relay_url: String, brokers: String, ended: CancellationToken) {
    while !ended.is_cancelled() {
        let (clock, pooler) = (Clock::default(), ::database::Pooler::None);
        let opened = ::database::Database::connect(&url, Some(&relay_url), 10, clock, pooler).await;
        let Ok(own) = opened else { continue };
        let brokers = Brokers { bootstrap_servers: brokers.clone(), ..Brokers::default() };
        let Ok(log) = KafkaLog::new(brokers, own.clone()) else { return };
        let (log, mut tasks): (Arc<dyn kafka::EventLog>, _) = (Arc::new(log), JoinSet::new());
        tasks.spawn(kafka::relay(own.clone(), vec!["measured"], log.clone(), ended.clone()));
        tasks.spawn(kafka::consume(own, CONSUMER, log, ended.clone()));
        let lives = Duration::from_secs(rand::rng().random_range(LIVES_S));
        tokio::time::sleep(lives).await;
        tasks.shutdown().await;
    }
}

/// Writes an event every five milliseconds; answers how many, and how long the slowest took.
async fn write(url: String, is_over: Arc<AtomicBool>) -> sqlx::Result<(i64, Duration)> {
    let mut connection = PgConnection::connect(&url).await?;
    let (mut number, mut slowest, mut ticks) = (0_i64, Duration::ZERO, tokio::time::interval(EVERY));
    while !is_over.load(Ordering::Relaxed) {
        ticks.tick().await;
        let begun = Instant::now();
        number += 1;
        sqlx::query(
            "insert into measured.outbox (event_id, event_type, occurred_at, organization_id, actor, aggregate_id, correlation_id, payload)
             values (gen_random_uuid(), 'measured.thing.done', now(), md5('o' || $1 % 50)::uuid,
                     jsonb_build_object('type', 'member', 'id', md5('m' || $1 % 500)::uuid), md5('a' || $1 % 1000)::uuid,
                     'request-' || $1, jsonb_build_object('number', $1))",
        )
        .bind(number)
        .execute(&mut connection)
        .await?;
        slowest = slowest.max(begun.elapsed());
    }
    Ok((number, slowest))
}

/// When everything had taken effect; `None` if it had not in time.
async fn drained(database: &Database, written: i64, within: Duration) -> Result<Option<Instant>, Failure> {
    let begun = Instant::now();
    while begun.elapsed() < within {
        if count(database, "measured.effect").await? >= written {
            return Ok(Some(Instant::now()));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(None)
}

async fn count(database: &Database, from: &str) -> Result<i64, Failure> {
    let mut admin = PgConnection::connect(&database.owner_url).await?;
    let sql = AssertSqlSafe(format!("select count(*) from {from}"));
    let count = sqlx::query_scalar(sql).fetch_one(&mut admin).await?;
    admin.close().await?;
    Ok(count)
}

async fn found(
    database: &Database,
    written: i64,
    slowest: Duration,
    drained: Option<Duration>,
    outage: Duration,
) -> Result<Findings, Failure> {
    let effects = count(database, "measured.effect").await?;
    let events = count(database, "(select distinct event_id from measured.effect) e").await?;
    let inversions = "(select number, lag(number) over (partition by aggregate_id order by seq) as before
                       from measured.effect) e where number <= before";
    let inversions = count(database, inversions).await?;
    let dead = count(database, "core.dead_letter").await?;
    let mut findings = Findings::default();
    findings.promise(
        format!(
            "{written} events written, {events} took effect, {effects} times in all; {dead} were given up"
        ),
        (events, effects, dead) == (written, written, 0),
    );
    findings.promise(format!("{inversions} inversions within an aggregate"), inversions == 0);
    findings.promise(
        format!("the slowest write took {} ms", slowest.as_millis()),
        slowest < Duration::from_secs(2),
    );
    let told = drained.map_or_else(|| "never".to_owned(), |took| format!("{:.1} s", took.as_secs_f64()));
    findings.promise(
        format!("everything had taken effect {told} after an outage of {} s", outage.as_secs()),
        drained.is_some_and(|took| took <= 2 * outage),
    );
    Ok(findings)
}
