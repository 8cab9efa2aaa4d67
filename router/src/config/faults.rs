//! What becomes of a subgraph that fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a subgraph that fails is left alone, and how often a query is asked again.
///
/// Both per subgraph and process. A breaker keeps a router's requests from piling up before a subgraph that cannot
/// answer; a budget keeps retries from doubling the load of one that is overloaded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Whether a failing subgraph is left alone. Default true.
    pub breaker: bool,
    /// The share of failures, in percent, that opens the breaker. Default 50; 1–100.
    #[schemars(range(min = 1, max = 100))]
    pub failures_percent: u32,
    /// The calls within the window below which nothing is concluded. Default 20; 1–100,000.
    #[schemars(range(min = 1, max = 100_000))]
    pub calls_min: u32,
    /// How long calls count. Default 10,000; 1,000–600,000.
    #[schemars(range(min = 1_000, max = 600_000))]
    pub window_ms: u64,
    /// How long at most a subgraph is left alone before one call tries it again: at first a twentieth of it, so that one
    /// that has just restarted is found soon, and twice as long after each call that fails. Default 5,000; 100–600,000.
    #[schemars(range(min = 100, max = 600_000))]
    pub open_ms: u64,
    /// The share of queries, in percent, that may be asked a second time after a failure; 0 is never. Mutations never
    /// are. Default 10; 0–100.
    #[schemars(range(min = 0, max = 100))]
    pub retries_percent: u32,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            breaker: true,
            failures_percent: 50,
            calls_min: 20,
            window_ms: 10_000,
            open_ms: 5_000,
            retries_percent: 10,
        }
    }
}
