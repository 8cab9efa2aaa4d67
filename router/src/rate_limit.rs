//! How often callers may ask: a token bucket per user, per organization and per anonymous address.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use common::{Caller, Error, IdentityId, OrganizationId, network_of};
use graphql::Limit;
use moka::sync::Cache;

use crate::config::RateLimits;
use crate::limits::Guard;
use crate::telemetry::{Metrics, PayerLabel, note};

/// Buckets kept at most. The least used goes first; it comes back full, which is what an idle one is anyway.
const BUCKETS_MAX: u64 = 100_000;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Payer {
    User(IdentityId),
    Organization(OrganizationId),
    Address(Option<IpAddr>),
}

impl Payer {
    /// As metrics name it.
    fn name(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Organization(_) => "organization",
            Self::Address(_) => "address",
        }
    }

    /// Whose mode applies.
    fn limit(self) -> Limit {
        match self {
            Self::User(_) => Limit::RateUser,
            Self::Organization(_) => Limit::RateOrganization,
            Self::Address(_) => Limit::RateAnonymous,
        }
    }
}

struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

/// The buckets of this process.
pub(crate) struct Rates {
    limits: RateLimits,
    buckets: Cache<Payer, Arc<Mutex<Bucket>>>,
    guard: Guard,
    metrics: Arc<Metrics>,
}

impl Rates {
    pub fn new(limits: RateLimits, guard: Guard, metrics: Arc<Metrics>) -> Self {
        let buckets =
            Cache::builder().max_capacity(BUCKETS_MAX).time_to_idle(Duration::from_secs(60)).build();
        Self { limits, buckets, guard, metrics }
    }

    /// The same buckets, as full as they are, under other limits.
    pub fn with(&self, limits: RateLimits, guard: Guard) -> Self {
        Self { limits, guard, buckets: self.buckets.clone(), metrics: self.metrics.clone() }
    }

    /// Takes one request from the caller's buckets, or says how long to wait.
    pub fn take(&self, caller: &Caller, address: Option<IpAddr>) -> Result<(), Error> {
        let limits = &self.limits;
        let now = Instant::now();
        match caller {
            Caller::Anonymous => self.take_one(
                Payer::Address(address.map(network_of)),
                (limits.anonymous_per_s, limits.anonymous_burst),
                now,
            ),
            Caller::Member(member) => {
                let user = (limits.user_per_s, limits.user_burst);
                self.take_one(Payer::User(member.identity_id), user, now)?;
                let organization = (limits.organization_per_s, limits.organization_burst);
                self.take_one(Payer::Organization(member.organization_id), organization, now)
            }
        }
    }

    fn take_one(&self, payer: Payer, (per_s, burst): (u32, u32), now: Instant) -> Result<(), Error> {
        if per_s == 0 {
            return Ok(());
        }
        let full = f64::from(burst.max(1));
        let bucket =
            self.buckets.get_with(payer, || Arc::new(Mutex::new(Bucket { tokens: full, filled_at: now })));
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed_s = now.saturating_duration_since(bucket.filled_at).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed_s * f64::from(per_s)).min(full);
        bucket.filled_at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        if !self.guard.refuses(payer.limit()) {
            return Ok(());
        }
        note(|facts| facts.is_rate_limited = true);
        let payer = payer.name();
        self.metrics.requests.rate_limited.get_or_create(&PayerLabel { payer }).inc();
        // At one request per second or more, the next token is at most a second away.
        Err(Error::RateLimited { retry_after_s: 1 })
    }
}

#[cfg(test)]
mod tests {
    use graphql::Modes;

    use super::*;

    fn rates() -> Rates {
        let limits = RateLimits { anonymous_per_s: 2, anonymous_burst: 3, ..RateLimits::default() };
        let metrics = Arc::new(Metrics::new());
        Rates::new(limits, Guard::new(Modes::default(), metrics.clone()), metrics)
    }

    fn take(rates: &Rates, address: &str, now: Instant) -> bool {
        let payer = Payer::Address(address.parse().ok().map(network_of));
        rates.take_one(payer, (2, 3), now).is_ok()
    }

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let (rates, now) = (rates(), Instant::now());
        assert!((0..3).all(|_| take(&rates, "192.0.2.1", now)));
        assert!(!take(&rates, "192.0.2.1", now));
        assert!(take(&rates, "192.0.2.2", now));
        let later = now + Duration::from_millis(500);
        assert!(take(&rates, "192.0.2.1", later));
        assert!(!take(&rates, "192.0.2.1", later));
    }

    #[test]
    fn neighbours_in_an_ipv6_network_share() {
        let (rates, now) = (rates(), Instant::now());
        assert!((1..4).all(|i| take(&rates, &format!("2001:db8::{i}"), now)));
        assert!(!take(&rates, "2001:db8::ffff", now));
        assert!(take(&rates, "2001:db8:0:1::1", now));
    }
}
