//! The router as it is now. Other settings or subgraphs take its place as a whole, while requests and
//! subscriptions that have begun go on with what they began with.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::alarms::Alarm;
use crate::compose::names;
use crate::{Config, Core, Federation, Router, SetupError, Tenancy, server};

/// How long to wait between two looks for subgraphs that have not answered yet.
const STARTING_POLL: Duration = Duration::from_millis(500);

/// What requests meet.
pub(crate) struct Live {
    pub core: Arc<Core>,
    pub app: Arc<server::App>,
}

impl Live {
    fn new(core: Core) -> Self {
        let core = Arc::new(core);
        Self { app: Arc::new(server::App::new(core.clone())), core }
    }
}

/// What is to change of a running router.
pub struct Change {
    /// All settings. Those that need a restart are left as they are: see [`Config::keep_what_needs_a_restart`].
    pub config: Config,
    /// The subgraphs; `None` leaves them, with everything that is planned for them.
    pub federation: Option<Federation>,
    /// Who callers are; `None` leaves it.
    pub tenancy: Option<Arc<dyn Tenancy>>,
}

impl Router {
    /// A router over subgraphs or a ready supergraph. When no other process must be asked for a schema, it is ready
    /// at once.
    ///
    /// Schemas of other processes are read by [`Router::watch`], which [`Router::serve`] runs.
    ///
    /// # Errors
    /// When a setting is out of its range, subgraphs of this process do not compose, or the supergraph cannot be
    /// used.
    pub async fn new(
        config: Config,
        federation: impl Into<Federation>,
        tenancy: Arc<dyn Tenancy>,
    ) -> Result<Self, SetupError> {
        let core = Core::first(config, federation.into(), tenancy).await?;
        if core.registry.federation().is_local() {
            core.refresh(None, false).await?;
        }
        let live = Arc::new_cyclic(|live| ArcSwap::from_pointee(Live::new(core.living(live.clone()))));
        Ok(Self { live, changing: Arc::new(Mutex::new(())) })
    }

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
        self.live.store(Arc::new(Live::new(core)));
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

    /// The settings that hold now.
    #[must_use]
    pub fn config(&self) -> Config {
        self.core().config.clone()
    }

    /// The routes, to be served with `ConnectInfo<SocketAddr>` in each request's extensions.
    ///
    /// [`Router::serve`] does so; tests and embedders may.
    pub fn into_axum(self) -> axum::Router {
        let answer = tower::service_fn(move |request| {
            let app = self.app();
            async move { Ok(app.answer(request).await) }
        });
        axum::Router::new().fallback_service(answer)
    }

    /// What answers requests now.
    pub(crate) fn app(&self) -> Arc<server::App> {
        self.live.load().app.clone()
    }

    /// What requests share now.
    pub(crate) fn core(&self) -> Arc<Core> {
        self.live.load().core.clone()
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
