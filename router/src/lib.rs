//! The router: one GraphQL endpoint over all subgraphs, showing each tenant the modules that it has enabled.
//!
//! # What a request goes through
//!
//! A connection is accepted by `connections`, which limits how long a client may idle and ends connections in
//! good order at shutdown. `server` takes HTTP in and out: it bounds headers, drops those that only the inside
//! may set, names the request, keeps the rules of GraphQL over HTTP, CORS and CSRF, and serves health and
//! GraphiQL. What is a GraphQL request then goes to `pipeline`, which holds all control flow:
//!
//! 1. **Authenticate**: [`Tenancy`] turns the bearer token into a caller, or refuses it.
//! 2. **Rate**: the request counts against the caller's rate limit (`rate_limit`).
//! 3. **View**: the caller's enabled modules pick a composed schema (`view`), built once per distinct set from
//!    the subgraphs' present schemas (`registry`). A disabled module does not exist in it.
//! 4. **Document**: what a client names, by an id or a hash, is looked up (`persisted_documents`).
//! 5. **Limits**: the text is scanned before any parser sees it, then measured with fragments expanded (`limits`).
//! 6. **Plan**: [`Supergraph::prepare_for`] validates, takes out what `@skip` and `@include` leave out and what the
//!    caller may not see (`access`), and plans; or it finds the plan that it made before.
//! 7. **Execute**: [`Operation::execute`] calls the subgraphs, in this process or over HTTP, and shapes the answer.
//!
//! Subscriptions (`subscribe`) are admitted in the same way, whether they come over a WebSocket, as multipart, or as
//! server-sent events; before each event, the token and the modules are looked at again.
//!
//! The router knows nothing of databases. Whoever runs it says who callers are and what they see, by an
//! implementation of [`Tenancy`]; [`Open`] is the one for federations without tenants.
//!
//! # Which module uses which
//!
//! Each uses those above it, and none below; a law sees that there is no circle.
//!
//! - Settings and plain data: `config`, `error`, `error_masking`, `request`, `refusal`, `alarms`, `tenancy`.
//! - From SDL to plans: `access`, `compose`, `plan`, `document`, `input_objects`,
//!   `skip_and_include`.
//! - Calls and what is told of them: `transport`, `telemetry`, `worker_threads`.
//! - From a plan to an answer: `execute`, `supergraph`.
//! - What requests share: `persisted_documents`, `limits`, `rate_limit`, `setup_error`, `federation`,
//!   `last_good_schemas`, `registry`, `view`, `plan_ahead`, and all of it together in `shared_state`.
//! - One request: `pipeline`, and over it `subscribe` and `server`.
//! - The program's part: `router`, `connections`, `reload`.

mod access;
mod alarms;
mod compose;
mod config;
mod connections;
mod document;
mod error;
mod error_masking;
mod execute;
mod federation;
mod input_objects;
mod last_good_schemas;
mod limits;
mod optional_variables;
mod persisted_documents;
mod pipeline;
mod plan;
mod plan_ahead;
mod rate_limit;
mod recent_writes;
mod refusal;
mod registry;
mod reload;
mod request;
mod router;
mod server;
mod setup_error;
mod shared_state;
mod skip_and_include;
mod subscribe;
mod supergraph;
mod telemetry;
mod tenancy;
pub mod transport;
mod view;
mod worker_threads;

pub use compose::{ComposeError, Composed, Conflict, Scope, Sdl, compose};
pub use config::{
    Config, ConfigError, ConfigFile, Csrf, FederationConfig, Layout, Network, Persisted, Problem, Profile,
    RateLimits, SchemaSource, SubgraphConfig, SubgraphErrors, SubscriptionProtocol, Subscriptions, Telemetry,
    TrustedDocuments, Unauthorized, no_file,
};
pub use error::{GraphqlError, Location, Path, PathSegment};
pub use error_masking::{ErrorsShown, KnownErrors};
pub use federation::{Federation, FindEndpoint, Means, ReadySupergraph, SubgraphSource};
pub use persisted_documents::ManifestError;
pub use pipeline::Answer;
pub use refusal::Outcome;
pub use request::{Allowed, Client, GraphqlRequest};
pub use router::{Hold, Router};
pub use setup_error::SetupError;
pub use shared_state::Change;
pub use supergraph::{Operation, OperationKind, Response, Supergraph};
pub use tenancy::{ByModule, Host, Open, Tenancy};
pub use transport::{Subgraph, Transport, websocket_url};
