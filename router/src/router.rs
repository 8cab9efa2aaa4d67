//! The router that programs use: made of settings, a federation and a tenancy; asked, served, and stopped.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use store::Store;
use tokio::sync::Mutex;

use crate::config::Config;
use crate::federation::Federation;
use crate::persisted_documents::Persisted;
use crate::pipeline::{self, Answer};
use crate::registry;
use crate::request::{Allowed, Client, GraphqlRequest};
use crate::server::{self, App};
use crate::setup_error::SetupError;
use crate::shared_state::Core;
use crate::telemetry;
use crate::tenancy::Tenancy;

/// A router, cheap to clone. [`Router::serve`] runs it; [`Router::into_axum`] embeds it.
#[derive(Clone)]
pub struct Router {
    /// Other settings or subgraphs take its place as a whole, while requests and subscriptions that have begun go on
    /// with what they began with.
    pub(crate) current: Arc<ArcSwap<Current>>,
    /// Held by whoever changes what is current: one at a time.
    pub(crate) changing: Arc<Mutex<()>>,
}

/// What requests share now, and what answers them.
pub(crate) struct Current {
    pub core: Arc<Core>,
    pub app: Arc<App>,
}

impl Current {
    pub fn new(core: Core) -> Self {
        let core = Arc::new(core);
        Self { app: Arc::new(App::new(core.clone())), core }
    }
}

/// Holds a router's readiness back for as long as it lives: see [`Router::hold`].
#[derive(Debug)]
pub struct Hold(Arc<AtomicUsize>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
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
        let current = Arc::new_cyclic(|current: &Weak<ArcSwap<Current>>| {
            let current = current.clone();
            let find_latest = move || current.upgrade().map(|current| current.load().core.clone());
            ArcSwap::from_pointee(Current::new(core.found_by(Arc::new(find_latest))))
        });
        Ok(Self { current, changing: Arc::new(Mutex::new(())) })
    }

    /// Checks settings, and reads and composes what is at hand of a federation. Serves nothing, and asks nobody.
    ///
    /// Answers the subgraphs whose schemas only they themselves know: of these, nothing can be said. The schemas of
    /// others in files are then not composed, but must be valid each in itself.
    ///
    /// # Errors
    /// As [`Router::new`].
    pub async fn check(config: &Config, federation: &Federation) -> Result<Vec<String>, SetupError> {
        config.check()?;
        Persisted::new(&config.persisted, Arc::new(telemetry::Metrics::new())).await?;
        registry::check(federation).await
    }

    /// Answers one query or mutation, as the HTTP server would.
    pub async fn execute(&self, client: Client, request: GraphqlRequest) -> Answer {
        let core = self.core();
        let record = core.observe(telemetry::transport::EMBEDDED, &client);
        let answer = pipeline::answer(&core, client, request, Allowed::QueriesAndMutations);
        let answered = async {
            let answer = answer.await;
            telemetry::note_answer(answer.outcome, &answer.response.errors);
            answer
        };
        telemetry::scope(record, answered).await
    }

    /// Keeps the router from being ready until what this answers is dropped. It answers requests meanwhile: whoever
    /// holds it may have to ask it something before others are told to come.
    #[must_use]
    pub fn hold(&self) -> Hold {
        let held = self.core().held.clone();
        held.fetch_add(1, Ordering::AcqRel);
        Hold(held)
    }

    /// Serves other paths beside GraphQL's: under the same bounds for headers, with the same security headers unless they
    /// bring their own. What was said before stays.
    #[must_use]
    pub fn serving_beside(self, routes: axum::Router) -> Self {
        let routes = routes.fallback(server::nothing_here);
        if self.core().beside.set(routes).is_err() {
            tracing::warn!("routes beside GraphQL were said twice; the first ones stay");
        }
        self
    }

    /// Counts callers in a store, so that one budget holds over all routers that share it. What was said before stays; it
    /// must be said before anybody is served.
    #[must_use]
    pub fn counting_in(self, store: Store) -> Self {
        if !self.core().rates.keep_in(store) {
            tracing::warn!("where callers are counted was said too late; they are counted in this process");
        }
        self
    }

    /// Whether a schema has been composed, nobody holds the router back, and it is not stopping.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let core = self.core();
        core.registry.current().is_some() && !core.is_held() && !core.withdrawn.is_cancelled()
    }

    /// Ends subscriptions and withdraws readiness; requests in progress go on.
    pub fn stop(&self) {
        let core = self.core();
        core.withdrawn.cancel();
        core.stopping.cancel();
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
    pub(crate) fn app(&self) -> Arc<App> {
        self.current.load().app.clone()
    }

    /// What requests share now.
    pub(crate) fn core(&self) -> Arc<Core> {
        self.current.load().core.clone()
    }

    /// The router's metrics in OpenMetrics' text format, for those who serve them themselves.
    #[must_use]
    pub fn metrics(&self) -> String {
        let core = self.core();
        core.metrics.render(&core.kept())
    }
}
