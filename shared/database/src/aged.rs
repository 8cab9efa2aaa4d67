//! Values that may be believed for so long, counted from before they were asked for.

use std::time::{Duration, Instant};

use common::Result;
use moka::Expiry;

/// A value, and until when it may be believed.
#[derive(Clone, Debug)]
pub(crate) struct Aged<T> {
    pub value: T,
    until: Instant,
}

impl<T> Aged<T> {
    /// What is asked for now.
    pub async fn now(age_max: Duration, asked: impl Future<Output = Result<T>>) -> Result<Self> {
        let until = Instant::now() + age_max;
        Ok(Self { value: asked.await?, until })
    }

    /// What somebody asked for before.
    pub fn until(until: Instant, value: T) -> Self {
        Self { value, until }
    }

    /// The same in another form.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Aged<U> {
        Aged { value: form(self.value), until: self.until }
    }
}

/// Caches forget each value when it may be believed no longer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByAge;

impl<K, T> Expiry<K, Aged<T>> for ByAge {
    fn expire_after_create(&self, _: &K, aged: &Aged<T>, now: Instant) -> Option<Duration> {
        Some(aged.until.saturating_duration_since(now))
    }

    fn expire_after_update(
        &self,
        _: &K,
        aged: &Aged<T>,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(aged.until.saturating_duration_since(now))
    }
}
