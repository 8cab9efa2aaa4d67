//! Migrations: a schema per module, applied as `innoerp_owner`.

use common::{Error, Permission, Result};
use sqlx::migrate::{Migrate as _, Migrator};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::connect::{not_let_in, options_of};

/// What a module brings to the database.
#[derive(Debug)]
pub struct Module<'a> {
    /// Its id, and the name of its schema.
    pub id: &'a str,
    /// Its name as members read it.
    pub name: &'a str,
    /// What it is for, in one sentence.
    pub description: &'a str,
    /// Always on.
    pub is_core: bool,
    /// The modules that must be on for it to be on.
    pub requires: &'a [&'a str],
    /// Its rights.
    pub permissions: &'a [&'a Permission],
    /// Its migrations.
    pub migrator: &'a Migrator,
}

static CORE: Migrator = sqlx::migrate!("./migrations");

/// Any number of services may start at once; the first one migrates, the others wait. ("innoerp" in hex.)
const LOCK: i64 = 0x69_6e6e_6f65_7270;

/// Brings a database up to date: roles, the core schema, then every module in the order given.
///
/// `owner_url` must be a login that may create roles and schemas, or one that is a member of
/// `innoerp_owner` once the roles exist. May run any number of times, and at the same time.
///
/// # Errors
/// `INTERNAL` with a sentence for the operator: where PostgreSQL does not answer, or which module's migration
/// failed; that one leaves nothing of itself.
pub async fn run(owner_url: &str, modules: &[Module<'_>]) -> Result<()> {
    let options = options_of(owner_url)?;
    let mut conn =
        PgConnection::connect_with(&options).await.map_err(|error| not_let_in(&options, &error))?;
    refuse_other_encoding(&mut conn).await?;
    sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(&mut conn).await?;
    make_roles(&mut conn, modules).await?;
    become_owner(&mut conn).await?;
    apply(&mut conn, "core", &CORE).await?;
    for module in modules {
        install(&mut conn, module)
            .await
            .map_err(|error| Error::internal(format!("migrating module {}: {}", module.id, cause(&error))))?;
    }
    // A module that this version no longer carries leaves the catalogue; its data stays.
    let ids: Vec<&str> = modules.iter().map(|module| module.id).collect();
    sqlx::query("delete from core.module where id <> all($1)").bind(&ids[..]).execute(&mut conn).await?;
    conn.close().await?;
    Ok(())
}

/// The migrations that all modules stand on.
pub(crate) fn core() -> &'static Migrator {
    &CORE
}

/// Texts are any that people write: a database that cannot hold them all is found out now, not by whoever has such a name.
async fn refuse_other_encoding(conn: &mut PgConnection) -> Result<()> {
    let (name, encoding): (String, String) =
        sqlx::query_as("select current_database()::text, current_setting('server_encoding')")
            .fetch_one(conn)
            .await?;
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(Error::internal(format!(
        "the database {name} is encoded in {encoding}, and innoERP needs UTF8; make another one with \
         `create database … encoding 'UTF8' template template0`"
    )))
}

/// What identifies the core migrations, for caches of migrated databases.
#[must_use]
pub fn core_fingerprint() -> String {
    format!("{CORE:?}")
}

async fn install(conn: &mut PgConnection, module: &Module<'_>) -> Result<()> {
    sqlx::query(
        "insert into core.module (id, name, description, is_core, requires) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set name = excluded.name, description = excluded.description,
         is_core = excluded.is_core, requires = excluded.requires",
    )
    .bind(module.id)
    .bind(module.name)
    .bind(module.description)
    .bind(module.is_core)
    .bind(module.requires)
    .execute(&mut *conn)
    .await?;
    create_schema(conn, module.id).await?;
    sqlx::query("select core.install_module($1)").bind(module.id).execute(&mut *conn).await?;
    apply(conn, module.id, module.migrator).await?;
    sqlx::query("select core.protect_module($1)").bind(module.id).execute(&mut *conn).await?;
    catalogue_permissions(conn, module).await
}

async fn catalogue_permissions(conn: &mut PgConnection, module: &Module<'_>) -> Result<()> {
    let keys: Vec<&str> = module.permissions.iter().map(|permission| permission.key).collect();
    sqlx::query("delete from core.permission where module_id = $1 and key <> all($2)")
        .bind(module.id)
        .bind(&keys[..])
        .execute(&mut *conn)
        .await?;
    for permission in module.permissions {
        let grants: Vec<_> = permission
            .grants
            .iter()
            .map(|(role, scope)| serde_json::json!({ "role": role, "scope": scope }))
            .collect();
        sqlx::query(
            "insert into core.permission (key, module_id, description, grants) values ($1, $2, $3, $4)
             on conflict (key) do update set module_id = excluded.module_id,
             description = excluded.description, grants = excluded.grants",
        )
        .bind(permission.key)
        .bind(module.id)
        .bind(permission.description)
        .bind(serde_json::Value::from(grants))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// The roles that are no module's: who owns everything, what all modules have in common, who moves events, and whoever
/// serves all modules.
const ROLES: [&str; 4] = ["innoerp_owner", "innoerp_app", "innoerp_relay", "innoerp_modules"];

/// Whoever serves all modules has to become each of them, and has nothing of any by merely being logged in. Somebody who
/// may not say so leaves it as it is; then [`Database::refuse_wrong_login`](crate::Database::refuse_wrong_login) does.
const BECOMES_EACH: &str = "
    do $$ begin
        if (select rolinherit from pg_roles where rolname = 'innoerp_modules') then
            alter role innoerp_modules noinherit;
        end if;
    -- Somebody else may be doing the same at this moment, for another database.
    exception when insufficient_privilege or internal_error then null; end $$";

/// From PostgreSQL 16 on a membership says for itself whether it inherits, as it was when it was granted.
const INHERITS_NONE: &str = "
    do $$ declare r name; begin
        for r in select g.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid
            where m.member = 'innoerp_modules'::regrole and pg_has_role(m.member, m.roleid, 'usage')
        loop
            execute format('grant %I to innoerp_modules with inherit false', r);
        end loop;
    exception when insufficient_privilege or internal_error or syntax_error then null; end $$";

/// The role that a module's transactions run as.
#[must_use]
pub fn role_of(module: &str) -> String {
    format!("innoerp_{module}")
}

/// Makes the roles that these modules need, and their memberships: they are the server's, and in no dump of a database.
/// They exist once per cluster, not per database; two databases may be migrated at once.
///
/// # Errors
/// `INTERNAL` for a login that may make no roles.
pub async fn make_roles(conn: &mut PgConnection, modules: &[Module<'_>]) -> Result<()> {
    let of_modules: Vec<String> = modules.iter().map(|module| role_of(module.id)).collect();
    if let Some(taken) = of_modules.iter().find(|role| ROLES.contains(&role.as_str())) {
        return Err(Error::internal(format!("a module cannot have the name that {taken} has from it")));
    }
    for role in ROLES.into_iter().chain(of_modules.iter().map(String::as_str)) {
        let sql = format!(
            "do $$ begin
                if to_regrole('{role}') is null then create role {role} nologin; end if;
             exception when duplicate_object or unique_violation then null; end $$"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await?;
    }
    sqlx::raw_sql(BECOMES_EACH).execute(&mut *conn).await?;
    let to_modules = of_modules.iter().map(|role| ("innoerp_app", role.as_str()));
    let to_all = of_modules.iter().map(|role| (role.as_str(), "innoerp_modules"));
    let to_us = [("innoerp_owner", "session_user")];
    for (role, member) in to_modules.chain(to_all).chain(to_us) {
        let member = if member == "session_user" { member.to_owned() } else { format!("'{member}'::name") };
        // Somebody else may be granting the same at this moment, in another database.
        let sql = format!(
            "do $$ begin
                for attempt in 1..100 loop
                    exit when pg_has_role({member}, '{role}', 'member');
                    begin
                        execute format('grant {role} to %I', {member});
                    exception when unique_violation or internal_error then perform pg_sleep(0.02);
                    end;
                end loop; end $$"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await?;
    }
    sqlx::raw_sql(INHERITS_NONE).execute(conn).await?;
    Ok(())
}

/// Becomes the owner of everything, with a schema for what all modules stand on.
async fn become_owner(conn: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql(
        "do $$ begin execute format('grant create on database %I to innoerp_owner', current_database());
         exception when insufficient_privilege then null; end $$; set role innoerp_owner",
    )
    .execute(&mut *conn)
    .await?;
    create_schema(conn, "core").await?;
    sqlx::raw_sql("grant usage on schema core to innoerp_app, innoerp_relay").execute(conn).await?;
    Ok(())
}

async fn create_schema(conn: &mut PgConnection, name: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("create schema if not exists \"{name}\""))).execute(conn).await?;
    Ok(())
}

async fn apply(conn: &mut PgConnection, schema: &str, migrator: &Migrator) -> Result<()> {
    let mut migrator = Migrator { migrations: migrator.migrations.clone(), ..Migrator::DEFAULT };
    migrator.dangerous_set_table_name(format!("\"{schema}\"._migration"));
    // The advisory lock that `run` holds covers what sqlx's own would.
    migrator.set_locking(false);
    conn.ensure_migrations_table(&migrator.table_name).await.map_err(Error::internal)?;
    migrator.run_direct(None, conn, false).await.map_err(Error::internal)
}

fn cause(error: &Error) -> String {
    match error {
        Error::Internal(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
