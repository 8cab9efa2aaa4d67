//! The threads that hash passwords: as many as there are processors but one, each with less claim to a processor than
//! those that answer, so that others notice little while passwords are checked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use common::{Error, Result};
use tokio::sync::oneshot;

/// What the threads yield by (`nice`): a busy one gets a tenth of what another busy thread gets, and an idle processor
/// wholly.
const NICE: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// The threads of this process, started when the first password comes.
pub(crate) struct Processors {
    pub(crate) count: usize,
    jobs: OnceLock<Sender<Job>>,
}

impl Processors {
    /// So many.
    pub(crate) fn new(count: usize) -> Self {
        Self { count: count.max(1), jobs: OnceLock::new() }
    }

    /// Runs work in one of the threads. It is done to its end, also when nobody waits for it any more.
    ///
    /// # Errors
    /// `INTERNAL` when it panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let (done, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            let _ = done.send(work());
        });
        let sent = self.jobs.get_or_init(|| start(self.count)).send(job);
        sent.map_err(|_| Error::internal("no thread hashes passwords"))?;
        answer.await.map_err(Error::internal)
    }
}

fn start(count: usize) -> Sender<Job> {
    let (jobs, queue) = channel::<Job>();
    let queue = Arc::new(Mutex::new(queue));
    for number in 0..count {
        let queue = queue.clone();
        let started = std::thread::Builder::new().name(format!("hash-{number}")).spawn(move || serve(&queue));
        if let Err(error) = started {
            tracing::error!(%error, "a thread that hashes passwords cannot be started");
        }
    }
    jobs
}

/// Does one job after the other, until nobody can send any.
fn serve(queue: &Mutex<Receiver<Job>>) {
    yield_to_others();
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(job) = next() {
        // The panic hook has logged it; whoever waits for the answer is told that there is none.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(target_os = "linux")]
fn yield_to_others() {
    let this = rustix::thread::gettid();
    if let Err(error) = rustix::process::setpriority_process(Some(this), NICE) {
        tracing::debug!(%error, "a thread that hashes passwords has as much claim to a processor as others");
    }
}

/// Elsewhere, priorities are of processes and not of threads.
#[cfg(not(target_os = "linux"))]
fn yield_to_others() {
    let _ = NICE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_panics_ends_nothing_but_itself() {
        let processors = Processors::new(1);
        let panicked = processors.run(|| panic!("a fault of ours")).await;
        assert!(matches!(panicked, Err::<(), _>(Error::Internal(_))));
        assert_eq!(processors.run(|| 42).await.unwrap(), 42);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn hashing_yields_to_those_that_answer() {
        let nice = || rustix::process::getpriority_process(Some(rustix::thread::gettid())).unwrap();
        assert_eq!(Processors::new(1).run(nice).await.unwrap(), nice() + NICE);
    }
}
