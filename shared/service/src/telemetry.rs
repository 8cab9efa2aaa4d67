//! Logs: one JSON line per event in production, readable lines in development.

use tracing_subscriber::EnvFilter;

use crate::Profile;

/// Starts logging to standard error. `RUST_LOG` chooses what; `info` when it is not set.
pub fn start(profile: Profile) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Starting twice, as tests do, is no fault.
    let _ = match profile {
        Profile::Development => logs.with_target(false).try_init(),
        Profile::Production => logs.json().try_init(),
    };
}
