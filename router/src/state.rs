//! What all requests share, at one moment: settings, subgraphs, callers. Other settings are another [`Core`].

use std::path::Path;
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use http::HeaderName;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alarms::{Alarm, Alarms};
use crate::federation::Federation;
use crate::kept::Schemas;
use crate::live::{Change, Live};
use crate::persisted::Persisted;
use crate::pipeline::Client;
use crate::registry::{Reading, Registry, Snapshot};
use crate::supergraph::Supergraph;
use crate::view::Views;
use crate::warm::{self, Before};
use crate::{Config, SetupError, Tenancy, limits, rate, subscribe, telemetry};

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
    pub rates: rate::Rates,
    pub sockets: subscribe::Sockets,
    /// Cancelled when the router is about to stop: it is not ready any more.
    pub withdrawn: CancellationToken,
    /// Cancelled when the router stops: subscriptions end.
    pub stopping: CancellationToken,
    /// WebSockets, which outlive the HTTP connection that they began as.
    pub tasks: TaskTracker,
    /// Where the core that is in use now is found.
    live: Weak<ArcSwap<Live>>,
}

impl Core {
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
            rates: rate::Rates::new(config.rate.clone(), guard.clone(), metrics.clone()),
            sockets: subscribe::Sockets::new(config.subscriptions.sockets_per_user_max, guard.clone()),
            persisted: Persisted::new(&config.persisted, metrics.clone()).await?.into(),
            metrics,
            alarms,
            guard,
            withdrawn: CancellationToken::new(),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
            live: Weak::new(),
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
            sockets: self.sockets.with(config.subscriptions.sockets_per_user_max, guard.clone()),
            tenancy: tenancy.unwrap_or_else(|| self.tenancy.clone()),
            metrics: self.metrics.clone(),
            alarms: self.alarms.clone(),
            guard,
            withdrawn: self.withdrawn.clone(),
            stopping: self.stopping.clone(),
            tasks: self.tasks.clone(),
            live: self.live.clone(),
            persisted,
            config,
        })
    }

    /// The same, in the place where [`Core::latest`] looks.
    pub fn living(self, live: Weak<ArcSwap<Live>>) -> Self {
        Self { live, ..self }
    }

    /// The core that is in use now: what outlives a request asks it before each step.
    pub fn latest(self: &Arc<Self>) -> Arc<Self> {
        self.live.upgrade().map_or_else(|| self.clone(), |live| live.load().core.clone())
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
            warm::warm(self, &Before { snapshot: used, views: &before.views }, &snapshot).await;
        }
        if missing.is_empty() {
            self.keep(snapshot.schemas()).await;
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

    /// Shows every view that is kept.
    pub fn each_view(&self, mut show: impl FnMut(&Supergraph)) {
        if let Some(snapshot) = self.registry.current() {
            show(&snapshot.full);
        }
        self.views.each(show);
    }
}

async fn recall(folder: &Path) -> Result<Schemas, SetupError> {
    let at = folder.to_owned();
    let loaded = tokio::task::spawn_blocking(move || Schemas::load(&at)).await;
    let loaded = loaded.map_err(std::io::Error::other).flatten();
    loaded.map_err(|error| SetupError::File(format!("the state folder {}: {error}", folder.display())))
}
