//! Strangers at an account that many have failed at: they are checked one after the other, in a fair order.
//!
//! Whoever comes again when they were told to goes before those who knock whenever they like, and then who has waited
//! longest, each failure of their network on the account taken for some minutes less, and each other try of theirs of late
//! for one: whoever knocks whenever they like comes as told by chance. Whoever comes sooner than told begins anew, and is
//! told the longest wait. So a flood that does not wait holds nobody up, one that does holds up as as many people would, and
//! its networks fall back with every failure.

use chrono::{DateTime, Duration, Utc};

/// How far apart they are checked.
pub(super) const PACE: Duration = Duration::seconds(6);
/// How much later than they were told somebody may come, and still has waited.
pub(super) const GRACE: Duration = Duration::seconds(30);
/// What a failure takes off the time that somebody has waited.
const PRICE_OF_FAILURE: Duration = Duration::minutes(5);
/// What a try at any account takes off it.
const PRICE_OF_TRY: Duration = Duration::minutes(1);
/// How soon somebody comes again at the latest: who stays away is not waited for.
pub(super) const AGAIN_MAX: Duration = Duration::seconds(30);
/// How soon somebody comes again at the soonest.
const AGAIN_MIN: Duration = Duration::seconds(1);
/// How long a turn is kept for whoever is due.
pub(super) const KEPT: Duration = Duration::seconds(2);

/// Somebody who was told to come again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Whether they have come as they were told, and were told again.
    pub(super) is_back: bool,
    /// What their network had failed on the account.
    pub(super) failures: i32,
    /// What it had tried of late, at any account, before this.
    pub(super) tries: i32,
    /// When they came first.
    pub(super) since: DateTime<Utc>,
    /// When they were told to come.
    pub(super) due: DateTime<Utc>,
}

impl Waiting {
    fn order(&self) -> impl Ord {
        (!self.is_back, self.since + PRICE_OF_FAILURE * self.failures + PRICE_OF_TRY * self.tries)
    }
}

/// What counts against a network.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Against {
    /// See [`Waiting::failures`].
    pub(super) failures: i32,
    /// See [`Waiting::tries`].
    pub(super) tries: i32,
}

/// Whether a network is checked now: `Err` says how it waits on. `own` is what it was told, if it was; `others` are the
/// networks that wait at the account.
pub(super) fn is_next(
    own: Option<&Waiting>,
    against: Against,
    others: &[Waiting],
    checked_last: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Waiting> {
    let is_hasty = own.is_some_and(|own| now < own.due);
    let kept = own.filter(|own| (own.due..=own.due + GRACE).contains(&now));
    let (is_back, since) = (kept.is_some(), kept.map_or(now, |own| own.since));
    let Against { failures, tries } = against;
    let mut me = Waiting { is_back, failures, tries, since, due: now };
    let before_me = || others.iter().filter(|other| other.order() < me.order() && now <= other.due + GRACE);
    let mut free = checked_last.map_or(now, |last| last + PACE).max(now);
    let is_kept = |other: &&Waiting| (now - KEPT..now + PACE).contains(&other.due);
    if free == now && !before_me().any(|other| is_kept(&other)) {
        return Ok(());
    }
    // Of those who have not come back nobody knows whether they will.
    if is_back {
        let mut taken: Vec<_> = before_me().map(|other| other.due).collect();
        taken.sort_unstable();
        for due in taken {
            if (free - KEPT..free + PACE).contains(&due) {
                free = due + PACE;
            }
        }
    }
    me.due = if is_hasty { now + AGAIN_MAX } else { free.clamp(now + AGAIN_MIN, now + AGAIN_MAX) };
    Err(me)
}
