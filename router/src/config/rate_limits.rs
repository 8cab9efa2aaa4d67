//! How often callers may ask.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Requests per second, and how many may come at once after a pause. A rate of 0 sets no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// Of one user. Default 20; 0–1,000,000.
    #[schemars(range(max = 1_000_000))]
    pub user_per_s: u32,
    /// How many of one user may come at once. Default 40; 1–1,000,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub user_burst: u32,
    /// Of all users of an organization. Default 200; 0–1,000,000.
    #[schemars(range(max = 1_000_000))]
    pub organization_per_s: u32,
    /// How many of an organization may come at once. Default 400; 1–1,000,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub organization_burst: u32,
    /// Of one address without a token; of a /64 network with IPv6. Default 5; 0–1,000,000.
    #[schemars(range(max = 1_000_000))]
    pub anonymous_per_s: u32,
    /// How many of one address may come at once, for a page that opens asks more than once. Default 20;
    /// 1–1,000,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub anonymous_burst: u32,
}

impl RateLimits {
    /// No limits: for measurements.
    #[must_use]
    pub fn off() -> Self {
        Self { user_per_s: 0, organization_per_s: 0, anonymous_per_s: 0, ..Self::default() }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            user_per_s: 20,
            user_burst: 40,
            organization_per_s: 200,
            organization_burst: 400,
            anonymous_per_s: 5,
            anonymous_burst: 20,
        }
    }
}
