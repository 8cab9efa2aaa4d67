//! What is done by the clock: claimed, so that one process of many does it, and the job that ends bookkeeping.

use std::time::Duration;

use chrono::TimeDelta;
use common::{Error, Result};

use crate::Database;

/// How long until a job that failed is tried again.
const RETRY: Duration = Duration::from_secs(60);

impl Database {
    /// Claims a job that is to run once in `every`, in all processes together. `true`: it is due, and the caller's.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn claim_job(&self, name: &str, every: Duration) -> Result<bool> {
        let every = TimeDelta::from_std(every).map_err(Error::internal)?;
        Ok(sqlx::query_scalar("select core.claim_job($1, $2, $3)")
            .bind(name)
            .bind(every)
            .bind(self.clock().now())
            .fetch_one(self.relay()?)
            .await?)
    }

    /// Lets a job that failed be claimed again in a minute.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn retry_job(&self, name: &str) -> Result<()> {
        let at = self.clock().now() + TimeDelta::from_std(RETRY).map_err(Error::internal)?;
        sqlx::query("update core.job set next_run_at = least(next_run_at, $2) where name = $1")
            .bind(name)
            .bind(at)
            .execute(self.relay()?)
            .await?;
        Ok(())
    }

    /// Ends the bookkeeping whose time is over, of all modules and organizations: keys of requests, received events,
    /// the event log, the audit trail. `core.forget` says how long each is kept.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn forget(&self) -> Result<()> {
        sqlx::query("select core.forget($1)").bind(self.clock().now()).execute(self.relay()?).await?;
        Ok(())
    }
}
