//! Pools: how a process connects, and as whom.

use std::str::FromStr;
use std::time::Duration;

use common::{Clock, Error, Result};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use crate::connection::{Connection, Connections};

use std::sync::Arc;

/// A process's connections to PostgreSQL, and what its parts share around them.
#[derive(Clone, Debug)]
pub struct Database {
    /// Connections as `innoerp_app`: everything that use-cases do.
    pub(crate) app: Connections,
    /// How to open another of these.
    app_options: PgConnectOptions,
    /// Connections as `innoerp_relay`: the outbox relay and the event log, across tenants.
    relay: PgPool,
    /// The time that use-cases see.
    pub(crate) clock: Clock,
    /// Rung after every commit that announced an event, so that the relay need not poll fast.
    pub(crate) announced: Arc<Notify>,
    /// Whose turn it is to relay.
    relaying: Arc<Mutex<()>>,
}

impl Database {
    /// Connects with the URL of any login that is a member of `innoerp_app` and `innoerp_relay`.
    ///
    /// Every connection switches to its role as it opens, so that row-level security holds whatever the
    /// login may do by itself. `connections_max` bounds the application pool; the relay takes three more.
    ///
    /// # Errors
    /// As [`connect_as`].
    pub async fn connect(url: &str, connections_max: u32, clock: Clock) -> Result<Self> {
        let app_options = role_options(url, "innoerp_app")?;
        let app = Connections::new(app_options.clone(), connections_max)?;
        Ok(Self {
            app,
            app_options,
            relay: connect_as(url, "innoerp_relay", 3).await?,
            clock,
            announced: Arc::new(Notify::new()),
            relaying: Arc::new(Mutex::new(())),
        })
    }

    /// Refuses a login that could step around row-level security: a superuser, or one with BYPASSRLS.
    ///
    /// # Errors
    /// `INTERNAL`, with a sentence that names the login.
    pub async fn refuse_privileged_login(&self) -> Result<()> {
        let (login, privileged): (String, bool) = sqlx::query_as(
            "select rolname::text, rolsuper or rolbypassrls from pg_roles where rolname = session_user",
        )
        .fetch_one(&mut *self.app.get().await?)
        .await?;
        if privileged {
            return Err(Error::internal(format!(
                "DATABASE_URL logs in as {login}, which can bypass row-level security; \
                 use a login that is only a member of innoerp_app and innoerp_relay"
            )));
        }
        Ok(())
    }

    /// The pool for the relay and the event log; sees outboxes and the log, and nothing else.
    #[must_use]
    pub fn relay(&self) -> &PgPool {
        &self.relay
    }

    /// A connection as the application, outside any tenant: every tenant table is empty there. For jobs that
    /// ask a published function which organizations there are, before they enter each one.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when none is free in time or the database does not answer.
    pub async fn untenanted(&self) -> Result<Connection> {
        self.app.get().await
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

    /// A connection outside any tenant, to `listen` on. It sees no tenant's rows.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn listener(&self) -> Result<PgListener> {
        let own = PgPoolOptions::new().max_connections(1).connect_lazy_with(self.app_options.clone());
        Ok(PgListener::connect_with(&own).await?)
    }

    /// Answers whether PostgreSQL does, within a second.
    pub async fn is_reachable(&self) -> bool {
        let ping = self.app.begin("begin".to_owned());
        matches!(tokio::time::timeout(Duration::from_secs(1), ping).await, Ok(Ok(_)))
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.app.close();
        self.relay.close().await;
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

/// How connections are opened that run as `role`. Every module's statements stay prepared.
fn role_options(url: &str, role: &str) -> Result<PgConnectOptions> {
    const STATEMENTS_MAX: usize = 500;
    Ok(options_of(url)?.application_name("innoerp").statement_cache_capacity(STATEMENTS_MAX).options([
        ("role", role),
        ("statement_timeout", "10s"),
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "15s"),
    ]))
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
