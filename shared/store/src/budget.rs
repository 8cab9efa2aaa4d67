//! Budgets: how often somebody may ask, by the generic cell rate algorithm (ITU-T I.371), which keeps one number of each:
//! when they will have paid for all that they had.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::Key;

/// Budgets kept at most. The least used go first; they come back full, which is what an idle one is anyway.
const BUDGETS_MAX: u64 = 100_000;
const IDLE_MAX: Duration = Duration::from_secs(60);

/// How often somebody may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So often a second, again and again; 0 is no bound.
    pub per_s: u32,
    /// So often at once, after a while of silence; at least once.
    pub burst: u32,
}

/// How much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// All.
    Whole,
    /// What a process allows by itself while it cannot ask the others.
    Half,
}

impl Rate {
    /// `None` where there is no bound.
    pub(crate) fn pace(self, share: Share) -> Option<Pace> {
        let interval_us = 1_000_000_u64.checked_div(self.per_s.into())?;
        let whole = Pace { interval_us, full_us: interval_us * u64::from(self.burst.max(1)) };
        Some(if share == Share::Half { whole.half() } else { whole })
    }
}

/// A rate, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How long one takes to be paid for.
    pub interval_us: u64,
    /// How long all take that may come at once.
    pub full_us: u64,
}

impl Pace {
    /// Half as often, and half as many at once.
    fn half(self) -> Self {
        let interval_us = self.interval_us * 2;
        // Half as many at twice the price are as much.
        let full_us = self.full_us.max(interval_us);
        Self { interval_us, full_us: full_us - full_us % interval_us }
    }
}

/// A budget that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which of those that were to be taken from.
    pub at: usize,
    /// When there is one again.
    pub wait: Duration,
}

/// The budgets of this process.
pub(crate) struct Budgets {
    begun: Instant,
    /// When each is paid for, in microseconds since `begun`.
    paid_at: Cache<Key, Arc<AtomicU64>>,
}

impl Default for Budgets {
    fn default() -> Self {
        let paid_at = Cache::builder().max_capacity(BUDGETS_MAX).time_to_idle(IDLE_MAX).build();
        Self { begun: Instant::now(), paid_at }
    }
}

impl Budgets {
    /// Takes one of each, or none of any.
    pub fn take(&self, budgets: &[(Key, Rate)], share: Share) -> Result<(), Refused> {
        self.take_at(budgets, share, self.now_us())
    }

    /// Takes one of each, whether there is one or not; nobody owes more than a full budget.
    pub fn note(&self, budgets: &[(Key, Rate)], share: Share) {
        let now = self.now_us();
        for (key, Pace { interval_us, full_us }) in paces(budgets, share) {
            let _ = self.of(key).fetch_update(Ordering::Relaxed, Ordering::Relaxed, |paid_at| {
                Some((paid_at.max(now) + interval_us).min(now + full_us))
            });
        }
    }

    fn take_at(&self, budgets: &[(Key, Rate)], share: Share, now: u64) -> Result<(), Refused> {
        for (at, (key, rate)) in budgets.iter().enumerate() {
            if let Some(pace) = rate.pace(share)
                && let Err(wait_us) = take_one(&self.of(*key), pace, now)
            {
                for (key, pace) in paces(&budgets[..at], share) {
                    self.of(key).fetch_sub(pace.interval_us, Ordering::Relaxed);
                }
                return Err(Refused { at, wait: Duration::from_micros(wait_us) });
            }
        }
        Ok(())
    }

    fn of(&self, key: Key) -> Arc<AtomicU64> {
        self.paid_at.get_with(key, Arc::default)
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// Those that are bounded.
fn paces(budgets: &[(Key, Rate)], share: Share) -> impl Iterator<Item = (Key, Pace)> {
    budgets.iter().filter_map(move |(key, rate)| Some((*key, rate.pace(share)?)))
}

/// Takes one, or answers how long there will be none.
fn take_one(paid_at: &AtomicU64, pace: Pace, now: u64) -> Result<(), u64> {
    let Pace { interval_us: interval, full_us: full } = pace;
    let next = |paid_at: u64| Some(paid_at.max(now) + interval).filter(|next| *next <= now + full);
    let taken = paid_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    // Other settings may have shrunk it since: nobody waits for longer than it takes to get one.
    taken.map(drop).map_err(|paid_at| (paid_at + interval).saturating_sub(now + full).min(interval))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const MS: u64 = 1_000;

    fn rate(per_s: u32, burst: u32) -> Rate {
        Rate { per_s, burst }
    }

    fn key(number: u128) -> Key {
        Key::new("user", Uuid::from_u128(number))
    }

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let (budgets, one) = (Budgets::default(), [(key(1), rate(2, 3))]);
        assert!((0..3).all(|_| budgets.take_at(&one, Share::Whole, 0).is_ok()));
        assert_eq!(
            budgets.take_at(&one, Share::Whole, 0),
            Err(Refused { at: 0, wait: Duration::from_millis(500) })
        );
        assert!(budgets.take_at(&[(key(2), rate(2, 3))], Share::Whole, 0).is_ok(), "everybody has their own");
        assert!(budgets.take_at(&one, Share::Whole, 499 * MS).is_err());
        assert!(budgets.take_at(&one, Share::Whole, 500 * MS).is_ok());
        assert!(budgets.take_at(&one, Share::Whole, 500 * MS).is_err());
        assert!(
            (0..3).all(|_| budgets.take_at(&one, Share::Whole, 60_000 * MS).is_ok()),
            "it fills up again"
        );
        assert!(budgets.take_at(&one, Share::Whole, 60_000 * MS).is_err(), "and no further");
    }

    #[test]
    fn who_is_refused_one_has_taken_none_of_the_others() {
        let (budgets, user, all) = (Budgets::default(), (key(1), rate(1, 2)), (key(9), rate(1, 1)));
        assert!(budgets.take_at(&[user, all], Share::Whole, 0).is_ok());
        for _ in 0..5 {
            assert_eq!(budgets.take_at(&[user, all], Share::Whole, 0).map_err(|refused| refused.at), Err(1));
        }
        assert!(budgets.take_at(&[user], Share::Whole, 0).is_ok(), "the second of two is still there");
        assert_eq!(budgets.take_at(&[user, all], Share::Whole, 0).map_err(|refused| refused.at), Err(0));
    }

    #[test]
    fn no_bound_is_none() {
        let budgets = Budgets::default();
        assert!((0..1_000).all(|_| budgets.take_at(&[(key(1), rate(0, 1))], Share::Whole, 0).is_ok()));
    }

    #[test]
    fn alone_a_process_allows_half_and_never_nothing() {
        let half = |per_s, burst| rate(per_s, burst).pace(Share::Half);
        assert_eq!(half(20, 40), rate(10, 20).pace(Share::Whole));
        assert_eq!(half(20, 5), rate(10, 2).pace(Share::Whole));
        assert_eq!(
            half(1, 1),
            Some(Pace { interval_us: 2_000_000, full_us: 2_000_000 }),
            "one in two seconds"
        );
        assert_eq!(half(0, 1), None);
    }

    #[test]
    fn what_was_had_elsewhere_counts_here_and_nobody_owes_more_than_a_full_budget() {
        let (budgets, one) = (Budgets::default(), [(key(1), rate(1, 600))]);
        (0..1_000).for_each(|_| budgets.note(&one, Share::Whole));
        assert!(budgets.take(&one, Share::Whole).is_err());
        let refused = budgets.take(&one, Share::Whole).unwrap_err();
        assert!(refused.wait <= Duration::from_secs(1), "{refused:?}");
    }
}
