//! How often callers may ask: a budget per user, per organization and per anonymous address, of all routers together
//! where they share a store.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use common::{Caller, Error, IdentityId, OrganizationId, network_of};
use graphql::Limit;
use store::{Key, Rate, Refused, Store};

use crate::config::RateLimits;
use crate::limits::Guard;
use crate::telemetry::{Metrics, PayerLabel, note};

#[derive(Clone, Copy, PartialEq, Eq)]
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

    /// What it is counted under.
    fn key(self) -> Key {
        match self {
            Self::User(id) => Key::new("user", id.0),
            Self::Organization(id) => Key::new("organization", id.0),
            Self::Address(network) => Key::of_address("address", network),
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

/// The budgets of callers.
pub(crate) struct Rates {
    limits: RateLimits,
    guard: Guard,
    metrics: Arc<Metrics>,
    /// Where they are kept: in this process, unless it was told otherwise.
    store: Arc<OnceLock<Store>>,
}

impl Rates {
    pub fn new(limits: RateLimits, guard: Guard, metrics: Arc<Metrics>) -> Self {
        Self { limits, guard, metrics, store: Arc::default() }
    }

    /// The same budgets, as full as they are, under other limits.
    pub fn with(&self, limits: RateLimits, guard: Guard) -> Self {
        Self { limits, guard, metrics: self.metrics.clone(), store: self.store.clone() }
    }

    /// Keeps budgets in this store from now on; false when it was said before where, or somebody was counted already.
    pub fn keep_in(&self, store: Store) -> bool {
        self.store.set(store).is_ok()
    }

    /// Whether the Redis that budgets are kept in answers; `None` where they are kept in this process.
    pub fn redis_is_up(&self) -> Option<bool> {
        self.store.get().and_then(Store::is_up)
    }

    /// Takes one request from the caller's budgets, or says how long to wait.
    pub async fn take(&self, caller: &Caller, address: Option<IpAddr>) -> Result<(), Error> {
        let limits = &self.limits;
        match caller {
            Caller::Anonymous => {
                let rate = Rate { per_s: limits.anonymous_per_s, burst: limits.anonymous_burst };
                self.take_all([(Payer::Address(address.map(network_of)), rate)]).await
            }
            Caller::Member(member) => {
                let user = Rate { per_s: limits.user_per_s, burst: limits.user_burst };
                let organization =
                    Rate { per_s: limits.organization_per_s, burst: limits.organization_burst };
                self.take_all([
                    (Payer::User(member.identity_id), user),
                    (Payer::Organization(member.organization_id), organization),
                ])
                .await
            }
        }
    }

    async fn take_all<const COUNT: usize>(&self, payers: [(Payer, Rate); COUNT]) -> Result<(), Error> {
        if payers.iter().all(|(_, rate)| rate.per_s == 0) {
            return Ok(());
        }
        let budgets = payers.map(|(payer, rate)| (payer.key(), rate));
        let store = self.store.get_or_init(Store::in_process);
        let mut from = 0;
        while let Err(Refused { at, wait }) = store.take(&budgets[from..]).await {
            let (payer, _) = payers[from + at];
            if self.guard.refuses(payer.limit()) {
                note(|facts| facts.is_rate_limited = true);
                let payer = payer.name();
                self.metrics.requests.rate_limited.get_or_create(&PayerLabel { payer }).inc();
                let whole_seconds = wait.as_millis().div_ceil(1_000);
                return Err(Error::RateLimited {
                    retry_after_s: whole_seconds.max(1).try_into().unwrap_or(1),
                });
            }
            // It is only measured: the others may still refuse.
            from += at + 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use graphql::Modes;

    use super::*;

    fn rates() -> Rates {
        let limits = RateLimits { anonymous_per_s: 1, anonymous_burst: 3, ..RateLimits::default() };
        let metrics = Arc::new(Metrics::new());
        Rates::new(limits, Guard::new(Modes::default(), metrics.clone()), metrics)
    }

    async fn takes(rates: &Rates, address: &str) -> bool {
        rates.take(&Caller::Anonymous, address.parse().ok()).await.is_ok()
    }

    #[tokio::test]
    async fn who_has_used_up_a_budget_waits_and_nobody_else() {
        let rates = rates();
        for _ in 0..3 {
            assert!(takes(&rates, "192.0.2.1").await);
        }
        let refused = rates.take(&Caller::Anonymous, "192.0.2.1".parse().ok()).await;
        assert!(matches!(refused, Err(Error::RateLimited { retry_after_s: 1 })), "{refused:?}");
        assert!(takes(&rates, "192.0.2.2").await);
        // Other settings are no fresh budget.
        let again = rates.with(rates.limits.clone(), Guard::new(Modes::default(), rates.metrics.clone()));
        assert!(!takes(&again, "192.0.2.1").await);
    }

    #[tokio::test]
    async fn neighbours_in_an_ipv6_network_share() {
        let rates = rates();
        for number in 1..4 {
            assert!(takes(&rates, &format!("2001:db8::{number}")).await);
        }
        assert!(!takes(&rates, "2001:db8::ffff").await);
        assert!(takes(&rates, "2001:db8:0:1::1").await);
    }

    #[tokio::test]
    async fn two_routers_that_share_a_store_have_one_budget() {
        let (one, other, store) = (rates(), rates(), Store::in_process());
        assert!(one.keep_in(store.clone()) && other.keep_in(store));
        assert!(takes(&one, "192.0.2.1").await && takes(&other, "192.0.2.1").await);
        assert!(takes(&one, "192.0.2.1").await);
        assert!(!takes(&other, "192.0.2.1").await && !takes(&one, "192.0.2.1").await);
        assert!(!one.keep_in(Store::in_process()), "it was said already");
    }
}
