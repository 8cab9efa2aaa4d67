//! The sessions that have ended a short while ago: the deny list.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use uuid::Uuid;

/// How long the end of a session is remembered: as long as any access token of it can be good.
pub const ENDED_FOR: Duration = Duration::from_secs(630);
/// Ends remembered at most; the least asked for go first. PostgreSQL knows them all.
const ENDED_MAX: u64 = 100_000;
/// Ends that Redis could not be told yet, at most.
const UNTOLD_MAX: usize = 100_000;

/// What this process knows of sessions that have ended.
pub(crate) struct Ended {
    known: Cache<Uuid, ()>,
    /// Those that the others are still to be told of, and how long they must be remembered.
    untold: Mutex<HashMap<Uuid, Instant>>,
    /// Whose turn it is to tell: whoever waits for it finds that theirs was told meanwhile.
    pub telling: tokio::sync::Mutex<()>,
}

impl Default for Ended {
    fn default() -> Self {
        Self {
            known: Cache::builder().max_capacity(ENDED_MAX).time_to_live(ENDED_FOR).build(),
            untold: Mutex::default(),
            telling: tokio::sync::Mutex::default(),
        }
    }
}

impl Ended {
    /// Sessions have ended in this process; the others are to be told, if there are any.
    pub fn begin(&self, ids: impl Iterator<Item = Uuid>, are_others: bool) {
        let until = Instant::now() + ENDED_FOR;
        for id in ids {
            self.known.insert(id, ());
            let mut untold = self.lock();
            if are_others && untold.len() < UNTOLD_MAX {
                untold.insert(id, until);
            }
        }
    }

    /// A session has ended in another process.
    pub fn hear(&self, id: Uuid) {
        self.known.insert(id, ());
    }

    pub fn has(&self, id: Uuid) -> bool {
        self.known.contains_key(&id)
    }

    /// Those that the others are to be told of, and for how long.
    pub fn untold(&self) -> Vec<(Uuid, Duration)> {
        let now = Instant::now();
        let mut untold = self.lock();
        untold.retain(|_, until| *until > now);
        untold.iter().map(|(id, until)| (*id, *until - now)).collect()
    }

    pub fn told(&self, ids: &[(Uuid, Duration)]) {
        let mut untold = self.lock();
        for (id, _) in ids {
            untold.remove(id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Instant>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
