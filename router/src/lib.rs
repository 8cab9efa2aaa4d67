//! The router: one GraphQL endpoint over all subgraphs, showing each tenant the modules that it has enabled.
//!
//! # What a request goes through
//!
//! A connection is accepted by `serve`, which limits how long a client may idle and ends connections in
//! good order at shutdown. `server` takes HTTP in and out: it bounds headers, drops those that only the inside
//! may set, names the request, keeps the rules of GraphQL over HTTP, CORS and CSRF, and serves health and
//! GraphiQL. What is a GraphQL request then goes to `pipeline`, which holds all control flow:
//!
//! 1. **Authenticate**: [`Tenancy`] turns the bearer token into a caller, or refuses it.
//! 2. **Rate**: the caller's bucket pays for the request.
//! 3. **View**: the caller's enabled modules pick a composed schema (`view`), built once per distinct set from
//!    the subgraphs' present schemas (`registry`). A disabled module does not exist in it.
//! 4. **Document**: what a client names, by an id or a hash, is looked up (`persisted`).
//! 5. **Limits**: the text is scanned before any parser sees it, then measured with fragments expanded.
//! 6. **Plan**: [`Supergraph::prepare_for`] validates, takes out what `@skip` and `@include` leave out, and plans; or
//!    it finds the plan that it made before.
//! 7. **Execute**: [`Operation::execute`] calls the subgraphs, in this process or over HTTP, and shapes the answer.
//!
//! Subscriptions (`subscribe`) are admitted in the same way, whether they come over a WebSocket, as multipart, or as
//! server-sent events; before each event, the token and the modules are looked at again.
//!
//! The router knows nothing of databases. Whoever runs it says who callers are and what they see, by an
//! implementation of [`Tenancy`]; [`Open`] is the one for federations without tenants.

mod compose;
mod conditions;
mod config;
mod error;
mod execute;
mod federation;
mod limits;
mod persisted;
mod pipeline;
mod plan;
mod rate;
mod registry;
mod serve;
mod server;
mod subscribe;
mod supergraph;
mod telemetry;
mod tenancy;
pub mod transport;
mod view;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use compose::{ComposeError, Composed, Conflict, Scope, Sdl, compose};
pub use config::{
    Config, ConfigError, ConfigFile, Layout, Network, Persisted, Problem, Profile, Subscriptions, Telemetry,
    TrustedDocuments,
};
pub use error::{GraphqlError, Location, Path, PathSegment};
pub use federation::{Federation, ReadySupergraph, websocket_url};
pub use persisted::ManifestError;
pub use pipeline::{Allowed, Answer, Client, GraphqlRequest, Outcome};
pub use rate::RateLimits;
pub use registry::SubgraphSource;
pub use supergraph::{Operation, OperationKind, Response, Supergraph};
pub use tenancy::{Open, Tenancy};
pub use transport::{Subgraph, Transport};

/// Why a router cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A setting is out of its range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The subgraphs do not compose, or the supergraph cannot be used.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// The trusted documents cannot be read.
    #[error("the trusted documents cannot be read: {0}")]
    Manifest(#[from] ManifestError),
}

/// A router, cheap to clone. [`Router::serve`] runs it; [`Router::into_axum`] embeds it.
#[derive(Clone)]
pub struct Router {
    core: Arc<Core>,
}

/// What all requests share.
pub(crate) struct Core {
    pub config: Config,
    pub tenancy: Arc<dyn Tenancy>,
    pub registry: registry::Registry,
    pub views: view::Views,
    pub metrics: Arc<telemetry::Metrics>,
    pub guard: limits::Guard,
    pub persisted: persisted::Persisted,
    pub rates: rate::Rates,
    pub sockets: subscribe::Sockets,
    /// Cancelled when the router stops: subscriptions end, and readiness with them.
    pub stopping: CancellationToken,
    /// WebSockets, which outlive the HTTP connection that they began as.
    pub tasks: TaskTracker,
}

impl Core {
    /// Begins the record of a request that is not one of HTTP's own.
    pub(crate) fn observe(&self, transport: &'static str, client: &Client) -> Arc<telemetry::Request> {
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
    pub(crate) fn each_view(&self, mut show: impl FnMut(&Supergraph)) {
        if let Some(snapshot) = self.registry.current() {
            show(&snapshot.full);
        }
        self.views.each(show);
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
        config.check()?;
        let metrics = Arc::new(telemetry::Metrics::new());
        let guard = limits::Guard::new(config.limits.modes.clone(), metrics.clone());
        let core = Arc::new(Core {
            registry: registry::Registry::new(federation.into(), metrics.clone()),
            views: view::Views::new(config.views_max, metrics.clone()),
            rates: rate::Rates::new(config.rate.clone(), guard.clone(), metrics.clone()),
            metrics: metrics.clone(),
            sockets: subscribe::Sockets::new(config.subscriptions.sockets_per_user_max, guard.clone()),
            guard,
            persisted: persisted::Persisted::new(&config.persisted, metrics.clone()).await?,
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
            config,
            tenancy,
        });
        if core.registry.is_local() {
            core.registry.refresh(false).await?;
        }
        Ok(Self { core })
    }

    /// Answers one query or mutation, as the HTTP server would.
    pub async fn execute(&self, client: Client, request: GraphqlRequest) -> Answer {
        let record = self.core.observe(telemetry::transport::EMBEDDED, &client);
        let answer = pipeline::answer(&self.core, client, request, Allowed::QueriesAndMutations);
        let answered = async {
            let answer = answer.await;
            telemetry::note_answer(answer.outcome, &answer.response.errors);
            answer
        };
        telemetry::scope(record, answered).await
    }

    /// Whether a schema has been composed and the router is not stopping.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.core.registry.current().is_some() && !self.core.stopping.is_cancelled()
    }

    /// Keeps the schemas of subgraphs in other processes up to date until cancelled.
    pub async fn watch(&self, cancel: &CancellationToken) {
        let config = &self.core.config;
        let poll = Duration::from_millis(config.subgraph_poll_ms);
        let grace = Duration::from_millis(config.startup_grace_ms);
        self.core.registry.watch(poll, grace, cancel).await;
    }

    /// The routes, to be served with `ConnectInfo<SocketAddr>` in each request's extensions.
    ///
    /// [`Router::serve`] does so; tests and embedders may.
    pub fn into_axum(self) -> axum::Router {
        server::routes(self.core)
    }

    /// Ends subscriptions and withdraws readiness; requests in progress go on.
    pub fn stop(&self) {
        self.core.stopping.cancel();
    }
}
