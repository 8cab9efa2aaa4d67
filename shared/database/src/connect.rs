//! Pools: how a process connects, and as whom.

use std::str::FromStr;
use std::time::Duration;

use common::{Clock, Error, Result};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::sync::Notify;

use std::sync::Arc;

/// A process's connections to PostgreSQL, and what its parts share around them.
#[derive(Clone, Debug)]
pub struct Database {
    /// Connections as `innoerp_app`: everything that use-cases do.
    pub(crate) app: PgPool,
    /// Connections as `innoerp_relay`: the outbox relay and the event log, across tenants.
    relay: PgPool,
    /// The time that use-cases see.
    pub(crate) clock: Clock,
    /// Rung after every commit that announced an event, so that the relay need not poll fast.
    pub(crate) announced: Arc<Notify>,
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
        Ok(Self {
            app: connect_as(url, "innoerp_app", connections_max).await?,
            relay: connect_as(url, "innoerp_relay", 3).await?,
            clock,
            announced: Arc::new(Notify::new()),
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
        .fetch_one(&self.app)
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

    /// Connections as the application, outside any tenant: every tenant table is empty there. For jobs that
    /// ask a published function which organizations there are, before they enter each one.
    #[must_use]
    pub fn untenanted(&self) -> &PgPool {
        &self.app
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

    /// A connection outside any tenant, to `listen` on. It sees no tenant's rows.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn listener(&self) -> Result<sqlx::postgres::PgListener> {
        Ok(sqlx::postgres::PgListener::connect_with(&self.app).await?)
    }

    /// Answers whether PostgreSQL does, within a second.
    pub async fn is_reachable(&self) -> bool {
        let ping = sqlx::query("select 1").execute(&self.app);
        matches!(tokio::time::timeout(Duration::from_secs(1), ping).await, Ok(Ok(_)))
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.app.close().await;
        self.relay.close().await;
    }
}

/// A pool whose connections run as `role`, with the time limits that keep one query from starving the rest.
///
/// # Errors
/// `INTERNAL`, with a sentence for the operator: a malformed URL, a server that does not answer, a login that
/// is refused or lacks the role.
pub async fn connect_as(url: &str, role: &str, connections_max: u32) -> Result<PgPool> {
    let options = options_of(url)?.application_name("innoerp").options([
        ("role", role),
        ("statement_timeout", "10s"),
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "15s"),
    ]);
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_secs(2))
        // A connection that a restart killed is found by its first statement; pinging before each use would
        // cost a round trip every time.
        .test_before_acquire(false)
        .connect_with(options.clone())
        .await
        .map_err(|error| not_let_in(&options, &error))
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
