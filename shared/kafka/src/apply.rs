//! Events take effect: each in a transaction with a row in the inbox, alone or with others of its organization.

use std::time::Duration;

use common::{Envelope, Error, Permission, Result};
use database::{Ctx, Database, Tx};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::Consumer;

/// How long one event may take by itself.
pub(crate) const ALONE_MAX: Duration = Duration::from_secs(30);

/// How many events share a transaction, and how long it is filled: whoever waits for its locks, and the relay, which reads
/// only below the oldest transaction, wait no longer for it than for a request.
const TOGETHER_MAX: usize = 100;
const TOGETHER_FOR: Duration = Duration::from_millis(200);

/// How many events are taken at first; then twice as many each time, while there is time.
const FIRST_TAKEN: usize = 4;

/// How long one event, and one of its statements, may take in company. What needs longer is done alone.
const EVENT_MAX: Duration = Duration::from_secs(2);
const STATEMENT_MAX: Duration = Duration::from_secs(1);

/// What became of events in one transaction.
#[derive(Debug)]
pub(crate) enum Together {
    /// The first so many took effect.
    Done(usize),
    /// None did, for this one failed.
    Failed(usize, Error),
    /// None did, and it is not known which one was to blame.
    Refused(Error),
}

/// Applies the first of some events of one organization, as many as a transaction takes.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when no transaction can be had.
pub(crate) async fn together(
    database: &Database,
    consumer: &Consumer,
    events: &[&Envelope],
    count_max: usize,
) -> Result<Together> {
    let events = &events[..events.len().min(count_max).min(TOGETHER_MAX)];
    let Some(first) = events.first() else { return Ok(Together::Done(0)) };
    let _turn = database.turn_to_consume().await;
    let mut tx = begin(database, consumer, first).await?;
    tx.limit_statements(STATEMENT_MAX).await?;
    let (begun, mut done, mut group) = (Instant::now(), 0, FIRST_TAKEN);
    while done < events.len() && begun.elapsed() < TOGETHER_FOR {
        let next = &events[done..events.len().min(done + group)];
        let ids: Vec<Uuid> = next.iter().map(|event| event.event_id).collect();
        let mut taken = match tx.receive(consumer.name, &ids).await {
            Ok(taken) => taken,
            // Another process has taken some of them and is at it.
            Err(error) => return Ok(Together::Refused(error)),
        };
        for event in next {
            if taken.remove(&event.event_id)
                && let Err(error) = within(EVENT_MAX, apply(&mut tx, consumer, event)).await
            {
                return Ok(Together::Failed(done, error));
            }
            done += 1;
        }
        group *= 2;
    }
    Ok(match tx.commit(()).await {
        Ok(()) => Together::Done(done),
        Err(error) => Together::Refused(error),
    })
}

/// Applies one event, with all the time that an event may take.
pub(crate) async fn alone(database: &Database, consumer: &Consumer, event: &Envelope) -> Result<()> {
    let _turn = database.turn_to_consume().await;
    within(ALONE_MAX, async {
        let mut tx = begin(database, consumer, event).await?;
        if !tx.receive(consumer.name, &[event.event_id]).await?.is_empty() {
            (consumer.handle)(&mut tx, event).await?;
            tx.commit(()).await?;
        }
        Ok(())
    })
    .await
}

async fn begin(database: &Database, consumer: &Consumer, event: &Envelope) -> Result<Tx> {
    let ctx = Ctx::system(database.clone(), consumer.module, event.organization_id, &event.correlation_id);
    ctx.begin(&Permission::SYSTEM).await
}

async fn apply(tx: &mut Tx, consumer: &Consumer, event: &Envelope) -> Result<()> {
    tx.act_for(&event.correlation_id).await?;
    (consumer.handle)(tx, event).await
}

async fn within(limit: Duration, applied: impl Future<Output = Result<()>>) -> Result<()> {
    let late = |_| Err(Error::internal(format!("it took longer than {} s", limit.as_secs())));
    timeout(limit, applied).await.unwrap_or_else(late)
}
