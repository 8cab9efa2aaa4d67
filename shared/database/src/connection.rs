//! Connections as the application: lent, begun, and given back without a round trip that anybody waits for.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use common::{Error, Result};
use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _};

/// How long a request waits for a connection.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// After this, a connection makes room for a new one: what it has cached is as much as it will ever be.
const AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// After this, a connection that nobody needs is closed.
const IDLE_MAX: Duration = Duration::from_secs(10 * 60);
/// How long the end of what nobody waits for may take, before the connection is closed instead.
const ROLLBACK_MAX: Duration = Duration::from_secs(5);

/// A process's connections as one role.
///
/// sqlx's own pool asks the server for a sign of life whenever a connection comes back. These are asked nothing: one
/// that a restart of the server has killed is found when it begins the next transaction, which another one then
/// begins.
#[derive(Clone, Debug)]
pub(crate) struct Connections(Pool<Opening>);

/// Opens connections.
#[derive(Debug)]
struct Opening(PgConnectOptions);

impl managed::Manager for Opening {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> std::result::Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.0).await
    }

    async fn recycle(&self, _: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() < AGE_MAX { Ok(()) } else { Err(RecycleError::message("old enough")) }
    }
}

impl Connections {
    /// None yet; `max` at most.
    pub(crate) fn new(options: PgConnectOptions, max: u32) -> Result<Self> {
        let pool = Pool::builder(Opening(options))
            .max_size(usize::try_from(max).map_err(Error::internal)?)
            // The ones that were used last are the ones whose caches are warm, in the processor and in the server.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT_MAX))
            .create_timeout(Some(WAIT_MAX))
            .build()
            .map_err(Error::internal)?;
        tokio::spawn(close_idle(pool.weak()));
        Ok(Self(pool))
    }

    /// A connection outside any transaction.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when none is free in time or the server does not answer.
    pub(crate) async fn get(&self) -> Result<Connection> {
        match self.0.get().await {
            Ok(object) => Ok(Connection { object: Some(object), is_in_transaction: false }),
            Err(PoolError::Backend(error)) => Err(error.into()),
            Err(PoolError::Timeout(_) | PoolError::Closed) => Err(Error::Unavailable),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// A connection in a transaction that `sql` begins; it ends with [`Connection::commit`], or without effect.
    ///
    /// # Errors
    /// As [`Connections::get`].
    pub(crate) async fn begin(&self, sql: String) -> Result<Connection> {
        let sql = AssertSqlSafe(sql).into_sql_str();
        loop {
            let mut connection = self.get().await?;
            let was_used = connection.was_used();
            // Before it is sent: whoever asks may go away in the middle.
            connection.is_in_transaction = true;
            match sqlx::raw_sql(sql.clone()).execute(&mut *connection).await.map_err(Error::from) {
                Ok(_) => return Ok(connection),
                // Nothing was done yet, so another one may.
                Err(Error::Unavailable) if was_used => connection.close(),
                Err(error) => return Err(error),
            }
        }
    }

    /// Lends no more.
    pub(crate) fn close(&self) {
        self.0.close();
    }
}

async fn close_idle(pool: managed::WeakPool<Opening>) {
    loop {
        tokio::time::sleep(IDLE_MAX / 10).await;
        let Some(pool) = pool.upgrade().filter(|pool| !pool.is_closed()) else { return };
        pool.retain(|_, metrics| metrics.last_used() < IDLE_MAX);
    }
}

/// A connection that is lent. Dropped in a transaction, the transaction is rolled back, and nobody waits for it.
#[derive(Debug)]
pub struct Connection {
    object: Option<Object<Opening>>,
    is_in_transaction: bool,
}

impl Connection {
    /// Makes the transaction true.
    pub(crate) async fn commit(mut self) -> Result<()> {
        self.execute("commit").await?;
        self.is_in_transaction = false;
        Ok(())
    }

    fn was_used(&self) -> bool {
        self.object.as_ref().is_some_and(|object| Object::metrics(object).recycle_count > 0)
    }

    /// Closes it, instead of giving it back.
    fn close(mut self) {
        drop(self.object.take().map(Object::take));
    }
}

impl Deref for Connection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.object.as_ref().unwrap_or_else(|| unreachable!("it is given back when it is dropped"))
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.object.as_mut().unwrap_or_else(|| unreachable!("it is given back when it is dropped"))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take().filter(|_| self.is_in_transaction) else { return };
        let rollback = async move {
            let rollback = object.execute("rollback");
            if !matches!(tokio::time::timeout(ROLLBACK_MAX, rollback).await, Ok(Ok(_))) {
                drop(Object::take(object));
            }
        };
        // Outside the runtime, closing the connection ends its transaction too.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(rollback);
        }
    }
}
