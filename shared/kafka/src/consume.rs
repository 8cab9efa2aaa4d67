//! Consuming: batches as they come, and beside them what failed before.

use std::sync::Arc;
use std::time::Duration;

use common::Result;
use database::Database;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::delayed::{next_try, try_delayed};
use crate::lanes::process;
use crate::{Consumer, EventLog, dead_letters};

/// How long a consumer waits for news before it asks whether it is to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a consumer rests when the database or the log does not answer.
const REST: Duration = Duration::from_millis(500);

/// Runs a consumer until cancelled. Several processes may; the inbox keeps each effect single.
pub async fn consume(
    database: Database,
    consumer: Consumer,
    log: Arc<dyn EventLog>,
    cancel: CancellationToken,
) {
    let delayed = Notify::new();
    let news = async {
        while !cancel.is_cancelled() {
            let done = tokio::select! {
                () = cancel.cancelled() => return,
                done = consume_batch(&database, &consumer, log.as_ref(), PATIENCE) => done,
            };
            match done {
                Ok(progress) if progress.delayed > 0 => delayed.notify_one(),
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(consumer = consumer.name, error = ?error, "consuming events paused; trying again");
                    rest(&cancel, REST).await;
                }
            }
        }
    };
    let again = async {
        while !cancel.is_cancelled() {
            let pause = match try_delayed(&database, &consumer, log.as_ref()).await {
                Ok(0) => next_try(&database, &consumer).await.unwrap_or(REST),
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(consumer = consumer.name, error = ?error, "trying delayed events paused");
                    REST
                }
            };
            tokio::select! { () = delayed.notified() => {}, () = rest(&cancel, pause) => {} }
        }
    };
    tokio::join!(news, again);
}

async fn rest(cancel: &CancellationToken, pause: Duration) {
    tokio::select! { () = cancel.cancelled() => {}, () = tokio::time::sleep(pause) => {} }
}

/// Processes one batch of what a consumer has not seen yet, and tries once what was delayed and is due; answers how many
/// events were looked at.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database or the log does not answer.
pub async fn consume_once(database: &Database, consumer: &Consumer, log: &dyn EventLog) -> Result<usize> {
    let progress = consume_batch(database, consumer, log, Duration::ZERO).await?;
    Ok(progress.read + try_delayed(database, consumer, log).await?)
}

/// Has a consumer try once more what it had set aside; answers how many events that are. They are tried as any event that
/// failed: five times, each behind the earlier ones of its aggregate.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn replay_dead_letters(database: &Database, consumer: &str) -> Result<u64> {
    dead_letters::revive(database, consumer).await
}

/// What became of a batch.
struct Progress {
    read: usize,
    delayed: usize,
}

async fn consume_batch(
    database: &Database,
    consumer: &Consumer,
    log: &dyn EventLog,
    patience: Duration,
) -> Result<Progress> {
    let Some(batch) = log.read(consumer, patience).await? else {
        return Ok(Progress { read: 0, delayed: 0 });
    };
    let outcome = process(database, consumer, batch.events()).await?;
    let read = batch.events().len() - outcome.undone.len();
    batch.commit(&outcome.undone).await?;
    Ok(Progress { read, delayed: outcome.delayed })
}
