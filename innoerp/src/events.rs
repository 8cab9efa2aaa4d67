//! What operators see of events, and do with those that were set aside.

use std::fmt::{self, Write as _};

use clap::Subcommand;
use database::Database;
use kafka::{Consumer, Waiting};
use service::Settings;

use crate::{Failure, cause, modules, places};

/// How an instant is written, in UTC.
pub(crate) const INSTANT: &str = "%Y-%m-%d %H:%M:%S";

/// What operators do with events.
#[derive(Clone, Debug, Subcommand)]
pub enum EventsVerb {
    /// Show what waits in each module's outbox and since when, and how far each consumer is behind: events to come, failed
    /// ones that are tried again, and dead letters
    Lag,
    /// Show events that a consumer failed on five times, each with its reason
    DeadLetters {
        /// Of this consumer only
        #[arg(long)]
        consumer: Option<String>,
        /// How many at most, the oldest first
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        count: i64,
    },
    /// Have a consumer try its dead letters again, five times as any event: after the cause was mended
    Replay {
        /// The consumer
        consumer: String,
    },
}

/// Does it, and prints what there is to say.
///
/// # Errors
/// A sentence: no database, no such consumer, brokers that do not answer.
pub async fn run(settings: &Settings, verb: EventsVerb) -> Result<(), Failure> {
    let settings = &places::with_database(settings.clone()).await?;
    let database = connect(settings).await?;
    let said = match verb {
        EventsVerb::Lag => lag(settings, &database).await,
        EventsVerb::DeadLetters { consumer, count } => dead_letters(&database, consumer, count).await,
        EventsVerb::Replay { consumer } => replay(&database, &consumer).await,
    };
    database.close().await;
    print!("{}", said?);
    Ok(())
}

/// Connections for whoever looks at events, also as the login that moves them.
///
/// # Errors
/// A sentence: no database is named, or it does not answer.
pub(crate) async fn connect(settings: &Settings) -> Result<Database, Failure> {
    let not_set = |name: &str| Failure(format!("{name} is not set"));
    let url = settings.database_url.as_ref().ok_or_else(|| not_set("DATABASE_URL"))?;
    let relay_url = settings.database_relay_url.as_ref().ok_or_else(|| not_set("DATABASE_RELAY_URL"))?;
    Database::connect(url, Some(relay_url), 2, common::Clock::default(), settings.database_pooler)
        .await
        .map_err(|error| Failure::of("the database cannot be reached", cause(&error)))
}

/// How far events have come on their way.
#[derive(Debug)]
pub(crate) struct Flow {
    /// What waits in the outbox of each module.
    pub(crate) outboxes: Vec<(&'static str, Waiting)>,
    /// How far each consumer is.
    pub(crate) consumers: Vec<Progress>,
    /// Why the log does not say what is still to come, when it does not.
    pub(crate) silence: Option<String>,
}

/// How far a consumer is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// Its name.
    pub(crate) consumer: &'static str,
    /// How many events the log has for it, when the log says so.
    pub(crate) to_come: Option<i64>,
    /// How many it failed on that are tried again, or stand behind one that is.
    pub(crate) delayed: i64,
    /// How many it has given up.
    pub(crate) dead: i64,
}

/// Looks at outboxes, log and what failed.
///
/// # Errors
/// A sentence, when the database does not answer. A log that does not is no error: what is known all the same is told.
pub(crate) async fn flow(settings: &Settings, database: &Database) -> Result<Flow, Failure> {
    let log = settings.kafka.log(database.clone()).map_err(failed)?;
    let mut flow = Flow { outboxes: Vec::new(), consumers: Vec::new(), silence: None };
    for module in modules::ids() {
        let waiting = kafka::waiting(database, module).await;
        let waiting =
            waiting.map_err(|error| Failure::of(&format!("the outbox of {module}"), cause(&error)))?;
        flow.outboxes.push((module, waiting));
    }
    for consumer in consumers() {
        let mut to_come = None;
        // Brokers that did not answer once are not asked again: each time would take seconds.
        if flow.silence.is_none() {
            match log.lag(consumer).await {
                Ok(count) => to_come = Some(count),
                Err(error) => flow.silence = Some(cause(&error)),
            }
        }
        let (delayed, dead) = kafka::count_failed(database, consumer.name).await.map_err(failed)?;
        flow.consumers.push(Progress { consumer: consumer.name, to_come, delayed, dead });
    }
    Ok(flow)
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<20} {:>10} since", "outbox", "waiting")?;
        for (module, waiting) in &self.outboxes {
            let since = waiting.since.map_or("-".to_owned(), |since| since.format(INSTANT).to_string());
            writeln!(f, "{module:<20} {:>10} {since}", waiting.count)?;
        }
        writeln!(f, "\n{:<20} {:>10} {:>10} {:>12}", "consumer", "to come", "delayed", "dead letters")?;
        for Progress { consumer, to_come, delayed, dead } in &self.consumers {
            let to_come = to_come.map_or("?".to_owned(), |count| count.to_string());
            writeln!(f, "{consumer:<20} {to_come:>10} {delayed:>10} {dead:>12}")?;
        }
        Ok(())
    }
}

fn consumers() -> Vec<&'static Consumer> {
    modules::all().iter().flat_map(|module| module.consumers).collect()
}

fn known(name: &str) -> Result<(), Failure> {
    let names: Vec<_> = consumers().iter().map(|consumer| consumer.name).collect();
    if names.contains(&name) {
        return Ok(());
    }
    Err(Failure(format!("there is no consumer {name}; there are {}", names.join(", "))))
}

fn failed(error: common::Error) -> Failure {
    Failure(cause(&error))
}

async fn lag(settings: &Settings, database: &Database) -> Result<String, Failure> {
    let flow = flow(settings, database).await?;
    let Some(silence) = &flow.silence else { return Ok(flow.to_string()) };
    print!("{flow}");
    Err(Failure::of("the log does not say what is still to come", silence))
}

async fn dead_letters(database: &Database, consumer: Option<String>, count: i64) -> Result<String, Failure> {
    if let Some(name) = &consumer {
        known(name)?;
    }
    let letters = kafka::dead_letters(database, consumer.as_deref(), count).await.map_err(failed)?;
    let mut said = String::new();
    for letter in &letters {
        let _ = writeln!(
            said,
            "{} {} {} {} of organization {}: {}",
            letter.failed_at.format(INSTANT),
            letter.consumer,
            letter.event_type.as_deref().unwrap_or("an event"),
            letter.event_id,
            letter.organization_id,
            letter.error,
        );
    }
    if letters.is_empty() {
        said.push_str("There are no dead letters.\n");
    }
    Ok(said)
}

async fn replay(database: &Database, consumer: &str) -> Result<String, Failure> {
    known(consumer)?;
    let count = kafka::replay_dead_letters(database, consumer).await.map_err(failed)?;
    Ok(format!("{count} dead letters of {consumer} are tried again.\n"))
}
