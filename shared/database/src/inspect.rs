//! What a database says of itself: for operators who ask whether all is as it should be.

use chrono::{DateTime, Utc};
use common::Result;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::connect::{not_let_in, options_of};
use crate::migrate::{self, Module};

/// The oldest PostgreSQL that the migrations are written for, as `server_version_num` says it.
const OLDEST: i32 = 150_000;

/// The server and the database, as any login sees them.
#[derive(Debug, Clone)]
pub struct Server {
    /// The server's version, such as `15.13`.
    pub version: String,
    /// Whether the migrations are written for a server as old as that.
    pub is_new_enough: bool,
    /// How texts are stored; ours need `UTF8`.
    pub encoding: String,
    /// The server's clock at the moment of asking.
    pub now: DateTime<Utc>,
    /// The size of the database, in bytes.
    pub bytes: i64,
}

/// How far a module's migrations are, `core` being the one that all stand on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The module's id.
    pub module: String,
    /// How many migrations of this version of the program were applied.
    pub applied: usize,
    /// The newest one that was applied, also by a newer version; `None` before the first.
    pub newest: Option<i64>,
    /// Those that this version has and the database has not.
    pub pending: Vec<i64>,
    /// Those that the database has and this version has not: a newer version applied them.
    pub unknown: Vec<i64>,
    /// Those that were changed after they had been applied, or that ended half-way.
    pub broken: Vec<i64>,
}

/// A connection to look around with, as the login of a URL and nobody else.
///
/// # Errors
/// `INTERNAL`, with a sentence for the operator, when the URL is malformed or the server lets nobody in.
pub async fn connect(url: &str) -> Result<PgConnection> {
    let options: PgConnectOptions = options_of(url)?.options([("statement_timeout", "30s")]);
    PgConnection::connect_with(&options).await.map_err(|error| not_let_in(&options, &error))
}

/// What the server and the database are.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when PostgreSQL does not answer.
pub async fn server(conn: &mut PgConnection) -> Result<Server> {
    let (version, number, encoding, now, bytes): (String, i32, String, DateTime<Utc>, i64) = sqlx::query_as(
        "select split_part(current_setting('server_version'), ' ', 1), current_setting('server_version_num')::int,
                pg_encoding_to_char(encoding), clock_timestamp(), pg_database_size(oid)
         from pg_database where datname = current_database()",
    )
    .fetch_one(conn)
    .await?;
    Ok(Server { version, is_new_enough: number >= OLDEST, encoding, now, bytes })
}

/// The tables of these schemas that keep rows of tenants and do not keep the tenants apart, and how many do.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when PostgreSQL does not answer.
pub async fn tables(conn: &mut PgConnection, schemas: &[&str]) -> Result<(Vec<String>, usize)> {
    let rows: Vec<(String, bool)> = sqlx::query_as(
        "select format('%I.%I', n.nspname, c.relname), c.relrowsecurity and c.relforcerowsecurity and exists (
             select from pg_policy p where p.polrelid = c.oid and p.polwithcheck is not null and p.polcmd = '*'
               and p.polpermissive and pg_get_expr(p.polqual, p.polrelid) like '%organization_id%')
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any($1) and c.relkind in ('r', 'p')
           and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')
         order by 1",
    )
    .bind(schemas)
    .fetch_all(conn)
    .await?;
    let kept_apart = rows.iter().filter(|(_, is_kept_apart)| *is_kept_apart).count();
    let open = rows.into_iter().filter(|(_, is_kept_apart)| !is_kept_apart).map(|(table, _)| table).collect();
    Ok((open, kept_apart))
}

/// The sentences that say which of our roles may more than they should; none, when all is well.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when PostgreSQL does not answer.
pub async fn roles(conn: &mut PgConnection) -> Result<Vec<String>> {
    let sentences = sqlx::query_scalar(
        "select rolname || ' can bypass row-level security' from pg_roles
         where rolname like 'innoerp\\_%' and not rolcanlogin and (rolsuper or rolbypassrls)
         union all
         select rolname || ' may be logged in as' from pg_roles
         where rolname in ('innoerp_owner', 'innoerp_app', 'innoerp_relay', 'innoerp_modules') and rolcanlogin
         union all
         select r.rolname || ' owns ' || count(*) || ' tables' from pg_class c join pg_roles r on r.oid = c.relowner
         where r.rolname like 'innoerp\\_%' and r.rolname <> 'innoerp_owner' and c.relkind in ('r', 'p')
         group by r.rolname
         union all
         select 'the role ' || r || ' is missing' from unnest(array['innoerp_owner', 'innoerp_app', 'innoerp_relay',
             'innoerp_modules']) r where to_regrole(r) is null
         order by 1",
    );
    Ok(sentences.fetch_all(conn).await?)
}

/// How far every module's migrations are. Needs a login that is a member of `innoerp_owner`.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when PostgreSQL does not answer; `INTERNAL` when the login may not look.
pub async fn migrations(conn: &mut PgConnection, modules: &[Module<'_>]) -> Result<Vec<Standing>> {
    let core = [("core", migrate::core())];
    let all = core.into_iter().chain(modules.iter().map(|module| (module.id, module.migrator)));
    let mut standings = Vec::new();
    for (module, migrator) in all {
        let there = sqlx::query_scalar("select to_regclass(format('%I._migration', $1::text)) is not null")
            .bind(module)
            .fetch_one(&mut *conn)
            .await?;
        let applied: Vec<(i64, Vec<u8>, bool)> = if there {
            let sql =
                format!("select version, checksum, success from \"{module}\"._migration order by version");
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut *conn).await?
        } else {
            Vec::new()
        };
        standings.push(standing(module, migrator, &applied));
    }
    Ok(standings)
}

fn standing(module: &str, migrator: &Migrator, applied: &[(i64, Vec<u8>, bool)]) -> Standing {
    let ours = || migrator.iter().filter(|ours| ours.migration_type.is_up_migration());
    let find = |version: i64| ours().find(|ours| ours.version == version);
    let is_whole = |(version, checksum, success): &&(i64, Vec<u8>, bool)| {
        *success && find(*version).is_some_and(|ours| ours.checksum.as_ref() == checksum.as_slice())
    };
    let versions = |rows: Vec<&(i64, Vec<u8>, bool)>| rows.into_iter().map(|row| row.0).collect::<Vec<_>>();
    let (known, unknown): (Vec<_>, Vec<_>) = applied.iter().partition(|row| find(row.0).is_some());
    let (whole, broken): (Vec<_>, Vec<_>) = known.into_iter().partition(is_whole);
    let is_applied = |version: i64| applied.iter().any(|row| row.0 == version);
    Standing {
        module: module.to_owned(),
        applied: whole.len(),
        newest: applied.iter().filter(|(_, _, success)| *success).map(|row| row.0).max(),
        pending: ours().map(|ours| ours.version).filter(|version| !is_applied(*version)).collect(),
        unknown: versions(unknown),
        broken: versions(broken),
    }
}
