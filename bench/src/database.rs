//! Databases on the server that was started for this run.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

use crate::{Failure, usage};

/// Says where the server is; `cluster run` sets it.
const SERVER: &str = "INNOERP_TEST_DATABASE_URL";

/// The login of the services, and that which moves events: they own nothing and bypass nothing.
const LOGIN: &str = "innoerp_bench";
const RELAY: &str = "innoerp_bench_relay";

/// How long events may take to be delivered after the last question.
const SETTLE_AT_MOST: Duration = Duration::from_secs(60);

/// One database.
pub struct Database {
    name: String,
    /// For migrations.
    pub owner_url: String,
    /// For the services, and for pgbench.
    pub service_url: String,
    /// For moving events.
    pub relay_url: String,
}

/// The database server.
pub struct Server {
    options: PgConnectOptions,
    password: String,
    /// The server's first process, if it is one of this machine.
    pub postmaster: Option<u32>,
}

impl Server {
    /// Finds the server, and makes the roles that every database needs.
    pub async fn connect() -> Result<Self, Failure> {
        let url =
            std::env::var(SERVER).map_err(|_| "there is no database server: start this with bench/run")?;
        Self::at(&url).await
    }

    /// The server at a superuser's URL.
    pub async fn at(url: &str) -> Result<Self, Failure> {
        let options: PgConnectOptions = url.parse()?;
        let password = format!("{:032x}", rand::random::<u128>());
        let mut admin = PgConnection::connect_with(&options).await?;
        let logins = [format!("{LOGIN} login"), format!("{RELAY} login")];
        for role in ["innoerp_modules nologin", "innoerp_relay nologin", &logins[0], &logins[1]] {
            let make =
                format!("do $$ begin create role {role}; exception when duplicate_object then null; end $$");
            execute(&mut admin, make).await?;
        }
        for (login, role) in [(LOGIN, "innoerp_modules"), (RELAY, "innoerp_relay")] {
            let grant = format!("alter role {login} password '{password}'; grant {role} to {login}");
            execute(&mut admin, grant).await?;
        }
        let backend: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut admin).await?;
        admin.close().await?;
        Ok(Self { options, password, postmaster: usage::parent(backend.try_into()?, "postgres") })
    }

    /// Makes a database, empty or with everything that another one has in it.
    pub async fn create(&self, suffix: &str, template: Option<&Database>) -> Result<Database, Failure> {
        let name = format!("bench_{}_{suffix}", std::process::id());
        let mut admin = PgConnection::connect_with(&self.options).await?;
        let source = template.map_or_else(String::new, |template| format!(" template {}", template.name));
        execute(&mut admin, format!("create database {name}{source}")).await?;
        admin.close().await?;
        let owner = self.options.clone().database(&name);
        let as_login = |login: &str| url(&owner.clone().username(login).password(&self.password));
        Ok(Database {
            name,
            owner_url: url(&owner),
            service_url: as_login(LOGIN),
            relay_url: as_login(RELAY),
        })
    }

    /// Removes a database.
    pub async fn drop(&self, database: Database) -> Result<(), Failure> {
        let mut admin = PgConnection::connect_with(&self.options).await?;
        execute(&mut admin, format!("drop database {} with (force)", database.name)).await?;
        Ok(admin.close().await?)
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr, Failure> {
        let mut found = (self.options.get_host(), self.options.get_port()).to_socket_addrs()?;
        found.next().ok_or_else(|| "the database server has no address".into())
    }

    /// The CPU time that the server has used; `None` when it is not on this machine.
    pub fn cpu(&self) -> Option<Duration> {
        usage::cpu_of_family(self.postmaster?)
    }

    /// The folder of the server's own programs, where its pgbench would be.
    pub fn programs(&self) -> Option<PathBuf> {
        let program = std::fs::read_link(format!("/proc/{}/exe", self.postmaster?)).ok()?;
        Some(program.parent()?.to_owned())
    }
}

impl Database {
    /// The same database, found by the services at another port of this machine.
    pub fn behind(&self, port: u16) -> Result<Self, Failure> {
        let behind =
            |at: &str| Ok::<_, Failure>(url(&at.parse::<PgConnectOptions>()?.host("127.0.0.1").port(port)));
        let (service_url, relay_url) = (behind(&self.service_url)?, behind(&self.relay_url)?);
        Ok(Self { name: self.name.clone(), owner_url: self.owner_url.clone(), service_url, relay_url })
    }

    async fn connect(&self) -> Result<PgConnection, Failure> {
        Ok(PgConnection::connect(&self.owner_url).await?)
    }

    /// The most wrong passwords that were looked at within 15 minutes on the account that was logged in to most.
    pub async fn guesses(&self) -> Result<i64, Failure> {
        let mut admin = self.connect().await?;
        let guesses = sqlx::query_scalar(
            "select coalesce(max(guesses), 0) from (
                 select count(*) over (order by attempted_at range interval '15 minutes' preceding) as guesses
                 from auth.login_attempt
                 where is_checked and not has_succeeded and account = (
                     select account from auth.login_attempt where has_succeeded
                     group by account order by count(*) desc limit 1)) g",
        )
        .fetch_one(&mut admin)
        .await?;
        admin.close().await?;
        Ok(guesses)
    }

    /// The modules that were migrated.
    pub async fn modules(&self) -> Result<Vec<String>, Failure> {
        let mut admin = self.connect().await?;
        let ids = sqlx::query_scalar("select id from core.module order by id").fetch_all(&mut admin).await?;
        admin.close().await?;
        Ok(ids)
    }

    /// Waits until a consumer has seen every event of a type that was announced; answers how long that took.
    pub async fn settle(&self, event_type: &str, consumer: &str) -> Result<Duration, Failure> {
        let module = event_type.split('.').next().unwrap_or_default();
        let sql = format!(
            "select not exists (select from \"{module}\".outbox where event_type = $1) and not exists (
                 select from core.event_log where event_type = $1 and position >
                     coalesce((select position from core.consumer_offset where consumer = $2), 0))"
        );
        let mut admin = self.connect().await?;
        let begun = Instant::now();
        loop {
            let is_settled: bool = sqlx::query_scalar(AssertSqlSafe(sql.as_str()))
                .bind(event_type)
                .bind(consumer)
                .fetch_one(&mut admin)
                .await?;
            if is_settled {
                admin.close().await?;
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > SETTLE_AT_MOST {
                let limit_s = SETTLE_AT_MOST.as_secs();
                return Err(format!("{event_type} did not reach {consumer} within {limit_s} s").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Gives one organization so many more employees for each that it has, who have nothing in other modules. Then
    /// tells the planner what is in the tables.
    pub async fn grow(&self, organization_id: &str, count: i32) -> Result<(), Failure> {
        let mut admin = self.connect().await?;
        // No foreign keys and no audit: it is about reading.
        execute(&mut admin, "set session_replication_role = replica".to_owned()).await?;
        let columns: String = sqlx::query_scalar(
            "select string_agg(quote_ident(column_name), ', ') from information_schema.columns
             where table_schema = 'employee' and table_name = 'employee' and is_generated = 'NEVER'",
        )
        .fetch_one(&mut admin)
        .await?;
        let copy = GROW.replace("COLUMNS", &columns).replace("COUNT", &count.to_string());
        execute(&mut admin, copy.replace("ORGANIZATION", organization_id)).await?;
        execute(&mut admin, ENTER.to_owned()).await?;
        execute(&mut admin, "vacuum analyze".to_owned()).await?;
        Ok(admin.close().await?)
    }

    /// Gives the rows of one organization, in these modules, to so many organizations that nobody logs in to:
    /// what row-level security hides must be there. Then tells the planner what is in the tables.
    ///
    /// They get no leave policy of their own: with one, every start would go through all their people to give
    /// them what they are due, and starts would be all that is measured.
    pub async fn multiply(&self, organization_id: &str, modules: &[&str], count: i32) -> Result<(), Failure> {
        let mut admin = self.connect().await?;
        // No foreign keys and no audit: the rows are as they were.
        execute(&mut admin, "set session_replication_role = replica".to_owned()).await?;
        let tables: Vec<(String, String)> = sqlx::query_as(
            "select quote_ident(c.table_schema) || '.' || quote_ident(c.table_name),
                    string_agg(quote_ident(c.column_name), ', ')
             from information_schema.columns c
             join information_schema.tables t using (table_schema, table_name)
             where c.table_schema = any($1) and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER'
               and c.table_name not in ('audit_log', 'outbox', 'inbox', 'idempotency', 'policy', '_migration')
             group by 1 having bool_or(c.column_name = 'organization_id')",
        )
        .bind(modules)
        .fetch_all(&mut admin)
        .await?;
        for (table, columns) in tables {
            let copy = format!(
                "insert into {table} ({columns}) select {columns} from (
                     select copied.* from {table} original cross join generate_series(1, {count}) other (ordinal)
                     cross join lateral jsonb_populate_record(null::{table}, to_jsonb(original) || jsonb_build_object(
                         'organization_id', md5(other.ordinal::text)::uuid)) copied
                     where original.organization_id = '{organization_id}') copies"
            );
            execute(&mut admin, copy).await?;
        }
        execute(&mut admin, "vacuum analyze".to_owned()).await?;
        Ok(admin.close().await?)
    }
}

/// More people of one organization, by copying those that it has. They come after these in the order of names, and
/// share nothing with them that is one person's.
const GROW: &str = "
    insert into employee.employee (COLUMNS) select COLUMNS from (
        select copied.* from employee.employee original cross join generate_series(1, COUNT) other (ordinal)
        cross join lateral jsonb_populate_record(null::employee.employee, to_jsonb(original) || jsonb_build_object(
            'id', md5(original.id::text || other.ordinal)::uuid, 'membership_id', null,
            'number', original.number || '-' || other.ordinal,
            'last_name', 'Other ' || other.ordinal,
            'work_email', other.ordinal || '-' || original.work_email)) copied
        where original.organization_id = 'ORGANIZATION') copies";

/// Whoever is missing in the directory comes into it.
const ENTER: &str = "
    insert into people.employee (id, organization_id, membership_id, manager_id, department_id, joined_on, left_on, time_zone)
    select id, organization_id, membership_id, manager_id, department_id, joined_on, last_working_day, 'UTC'
    from employee.employee on conflict do nothing";

/// Without the settings that only one client library knows: pgbench has another one.
fn url(options: &PgConnectOptions) -> String {
    let mut url = options.to_url_lossy();
    url.set_query(None);
    url.into()
}

async fn execute(connection: &mut PgConnection, sql: String) -> Result<(), Failure> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}
