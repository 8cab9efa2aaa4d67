//! Pools: how a process connects, and as whom.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use common::{Clock, Error, Result};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::connection::{Connection, Connections};
use crate::migrate::role_of;

use std::sync::Arc;

/// A process's connections to PostgreSQL, and what its parts share around them. Printed without the passwords.
#[derive(Clone)]
pub struct Database {
    /// Connections as `innoerp_app`: everything that use-cases do.
    pub(crate) app: Connections,
    /// How to open a connection that is PostgreSQL's own, to listen on.
    listener_options: PgConnectOptions,
    /// Connections as `innoerp_relay`: the outbox relay and the event log, across tenants.
    relay: Option<PgPool>,
    /// The time that use-cases see.
    pub(crate) clock: Clock,
    /// What processes share for a moment.
    pub(crate) store: store::Store,
    /// Rung after every commit that announced an event, so that the relay need not poll fast.
    pub(crate) announced: Arc<Notify>,
    /// Whose turn it is to relay.
    relaying: Arc<Mutex<()>>,
    /// How many connections consumers have at once: some are always left for requests.
    consuming: Arc<Semaphore>,
}

/// Whether something between the process and PostgreSQL shares connections among many processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooler {
    /// Each connection of the process is PostgreSQL's own.
    #[default]
    None,
    /// PostgreSQL's connections are lent for a transaction, as PgBouncer does in its mode of that name: nothing that is
    /// said on a connection outlives one. So everything is asked in transactions, each says anew who it is and how long
    /// it may take, and no statement stays prepared.
    Transaction,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database(…)")
    }
}

impl Database {
    /// Connects as two logins. That of `url` is a member of `innoerp_modules`, or, where one module is served alone, of
    /// that module's role; every connection is `innoerp_app` as it opens and the module's role in a transaction of the
    /// module's, so that row-level security and grants hold whatever the login may do by itself. That of `relay_url` is a
    /// member of `innoerp_relay`; who relays no events needs none.
    ///
    /// `connections_max` bounds the application pool; what moves events takes five more. `pooler` is about `url` alone: events
    /// are moved under locks that are a session's, and waited for by listening, so `relay_url` leads to PostgreSQL itself.
    ///
    /// # Errors
    /// As [`connect_as`].
    pub async fn connect(
        url: &str,
        relay_url: Option<&str>,
        connections_max: u32,
        clock: Clock,
        pooler: Pooler,
    ) -> Result<Self> {
        let app_options = match pooler {
            Pooler::None => role_options(url, APP)?,
            // It takes no options from who connects, and may lend a connection on which somebody else's statements stand.
            Pooler::Transaction => options_of(url)?.application_name("innoerp").statement_cache_capacity(0),
        };
        let listener_options = match (pooler, relay_url) {
            (Pooler::Transaction, Some(url)) => role_options(url, RELAY)?,
            _ => app_options.clone(),
        };
        let prologue = (pooler == Pooler::Transaction).then(prologue);
        let app = Connections::new(app_options, connections_max, prologue)?;
        let relay = match relay_url {
            Some(url) => Some(connect_as(url, RELAY, 5).await?),
            None => None,
        };
        Ok(Self {
            app,
            listener_options,
            relay,
            clock,
            store: store::Store::in_process(),
            announced: Arc::new(Notify::new()),
            relaying: Arc::new(Mutex::new(())),
            consuming: Arc::new(Semaphore::new((connections_max as usize * 2 / 5).max(1))),
        })
    }

    /// The same connections, in a process that shares with others what they know for a moment.
    #[must_use]
    pub fn sharing(self, store: store::Store) -> Self {
        Self { store, ..self }
    }

    /// What processes share for a moment: this one's alone, unless it was told otherwise.
    #[must_use]
    pub fn store(&self) -> &store::Store {
        &self.store
    }

    /// Refuses a login that could step around what keeps tenants and modules apart: a superuser, one with BYPASSRLS, one
    /// that may be the relay or the owner, one that has what several modules have without becoming one of them; and one
    /// that may not be a module in `modules`.
    ///
    /// # Errors
    /// `INTERNAL`, with a sentence that names the login, or says why nobody is let in.
    pub async fn refuse_wrong_login(&self, modules: &[&str]) -> Result<()> {
        type Found = (String, bool, Option<String>, bool, Option<String>);
        let roles: Vec<String> = modules.iter().map(|module| role_of(module)).collect();
        self.app.open().await.map_err(|error| match error.to_string() {
            text if text.contains("unsupported startup parameter") => Error::internal(format!(
                "DATABASE_URL leads to a pooler ({text}): here it needs DATABASE_POOLER=transaction, and there \
                 `ignore_startup_parameters = extra_float_digits`"
            )),
            text => Error::internal(format!("DATABASE_URL does not let us in: {text}")),
        })?;
        let (login, privileged, may_be, inherits, lacks): Found = self
            .app
            .ask(move |conn| {
                let asked = sqlx::query_as(
                    "select rolname::text, rolsuper or rolbypassrls,
                         (select min(r) from unnest(array['innoerp_relay', 'innoerp_owner']) r
                          where pg_has_role(session_user, r, 'member')),
                         (select count(*) > 1 from pg_roles of_module
                          where rolname like 'innoerp\\_%' and not rolcanlogin
                              and rolname not in ('innoerp_app', 'innoerp_modules')
                              and pg_has_role(session_user, of_module.oid, 'usage')),
                         (select min(r) from unnest($1) r
                          where to_regrole(r) is null or not pg_has_role(session_user, to_regrole(r), 'member'))
                     from pg_roles where rolname = session_user",
                );
                Box::pin(asked.bind(roles.clone()).fetch_one(conn))
            })
            .await?;
        let wrong = match (privileged, may_be, inherits, lacks) {
            (true, ..) => "can bypass row-level security".to_owned(),
            (_, Some(role), ..) => format!("may be {role}, and so read and write what is not its own"),
            (_, _, true, _) => {
                "inherits what several modules may do (`alter role innoerp_modules noinherit` and \
                                migrating again end that)"
                    .to_owned()
            }
            (.., Some(role)) => format!("is no member of {role}"),
            _ => return Ok(()),
        };
        Err(Error::internal(format!(
            "DATABASE_URL logs in as {login}, which {wrong}; use a login that is a member of innoerp_modules, or of one \
             module's role, and of nothing else"
        )))
    }

    /// The pool for the relay and the event log; sees outboxes and the log, and nothing else.
    ///
    /// # Errors
    /// `INTERNAL` in a process that was started without.
    pub fn relay(&self) -> Result<&PgPool> {
        self.relay.as_ref().ok_or_else(|| Error::internal("this process has no connection for events"))
    }

    /// A connection as the application to read on, outside any tenant: every tenant table is empty there. For jobs that
    /// ask a published function which organizations there are, before they enter each one.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when none is free in time or the database does not answer.
    pub async fn untenanted(&self) -> Result<Connection> {
        self.app.to_read().await
    }

    /// The time that use-cases see.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits until a transaction of this process announced an event.
    pub async fn event_announced(&self) {
        self.announced.notified().await;
    }

    /// Waits for the turn to relay a batch of events, which is one at a time in a process: a batch holds a connection
    /// while the log takes another, so as many batches as there are connections would all wait for one more.
    pub async fn turn_to_relay(&self) -> OwnedMutexGuard<()> {
        self.relaying.clone().lock_owned().await
    }

    /// Waits for the turn to process events in a transaction: consumers have two connections of five at most, so that a
    /// backlog of theirs takes none from those who wait for an answer.
    pub async fn turn_to_consume(&self) -> OwnedSemaphorePermit {
        let turn = self.consuming.clone().acquire_owned().await;
        turn.unwrap_or_else(|_| unreachable!("it is never closed"))
    }

    /// A connection outside any tenant, to `listen` on. It sees no tenant's rows.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn listener(&self) -> Result<PgListener> {
        let own = PgPoolOptions::new().max_connections(1).connect_lazy_with(self.listener_options.clone());
        Ok(PgListener::connect_with(&own).await?)
    }

    /// Answers whether PostgreSQL does, within a second.
    pub async fn is_reachable(&self) -> bool {
        let ping = self.app.begin("begin", "");
        matches!(tokio::time::timeout(Duration::from_secs(1), ping).await, Ok(Ok(_)))
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.app.close();
        if let Some(relay) = &self.relay {
            relay.close().await;
        }
    }
}

/// A pool whose connections run as `role`, with the time limits that keep one query from starving the rest.
///
/// # Errors
/// `INTERNAL`, with a sentence for the operator: a malformed URL, a server that does not answer, a login that
/// is refused or lacks the role.
pub async fn connect_as(url: &str, role: &str, connections_max: u32) -> Result<PgPool> {
    let options = role_options(url, role)?;
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_secs(2))
        // Nobody waits for what is done here: a round trip more is a fair price for never meeting a connection that a
        // restart of the server has killed.
        .test_before_acquire(true)
        .connect_with(options.clone())
        .await
        .map_err(|error| not_let_in(&options, &error))
}

/// The role that connections have as they open, and that of those which move events.
const APP: &str = "innoerp_app";
const RELAY: &str = "innoerp_relay";

/// The time limits that keep one query from starving the rest.
const LIMITS: [(&str, &str); 3] =
    [("statement_timeout", "10s"), ("lock_timeout", "3s"), ("idle_in_transaction_session_timeout", "15s")];

/// How connections are opened that run as `role`. Every module's statements stay prepared.
fn role_options(url: &str, role: &str) -> Result<PgConnectOptions> {
    const STATEMENTS_MAX: usize = 500;
    let options = options_of(url)?.application_name("innoerp").statement_cache_capacity(STATEMENTS_MAX);
    Ok(options.options(LIMITS.into_iter().chain([("role", role)])))
}

/// What a transaction says first where no connection remembers anything: no statement of others, the role, the limits.
fn prologue() -> String {
    let limits: String =
        LIMITS.iter().map(|(name, value)| format!("; set local {name} = '{value}'")).collect();
    format!("deallocate all; set local role {APP}{limits}")
}

/// A URL, taken apart.
pub(crate) fn options_of(url: &str) -> Result<PgConnectOptions> {
    PgConnectOptions::from_str(url).map_err(|_| {
        Error::internal("the database URL is not of the form postgres://user:password@host:port/name")
    })
}

/// What an operator reads when a connection cannot be made.
pub(crate) fn not_let_in(options: &PgConnectOptions, error: &sqlx::Error) -> Error {
    let (host, port) = (options.get_host(), options.get_port());
    Error::internal(format!("PostgreSQL at {host}:{port} does not let us in: {error}"))
}
