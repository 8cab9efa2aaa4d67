//! What waits in outboxes: events that no log has yet, and that no consumer's lag counts.

use chrono::{DateTime, Utc};
use common::Result;
use database::Database;
use sqlx::AssertSqlSafe;

/// What waits in a module's outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many events.
    pub count: i64,
    /// When the oldest of them happened; `None` when none waits.
    pub since: Option<DateTime<Utc>>,
}

/// How many events wait in a module's outbox for the log, and since when. While the log is away, they gather there.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer; `INTERNAL` when the module was never migrated.
pub async fn waiting(database: &Database, module: &str) -> Result<Waiting> {
    let sql = format!("select count(*), min(occurred_at) from \"{module}\".outbox");
    let (count, since): (i64, Option<DateTime<Utc>>) =
        sqlx::query_as(AssertSqlSafe(sql)).fetch_one(database.relay()?).await?;
    Ok(Waiting { count, since })
}
