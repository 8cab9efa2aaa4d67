//! What operators see of events, and do with those that were set aside.

use std::fmt::Write as _;

use clap::Subcommand;
use database::Database;
use kafka::Consumer;
use service::Settings;

use crate::operations::places;
use crate::{Failure, cause, modules};

/// What operators do with events.
#[derive(Clone, Debug, Subcommand)]
pub enum EventsVerb {
    /// Show how far each consumer is behind: events to come, failed ones that are tried again, and dead letters
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
    let not_set = |name: &str| Failure(format!("{name} is not set"));
    let url = settings.database_url.as_ref().ok_or_else(|| not_set("DATABASE_URL"))?;
    let relay_url = settings.database_relay_url.as_ref().ok_or_else(|| not_set("DATABASE_RELAY_URL"))?;
    let database =
        Database::connect(url, Some(relay_url), 2, common::Clock::default(), settings.database_pooler)
            .await
            .map_err(|error| Failure::of("the database cannot be reached", cause(&error)))?;
    let said = match verb {
        EventsVerb::Lag => lag(settings, &database).await,
        EventsVerb::DeadLetters { consumer, count } => dead_letters(&database, consumer, count).await,
        EventsVerb::Replay { consumer } => replay(&database, &consumer).await,
    };
    database.close().await;
    print!("{}", said?);
    Ok(())
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
    let log = settings.kafka.log(database.clone()).map_err(failed)?;
    let mut said = format!("{:<20} {:>10} {:>10} {:>12}\n", "consumer", "to come", "delayed", "dead letters");
    for consumer in consumers() {
        let to_come = log.lag(consumer).await.map_err(failed)?;
        let (delayed, dead) = kafka::count_failed(database, consumer.name).await.map_err(failed)?;
        let _ = writeln!(said, "{:<20} {to_come:>10} {delayed:>10} {dead:>12}", consumer.name);
    }
    Ok(said)
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
            letter.failed_at.format("%Y-%m-%d %H:%M:%S"),
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
