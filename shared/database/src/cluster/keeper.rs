//! Looks after a server for as long as somebody wants it.

use std::sync::{Mutex, PoisonError, Weak};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::ClusterError;
use super::place::Place;
use super::postmaster::Postmaster;
use super::server::Server;

const TICK: Duration = Duration::from_millis(50);
/// A server that ran for so long had nothing wrong with it from the start.
const SETTLED: Duration = Duration::from_secs(1);
/// How many ends and failed starts in a row are too many: with the pauses between them, some 10 s.
const FAILURES_MAX: u32 = 9;
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How long somebody else's server may be away.
const GONE_AFTER: Duration = Duration::from_secs(30);

/// Starts the server again whenever it has ended untold. Answers when that is of no use, or nothing when it was stopped.
pub(super) fn keep(server: &Weak<Mutex<Option<Server>>>, place: &Place) -> Option<ClusterError> {
    let (mut failures, mut pause, mut started) = (0, TICK, Instant::now());
    let mut reason = None;
    loop {
        sleep(pause);
        pause = TICK;
        let held = server.upgrade()?;
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        let server = held.as_mut()?;
        if !server.has_ended() {
            if started.elapsed() > SETTLED {
                failures = 0;
            }
            continue;
        }
        // The log is that of the latest start.
        let last_words = reason.take().unwrap_or_else(|| place.end_of_log());
        if failures == FAILURES_MAX {
            return Some(ClusterError::NotKept { reason: last_words, log: place.log() });
        }
        tracing::error!(last_words, "PostgreSQL has ended, and is started again");
        let begun = Instant::now();
        match server.start_again() {
            Ok(()) => tracing::warn!(took = ?begun.elapsed(), "PostgreSQL runs again"),
            Err(error) => {
                reason = Some(match error {
                    ClusterError::NotStarted { reason, .. } => reason,
                    error => error.to_string(),
                });
                pause = PAUSE_MAX.min(2 * TICK * 2_u32.pow(failures));
            }
        }
        started = Instant::now();
        failures += 1;
    }
}

/// Watches a server that another process looks after. Answers when it has been gone for long, or nothing when nobody
/// wants it any more.
pub(super) fn watch(joined: &Weak<Mutex<Option<Server>>>, place: &Place) -> Option<ClusterError> {
    let data = place.data();
    let mut seen = Instant::now();
    while seen.elapsed() < GONE_AFTER {
        sleep(4 * TICK);
        joined.upgrade()?;
        if Postmaster::read(&data).is_some_and(|found| found.is_alive(&data)) {
            seen = Instant::now();
        }
    }
    Some(ClusterError::Gone { folder: place.folder.clone() })
}
