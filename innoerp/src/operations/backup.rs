//! `innoerp backup`: a dump of the database with a note of what is in it, and the proof that a dump can be restored.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Subcommand;
use database::cluster::{Cluster, Durability};
use database::{Pooler, inspect, migrate};
use serde::{Deserialize, Serialize};
use service::{SecretKey, Settings, Subgraph};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::io::AsyncReadExt as _;

use super::doctor::of_standings;
use super::programs::program;
use super::{Answer, Report};
use crate::{Failure, cause, modules, places};

/// What is done with backups.
#[derive(Clone, Debug, Subcommand)]
pub enum BackupVerb {
    /// Write the database to FILE, as `pg_dump --format=custom` does, and beside it FILE.json, which says what is in it.
    /// Attached files are backed up where they are kept
    Create {
        /// The file to write; it must not exist
        file: PathBuf,
        /// The database, as a login that reads every organization's rows: a superuser, or one with BYPASSRLS that is a member
        /// of innoerp_owner; DATABASE_OWNER_URL when it is not set
        #[arg(long = "database-backup-url", env = "DATABASE_BACKUP_URL", hide_env_values = true)]
        url: Option<String>,
    },
    /// Restore FILE into the empty database of DATABASE_OWNER_URL, all or nothing, and bring it up to date
    Restore {
        /// A file that `innoerp backup create` or `pg_dump --format=custom` wrote
        file: PathBuf,
    },
    /// Restore FILE into a database server of its own, look whether everything is there and in order, and remove the server
    Verify {
        /// A file that `innoerp backup create` or `pg_dump --format=custom` wrote
        file: PathBuf,
    },
}

/// What a backup holds, as it was noted when it was made.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Note {
    /// Everything that was committed before is in it.
    taken_at: DateTime<Utc>,
    /// The program that made it.
    version: String,
    /// The file's digest, in hexadecimal digits.
    sha256: String,
    /// How many rows each table had.
    rows: BTreeMap<String, i64>,
}

/// Does it.
///
/// # Errors
/// A sentence that says what is missing, in the way or wrong.
pub async fn run(settings: Settings, verb: BackupVerb) -> Result<(), Failure> {
    match verb {
        BackupVerb::Create { file, url } => {
            let url = match url {
                Some(url) => Some(url),
                None => places::with_database(settings).await?.database_owner_url,
            };
            let missing = "neither DATABASE_BACKUP_URL nor DATABASE_OWNER_URL is set: a backup is taken as a login that \
                           reads every organization's rows";
            create(&url.ok_or_else(|| Failure(missing.into()))?, &file).await
        }
        BackupVerb::Restore { file } => restore(&settings, &file).await,
        BackupVerb::Verify { file } => verify(&settings, &file).await,
    }
}

fn note_beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".json");
    name.into()
}

async fn create(url: &str, file: &Path) -> Result<(), Failure> {
    for path in [file, &note_beside(file)] {
        if path.exists() {
            return Err(Failure(format!("{} exists already", path.display())));
        }
    }
    let failed = |error: common::Error| Failure(cause(&error));
    let asking = |error: sqlx::Error| Failure::of("asking the database", error);
    let mut conn = inspect::connect(url).await.map_err(failed)?;
    refuse_who_sees_in_part(&mut conn).await?;
    // The rows are counted in the very snapshot that is dumped, however much is written meanwhile.
    sqlx::raw_sql("set statement_timeout = 0; set row_security = off")
        .execute(&mut conn)
        .await
        .map_err(asking)?;
    let mut tx = conn.begin_with("begin isolation level repeatable read read only").await.map_err(asking)?;
    let (snapshot, taken_at): (String, DateTime<Utc>) =
        sqlx::query_as("select pg_export_snapshot(), now()").fetch_one(&mut *tx).await.map_err(asking)?;
    // Written under another name until it is whole: what has the name is a backup.
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    let mut dump = program("pg_dump", url)?;
    dump.args(["--format=custom", "--snapshot", &snapshot, "--file"]).arg(&unfinished);
    let dumped = run_program("pg_dump", dump).await;
    let rows = match &dumped {
        Ok(()) => count(&mut tx).await.map_err(asking)?,
        Err(_) => BTreeMap::new(),
    };
    if let Err(failure) = dumped {
        let _ = std::fs::remove_file(&unfinished);
        return Err(failure);
    }
    let note = Note {
        taken_at,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sha256: digest(&unfinished).await?,
        rows,
    };
    let text = serde_json::to_string_pretty(&note).map_err(|error| Failure::of("writing the note", error))?;
    let writing = |error: std::io::Error| Failure::of(&format!("writing {}", file.display()), error);
    std::fs::write(note_beside(file), text + "\n").map_err(writing)?;
    std::fs::File::open(&unfinished).and_then(|file| file.sync_all()).map_err(writing)?;
    std::fs::rename(&unfinished, file).map_err(writing)?;
    println!(
        "{}: {} rows of {} tables, as of {}",
        file.display(),
        note.rows.values().sum::<i64>(),
        note.rows.len(),
        note.taken_at.format("%F %T UTC")
    );
    Ok(())
}

/// A dump by a login that row-level security holds to one organization would be one of nothing.
async fn refuse_who_sees_in_part(conn: &mut PgConnection) -> Result<(), Failure> {
    let asked = "select rolname::text, rolsuper or rolbypassrls from pg_roles where rolname = current_user";
    let (login, sees_all): (String, bool) = sqlx::query_as(asked)
        .fetch_one(conn)
        .await
        .map_err(|error| Failure::of("asking the database", error))?;
    let refused = format!(
        "{login} does not read every organization's rows; take backups as a superuser, or as a login with BYPASSRLS that is a \
         member of innoerp_owner, named in DATABASE_BACKUP_URL"
    );
    if sees_all { Ok(()) } else { Err(Failure(refused)) }
}

async fn restore(settings: &Settings, file: &Path) -> Result<(), Failure> {
    let asking = |error: sqlx::Error| Failure::of("asking the database", error);
    let failed = |error: common::Error| Failure(cause(&error));
    let url = settings.database_owner_url.as_ref();
    let url =
        url.ok_or_else(|| Failure("DATABASE_OWNER_URL is not set: it says which database is filled".into()))?;
    if let Answer { verdict: super::Verdict::Wrong, text } =
        of_file(file, read_note(file).await?.as_ref()).await?
    {
        return Err(Failure::of(&file.display().to_string(), text));
    }
    let modules = modules::all();
    let modules: Vec<migrate::Module<'_>> = modules.iter().map(Subgraph::migrations).collect();
    let mut conn = inspect::connect(url).await.map_err(failed)?;
    if !count(&mut conn).await.map_err(asking)?.is_empty() {
        return Err(Failure(
            "the database of DATABASE_OWNER_URL is not empty; restore into a new one".into(),
        ));
    }
    migrate::make_roles(&mut conn, &modules).await.map_err(failed)?;
    let mut restore = program("pg_restore", url)?;
    let database: String =
        sqlx::query_scalar("select current_database()").fetch_one(&mut conn).await.map_err(asking)?;
    restore.args(["--exit-on-error", "--single-transaction", "--dbname", &database]).arg(file);
    run_program("pg_restore", restore).await?;
    migrate::run(url, &modules).await.map_err(failed)?;
    let rows = count(&mut conn).await.map_err(asking)?;
    println!("{}: {} rows of {} tables restored", file.display(), rows.values().sum::<i64>(), rows.len());
    Ok(())
}

async fn verify(settings: &Settings, file: &Path) -> Result<(), Failure> {
    let mut report = Report::default();
    let note = read_note(file).await?;
    report.say("file", &of_file(file, note.as_ref()).await?);
    let folder = std::env::temp_dir().join(format!("innoerp-verify-{}", uuid::Uuid::new_v4().simple()));
    let failed = |error: database::cluster::ClusterError| Failure(error.to_string());
    let cluster = Cluster::start_async(folder, Durability::Throwaway).await.map_err(failed)?;
    let looked = restored(&mut report, settings, file, note.as_ref(), &cluster).await;
    let removed = tokio::task::spawn_blocking(move || cluster.remove()).await;
    looked?;
    removed.map_err(|error| Failure::of("removing the scratch server", error))?.map_err(failed)?;
    report.end()
}

async fn restored(
    report: &mut Report,
    settings: &Settings,
    file: &Path,
    note: Option<&Note>,
    cluster: &Cluster,
) -> Result<(), Failure> {
    let asking = |error: sqlx::Error| Failure::of("asking the scratch server", error);
    let modules = modules::all();
    let modules: Vec<migrate::Module<'_>> = modules.iter().map(Subgraph::migrations).collect();
    let mut admin = inspect::connect(&cluster.url()).await.map_err(|error| Failure(cause(&error)))?;
    sqlx::raw_sql("create database restored encoding 'UTF8' template template0")
        .execute(&mut admin)
        .await
        .map_err(asking)?;
    // Roles are the server's and in no dump.
    migrate::make_roles(&mut admin, &modules).await.map_err(|error| Failure(cause(&error)))?;
    let url = cluster.url_of("restored");
    let mut restore = program("pg_restore", &url)?;
    restore.args(["--exit-on-error", "--dbname=restored", "--jobs=2"]).arg(file);
    let answer = match run_program("pg_restore", restore).await {
        Ok(()) => Answer::fine("everything could be made, and every key between tables holds"),
        Err(failure) => Answer::wrong(failure),
    };
    let is_restored = answer.verdict == super::Verdict::Fine;
    report.say("restored", &answer);
    if !is_restored {
        return Ok(());
    }
    let mut conn = inspect::connect(&url).await.map_err(|error| Failure(cause(&error)))?;
    report.say("rows", &of_rows(note, &count(&mut conn).await.map_err(asking)?));
    let standings = inspect::migrations(&mut conn, &modules).await.map_err(|error| Failure(cause(&error)))?;
    let answer = of_standings(&standings);
    // An older backup is a good one: migrating brings it up to date.
    let is_older = standings.iter().all(|standing| standing.broken.is_empty())
        && answer.verdict == super::Verdict::Wrong;
    report.say("migrations", &if is_older { Answer::beware(answer.text) } else { answer });
    if is_older {
        report.say(
            "brought up to date",
            &match migrate::run(&url, &modules).await {
                Ok(()) => Answer::fine("this version's migrations apply"),
                Err(error) => Answer::wrong(cause(&error)),
            },
        );
    }
    let ids = modules::ids();
    let schemas: Vec<_> = ids.into_iter().chain(modules::SHARED_SCHEMAS).collect();
    let (open, kept_apart) =
        inspect::tables(&mut conn, &schemas).await.map_err(|error| Failure(cause(&error)))?;
    report.say(
        "row-level security",
        &match open.as_slice() {
            [] => {
                Answer::fine(format!("on and forced for all {kept_apart} tables with rows of organizations"))
            }
            open => Answer::wrong(format!("does not keep organizations apart in {}", open.join(", "))),
        },
    );
    report.say("signing keys", &of_keys(settings.secret_key.as_ref(), &url).await);
    Ok(())
}

async fn read_note(file: &Path) -> Result<Option<Note>, Failure> {
    let path = note_beside(file);
    let reading = |error: &dyn std::fmt::Display| Failure::of(&format!("reading {}", path.display()), error);
    match tokio::fs::read(&path).await {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| reading(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(reading(&error)),
    }
}

async fn of_file(file: &Path, note: Option<&Note>) -> Result<Answer, Failure> {
    let digest = digest(file).await?;
    Ok(match note {
        None => Answer::beware(
            "nothing beside it says what should be in it: only `backup create` writes that down",
        ),
        Some(note) if note.sha256 != digest => Answer::wrong("it is not the file that was written"),
        Some(note) => Answer::fine(format!("whole, as of {}", note.taken_at.format("%F %T UTC"))),
    })
}

fn of_rows(note: Option<&Note>, found: &BTreeMap<String, i64>) -> Answer {
    let all: i64 = found.values().sum();
    let Some(note) = note else {
        return Answer::fine(format!("{all} in {} tables", found.len()));
    };
    let tables: std::collections::BTreeSet<_> = note.rows.keys().chain(found.keys()).collect();
    let differing: Vec<_> = tables
        .into_iter()
        .filter(|table| note.rows.get(*table) != found.get(*table))
        .map(|table| {
            let count =
                |rows: &BTreeMap<String, i64>| rows.get(table).map_or("none".to_owned(), i64::to_string);
            format!("{table} has {} and had {}", count(found), count(&note.rows))
        })
        .collect();
    Answer::unless(&differing, format!("{all} in {} tables, as many as were written", found.len()))
}

async fn of_keys(key: Option<&SecretKey>, url: &str) -> Answer {
    let Some(key) = key else {
        return Answer::beware(
            "SECRET_KEY is not set, so nobody knows whether it opens them; keep it beside backups",
        );
    };
    let mut conn = match inspect::connect(url).await {
        Ok(conn) => conn,
        Err(error) => return Answer::wrong(cause(&error)),
    };
    let login =
        "create role innoerp_verify login password 'innoerp_verify'; grant innoerp_modules to innoerp_verify";
    if let Err(error) = sqlx::raw_sql(login).execute(&mut conn).await {
        return Answer::wrong(error);
    }
    let as_login = reqwest::Url::parse(url).ok().and_then(|mut url| {
        url.set_username("innoerp_verify").ok()?;
        url.set_password(Some("innoerp_verify")).ok()?;
        Some(url.to_string())
    });
    super::doctor::signing_keys(&as_login.unwrap_or_default(), Pooler::None, key).await
}

/// How many rows each table of ours has.
async fn count(conn: &mut PgConnection) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
         order by 1",
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut rows = BTreeMap::new();
    for table in tables {
        let sql = format!("select count(*) from {table}");
        rows.insert(table, sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *conn).await?);
    }
    Ok(rows)
}

async fn digest(file: &Path) -> Result<String, Failure> {
    let reading = |error: std::io::Error| Failure::of(&format!("reading {}", file.display()), error);
    let mut file = tokio::fs::File::open(file).await.map_err(reading)?;
    let (mut sha256, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer).await.map_err(reading)? {
            0 => break,
            read => sha256.update(&buffer[..read]),
        }
    }
    Ok(sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Runs a program to its end.
async fn run_program(name: &str, mut command: tokio::process::Command) -> Result<(), Failure> {
    let ended = command.output().await.map_err(|error| Failure::of(name, error))?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let said = said.lines().filter(|line| !line.trim().is_empty()).take(3).collect::<Vec<_>>().join("; ");
    Err(Failure(format!("{name}: {said}")))
}
