//! Lanes: a batch is processed in several at a time, each aggregate's events in one of them and in their order.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::time::Duration;

use common::{Envelope, OrganizationId, Result};
use database::Database;
use futures::future::try_join_all;
use tokio::time::Instant;

use crate::Consumer;
use crate::apply::{Together, together};
use crate::delayed::{self, Delayed};
use crate::key::{Key, key_of};

/// How many lanes there are.
const LANES: usize = 4;

/// How long a batch is worked at: what it still holds then is read again, and what is new of other aggregates with it.
const BATCH_FOR: Duration = Duration::from_secs(5);

/// How many times smaller the next transaction is, after one that failed.
const SMALLER: usize = 4;

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Indexes of events that there was no time for, in growing order.
    pub(crate) undone: Vec<usize>,
    /// How many events were delayed.
    pub(crate) delayed: usize,
}

/// Processes a batch. What fails is delayed, and all that comes behind it of the same aggregate.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer; what took effect is known by the inbox.
pub(crate) async fn process(
    database: &Database,
    consumer: &Consumer,
    events: &[Envelope],
) -> Result<Outcome> {
    let delayed_keys = delayed::keys(database, consumer.name).await?;
    let mut lanes: [BTreeMap<OrganizationId, Vec<usize>>; LANES] = Default::default();
    let mut behind = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let key = key_of(event);
        if delayed_keys.contains(&key) {
            behind.push(Delayed { event, error: None });
        } else {
            lanes[lane_of(key)].entry(event.organization_id).or_default().push(index);
        }
    }
    delayed::delay(database, consumer.name, &behind).await?;
    let end = Instant::now() + BATCH_FOR;
    let runs = lanes.into_iter().map(|organizations| async move {
        let mut outcome = Outcome::default();
        for indexes in organizations.into_values() {
            let of_one = run(database, consumer, events, indexes, end).await?;
            outcome.undone.extend(of_one.undone);
            outcome.delayed += of_one.delayed;
        }
        Ok::<_, common::Error>(outcome)
    });
    let mut all = Outcome { undone: Vec::new(), delayed: behind.len() };
    for outcome in try_join_all(runs).await? {
        all.undone.extend(outcome.undone);
        all.delayed += outcome.delayed;
    }
    all.undone.sort_unstable();
    Ok(all)
}

fn lane_of(key: Key) -> usize {
    let mut hasher = DefaultHasher::new();
    (key.0.0, key.1).hash(&mut hasher);
    // Less than the number of lanes, so it fits.
    (hasher.finish() % LANES as u64) as usize
}

/// Processes what one lane has of one organization.
async fn run(
    database: &Database,
    consumer: &Consumer,
    events: &[Envelope],
    mut rest: Vec<usize>,
    end: Instant,
) -> Result<Outcome> {
    let (mut outcome, mut count_max) = (Outcome::default(), usize::MAX);
    while !rest.is_empty() {
        if Instant::now() > end {
            outcome.undone = rest;
            break;
        }
        let next: Vec<&Envelope> = rest.iter().map(|index| &events[*index]).collect();
        match together(database, consumer, &next, count_max).await? {
            Together::Done(count) => {
                rest.drain(..count);
                count_max = count_max.saturating_mul(SMALLER);
            }
            Together::Refused(_) if count_max > 1 => {
                count_max = (next.len().min(count_max) / SMALLER).max(1);
            }
            Together::Refused(error) => {
                outcome.delayed += set_apart(database, consumer, events, &mut rest, 0, &error).await?;
            }
            Together::Failed(at, error) => {
                outcome.delayed += set_apart(database, consumer, events, &mut rest, at, &error).await?;
                // What came before it is done again: the less the better, should there be more of its kind.
                count_max = (at / SMALLER).max(1);
            }
        }
    }
    Ok(outcome)
}

/// Delays an event that failed, and what is behind it of the same aggregate; answers how many these are.
async fn set_apart(
    database: &Database,
    consumer: &Consumer,
    events: &[Envelope],
    rest: &mut Vec<usize>,
    at: usize,
    error: &common::Error,
) -> Result<usize> {
    let failed = &events[rest[at]];
    tracing::info!(consumer = consumer.name, event = %failed.event_id, kind = failed.event_type, error = ?error,
        "an event failed, and is tried by itself");
    let reason = delayed::reason(error);
    let apart: Vec<Delayed<'_>> = rest[at..]
        .iter()
        .map(|index| &events[*index])
        .filter(|event| key_of(event) == key_of(failed))
        .map(|event| Delayed { event, error: (event.event_id == failed.event_id).then_some(reason.as_str()) })
        .collect();
    delayed::delay(database, consumer.name, &apart).await?;
    let count = apart.len();
    let is_apart = |index: &usize| key_of(&events[*index]) == key_of(failed);
    let kept: Vec<usize> = rest
        .iter()
        .enumerate()
        .filter(|(place, index)| *place < at || !is_apart(index))
        .map(|(_, index)| *index)
        .collect();
    *rest = kept;
    Ok(count)
}
