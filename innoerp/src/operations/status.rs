//! `innoerp status`: a running installation on one screen, or as JSON, and an exit code.

use std::io::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use database::inspect::{self, Standing};
use futures::future::join_all;
use serde_json::{Value, json};
use service::Settings;

use super::{Answer, Report, doctor, readiness};
use crate::addresses::Addresses;
use crate::events::{self, Flow, INSTANT, Progress};
use crate::{Failure, cause, modules, places};

/// How long an event waits in an outbox before somebody should know. The relay looks twice a second.
const WAITS: TimeDelta = TimeDelta::seconds(10);
/// How long it may wait at all.
const WAITS_MAX: TimeDelta = TimeDelta::minutes(5);

/// Asks the database, what carries events, Redis and every service how they are, and how far events have come; prints a
/// line for each, or all of it as JSON, and fails when something is wrong.
///
/// # Errors
/// A sentence that counts what is wrong.
pub async fn run(settings: Settings, addresses: &Addresses, as_json: bool) -> Result<(), Failure> {
    let mut report = if as_json { Report::silent() } else { Report::default() };
    let (mut standings, mut is_there) = (Vec::new(), false);
    let settings = match places::with_database(settings.clone()).await {
        Ok(found) => {
            (standings, is_there) = database(&mut report, &found).await;
            found
        }
        Err(failure) => {
            report.say("database", &Answer::wrong(failure));
            settings
        }
    };
    report.say("events", &doctor::events(&settings).await);
    report.say("redis", &redis(&settings).await);
    services(&mut report, &settings, addresses).await;
    let flow = if is_there { flow(&mut report, &settings).await } else { None };
    if as_json {
        // A reader that went away does not matter: the exit code says it all.
        let _ = writeln!(std::io::stdout(), "{:#}", told(&report, &standings, flow.as_ref()));
    }
    report.end()
}

/// How the database is; answers how far migrations are, and whether there is any use in asking it for more.
async fn database(report: &mut Report, settings: &Settings) -> (Vec<Standing>, bool) {
    let Some(url) = &settings.database_url else { return (Vec::new(), false) };
    let mut conn = match inspect::connect(url).await {
        Ok(conn) => conn,
        Err(error) => {
            report.say("database", &Answer::wrong(cause(&error)));
            return (Vec::new(), false);
        }
    };
    let (server, _) = doctor::server(&mut conn).await;
    report.say("database", &server);
    let (mut answer, standings) = doctor::migrations(settings.database_owner_url.as_deref()).await;
    let newest = |standing: &Standing| Some(format!("{} {}", standing.module, standing.newest?));
    let versions: Vec<_> = standings.iter().filter_map(newest).collect();
    if !versions.is_empty() {
        answer.text = format!("{} ({})", answer.text, versions.join(", "));
    }
    report.say("migrations", &answer);
    (standings, true)
}

async fn redis(settings: &Settings) -> Answer {
    match doctor::secret_key(settings) {
        Ok(key) => doctor::redis(settings, &key).await,
        Err(sentence) => Answer::wrong(sentence),
    }
}

/// Whether every module is ready, wherever it is served, and the router.
async fn services(report: &mut Report, settings: &Settings, addresses: &Addresses) {
    let modules = modules::all();
    // All at once: who does not answer takes seconds.
    let asked = modules.iter().map(|subgraph| async move {
        match addresses.urls(subgraph.id, subgraph.port, settings.host) {
            Ok(urls) => join_all(urls.iter().map(readiness::module)).await,
            Err(failure) => vec![Answer::wrong(failure)],
        }
    });
    for (subgraph, answers) in modules.iter().zip(join_all(asked).await) {
        for answer in answers {
            report.say(&format!("module {}", subgraph.id), &answer);
        }
    }
    report.say("router", &readiness::router(settings, addresses).await);
}

/// How far events have come.
async fn flow(report: &mut Report, settings: &Settings) -> Option<Flow> {
    if settings.database_relay_url.is_none() {
        report
            .say("outboxes", &Answer::beware("DATABASE_RELAY_URL is not set, and other logins may not look"));
        return None;
    }
    let found = async {
        let database = events::connect(settings).await?;
        let found = events::flow(settings, &database).await;
        database.close().await;
        found
    };
    match found.await {
        Ok(flow) => {
            report.say("outboxes", &of_outboxes(&flow, Utc::now()));
            for progress in &flow.consumers {
                report.say(&format!("consumer {}", progress.consumer), &of_consumer(progress));
            }
            Some(flow)
        }
        Err(failure) => {
            report.say("outboxes", &Answer::wrong(failure));
            None
        }
    }
}

/// What waits for the log, and whether for too long.
fn of_outboxes(flow: &Flow, now: DateTime<Utc>) -> Answer {
    let waiting = flow.outboxes.iter().filter(|(_, waiting)| waiting.count > 0);
    let list: Vec<_> =
        waiting.clone().map(|(module, waiting)| format!("{module} {}", waiting.count)).collect();
    let Some(oldest) = waiting.filter_map(|(_, waiting)| waiting.since).min() else {
        return Answer::fine("nothing waits");
    };
    let said = format!("{} wait, the oldest since {}", list.join(", "), oldest.format(INSTANT));
    match now - oldest {
        age if age > WAITS_MAX => {
            Answer::wrong(format!("{said}: no process moves them, or the log takes none"))
        }
        age if age > WAITS => Answer::beware(said),
        _ => Answer::fine(said),
    }
}

/// How far a consumer is. What it has given up holds up nobody, and somebody should know.
fn of_consumer(progress: &Progress) -> Answer {
    let Progress { to_come, delayed, dead, .. } = progress;
    let to_come = to_come.map_or("?".to_owned(), |count| count.to_string());
    let said = format!("{to_come} to come, {delayed} delayed, {dead} dead letters");
    if (*delayed, *dead) == (0, 0) { Answer::fine(said) } else { Answer::beware(said) }
}

/// All of it as JSON, whose names and words never change.
fn told(report: &Report, standings: &[Standing], flow: Option<&Flow>) -> Value {
    let answers = report.answers.iter().map(|(subject, answer)| {
        let verdict = answer.verdict.word().to_uppercase();
        json!({ "subject": subject, "verdict": verdict, "text": answer.text })
    });
    let migrations = standings.iter().map(|standing| {
        let Standing { module, newest, pending, unknown, broken, .. } = standing;
        json!({ "module": module, "newest": newest, "pending": pending, "unknown": unknown, "broken": broken })
    });
    let outboxes = flow.into_iter().flat_map(|flow| &flow.outboxes);
    let outboxes = outboxes.map(
        |(module, waiting)| json!({ "module": module, "waiting": waiting.count, "since": waiting.since }),
    );
    let consumers = flow.into_iter().flat_map(|flow| &flow.consumers).map(|progress| {
        let Progress { consumer, to_come, delayed, dead } = progress;
        json!({ "consumer": consumer, "toCome": to_come, "delayed": delayed, "deadLetters": dead })
    });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "isWell": report.wrong() == 0,
        "answers": answers.collect::<Vec<_>>(),
        "migrations": migrations.collect::<Vec<_>>(),
        "outboxes": outboxes.collect::<Vec<_>>(),
        "consumers": consumers.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use kafka::Waiting;

    use super::*;
    use crate::operations::Verdict;

    #[test]
    fn what_waits_for_minutes_in_an_outbox_is_wrong_and_what_waits_for_a_moment_is_not() {
        let now = Utc::now();
        let verdict = |waits: Option<TimeDelta>| {
            let since = waits.map(|waits| now - waits);
            let waiting = Waiting { count: i64::from(since.is_some()), since };
            let outboxes = vec![("auth", Waiting::default()), ("leave", waiting)];
            of_outboxes(&Flow { outboxes, consumers: Vec::new(), silence: None }, now).verdict
        };
        assert_eq!(verdict(None), Verdict::Fine);
        assert_eq!(verdict(Some(TimeDelta::seconds(1))), Verdict::Fine);
        assert_eq!(verdict(Some(TimeDelta::seconds(11))), Verdict::Beware);
        assert_eq!(verdict(Some(TimeDelta::minutes(6))), Verdict::Wrong);
    }

    #[test]
    fn what_a_consumer_failed_on_is_told() {
        let of = |delayed, dead| {
            of_consumer(&Progress { consumer: "leave", to_come: Some(3), delayed, dead }).verdict
        };
        assert_eq!((of(0, 0), of(1, 0), of(0, 1)), (Verdict::Fine, Verdict::Beware, Verdict::Beware));
    }
}
