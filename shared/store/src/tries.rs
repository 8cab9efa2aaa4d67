//! Tries: how often somebody tried of late, without those that were taken back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use crate::Key;

/// How long tries are remembered after the first one: nobody's add up for ever.
pub(crate) const KEPT: Duration = Duration::from_secs(600);
/// Whose tries are remembered at most; the least used go first.
const SOURCES_MAX: u64 = 100_000;

/// The tries that this process knows of.
pub(crate) struct Tries(Cache<Key, Arc<AtomicU32>>);

impl Default for Tries {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(SOURCES_MAX).time_to_live(KEPT).build())
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

    /// Hears how many there were in all processes.
    pub fn hear(&self, key: Key, everywhere: u32) {
        self.0.get_with(key, Arc::default).fetch_max(everywhere, Ordering::Relaxed);
    }

    pub fn of(&self, key: Key) -> u32 {
        self.0.get(&key).map_or(0, |tries| tries.load(Ordering::Relaxed))
    }
}
