//! Tries: how often somebody tried of late, whatever came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use tokio::task::JoinHandle;

use crate::Key;

/// How long tries are remembered after the last one.
pub(crate) const KEPT: Duration = Duration::from_secs(600);
/// Whose tries are remembered at most; the least used go first.
const SOURCES_MAX: u64 = 100_000;

/// The tries that this process saw.
pub(crate) struct Tries(Cache<Key, Arc<AtomicU32>>);

impl Default for Tries {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(SOURCES_MAX).time_to_idle(KEPT).build())
    }
}

impl Tries {
    pub fn count(&self, key: Key) -> u32 {
        self.0.get_with(key, Arc::default).fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    pub fn count_less(&self, key: Key) {
        let less = |tries: u32| Some(tries.saturating_sub(1));
        let tries = self.0.get_with(key, Arc::default);
        let _ = tries.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    pub fn of(&self, key: Key) -> u32 {
        self.0.get(&key).map_or(0, |tries| tries.load(Ordering::Relaxed))
    }
}

/// A try that was counted.
pub struct Counted {
    pub(crate) here: u32,
    pub(crate) everywhere: Option<JoinHandle<Option<u32>>>,
    pub(crate) is_shared: bool,
}

impl Counted {
    /// The tries of late that this process saw, this one included.
    #[must_use]
    pub fn here(&self) -> u32 {
        self.here
    }

    /// The tries of late that any process saw, this one included. While they cannot be known, each that this one saw
    /// counts as two.
    pub async fn everywhere(self) -> u32 {
        let Self { here, everywhere, is_shared } = self;
        if !is_shared {
            return here;
        }
        let known = match everywhere {
            Some(counting) => counting.await.ok().flatten(),
            None => None,
        };
        known.map_or(here.saturating_mul(2), |everywhere| everywhere.max(here))
    }
}
