//! The circuit breaker and the retry budget of a subgraph in another process: when it is left alone because it fails,
//! and how often it is asked twice.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Faults;

/// The breaker and the retry budget of one subgraph.
#[derive(Debug)]
pub(crate) struct Health {
    faults: Faults,
    state: Mutex<State>,
}

/// The window is counted in parts, so that old calls are forgotten bit by bit.
const PARTS: usize = 10;
/// Retries that may be saved up in quiet times.
const SAVED_MAX: u32 = 10;
/// The share of the longest time that a subgraph is left alone at first.
const FIRST_SHARE: u32 = 20;
/// What one retry costs; each query brings `retries_percent`.
const RETRY: u32 = 100;

#[derive(Debug)]
struct State {
    parts: [Part; PARTS],
    /// Which part is filled, and since when.
    part: usize,
    since: Instant,
    breaker: Breaker,
    /// How many trials have failed since it opened.
    failed_trials: u32,
    /// In hundredths of a retry.
    saved: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    calls: u32,
    failures: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Breaker {
    Closed,
    Open {
        until: Instant,
    },
    /// One call is on its way to find out.
    Trying {
        until: Instant,
    },
}

/// The right to make one call. Dropped without a word, as when a client goes away, it counts for nothing.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    health: &'a Health,
    is_trial: bool,
    is_settled: bool,
}

impl Health {
    pub fn new(faults: Faults) -> Self {
        let state = State {
            parts: [Part::default(); PARTS],
            part: 0,
            since: Instant::now(),
            breaker: Breaker::Closed,
            failed_trials: 0,
            saved: SAVED_MAX * RETRY,
        };
        Self { faults, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Counting cannot panic half done in a way that matters.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks to make a call; `None` while the subgraph is left alone.
    pub fn permit(&self) -> Option<Permit<'_>> {
        let mut state = self.state();
        let is_trial = match state.breaker {
            Breaker::Closed => false,
            Breaker::Open { until } | Breaker::Trying { until } if Instant::now() < until => return None,
            // Should a trial never end, another one begins after as long again.
            Breaker::Open { .. } | Breaker::Trying { .. } => {
                let until = Instant::now() + state.patience(&self.faults);
                state.breaker = Breaker::Trying { until };
                true
            }
        };
        Some(Permit { health: self, is_trial, is_settled: false })
    }

    /// Notes a query, of which a share may be asked again.
    pub fn earn(&self) {
        let mut state = self.state();
        state.saved = (state.saved + self.faults.retries_percent).min(SAVED_MAX * RETRY);
    }

    /// Takes a retry from the budget, if there is one left.
    pub fn retry(&self) -> bool {
        let mut state = self.state();
        let is_left = self.faults.retries_percent > 0 && state.saved >= RETRY;
        if is_left {
            state.saved -= RETRY;
        }
        is_left
    }

    /// Whether the subgraph is left alone at present.
    pub fn is_open(&self) -> bool {
        self.state().breaker != Breaker::Closed
    }
}

impl Permit<'_> {
    /// Says how the call ended.
    pub fn settle(mut self, is_failure: bool) {
        self.is_settled = true;
        if !self.health.faults.breaker {
            return;
        }
        let mut state = self.health.state();
        let now = Instant::now();
        let faults = &self.health.faults;
        if self.is_trial {
            state.failed_trials = if is_failure { state.failed_trials.saturating_add(1) } else { 0 };
            state.breaker = match is_failure {
                true => Breaker::Open { until: now + state.patience(faults) },
                false => Breaker::Closed,
            };
            state.parts = [Part::default(); PARTS];
            return;
        }
        state.count(faults, now, is_failure);
        if is_failure && state.breaker == Breaker::Closed && state.is_failing(faults) {
            state.breaker = Breaker::Open { until: now + state.patience(faults) };
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_trial && !self.is_settled {
            // Whoever comes next may try.
            self.health.state().breaker = Breaker::Open { until: Instant::now() };
        }
    }
}

impl State {
    fn count(&mut self, faults: &Faults, now: Instant, is_failure: bool) {
        let length = Duration::from_millis(faults.window_ms) / PARTS as u32;
        let passed = now.duration_since(self.since).as_millis() / length.as_millis().max(1);
        for _ in 0..passed.min(PARTS as u128) {
            self.part = (self.part + 1) % PARTS;
            self.parts[self.part] = Part::default();
        }
        if passed > 0 {
            self.since = now;
        }
        let part = &mut self.parts[self.part];
        part.calls = part.calls.saturating_add(1);
        part.failures = part.failures.saturating_add(u32::from(is_failure));
    }

    /// How long the subgraph is left alone.
    fn patience(&self, faults: &Faults) -> Duration {
        let first = Duration::from_millis(faults.open_ms) / FIRST_SHARE;
        let doubled = first.saturating_mul(2_u32.saturating_pow(self.failed_trials.min(16)));
        doubled.min(Duration::from_millis(faults.open_ms))
    }

    fn is_failing(&self, faults: &Faults) -> bool {
        let sum = |count: fn(&Part) -> u32| self.parts.iter().map(|part| u64::from(count(part))).sum::<u64>();
        let (calls, failures) = (sum(|part| part.calls), sum(|part| part.failures));
        calls >= u64::from(faults.calls_min) && failures * 100 >= calls * u64::from(faults.failures_percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(health: &Health, is_failure: bool) -> bool {
        health.permit().map(|permit| permit.settle(is_failure)).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn half_of_twenty_calls_must_fail_before_a_subgraph_is_left_alone() {
        let health = Health::new(Faults::default());
        for _ in 0..19 {
            assert!(call(&health, true));
        }
        assert!(!health.is_open());
        assert!(call(&health, true));
        assert!(health.is_open() && !call(&health, false));

        let health = Health::new(Faults::default());
        for _ in 0..100 {
            assert!(call(&health, false) && call(&health, false) && call(&health, true));
        }
        assert!(!health.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_finds_out_soon_and_less_soon_each_time_that_it_fails() {
        let health = Health::new(Faults::default());
        (0..20).for_each(|_| assert!(call(&health, true)));
        // A twentieth of five seconds, and twice as long each time, up to five seconds.
        for wait_ms in [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000] {
            tokio::time::advance(Duration::from_millis(wait_ms - 1)).await;
            assert!(!call(&health, false), "{wait_ms}");
            tokio::time::advance(Duration::from_millis(1)).await;
            let trial = health.permit().expect("one may try");
            assert!(health.permit().is_none());
            trial.settle(true);
        }
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(call(&health, false));
        assert!(!health.is_open());
        // What was before does not count any more.
        assert!(call(&health, true) && !health.is_open());
        (0..20).for_each(|_| assert!(call(&health, true) || health.is_open()));
        tokio::time::advance(Duration::from_millis(250)).await;
        assert!(call(&health, false) && !health.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_subgraph_that_restarts_in_less_than_half_a_second_is_found_within_one() {
        let health = Health::new(Faults::default());
        let restarted_at = Instant::now() + Duration::from_millis(400);
        (0..20).for_each(|_| assert!(call(&health, true)));
        while health.is_open() {
            tokio::time::advance(Duration::from_millis(10)).await;
            call(&health, Instant::now() < restarted_at);
        }
        assert!(restarted_at.elapsed() < Duration::from_millis(600), "{:?}", restarted_at.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_trial_that_is_given_up_lets_the_next_one_try() {
        let health = Health::new(Faults::default());
        (0..20).for_each(|_| assert!(call(&health, true)));
        tokio::time::advance(Duration::from_secs(5)).await;
        drop(health.permit().expect("one may try"));
        assert!(call(&health, false) && !health.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn failures_of_long_ago_are_forgotten() {
        let health = Health::new(Faults::default());
        (0..19).for_each(|_| assert!(call(&health, true)));
        tokio::time::advance(Duration::from_secs(11)).await;
        (0..19).for_each(|_| assert!(call(&health, true)));
        assert!(!health.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn one_query_in_ten_may_be_asked_twice() {
        let health = Health::new(Faults::default());
        while health.retry() {}
        for _ in 0..9 {
            health.earn();
        }
        assert!(!health.retry());
        health.earn();
        assert!(health.retry() && !health.retry());
        assert!(!Health::new(Faults { retries_percent: 0, ..Faults::default() }).retry());
    }

    #[tokio::test(start_paused = true)]
    async fn a_breaker_that_is_off_stays_closed() {
        let health = Health::new(Faults { breaker: false, ..Faults::default() });
        (0..100).for_each(|_| assert!(call(&health, true)));
        assert!(!health.is_open());
    }
}
