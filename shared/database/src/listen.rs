//! Hearing what others say on a channel of PostgreSQL, for as long as a process lives.

use std::convert::Infallible;
use std::time::Duration;

use common::Result;

use crate::Database;

/// How long to wait before listening again, when it failed.
const RETRY: Duration = Duration::from_secs(1);

/// What is heard on a channel.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// What somebody said, once their transaction had committed.
    Said(&'a str),
    /// Nobody knows what was said a moment ago: the connection was opened, or was lost and is back.
    Missed,
}

impl Database {
    /// Listens on a channel until the caller stops polling, through every failure of the database.
    pub async fn listen(self, channel: &str, heard: impl Fn(Heard<'_>)) -> Infallible {
        loop {
            let Err(error) = self.listen_once(channel, &heard).await;
            tracing::warn!(channel, error = ?error, "listening to the database failed; trying again");
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn listen_once(&self, channel: &str, heard: &impl Fn(Heard<'_>)) -> Result<Infallible> {
        let mut listener = self.listener().await?;
        listener.listen(channel).await?;
        heard(Heard::Missed);
        loop {
            match listener.try_recv().await? {
                Some(said) => heard(Heard::Said(said.payload())),
                None => heard(Heard::Missed),
            }
        }
    }
}
