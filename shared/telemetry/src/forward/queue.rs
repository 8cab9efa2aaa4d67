//! Lines that wait for Fluentd: so many and no more. Whoever logs never waits for them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub lines_max: usize,
    pub bytes_max: usize,
    /// A longer line could be more than Fluentd takes at once, and would hold up all others for ever.
    pub line_bytes_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { lines_max: 32_768, bytes_max: 16 * 1024 * 1024, line_bytes_max: 64 * 1024 }
    }
}

/// What is sent together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub lines_max: usize,
    pub bytes_max: usize,
    /// How long a line waits for others.
    pub delay: Duration,
}

impl Default for Batch {
    fn default() -> Self {
        Self { lines_max: 1_000, bytes_max: 512 * 1024, delay: Duration::from_millis(200) }
    }
}

/// A line of JSON, and when it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub at: SystemTime,
    pub line: Box<[u8]>,
}

/// The queue. Its counters only rise.
#[derive(Debug, Default)]
pub(super) struct Queue {
    bounds: Bounds,
    batch: Batch,
    state: Mutex<State>,
    /// Something came, was done, or the program ends.
    changed: Condvar,
    forwarded: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Taken, and not acknowledged yet.
    under_way: usize,
    is_ending: bool,
}

impl Queue {
    pub fn new(bounds: Bounds, batch: Batch) -> Self {
        Self { bounds, batch, ..Self::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line in, or counts it as dropped when there is no room.
    pub fn push(&self, line: &[u8]) {
        let Bounds { lines_max, bytes_max, line_bytes_max } = self.bounds;
        let mut state = self.state();
        let is_full = state.entries.len() >= lines_max || state.bytes + line.len() > bytes_max;
        if is_full || line.len() > line_bytes_max {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        state.bytes += line.len();
        state.entries.push_back(Entry { at: SystemTime::now(), line: line.into() });
        if state.entries.len() == 1 || self.is_enough(&state) {
            self.changed.notify_all();
        }
    }

    /// Whether as much waits as is sent together.
    fn is_enough(&self, state: &State) -> bool {
        state.entries.len() >= self.batch.lines_max || state.bytes >= self.batch.bytes_max
    }

    /// Waits for lines, and a moment for more, and takes what is sent together.
    pub fn take(&self) -> Vec<Entry> {
        let batch = self.batch;
        let nothing = |state: &mut State| state.entries.is_empty();
        drop(self.changed.wait_while(self.state(), nothing));
        let gathering = |state: &mut State| !state.is_ending && !self.is_enough(state);
        drop(self.changed.wait_timeout_while(self.state(), batch.delay, gathering));
        let mut state = self.state();
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while let Some(entry) = state.entries.front()
            && taken.len() < batch.lines_max
            && (taken.is_empty() || bytes + entry.line.len() <= batch.bytes_max)
        {
            bytes += entry.line.len();
            taken.extend(state.entries.pop_front());
        }
        state.bytes -= bytes;
        state.under_way = taken.len();
        taken
    }

    /// What was taken has arrived.
    pub fn arrived(&self) {
        let mut state = self.state();
        let count = u64::try_from(std::mem::take(&mut state.under_way)).unwrap_or(u64::MAX);
        self.forwarded.fetch_add(count, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Sleeps, unless the program ends: then nobody has the time.
    pub fn pause(&self, length: Duration) {
        let going_on = |state: &mut State| !state.is_ending;
        drop(self.changed.wait_timeout_while(self.state(), length, going_on));
    }

    /// Waits until nothing waits any more, or until the time is up; answers how many lines were left.
    pub fn end(&self, patience: Duration) -> usize {
        let until = Instant::now() + patience;
        let mut state = self.state();
        state.is_ending = true;
        self.changed.notify_all();
        loop {
            let left = state.entries.len() + state.under_way;
            let patience = until.saturating_duration_since(Instant::now());
            if left == 0 || patience.is_zero() {
                return left;
            }
            state = self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub fn forwarded(&self) -> u64 {
        self.forwarded.load(Ordering::Relaxed)
    }

    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Batch = Batch { lines_max: 3, bytes_max: 10, delay: Duration::ZERO };

    fn texts(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| std::str::from_utf8(&entry.line).unwrap()).collect()
    }

    #[test]
    fn what_there_is_no_room_for_is_dropped_and_counted() {
        let by_lines = Queue::new(Bounds { lines_max: 2, ..Bounds::default() }, AT_ONCE);
        let by_bytes = Queue::new(Bounds { bytes_max: 6, ..Bounds::default() }, AT_ONCE);
        for queue in [&by_lines, &by_bytes] {
            for line in ["one", "two", "three", "four"] {
                queue.push(line.as_bytes());
            }
            assert_eq!(queue.dropped(), 2);
            assert_eq!(texts(&queue.take()), ["one", "two"]);
            queue.push(b"five");
            assert_eq!(queue.dropped(), 2, "there is room again");
        }
    }

    #[test]
    fn a_line_that_fluentd_would_not_take_holds_up_nobody() {
        let queue = Queue::new(Bounds { line_bytes_max: 5, ..Bounds::default() }, AT_ONCE);
        queue.push(b"too long");
        queue.push(b"short");
        assert_eq!((texts(&queue.take()), queue.dropped()), (vec!["short"], 1));
    }

    #[test]
    fn lines_are_taken_in_their_order_so_many_and_so_long_at_once() {
        let queue = Queue::new(Bounds::default(), AT_ONCE);
        for line in ["a", "b", "c", "d", "0123456789", "e"] {
            queue.push(line.as_bytes());
        }
        assert_eq!(texts(&queue.take()), ["a", "b", "c"]);
        assert_eq!(texts(&queue.take()), ["d"]);
        assert_eq!(texts(&queue.take()), ["0123456789"]);
        assert_eq!(texts(&queue.take()), ["e"]);
    }

    #[test]
    fn who_ends_waits_for_what_is_under_way_and_hears_what_was_left() {
        let queue = Queue::new(Bounds::default(), AT_ONCE);
        queue.push(b"one");
        assert_eq!(queue.end(Duration::ZERO), 1);
        assert_eq!(queue.take().len(), 1);
        assert_eq!(queue.end(Duration::ZERO), 1, "taken is not arrived");
        queue.arrived();
        assert_eq!((queue.end(Duration::from_secs(60)), queue.forwarded()), (0, 1));
    }
}
