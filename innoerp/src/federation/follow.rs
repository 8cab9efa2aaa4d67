//! Follows the file that configures a router, and does as SIGHUP asks.

use std::time::Duration;

use router::{Change, Router};
use service::Settings;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Choice;
use super::file::RouterFile;
use super::plan::{self, Plan};
use crate::Failure;
use crate::addresses::Addresses;
use crate::process::Process;

/// A router that runs, and what it was configured with.
pub(super) struct Followed {
    pub settings: Settings,
    pub addresses: Addresses,
    pub choice: Choice,
    /// What holds now.
    pub plan: Plan,
    pub router: Router,
    pub process: Option<Process>,
    /// Whether the file was changed to something that cannot be used: it is tried again.
    pub is_refused: bool,
}

/// What a router is told from outside; none of it is lost from the moment that somebody listens.
pub(super) struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

impl Signals {
    /// Listens from now on. Until then, each of them ends the process.
    pub fn listen() -> Self {
        let of = |kind| signal(kind).ok();
        Self {
            interrupt: of(SignalKind::interrupt()),
            terminate: of(SignalKind::terminate()),
            hangup: of(SignalKind::hangup()),
        }
    }
}

impl Followed {
    /// Until Ctrl-C or SIGTERM. SIGHUP reads everything again; the file is also looked at every so often.
    pub async fn until_asked_to_end(&mut self, mut signals: Signals) {
        loop {
            let poll = Duration::from_millis(self.router.config().subgraph_poll_ms);
            tokio::select! {
                () = received(&mut signals.interrupt) => return,
                () = received(&mut signals.terminate) => return,
                () = received(&mut signals.hangup) => self.reload().await,
                () = tokio::time::sleep(poll) => {
                    if self.has_changed() {
                        self.reload().await;
                    }
                }
            }
        }
    }

    fn has_changed(&self) -> bool {
        let Some(path) = &self.choice.config else { return false };
        // A file that is gone is being replaced; should it stay away, what was read from it holds.
        self.is_refused || plan::text(path).is_ok_and(|text| text != self.plan.text)
    }

    /// Reads the file and the schemas again. What cannot be used changes nothing, and is an alarm.
    async fn reload(&mut self) {
        match self.apply().await {
            Ok(()) => {
                self.is_refused = false;
                self.router.note_refused_config(None);
                // What cannot be used of the schemas is an alarm of its own.
                let _ = self.router.refresh().await;
            }
            Err(failure) => {
                self.is_refused = true;
                self.router.note_refused_config(Some(&failure.to_string()));
            }
        }
    }

    async fn apply(&mut self) -> Result<(), Failure> {
        let plan = Plan::read(&self.settings, &self.addresses, &self.choice)?;
        let (old, new) = (&self.plan.file, &plan.file);
        // The ways to subgraphs depend on the profile, too.
        let is_same = new.federation == old.federation && new.config.profile == old.config.profile;
        let federation = if is_same { None } else { Some(plan.federation(&self.settings)?) };
        let modules = |file: &RouterFile| (file.federation.modules(), file.federation.module_names());
        let is_same = new.access == old.access && modules(new) == modules(old);
        let tenancy = if is_same { None } else { Some(plan.tenancy(self.process.as_ref())?) };
        let change = Change { config: new.config.clone(), federation, tenancy };
        self.router.reload(change).await.map_err(|error| plan.failure(&error))?;
        self.plan = plan;
        Ok(())
    }
}

/// The next of a signal; never, when it cannot be listened for.
async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
