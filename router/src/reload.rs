//! Reloads a running router: other settings, subgraphs and schemas take the place of the present ones as a whole, once
//! all of them can be used.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::alarms::Alarm;
use crate::compose::names;
use crate::router::{Current, Router};
use crate::setup_error::SetupError;
use crate::shared_state::{Change, Core};

/// How long to wait between two looks for subgraphs that have not answered yet.
const STARTING_POLL: Duration = Duration::from_millis(500);

impl Router {
    /// Changes settings, subgraphs or callers of a running router, all at once and only when all can be used: every
    /// new subgraph answers, and the set composes. What is used most is planned beforehand.
    ///
    /// # Errors
    /// When something cannot be used; then nothing has changed.
    pub async fn reload(&self, mut change: Change) -> Result<(), SetupError> {
        let _turn = self.changing.lock().await;
        let before = self.core();
        let kept = change.config.keep_what_needs_a_restart(&before.config);
        if !kept.is_empty() {
            tracing::warn!(settings = kept.join(", "), "these settings change at the next start");
        }
        change.config.check()?;
        let core = before.next(change).await?;
        if !Arc::ptr_eq(&core.registry, &before.registry) {
            let missing = core.refresh(Some(&before), false).await?;
            if !missing.is_empty() {
                return Err(SetupError::Silent(missing));
            }
        }
        self.current.store(Arc::new(Current::new(core)));
        Ok(())
    }

    /// Reads the schemas now, as [`Router::watch`] does every so often.
    ///
    /// # Errors
    /// When they cannot be used; then nothing has changed.
    pub async fn refresh(&self) -> Result<(), SetupError> {
        self.look(true).await.map(drop)
    }

    async fn look(&self, is_partial_allowed: bool) -> Result<Vec<String>, SetupError> {
        let _turn = self.changing.lock().await;
        let core = self.core();
        let read = core.refresh(None, is_partial_allowed).await;
        read.inspect_err(|error| core.alarms.raise(Alarm::SchemaRefused, error.to_string()))
    }

    /// Keeps the schemas of subgraphs in other processes, or in files, up to date until cancelled.
    pub async fn watch(&self, cancel: &CancellationToken) {
        let started_at = Instant::now();
        let mut waiting = Waiting::begin(&self.core());
        loop {
            let core = self.core();
            let grace = Duration::from_millis(core.config.startup_grace_ms);
            let missing = match core.registry.federation().is_fixed() {
                true => Vec::new(),
                false => {
                    let look = std::pin::pin!(self.look(started_at.elapsed() >= grace));
                    let left = grace.saturating_sub(started_at.elapsed());
                    // What is wrong is an alarm, and told by it.
                    waiting.during(look, &core, left).await.unwrap_or_default()
                }
            };
            // While somebody is missing at start, a poll per half second finds them soon.
            let is_starting = core.registry.current().is_none() || !missing.is_empty();
            waiting.note(
                missing,
                core.registry.current().is_some(),
                grace.saturating_sub(started_at.elapsed()),
            );
            let poll = Duration::from_millis(core.config.subgraph_poll_ms);
            let pause = if is_starting { poll.min(STARTING_POLL) } else { poll };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = cancel.cancelled() => return,
            }
        }
    }

    /// Reads the trusted documents again whenever their file has changed, until cancelled.
    pub(crate) async fn watch_documents(&self, cancel: &CancellationToken) {
        loop {
            let poll = Duration::from_millis(self.core().config.persisted.manifest_poll_ms);
            tokio::select! {
                () = tokio::time::sleep(poll) => self.core().persisted.trusted.look().await,
                () = cancel.cancelled() => return,
            }
        }
    }

    /// New settings cannot be used, or `None`: they can. Told by the log, and by `/health/ready`.
    pub fn note_refused_config(&self, refused: Option<&str>) {
        let alarms = &self.core().alarms;
        match refused {
            Some(message) => alarms.raise(Alarm::ConfigRefused, message),
            None => alarms.settle(Alarm::ConfigRefused),
        }
    }
}

/// What the log was told last of subgraphs whose schemas are waited for.
#[derive(Default)]
struct Waiting {
    missing: Vec<String>,
    is_serving: bool,
}

/// How long a start may be silent while it waits.
const SILENT_MAX: Duration = Duration::from_secs(1);

impl Waiting {
    /// A look at the schemas, which takes long when a subgraph takes a call and does not answer it: at a start, that
    /// is told before the call is given up.
    async fn during<T>(&self, mut look: Pin<&mut impl Future<Output = T>>, core: &Core, left: Duration) -> T {
        let is_news = core.registry.current().is_none() && self.missing.is_empty();
        tokio::select! {
            looked = &mut look => return looked,
            () = tokio::time::sleep(SILENT_MAX), if is_news => {}
        }
        tell_of_wait(&core.registry.federation().asked(), left);
        look.await
    }

    /// Tells whom a start asks, and how long it waits for them: it may take that long before anything is served.
    fn begin(core: &Core) -> Self {
        let asked = core.registry.federation().asked();
        if core.registry.current().is_none() && !asked.is_empty() {
            let (subgraphs, grace_ms) = (names(&asked), core.config.startup_grace_ms);
            tracing::info!(
                subgraphs,
                startup_grace_ms = grace_ms,
                "asking subgraphs for their schemas; those that answer are served once all have, or after \
                 startup_grace_ms"
            );
        }
        Self::default()
    }

    /// Tells who has not answered, when that is news. `left` is how long the start still waits.
    fn note(&mut self, missing: Vec<String>, is_serving: bool, left: Duration) {
        if self.missing == missing && (missing.is_empty() || self.is_serving == is_serving) {
            return;
        }
        let subgraphs = names(&missing);
        if missing.is_empty() {
            tracing::info!("all subgraphs have told their schemas");
        } else if is_serving {
            tracing::warn!(subgraphs, "serving without these subgraphs, whose schemas are not known");
        } else if !left.is_zero() {
            tell_of_wait(&missing, left);
        }
        *self = Self { missing, is_serving };
    }
}

fn tell_of_wait(subgraphs: &[String], left: Duration) {
    let (subgraphs, for_ms) = (names(subgraphs), u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
    tracing::warn!(subgraphs, for_ms, "nothing is served yet: waiting for the schemas of these subgraphs");
}
