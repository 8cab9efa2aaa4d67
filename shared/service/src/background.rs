//! What modules do in the background of a process: relaying events, consuming them, jobs.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::{Job, Runtime, Subgraph};

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
        tasks.spawn(repeat(FORGET, self.clone()));
        tasks
    }
}

/// How often a process asks whether a job is due.
const TICK: Duration = Duration::from_secs(30);

/// What is done for all modules together.
const FORGET: Job = Job {
    name: "core: retention",
    every: Duration::from_secs(3600),
    run: |runtime| Box::pin(async move { runtime.database.forget().await }),
};

async fn repeat(job: Job, runtime: Runtime) {
    loop {
        // A process that is to end does not wait for a long run: what it had not committed never was.
        tokio::select! {
            () = runtime.cancel.cancelled() => return,
            () = run_if_due(&job, &runtime) => {}
        }
        tokio::select! {
            () = runtime.cancel.cancelled() => return,
            () = tokio::time::sleep(job.every.clamp(Duration::from_secs(1), TICK)) => {}
        }
    }
}

/// Runs a job that is due and that no other process has claimed.
async fn run_if_due(job: &Job, runtime: &Runtime) {
    let done = match runtime.database.claim_job(job.name, job.every).await {
        Ok(true) => (job.run)(runtime.clone()).await,
        Ok(false) => return,
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        tracing::warn!(job = job.name, error = ?error, "a job failed; it is tried again in a minute");
        if let Err(error) = runtime.database.retry_job(job.name).await {
            tracing::warn!(job = job.name, error = ?error, "a job could not be given back");
        }
    }
}
