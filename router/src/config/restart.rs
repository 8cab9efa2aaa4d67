//! The settings that only a restart can change.

use super::Config;

impl Config {
    /// Takes over what only a restart can change, and answers the names of what would have been different: addresses
    /// and threads, and what holds for connections that are open.
    #[must_use]
    pub fn keep_what_needs_a_restart(&mut self, running: &Self) -> Vec<&'static str> {
        let mut kept = Vec::new();
        keep(&mut kept, "listen", &mut self.listen, &running.listen);
        let metrics_listen = &running.telemetry.metrics_listen;
        keep(&mut kept, "telemetry.metrics_listen", &mut self.telemetry.metrics_listen, metrics_listen);
        keep(&mut kept, "workers", &mut self.workers, &running.workers);
        keep(&mut kept, "connections_max", &mut self.connections_max, &running.connections_max);
        let per_address_max = &running.connections_per_address_max;
        keep(
            &mut kept,
            "connections_per_address_max",
            &mut self.connections_per_address_max,
            per_address_max,
        );
        keep(&mut kept, "header_timeout_ms", &mut self.header_timeout_ms, &running.header_timeout_ms);
        keep(&mut kept, "idle_timeout_ms", &mut self.idle_timeout_ms, &running.idle_timeout_ms);
        keep(&mut kept, "state_folder", &mut self.state_folder, &running.state_folder);
        kept
    }
}

fn keep<T: Clone + PartialEq>(kept: &mut Vec<&'static str>, name: &'static str, new: &mut T, running: &T) {
    if new != running {
        kept.push(name);
        new.clone_from(running);
    }
}
