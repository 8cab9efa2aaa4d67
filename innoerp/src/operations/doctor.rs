//! `innoerp doctor`: a line for each thing that must be right, and an exit code for all of them.

use std::time::Instant;

use auth::SigningKeys;
use chrono::Utc;
use database::inspect::{self, Standing};
use database::{Database, Pooler, migrate};
use router::transport::http::{Connections, Endpoint, fetch_sdl};
use service::{Profile, SecretKey, Settings, Subgraph};
use sqlx::PgConnection;

use super::{Answer, Report, readiness};
use crate::addresses::Addresses;
use crate::{Failure, cause, modules, places, process};

/// How far the clocks of this machine and of the database may be apart before somebody should know. Tokens are believed
/// 30 s beyond their time.
const CLOCKS_APART: chrono::Duration = chrono::Duration::seconds(1);
/// How far they may be apart at all.
const CLOCKS_APART_MAX: chrono::Duration = chrono::Duration::seconds(15);

/// Asks everything that must be right for this installation to run, prints a line for each, and fails when one is wrong.
/// With `before_start`, services are not asked: they are not up yet.
///
/// # Errors
/// A sentence that counts what is wrong.
pub async fn run(settings: Settings, addresses: &Addresses, before_start: bool) -> Result<(), Failure> {
    let mut report = Report::default();
    let key = secret_key(&settings);
    report.say("secret key", &key.as_ref().map_or_else(Answer::wrong, |_| Answer::fine("32 bytes or more")));
    let settings = match places::with_database(settings.clone()).await {
        Ok(found) => {
            database(&mut report, &found, key.as_ref().ok()).await;
            found
        }
        Err(failure) => {
            report.say("database", &Answer::wrong(failure));
            settings
        }
    };
    report.say("events", &events(&settings).await);
    if let Ok(key) = &key {
        report.say("redis", &redis(&settings, key).await);
        report.say("files", &files(&settings, key).await);
        if !before_start {
            services(&mut report, &settings, addresses, key).await;
        }
    }
    report.end()
}

/// The secret, without making one.
pub(super) fn secret_key(settings: &Settings) -> Result<SecretKey, String> {
    let kept = || match settings.profile() {
        Profile::Production => Err("SECRET_KEY is not set; make one with `openssl rand -hex 32`".to_owned()),
        Profile::Development => crate::kept::kept_before("secret-key")
            .ok_or_else(|| "SECRET_KEY is not set, and `innoerp up` has made none yet".to_owned()),
    };
    settings.secret_key.clone().map_or_else(|| kept()?.parse(), Ok)
}

async fn database(report: &mut Report, settings: &Settings, key: Option<&SecretKey>) {
    let Some(url) = &settings.database_url else { return };
    let mut conn = match inspect::connect(url).await {
        Ok(conn) => conn,
        Err(error) => return report.say("database", &Answer::wrong(cause(&error))),
    };
    let (server, clock) = server(&mut conn).await;
    report.say("database", &server);
    report.say("clock", &clock);
    report.say("login", &login(url, settings.database_pooler).await);
    report.say("login for events", &relay(settings.database_relay_url.as_deref()).await);
    report.say("roles", &roles(&mut conn).await);
    report.say("row-level security", &row_level_security(&mut conn).await);
    report.say("migrations", &migrations(settings.database_owner_url.as_deref()).await.0);
    if let Some(key) = key {
        report.say("signing keys", &signing_keys(url, settings.database_pooler, key).await);
    }
}

/// How the server is, and whether its clock is near ours.
pub(super) async fn server(conn: &mut PgConnection) -> (Answer, Answer) {
    let (asked, before) = (Instant::now(), Utc::now());
    let server = match inspect::server(conn).await {
        Ok(server) => server,
        Err(error) => return (Answer::wrong(cause(&error)), Answer::wrong("the database did not tell")),
    };
    let took = asked.elapsed();
    let inspect::Server { version, is_new_enough, encoding, now, bytes } = server;
    let answer = if !is_new_enough {
        Answer::wrong(format!("PostgreSQL {version} is too old; 15 or newer is needed"))
    } else if encoding != "UTF8" {
        Answer::wrong(format!("texts are stored as {encoding}; make the database with `encoding 'UTF8'`"))
    } else {
        Answer::fine(format!("PostgreSQL {version}, {} MB, answers in {took:.1?}", bytes / 1_000_000))
    };
    // Somewhere between asking and hearing the server looked at its clock.
    let apart = (now - before - chrono::Duration::from_std(took / 2).unwrap_or_default()).abs();
    let said = format!("this machine's and the database's are {} ms apart", apart.num_milliseconds());
    let clock = match apart {
        apart if apart > CLOCKS_APART_MAX => Answer::wrong(format!("{said}; tokens would be refused")),
        apart if apart > CLOCKS_APART => Answer::beware(said),
        _ => Answer::fine(said),
    };
    (answer, clock)
}

/// Whether the login can be every module, or at least one, and nothing more.
async fn login(url: &str, pooler: Pooler) -> Answer {
    let database = match Database::connect(url, None, 1, common::Clock::default(), pooler).await {
        Ok(database) => database,
        Err(error) => return Answer::wrong(cause(&error)),
    };
    let mut answer = match database.refuse_wrong_login(&modules::ids()).await {
        Ok(()) => Answer::fine("serves every module, and owns and bypasses nothing"),
        Err(error) => Answer::wrong(cause(&error)),
    };
    if answer.verdict == super::Verdict::Wrong {
        for module in modules::ids() {
            if database.refuse_wrong_login(&[module]).await.is_ok() {
                answer =
                    Answer::fine(format!("serves the module {module} alone, and owns and bypasses nothing"));
            }
        }
    }
    database.close().await;
    answer
}

async fn relay(url: Option<&str>) -> Answer {
    let Some(url) = url else {
        return Answer::beware(
            "DATABASE_RELAY_URL is not set: from here a router can be served, and no module",
        );
    };
    match database::connect_as(url, "innoerp_relay", 1).await {
        Ok(pool) => {
            pool.close().await;
            Answer::fine("moves events")
        }
        Err(error) => Answer::wrong(cause(&error)),
    }
}

async fn roles(conn: &mut PgConnection) -> Answer {
    match inspect::roles(conn).await {
        Ok(sentences) => Answer::unless(&sentences, "none may more than it should"),
        Err(error) => Answer::wrong(cause(&error)),
    }
}

async fn row_level_security(conn: &mut PgConnection) -> Answer {
    let ids = modules::ids();
    let schemas: Vec<_> = ids.into_iter().chain(modules::SHARED_SCHEMAS).collect();
    match inspect::tables(conn, &schemas).await {
        Ok((_, 0)) => Answer::wrong("there is no table yet; `innoerp migrate` makes them"),
        Ok((open, kept_apart)) if open.is_empty() => {
            Answer::fine(format!("on and forced for all {kept_apart} tables with rows of organizations"))
        }
        Ok((open, _)) => Answer::wrong(format!("does not keep organizations apart in {}", open.join(", "))),
        Err(error) => Answer::wrong(cause(&error)),
    }
}

/// How far migrations are: in one line, and by module where they can be looked at.
pub(super) async fn migrations(owner_url: Option<&str>) -> (Answer, Vec<Standing>) {
    let Some(url) = owner_url else {
        let answer = Answer::beware("DATABASE_OWNER_URL is not set, and other logins may not look");
        return (answer, Vec::new());
    };
    let modules = modules::all();
    let modules: Vec<migrate::Module<'_>> = modules.iter().map(Subgraph::migrations).collect();
    let asked = async {
        let mut conn = inspect::connect(url).await?;
        sqlx::query("set role innoerp_owner").execute(&mut conn).await?;
        inspect::migrations(&mut conn, &modules).await
    };
    match asked.await {
        Ok(standings) => (of_standings(&standings), standings),
        Err(error) => (Answer::wrong(cause(&error)), Vec::new()),
    }
}

/// What is to be done about migrations. Newer ones are no fault: they come before the programs that need them.
pub(super) fn of_standings(standings: &[Standing]) -> Answer {
    let sum = |count: fn(&Standing) -> usize| standings.iter().map(count).sum::<usize>();
    let names = |list: fn(&Standing) -> &[i64]| {
        let some = standings.iter().filter(|standing| !list(standing).is_empty());
        some.map(|standing| format!("{} {:?}", standing.module, list(standing)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let applied = sum(|standing| standing.applied);
    let broken = names(|standing| &standing.broken);
    if !broken.is_empty() {
        return Answer::wrong(format!("not as this version has them: {broken}"));
    }
    let pending = names(|standing| &standing.pending);
    if !pending.is_empty() {
        return Answer::wrong(format!("not applied yet, `innoerp migrate` does: {pending}"));
    }
    let unknown = names(|standing| &standing.unknown);
    if !unknown.is_empty() {
        return Answer::beware(format!("all {applied} are applied, and those of a newer version: {unknown}"));
    }
    Answer::fine(format!("all {applied} are applied"))
}

pub(super) async fn signing_keys(url: &str, pooler: Pooler, key: &SecretKey) -> Answer {
    let found = async {
        let database = Database::connect(url, None, 1, common::Clock::default(), pooler).await?;
        let found = auth::signing_keys(&database, key).await;
        database.close().await;
        found
    };
    match found.await {
        Ok(SigningKeys { all: 0, .. }) => Answer::fine("none yet; the first log-in makes one"),
        Ok(SigningKeys { all, opened: 0 }) => Answer::beware(format!(
            "SECRET_KEY opens none of {all}: it was changed, and everybody logs in anew"
        )),
        Ok(SigningKeys { all, opened }) => Answer::fine(format!("SECRET_KEY opens {opened} of {all}")),
        Err(error) => Answer::beware(format!("cannot be looked at by this login: {}", cause(&error))),
    }
}

/// What carries events.
pub(super) async fn events(settings: &Settings) -> Answer {
    let Some(brokers) = settings.kafka.brokers() else {
        return Answer::fine("PostgreSQL carries them: KAFKA_BOOTSTRAP_SERVERS is not set");
    };
    let found = match brokers.probe().await {
        Ok(found) => found,
        Err(error) => return Answer::wrong(format!("{brokers:?}: {}", cause(&error))),
    };
    let said = format!("Kafka answers, {} brokers and {} topics of ours", found.brokers, found.topics);
    match (found.without_leader, found.short_of_copies) {
        (0, 0) => Answer::fine(said),
        (0, short) => {
            Answer::beware(format!("{said}; {short} partitions have fewer copies than they should"))
        }
        (dead, _) => Answer::wrong(format!("{said}; {dead} partitions have no leader")),
    }
}

/// Where processes share what they know for a moment.
pub(super) async fn redis(settings: &Settings, key: &SecretKey) -> Answer {
    match settings.probe_store(key).await {
        Ok(None) => Answer::fine("each process counts by itself: REDIS_URL is not set"),
        Ok(Some(())) => Answer::fine("does all that is asked of it"),
        Err(sentence) => Answer::wrong(sentence),
    }
}

async fn files(settings: &Settings, key: &SecretKey) -> Answer {
    let place = match (&settings.files, settings.profile()) {
        (Some(place), _) => place.clone(),
        (None, Profile::Development) => crate::kept::FILES.to_owned(),
        (None, Profile::Production) => {
            return Answer::beware("INNOERP_FILES is not set; files cannot be attached to anything");
        }
    };
    let opened = files::Files::open(&place, &key.derive("files"), common::Clock::default());
    let files = match opened {
        Ok(files) => files,
        Err(sentence) => return Answer::wrong(sentence),
    };
    match files.probe().await {
        Ok(()) => Answer::fine(format!("can be written to {place}, read, and removed")),
        Err(sentence) => Answer::wrong(format!("{place}: {sentence}")),
    }
}

async fn services(report: &mut Report, settings: &Settings, addresses: &Addresses, key: &SecretKey) {
    let connections = Connections::default();
    for subgraph in modules::all() {
        let name = format!("module {}", subgraph.id);
        let urls = match addresses.urls(subgraph.id, subgraph.port, settings.host) {
            Ok(urls) => urls,
            Err(failure) => {
                report.say(&name, &Answer::wrong(failure));
                continue;
            }
        };
        for url in &urls {
            let answer = match process::endpoint(std::slice::from_ref(url), connections.clone(), key) {
                Ok(endpoint) => of_subgraph(&subgraph, url, &endpoint).await,
                Err(failure) => Answer::wrong(failure),
            };
            report.say(&name, &answer);
        }
    }
    report.say("router", &readiness::router(settings, addresses).await);
}

async fn of_subgraph(subgraph: &Subgraph, url: &reqwest::Url, endpoint: &Endpoint) -> Answer {
    match fetch_sdl(endpoint).await {
        Err(error) => Answer::wrong(format!("at {url}: {error}")),
        Ok(sdl) if sdl == (subgraph.sdl)() => Answer::fine(format!("at {url}, with this version's schema")),
        Ok(_) => Answer::beware(format!("at {url}, with another version's schema than this program's")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::Verdict;

    fn standing(pending: &[i64], unknown: &[i64], broken: &[i64]) -> Standing {
        let [pending, unknown, broken] = [pending, unknown, broken].map(<[i64]>::to_vec);
        Standing { module: "leave".to_owned(), applied: 3, newest: Some(3), pending, unknown, broken }
    }

    #[test]
    fn what_is_pending_or_changed_is_wrong_and_what_is_newer_is_told() {
        let verdict = |standing: Standing| of_standings(&[standing]).verdict;
        assert_eq!(verdict(standing(&[], &[], &[])), Verdict::Fine);
        assert_eq!(verdict(standing(&[], &[9], &[])), Verdict::Beware);
        assert_eq!(verdict(standing(&[4], &[9], &[])), Verdict::Wrong);
        assert_eq!(verdict(standing(&[], &[], &[2])), Verdict::Wrong);
        assert!(of_standings(&[standing(&[4], &[], &[])]).text.contains("leave [4]"));
    }
}
