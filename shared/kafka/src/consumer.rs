//! Consumers: what a module does when another one announces something.

use std::sync::Arc;
use std::time::Duration;

use common::{Envelope, Error, Permission, Result};
use database::{Ctx, Database, Tx};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::{EventLog, Positioned};

/// How many events are read at once.
const BATCH: i64 = 100;

/// How often an event is tried before it is set aside.
const ATTEMPTS_MAX: u32 = 5;

/// What happens on an event, inside the transaction that also remembers it.
pub type Handle = for<'a> fn(&'a mut Tx, &'a Envelope) -> BoxFuture<'a, Result<()>>;

/// One module's reaction to events.
#[derive(Clone, Copy, Debug)]
pub struct Consumer {
    /// Unique, and forever: its offset and its inbox rows carry it. The module's id, usually.
    pub name: &'static str,
    /// The module that it belongs to.
    pub module: &'static str,
    /// The event types that it reacts to.
    pub types: &'static [&'static str],
    /// The reaction. It may see an event after later ones of other aggregates, never twice.
    pub handle: Handle,
}

/// Runs a consumer until cancelled. Several processes may; the inbox keeps each effect single.
pub async fn consume(
    database: Database,
    consumer: Consumer,
    log: Arc<dyn EventLog>,
    cancel: CancellationToken,
) {
    while !cancel.is_cancelled() {
        match consume_once(&database, &consumer, log.as_ref()).await {
            Ok(0) => tokio::select! { () = cancel.cancelled() => {}, () = log.wait() => {} },
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(consumer = consumer.name, error = ?error, "consuming events paused; trying again");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

/// Processes one batch of what a consumer has not seen yet; answers how many events.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database or the log does not answer.
pub async fn consume_once(database: &Database, consumer: &Consumer, log: &dyn EventLog) -> Result<usize> {
    let events = log.read(consumer.name, consumer.types, BATCH).await?;
    process(database, consumer, log, &events).await?;
    Ok(events.len())
}

/// Processes what was set aside for a consumer once more; answers how many events worked.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database or the log does not answer.
pub async fn replay_dead_letters(
    database: &Database,
    consumer: &Consumer,
    log: &dyn EventLog,
) -> Result<usize> {
    let mut count = 0;
    for event in log.take_set_aside(consumer.name).await? {
        match apply(database, consumer, &event.envelope).await {
            Ok(()) => count += 1,
            Err(error) => log.set_aside(consumer.name, &event, &reason(&error)).await?,
        }
    }
    Ok(count)
}

async fn process(
    database: &Database,
    consumer: &Consumer,
    log: &dyn EventLog,
    events: &[Positioned],
) -> Result<()> {
    for event in events {
        if let Err(error) = attempt(database, consumer, event).await? {
            tracing::error!(consumer = consumer.name, event = %event.envelope.event_id, kind = event.envelope.event_type,
                error = ?error, "an event was set aside");
            log.set_aside(consumer.name, event, &reason(&error)).await?;
        }
        log.commit(consumer.name, event.position).await?;
    }
    Ok(())
}

/// Tries an event up to [`ATTEMPTS_MAX`] times. The outer error means that nothing can be tried now.
async fn attempt(database: &Database, consumer: &Consumer, event: &Positioned) -> Result<Result<()>> {
    let mut pause = Duration::from_millis(20);
    for attempt in 1.. {
        match apply(database, consumer, &event.envelope).await {
            Ok(()) => return Ok(Ok(())),
            Err(Error::Unavailable) => return Err(Error::Unavailable),
            Err(error) if attempt >= ATTEMPTS_MAX => return Ok(Err(error)),
            Err(_) => tokio::time::sleep(pause).await,
        }
        pause *= 4;
    }
    Ok(Ok(()))
}

async fn apply(database: &Database, consumer: &Consumer, envelope: &Envelope) -> Result<()> {
    let ctx =
        Ctx::system(database.clone(), consumer.module, envelope.organization_id, &envelope.correlation_id);
    let mut tx = ctx.begin(&Permission::SYSTEM).await?;
    if tx.receive(consumer.name, envelope.event_id).await? {
        (consumer.handle)(&mut tx, envelope).await?;
        tx.commit(()).await?;
    }
    Ok(())
}

fn reason(error: &Error) -> String {
    match error {
        Error::Internal(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
