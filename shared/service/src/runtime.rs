//! The process that modules run in: its connections, its log of events, its background work.

use std::sync::Arc;
use std::time::Duration;

use database::{Access, Database};
use kafka::EventLog;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{SecretKey, Subgraph};

/// What the modules of one process share. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    /// The connections to PostgreSQL.
    pub database: Database,
    /// What organizations and sessions are at present.
    pub access: Access,
    /// Where events go and come from.
    pub log: Arc<dyn EventLog>,
    /// The secret that the router and the subgraphs share.
    pub secret_key: SecretKey,
    /// Asks everything in the process to come to an end.
    pub cancel: CancellationToken,
}

impl Runtime {
    /// Starts what `subgraphs` do in the background: relaying events, consuming them, jobs.
    ///
    /// It ends when [`Runtime::cancel`] is cancelled; await the set to see it through.
    #[must_use]
    pub fn start_background(&self, subgraphs: &[Subgraph]) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let modules = subgraphs.iter().map(|subgraph| subgraph.id).collect();
        tasks.spawn(kafka::relay(self.database.clone(), modules, self.log.clone(), self.cancel.clone()));
        for subgraph in subgraphs {
            for consumer in subgraph.consumers {
                tasks.spawn(kafka::consume(
                    self.database.clone(),
                    *consumer,
                    self.log.clone(),
                    self.cancel.clone(),
                ));
            }
            for job in subgraph.jobs {
                tasks.spawn(repeat(*job, self.clone()));
            }
        }
        tasks
    }
}

async fn repeat(job: crate::Job, runtime: Runtime) {
    loop {
        // A process that is to end does not wait for a long run: what it had not committed never was.
        let done = tokio::select! {
            () = runtime.cancel.cancelled() => return,
            done = (job.run)(runtime.clone()) => done,
        };
        if let Err(error) = done {
            tracing::warn!(job = job.name, error = ?error, "a job failed; it runs again in its time");
        }
        tokio::select! {
            () = runtime.cancel.cancelled() => return,
            () = tokio::time::sleep(job.every.max(Duration::from_secs(1))) => {}
        }
    }
}
