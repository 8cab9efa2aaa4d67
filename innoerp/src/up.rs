//! `innoerp up`: everything on this machine, with nothing set up before.

use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr as _;

use database::cluster::{Cluster, Durability};
use router::Router;
use service::{Profile, Settings};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::addresses::{Addresses, ROUTER_PORT};
use crate::kept::{FOLDER, kept_secret};
use crate::process::{self, Listeners, Process, asked_to_end};
use crate::{Failure, cause, modules, seed};

/// The database within the private cluster, and the login that services use.
const NAME: &str = "innoerp";
/// The login that moves events.
const RELAY: &str = "innoerp_events";

/// Sets everything up, runs it until it is asked to end, and takes it down in order.
///
/// # Errors
/// One sentence that says what is missing or in the way.
pub async fn up(mut settings: Settings, addresses: Addresses) -> Result<(), Failure> {
    refuse_production(&settings, "up")?;
    // Whoever asks it to end while it starts is heard once the database is there, which then stops in order.
    drop(asked_to_end());
    // Ports first: nothing has been started yet if one is in use.
    let listeners = Listeners::open(&settings, &addresses).await?;
    let cluster = database(&mut settings).await?;
    while_kept(cluster, async |cluster| run(&settings, listeners, cluster).await).await
}

/// What is for development says so.
pub(crate) fn refuse_production(settings: &Settings, verb: &str) -> Result<(), Failure> {
    if settings.profile() == Profile::Production {
        let sentence = format!("`innoerp {verb}` is for development; in production run `serve` and `router`");
        return Err(Failure(sentence));
    }
    Ok(())
}

/// Starts the private database, when no other one is named, and points the settings at it.
pub(crate) async fn database(settings: &mut Settings) -> Result<Option<Cluster>, Failure> {
    match settings.database_url {
        Some(_) => Ok(None),
        None => private_cluster(settings).await.map(Some),
    }
}

/// Runs something for as long as the private database can be kept running, and stops that in the end.
pub(crate) async fn while_kept(
    cluster: Option<Cluster>,
    run: impl AsyncFnOnce(Option<&Cluster>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let lost = cluster.as_ref().map(Cluster::keep);
    let lost = async {
        match lost {
            Some(lost) => lost.await,
            None => std::future::pending().await,
        }
    };
    let ended = tokio::select! {
        ended = run(cluster.as_ref()) => ended,
        error = lost => Err(Failure(error.to_string())),
    };
    if let Some(cluster) = cluster {
        cluster.stop_async().await.map_err(|error| Failure(error.to_string()))?;
    }
    ended
}

async fn run(settings: &Settings, listeners: Listeners, cluster: Option<&Cluster>) -> Result<(), Failure> {
    let (cancel, mut tasks) = (CancellationToken::new(), JoinSet::new());
    let addresses = listeners.addresses();
    let start = async {
        migrate(settings).await?;
        let demo = demo(settings).await?;
        let process =
            Process::start(&modules::ids(), settings.clone(), addresses.clone(), cancel.clone()).await?;
        let (router, hold) = process.serve_all(listeners, &mut tasks).await?;
        Ok((process, router, hold, demo))
    };
    let Some((process, router, hold, demo)) = process::unless_asked_to_end(start).await? else {
        return process::end(&cancel, tasks, None).await;
    };
    let is_made = match demo {
        Demo::Wanted => make_demo(&router).await?,
        Demo::InPart => {
            say(&format!("Beware: {}.", seed::INTERRUPTED));
            true
        }
        Demo::Settled => true,
    };
    // Whoever waits for readiness comes to log in.
    drop(hold);
    if is_made {
        let asked = asked_to_end();
        say(&banner(settings, &addresses, cluster)?);
        asked.await;
    }
    say("Stopping.");
    process::end(&cancel, tasks, Some(process)).await
}

/// Makes the demo, unless it is asked to end before: then it stops in order, and the next start says what is missing.
async fn make_demo(router: &Router) -> Result<bool, Failure> {
    // Whoever reads that it begins may end it at once.
    let asked = asked_to_end();
    say("Making two demo organizations.");
    tokio::select! {
        made = seed::run(router) => made.map(|()| true),
        () = asked => Ok(false),
    }
}

/// Brings the database up to date.
///
/// # Errors
/// A sentence that names the module whose migration failed.
pub async fn migrate(settings: &Settings) -> Result<(), Failure> {
    let modules = modules::all();
    let modules: Vec<_> = modules.iter().map(service::Subgraph::migrations).collect();
    database::migrate::run(owner_url(settings)?, &modules)
        .await
        .map_err(|error| Failure::of("the database cannot be migrated", cause(&error)))
}

fn owner_url(settings: &Settings) -> Result<&str, Failure> {
    let url = settings.database_owner_url.as_ref().or(settings.database_url.as_ref());
    url.map(String::as_str).ok_or_else(|| Failure("DATABASE_URL is not set".into()))
}

/// Starts the private cluster, and points the settings at it.
async fn private_cluster(settings: &mut Settings) -> Result<Cluster, Failure> {
    let cluster = Cluster::start_async(PathBuf::from(FOLDER).join("postgres"), Durability::Kept)
        .await
        .map_err(|error| Failure(error.to_string()))?;
    let (password, relay_password) = passwords()?;
    prepare(&cluster, [(NAME, "innoerp_modules", &password), (RELAY, "innoerp_relay", &relay_password)])
        .await
        .map_err(|error| Failure::of("preparing the private database", error))?;
    point_at(settings, &cluster)?;
    Ok(cluster)
}

/// The passwords of the two logins of the private cluster, made when first asked for.
fn passwords() -> Result<(String, String), Failure> {
    Ok((kept_secret("service-password")?, kept_secret("relay-password")?))
}

/// Points the settings at the private cluster.
///
/// # Errors
/// A sentence, when the passwords cannot be kept.
pub(crate) fn point_at(settings: &mut Settings, cluster: &Cluster) -> Result<(), Failure> {
    let (password, relay_password) = passwords()?;
    let owner_url = cluster.url_of(NAME);
    let owner = PgConnectOptions::from_str(&owner_url)
        .map_err(|error| Failure::of("the private database's URL", error))?;
    let url = |login, password| owner.clone().username(login).password(password).to_url_lossy().to_string();
    settings.database_url = Some(url(NAME, &password));
    settings.database_relay_url = Some(url(RELAY, &relay_password));
    settings.database_owner_url = Some(owner_url);
    Ok(())
}

/// Makes the database and the logins, each a member of one role and with its password; they own nothing and bypass
/// nothing.
async fn prepare(cluster: &Cluster, logins: [(&str, &str, &str); 2]) -> Result<(), sqlx::Error> {
    // Statements are logged where somebody asks for it, and these have passwords in them.
    let options = PgConnectOptions::from_str(&cluster.url())?.disable_statement_logging();
    let mut admin = PgConnection::connect_with(&options).await?;
    for (login, role, password) in logins {
        // Passwords are of letters and digits only: see `kept_secret`. An earlier version had one login for both.
        let sql = format!(
            "do $$ begin
                if to_regrole('{login}') is null then create role {login} login; end if;
                if to_regrole('{role}') is null then create role {role} nologin; end if;
                if '{login}' = '{NAME}' and to_regrole('innoerp_relay') is not null
                    and pg_has_role('{login}', 'innoerp_relay', 'member') then revoke innoerp_relay from {login}; end if;
             end $$;
             alter role {login} password '{password}'; grant {role} to {login}"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await?;
    }
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(NAME)
        .fetch_one(&mut admin)
        .await?;
    if !exists {
        sqlx::raw_sql(AssertSqlSafe(format!("create database {NAME}"))).execute(&mut admin).await?;
    }
    admin.close().await
}

/// What there is to do about demo data.
pub(crate) enum Demo {
    /// Nobody has signed up yet.
    Wanted,
    /// It was begun, and not finished.
    InPart,
    /// Nothing: it is there, or somebody has data of their own.
    Settled,
}

/// What there is to do about demo data in the database.
pub(crate) async fn demo(settings: &Settings) -> Result<Demo, Failure> {
    let asking = |error: sqlx::Error| Failure::of("asking the database", error);
    let mut owner = PgConnection::connect(owner_url(settings)?).await.map_err(asking)?;
    sqlx::raw_sql("set role innoerp_owner").execute(&mut owner).await.map_err(asking)?;
    let (is_empty, is_in_part): (bool, bool) = sqlx::query_as(
        "select count(*) = 0, coalesce(bool_or(subdomain = $1 and name = $2 and timezone is null), false)
         from tenant.organization",
    )
    .bind(seed::SUBDOMAIN)
    .bind(seed::NAME)
    .fetch_one(&mut owner)
    .await
    .map_err(asking)?;
    owner.close().await.map_err(asking)?;
    Ok(match (is_empty, is_in_part) {
        (true, _) => Demo::Wanted,
        (false, true) => Demo::InPart,
        (false, false) => Demo::Settled,
    })
}

/// What is told once everything runs.
pub(crate) fn banner(
    settings: &Settings,
    addresses: &Addresses,
    cluster: Option<&Cluster>,
) -> Result<String, Failure> {
    let router = addresses.url("router", ROUTER_PORT, settings.host)?;
    let mut lines = vec![
        String::new(),
        "innoERP is ready.".to_owned(),
        format!("  GraphiQL       {router}"),
        format!("  GraphQL        {router}graphql"),
    ];
    for subgraph in modules::all() {
        lines.push(format!(
            "  {:<14} {}",
            subgraph.id,
            addresses.url(subgraph.id, subgraph.port, settings.host)?
        ));
    }
    if let Some(cluster) = cluster {
        lines.push(format!("  PostgreSQL     {} (private, under {FOLDER}/)", cluster.folder().display()));
    }
    lines.push(String::new());
    lines.push(format!("Demo log-ins, password {}:", seed::PASSWORD));
    lines.extend(seed::LOG_INS.iter().map(|(email, who)| format!("  {email:<26} {who}")));
    lines.push("\nCtrl-C stops everything.".to_owned());
    Ok(lines.join("\n"))
}

/// Tells the user, if anybody still reads: a closed terminal must not keep us from stopping in order.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
