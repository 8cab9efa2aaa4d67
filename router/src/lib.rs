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

mod alarms;
mod compose;
mod conditions;
mod config;
mod document;
mod error;
mod execute;
mod federation;
mod kept;
mod limits;
mod live;
mod masking;
mod persisted;
mod pipeline;
mod plan;
mod rate;
mod registry;
mod serve;
mod server;
mod state;
mod subscribe;
mod supergraph;
mod telemetry;
mod tenancy;
pub mod transport;
mod view;
mod warm;
mod workers;

use std::sync::Arc;

use arc_swap::ArcSwap;

pub use live::Change;
pub(crate) use state::Core;

pub use compose::{ComposeError, Composed, Conflict, Scope, Sdl, compose};
pub use config::{
    Config, ConfigError, ConfigFile, FederationConfig, Layout, Means, Network, Persisted, Problem, Profile,
    SchemaSource, SubgraphConfig, SubgraphErrors, SubscriptionProtocol, Subscriptions, Telemetry,
    TrustedDocuments, no_file,
};
pub use error::{GraphqlError, Location, Path, PathSegment};
pub use federation::{Federation, FindEndpoint, ReadySupergraph, websocket_url};
pub use masking::{ErrorsShown, KnownErrors};
pub use persisted::ManifestError;
pub use pipeline::{Allowed, Answer, Client, GraphqlRequest, Outcome};
pub use rate::RateLimits;
pub use registry::SubgraphSource;
pub use supergraph::{Operation, OperationKind, Response, Supergraph};
pub use tenancy::{ByModule, Open, Tenancy};
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
    /// A file cannot be read, or the supergraph in it cannot be used.
    #[error("{0}")]
    File(String),
    /// The trusted documents cannot be read.
    #[error("the trusted documents cannot be read: {0}")]
    Manifest(#[from] ManifestError),
    /// The same schemas were refused before.
    #[error("{0}")]
    Refused(String),
    /// Subgraphs that are new do not say what their schemas are.
    #[error("the schemas are not known of subgraphs that did not answer: {}", compose::names(.0))]
    Silent(Vec<String>),
}

/// A router, cheap to clone. [`Router::serve`] runs it; [`Router::into_axum`] embeds it.
#[derive(Clone)]
pub struct Router {
    live: Arc<ArcSwap<live::Live>>,
    /// Held by whoever changes what is live: one at a time.
    changing: Arc<tokio::sync::Mutex<()>>,
}

impl Router {
    /// Checks settings, and reads and composes what is at hand of a federation. Serves nothing, and asks nobody.
    ///
    /// Answers the subgraphs whose schemas only they themselves know: of these, nothing can be said. The schemas of
    /// others in files are then not composed, but must be valid each in itself.
    ///
    /// # Errors
    /// As [`Router::new`].
    pub async fn check(config: &Config, federation: &Federation) -> Result<Vec<String>, SetupError> {
        config.check()?;
        persisted::Persisted::new(&config.persisted, Arc::new(telemetry::Metrics::new())).await?;
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

    /// Whether a schema has been composed and the router is not stopping.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let core = self.core();
        core.registry.current().is_some() && !core.withdrawn.is_cancelled()
    }

    /// Ends subscriptions and withdraws readiness; requests in progress go on.
    pub fn stop(&self) {
        let core = self.core();
        core.withdrawn.cancel();
        core.stopping.cancel();
    }
}
