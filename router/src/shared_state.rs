//! What all requests share, at one moment: settings, subgraphs, callers. Other settings are another [`Core`].

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use common::{Caller, Error};
use http::HeaderName;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alarms::{Alarm, Alarms};
use crate::config::Config;
use crate::federation::Federation;
use crate::last_good_schemas::Schemas;
use crate::limits;
use crate::persisted_documents::Persisted;
use crate::plan_ahead::{self, InUse};
use crate::rate_limit;
use crate::recent_writes::RecentWrites;
use crate::registry::{Reading, Registry, Snapshot};
use crate::request::Client;
use crate::setup_error::SetupError;
use crate::supergraph::Supergraph;
use crate::telemetry;
use crate::tenancy::Tenancy;
use crate::view::Views;

/// What is to change of a running router.
pub struct Change {
    /// All settings. Those that need a restart are left as they are: see [`Config::keep_what_needs_a_restart`].
    pub config: Config,
    /// The subgraphs; `None` leaves them, with everything that is planned for them.
    pub federation: Option<Federation>,
    /// Who callers are; `None` leaves it.
    pub tenancy: Option<Arc<dyn Tenancy>>,
}

/// Finds the core that is in use now; `None` where there is none.
pub(crate) type FindLatest = Arc<dyn Fn() -> Option<Arc<Core>> + Send + Sync>;

/// What all requests share.
pub(crate) struct Core {
    pub config: Config,
    pub tenancy: Arc<dyn Tenancy>,
    pub registry: Arc<Registry>,
    pub views: Arc<Views>,
    /// Headers of clients' requests that some subgraph gets, beside those that every request has.
    pub forwarded: Arc<[HeaderName]>,
    pub metrics: Arc<telemetry::Metrics>,
    pub alarms: Arc<Alarms>,
    pub guard: limits::Guard,
    pub persisted: Arc<Persisted>,
    pub rates: rate_limit::Rates,
    pub recent_writes: Arc<RecentWrites>,
    pub sockets: limits::Sockets,
    /// How many hold readiness back: see [`crate::Hold`].
    pub held: Arc<AtomicUsize>,
    /// Whether callers could be told when somebody last asked, and when that was.
    callers_known: Arc<Mutex<Option<(Instant, bool)>>>,
    /// What is served beside GraphQL.
    pub beside: Arc<OnceLock<axum::Router>>,
    /// Cancelled when the router is about to stop: it is not ready any more.
    pub withdrawn: CancellationToken,
    /// Cancelled when the router stops: subscriptions end.
    pub stopping: CancellationToken,
    /// WebSockets, which outlive the HTTP connection that they began as.
    pub tasks: TaskTracker,
    find_latest: FindLatest,
}

impl Core {
    /// Who the bearer of a token is; anonymous without one. A credential that is no token counts for nobody, also where
    /// nobody looks at tokens here.
    ///
    /// # Errors
    /// As [`Tenancy::authenticate`].
    pub async fn authenticate(&self, token: Option<&str>) -> Result<Caller, Error> {
        match token {
            Some("") => Err(Error::Unauthenticated),
            token => self.tenancy.authenticate(token).await,
        }
    }

    /// The first core of a router.
    ///
    /// # Errors
    /// When a setting cannot be used, or what is kept on disk cannot be read.
    pub async fn first(
        config: Config,
        federation: Federation,
        tenancy: Arc<dyn Tenancy>,
    ) -> Result<Self, SetupError> {
        config.check()?;
        let (metrics, alarms) = (Arc::new(telemetry::Metrics::new()), Arc::new(Alarms::default()));
        let guard = limits::Guard::new(config.limits.modes.clone(), metrics.clone());
        let recalled = match &config.state_folder {
            None => Schemas::default(),
            Some(folder) => recall(folder).await?,
        };
        Ok(Self {
            forwarded: federation.forwarded(),
            registry: Registry::new(federation, recalled, 1, alarms.clone(), metrics.clone()).into(),
            views: Views::new(config.views_max, metrics.clone()).into(),
            rates: rate_limit::Rates::new(config.rate.clone(), guard.clone(), metrics.clone()),
            recent_writes: Arc::default(),
            sockets: limits::Sockets::new(config.subscriptions.sockets_per_user_max, guard.clone()),
            persisted: Persisted::new(&config.persisted, metrics.clone()).await?.into(),
            metrics,
            alarms,
            guard,
            held: Arc::default(),
            callers_known: Arc::default(),
            beside: Arc::default(),
            withdrawn: CancellationToken::new(),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
            find_latest: Arc::new(|| None),
            config,
            tenancy,
        })
    }

    /// The core that follows this one: with other settings, and with what outlives them.
    ///
    /// # Errors
    /// When other trusted documents are named and cannot be read.
    pub async fn next(&self, change: Change) -> Result<Self, SetupError> {
        let Change { config, federation, tenancy } = change;
        let guard = limits::Guard::new(config.limits.modes.clone(), self.metrics.clone());
        if config.trusted_proxies != self.config.trusted_proxies {
            // It rings again if it is so still.
            self.alarms.settle(Alarm::ProxyNotTrusted);
        }
        // Operations in the caches were measured against the limits of then.
        let is_same = federation.is_none()
            && config.limits == self.config.limits
            && config.views_max == self.config.views_max;
        let federation = federation.unwrap_or_else(|| self.registry.federation().clone());
        let forwarded = federation.forwarded();
        let (registry, views) = if is_same {
            (self.registry.clone(), self.views.clone())
        } else {
            let before = self.registry.current();
            let recalled = before.as_deref().map(Snapshot::schemas).unwrap_or_default();
            let generation = before.map_or(1, |before| before.generation + 1);
            let registry =
                Registry::new(federation, recalled, generation, self.alarms.clone(), self.metrics.clone());
            (registry.into(), Views::new(config.views_max, self.metrics.clone()).into())
        };
        let persisted = match config.persisted == self.config.persisted {
            true => self.persisted.clone(),
            false => Persisted::new(&config.persisted, self.metrics.clone()).await?.into(),
        };
        Ok(Self {
            registry,
            views,
            forwarded,
            rates: self.rates.with(config.rate.clone(), guard.clone()),
            recent_writes: self.recent_writes.clone(),
            sockets: self.sockets.with(config.subscriptions.sockets_per_user_max, guard.clone()),
            tenancy: tenancy.unwrap_or_else(|| self.tenancy.clone()),
            metrics: self.metrics.clone(),
            alarms: self.alarms.clone(),
            guard,
            held: self.held.clone(),
            callers_known: self.callers_known.clone(),
            beside: self.beside.clone(),
            withdrawn: self.withdrawn.clone(),
            stopping: self.stopping.clone(),
            tasks: self.tasks.clone(),
            find_latest: self.find_latest.clone(),
            persisted,
            config,
        })
    }

    /// The same, with the answer to [`Core::latest`].
    pub fn found_by(self, find_latest: FindLatest) -> Self {
        Self { find_latest, ..self }
    }

    /// The core that is in use now: what outlives a request asks it before each step.
    pub fn latest(self: &Arc<Self>) -> Arc<Self> {
        (self.find_latest)().unwrap_or_else(|| self.clone())
    }

    /// Reads the schemas; lets requests use them when they are new and good, once everything is prepared for them.
    ///
    /// Answers the subgraphs that have no schema yet.
    ///
    /// # Errors
    /// When what was read cannot be used; then nothing changes.
    pub async fn refresh(
        &self,
        before: Option<&Self>,
        is_partial_allowed: bool,
    ) -> Result<Vec<String>, SetupError> {
        let Reading { missing, snapshot } = self.registry.read(is_partial_allowed).await?;
        let Some(snapshot) = snapshot.map(Arc::new) else { return Ok(missing) };
        let before = before.unwrap_or(self);
        if let Some(used) = before.registry.current() {
            plan_ahead::plan_ahead(
                &self.config,
                &self.views,
                &InUse { snapshot: used, views: &before.views },
                &snapshot,
            )
            .await;
        }
        if missing.is_empty() {
            self.keep(snapshot.schemas()).await;
        }
        if snapshot.full.demands_callers() && !self.tenancy.knows_callers() {
            tracing::warn!(
                "the schema has fields for callers with a token (@authenticated, @requiresScopes, @policy), and the \
                 tenancy knows none: they are refused to everybody"
            );
        }
        let generation = snapshot.generation;
        self.registry.store(snapshot);
        self.views.forget_before(generation).await;
        Ok(missing)
    }

    /// Keeps schemas that composed for a start at which subgraphs do not answer.
    async fn keep(&self, schemas: Schemas) {
        let Some(folder) = self.config.state_folder.clone() else { return };
        let saved = tokio::task::spawn_blocking(move || schemas.save(&folder)).await;
        match saved.map_err(std::io::Error::other).flatten() {
            Ok(()) => self.alarms.settle(Alarm::StateNotKept),
            Err(error) => self.alarms.raise(Alarm::StateNotKept, error.to_string()),
        }
    }

    /// Whether somebody holds readiness back.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire) > 0
    }

    /// Whether the tokens of callers can be confirmed at present; an alarm while they cannot. Everybody may ask for it, so
    /// the answer is kept for a second.
    pub async fn knows_callers(&self) -> bool {
        const KEPT_FOR: Duration = Duration::from_secs(1);
        const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
        let mut known = self.callers_known.lock().await;
        if let Some((_, is_known)) = known.filter(|(asked, _)| asked.elapsed() < KEPT_FOR) {
            return is_known;
        }
        let answer = tokio::time::timeout(ANSWERS_WITHIN, self.tenancy.can_authenticate()).await;
        match answer.unwrap_or(Err(common::Error::Unavailable)) {
            Ok(()) => self.alarms.settle(Alarm::CallersUnknown),
            Err(error) => {
                let message = format!("the tokens of callers cannot be confirmed: {error:?}");
                self.alarms.raise(Alarm::CallersUnknown, message);
            }
        }
        let is_known = !self.alarms.rings(Alarm::CallersUnknown);
        *known = Some((Instant::now(), is_known));
        is_known
    }

    /// Begins the record of a request that is not one of HTTP's own.
    pub fn observe(&self, transport: &'static str, client: &Client) -> Arc<telemetry::Request> {
        let record = telemetry::Request::begin(
            self.metrics.clone(),
            transport,
            &client.request_id,
            client.traceparent.as_deref(),
        );
        if let Some(access) = &mut record.facts().access {
            access.client(client);
        }
        record
    }

    /// What is kept in caches at the moment.
    pub fn kept(&self) -> telemetry::Kept {
        let mut kept = telemetry::Kept { redis_is_up: self.rates.redis_is_up(), ..Default::default() };
        let mut count = |view: &Supergraph| {
            let (operations, bytes) = view.operations_kept();
            kept.views += 1;
            kept.operations += operations;
            kept.operations_bytes += bytes;
        };
        if let Some(snapshot) = self.registry.current() {
            count(&snapshot.full);
        }
        self.views.each(count);
        kept
    }
}

async fn recall(folder: &Path) -> Result<Schemas, SetupError> {
    let at = folder.to_owned();
    let loaded = tokio::task::spawn_blocking(move || Schemas::load(&at)).await;
    let loaded = loaded.map_err(std::io::Error::other).flatten();
    loaded.map_err(|error| SetupError::File(format!("the state folder {}: {error}", folder.display())))
}
