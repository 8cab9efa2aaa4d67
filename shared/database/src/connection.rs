//! Connections as the application: lent, begun, and given back without a round trip that anybody waits for.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use common::{Error, Result};
use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult};
use futures::future::BoxFuture;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _, SqlStr};

/// How long a request waits for a connection.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// After this, a connection makes room for a new one: what it has cached is as much as it will ever be.
const AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// After this, a connection that nobody needs is closed.
const IDLE_MAX: Duration = Duration::from_secs(10 * 60);
/// How long the end of what nobody waits for may take, before the connection is closed instead.
const SETTLED_WITHIN: Duration = Duration::from_secs(5);

/// A process's connections as one role.
///
/// sqlx's own pool asks the server for a sign of life whenever a connection comes back. These are asked nothing: one
/// that a restart of the server has killed is found when it begins the next transaction, which another one then
/// begins.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    pool: Pool<Opening>,
    /// What every transaction says first; nothing is asked outside of one then.
    prologue: Option<Arc<str>>,
}

/// Opens connections. Printed without how, which is with a password.
struct Opening(PgConnectOptions);

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening(…)")
    }
}

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
    /// None yet; `max` at most. With a `prologue`, a connection is somebody's for a transaction and no longer.
    pub(crate) fn new(options: PgConnectOptions, max: u32, prologue: Option<String>) -> Result<Self> {
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
        Ok(Self { pool, prologue: prologue.map(Into::into) })
    }

    /// What the server answers to `question`, which changes nothing, in no tenant. Should the connection turn out to be dead,
    /// another one is asked; so it must be something that may be asked twice.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when no connection is free in time or the server does not answer; what it refuses.
    pub(crate) async fn ask<T>(
        &self,
        question: impl for<'c> Fn(&'c mut PgConnection) -> BoxFuture<'c, sqlx::Result<T>>,
    ) -> Result<T> {
        loop {
            let mut connection = self.to_read().await?;
            match question(&mut connection).await.map_err(Error::from) {
                Ok(answer) => return Ok(answer),
                Err(Error::Unavailable) if connection.was_used() => connection.close(),
                Err(error) => return Err(error),
            }
        }
    }

    /// A connection in a transaction, with what is said in it first in the same round trip; it ends with
    /// [`Connection::commit`], or without effect.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when none is free in time or the server does not answer.
    pub(crate) async fn begin(&self, begin: &str, first: &str) -> Result<Connection> {
        let sql = match &self.prologue {
            None => format!("{begin}; {first}"),
            Some(prologue) => format!("{begin}; {prologue}; {first}"),
        };
        let sql = AssertSqlSafe(sql).into_sql_str();
        loop {
            let mut connection = self.get().await?;
            match connection.say(sql.clone(), Owed::Rollback).await.map_err(Error::from) {
                Ok(()) => return Ok(connection),
                // Nothing was done yet, so another one may.
                Err(Error::Unavailable) if connection.was_used() => connection.close(),
                Err(error) => return Err(error),
            }
        }
    }

    /// A connection to read on outside any tenant, which may be dead. [`Connections::ask`] is better, where it serves.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when none is free in time or the server does not answer.
    pub(crate) async fn to_read(&self) -> Result<Connection> {
        match self.prologue {
            None => self.get().await,
            Some(_) => self.begin("begin read only", "").await,
        }
    }

    async fn get(&self) -> Result<Connection> {
        match self.pool.get().await {
            Ok(object) => Ok(Connection { object: Some(object), owes: Owed::Answer }),
            Err(PoolError::Backend(error)) => Err(error.into()),
            Err(PoolError::Timeout(_) | PoolError::Closed) => Err(Error::Unavailable),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Opens one beside the others, to hear why that fails.
    pub(crate) async fn open(&self) -> sqlx::Result<PgConnection> {
        let opened = tokio::time::timeout(WAIT_MAX, PgConnection::connect_with(&self.pool.manager().0));
        opened.await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// Lends no more.
    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

async fn close_idle(pool: managed::WeakPool<Opening>) {
    loop {
        tokio::time::sleep(IDLE_MAX / 10).await;
        let Some(pool) = pool.upgrade().filter(|pool| !pool.is_closed()) else { return };
        pool.retain(|_, metrics| metrics.last_used() < IDLE_MAX);
    }
}

/// What there is still to do on a connection before somebody else is lent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    Nothing,
    /// A statement may have been sent whose answer nobody waited for.
    Answer,
    /// A transaction is open, or will be once what was sent has arrived.
    Rollback,
}

/// A connection that is lent.
///
/// Whoever holds it may go away at any moment: a client hangs up, and its request is dropped wherever it waits. So what
/// is owed is noted before anything is sent, and is done by a task that nobody waits for. What cannot be done in time is
/// done by closing the connection.
#[derive(Debug)]
pub struct Connection {
    object: Option<Object<Opening>>,
    owes: Owed,
}

impl Connection {
    /// Makes the transaction true.
    pub(crate) async fn commit(mut self) -> Result<()> {
        // Whatever becomes of it, the transaction is over.
        self.say("commit".into_sql_str(), Owed::Answer).await?;
        Ok(())
    }

    /// Sends statements that begin or end a transaction. `owed` holds from when they are sent, and not while the answer
    /// to an earlier one is still read: who goes away then has not begun, or not ended, anything.
    async fn say(&mut self, sql: SqlStr, owed: Owed) -> sqlx::Result<()> {
        self.flush().await?;
        self.owes = owed;
        sqlx::raw_sql(sql).execute(&mut **self).await?;
        if owed == Owed::Answer {
            self.owes = Owed::Nothing;
        }
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
        let owes = self.owes;
        let Some(mut object) = self.object.take().filter(|_| owes != Owed::Nothing) else { return };
        let settle = async move {
            let settled = async {
                match owes {
                    Owed::Rollback => object.execute("rollback").await.map(drop),
                    Owed::Answer | Owed::Nothing => object.flush().await,
                }
            };
            if !matches!(tokio::time::timeout(SETTLED_WITHIN, settled).await, Ok(Ok(()))) {
                drop(Object::take(object));
            }
        };
        // Outside the runtime, closing the connection ends its transaction too.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(settle)),
            Err(_) => drop(settle),
        }
    }
}
