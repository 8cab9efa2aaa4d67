//! Threads that serve connections, each with a runtime of its own.
//!
//! A request that stays on one thread, with its connections to subgraphs, wakes nobody: on a shared runtime every
//! step of it may be taken up by another core, which costs a good part of a small request.

use std::cell::Cell;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// More threads than this are of no use to anybody.
pub(crate) const WORKERS_MAX: usize = 64;

thread_local! {
    /// Which worker this thread is, counted from one; none of them is 0.
    static WORKER: Cell<usize> = const { Cell::new(0) };
}

/// Which worker the present thread is, counted from one; 0 when it is none.
pub(crate) fn current() -> usize {
    WORKER.get()
}

/// Threads that run what they are given. Dropped, they end, and what runs on them with them.
#[derive(Default)]
pub(crate) struct Workers {
    workers: Vec<Worker>,
    next: AtomicUsize,
}

struct Worker {
    handle: Handle,
    /// Dropped to let the thread end.
    _keep: oneshot::Sender<()>,
}

impl Workers {
    /// Starts threads; none when `count` is 0.
    ///
    /// # Errors
    /// When a thread or its runtime cannot be made.
    pub fn start(count: usize) -> std::io::Result<Self> {
        let start = |number: usize| {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let handle = runtime.handle().clone();
            let (keep, ended) = oneshot::channel::<()>();
            let run = move || {
                WORKER.set(number);
                // Nothing is ever sent: the other end goes away.
                let _ = runtime.block_on(ended);
            };
            std::thread::Builder::new().name(format!("worker-{number}")).spawn(run)?;
            Ok(Worker { handle, _keep: keep })
        };
        let workers = (1..=count.min(WORKERS_MAX)).map(start).collect::<std::io::Result<_>>()?;
        Ok(Self { workers, next: AtomicUsize::new(0) })
    }

    /// Runs something on the next thread in turn; on the present runtime when there are no threads.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match self.workers.len() {
            0 => tokio::spawn(task),
            count => {
                let next = self.next.fetch_add(1, Ordering::Relaxed) % count;
                self.workers[next].handle.spawn(task)
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    async fn place(workers: &Workers) -> usize {
        let (sender, receiver) = oneshot::channel();
        workers.spawn(async move {
            tokio::task::yield_now().await;
            let _ = sender.send(current());
        });
        receiver.await.expect("it runs")
    }

    #[tokio::test]
    async fn work_goes_to_each_thread_in_turn_and_stays_there() {
        let workers = Workers::start(3).expect("threads");
        let places = [place(&workers).await, place(&workers).await, place(&workers).await];
        assert_eq!(BTreeSet::from(places), BTreeSet::from([1, 2, 3]));
        assert_eq!(place(&workers).await, places[0]);
    }

    #[tokio::test]
    async fn without_threads_work_stays_where_it_is() {
        let workers = Workers::start(0).expect("no threads");
        assert_eq!(place(&workers).await, 0);
        assert_eq!(current(), 0);
    }

    #[tokio::test]
    async fn what_runs_ends_with_its_threads() {
        let workers = Workers::start(1).expect("a thread");
        let (sender, receiver) = oneshot::channel::<()>();
        workers.spawn(async move {
            let _held = sender;
            std::future::pending().await
        });
        drop(workers);
        assert!(receiver.await.is_err());
    }
}
