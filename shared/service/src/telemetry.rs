//! Logs: one JSON line per event in production, readable lines in development.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::Profile;

/// Starts logging to standard error. `RUST_LOG` chooses what; when it is not set, development shows what
/// needs attention and production everything of interest, a line per request included.
pub fn start(profile: Profile) {
    let usual = if profile == Profile::Development { "warn" } else { "info,sqlx=warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // Starting twice, as tests do, is no fault.
    let _ = match profile {
        Profile::Development => logs.with_target(false).try_init(),
        Profile::Production => logs.json().try_init(),
    };
}
