//! What is told to Redis while nobody waits: so much at once, and no more.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How much may run at once. What is more is left undone: none of it is more than a convenience.
const AT_ONCE_MAX: usize = 1_000;

pub(crate) struct Background(Arc<Semaphore>);

impl Default for Background {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE_MAX)))
    }
}

impl Background {
    /// Runs something, if there is room for it.
    pub fn run<T: Send + 'static>(
        &self,
        run: impl Future<Output = T> + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        let room = self.0.clone().try_acquire_owned().ok()?;
        Some(tokio::spawn(async move {
            let done = run.await;
            drop(room);
            done
        }))
    }
}
