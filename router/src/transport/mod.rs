//! How a subgraph is reached: in this process, or over HTTP. The engine does not notice the difference.

pub mod http;
mod in_process;
mod websocket;

use std::sync::Arc;

use async_graphql::{Name, Value};
use common::RequestContext;
use futures::stream::BoxStream;

use crate::error::GraphqlError;
use crate::plan::Fetch;

/// One module's schema, and the way to it.
#[derive(Clone)]
pub struct Subgraph {
    /// The module's id, e.g. `leave`.
    pub name: String,
    /// Its federation SDL.
    pub sdl: Arc<str>,
    /// The way to it.
    pub transport: Transport,
}

/// The way to a subgraph.
#[derive(Clone)]
pub enum Transport {
    /// It runs in this process.
    InProcess(graphql::Executable),
    /// It is another process.
    Http(http::Endpoint),
}

/// One call to a subgraph.
pub(crate) struct Call<'a> {
    /// The operation's text.
    pub text: &'a str,
    /// Where it comes from: has it parsed, for subgraphs in this process. `None` for our own small questions.
    pub fetch: Option<&'a Fetch>,
    /// The variables that it uses.
    pub variables: async_graphql::indexmap::IndexMap<Name, Value>,
    /// Mutations are never sent twice.
    pub is_mutation: bool,
    /// On whose behalf.
    pub context: &'a Arc<RequestContext>,
}

/// What a subgraph said. Paths are the subgraph's own.
#[derive(Debug)]
pub(crate) struct Answer {
    pub data: Value,
    pub errors: Vec<GraphqlError>,
}

/// Why a subgraph said nothing that can be used. For the log only.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nobody listens there.
    #[error("no connection: {0}")]
    Connect(String),
    /// No answer in time.
    #[error("no answer within {0} ms")]
    Timeout(u128),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// It answered with something other than GraphQL.
    #[error("not a GraphQL answer: {0}")]
    Rubbish(String),
    /// The answer is larger than the cap.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The subgraph's code panicked.
    #[error("the subgraph panicked")]
    Panicked,
}

impl Transport {
    /// Runs a query or a mutation.
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Answer, TransportError> {
        match self {
            Self::InProcess(executable) => in_process::call(executable, call).await,
            Self::Http(endpoint) => endpoint.call(call).await,
        }
    }

    /// Runs a subscription; dropping the stream ends it at the subgraph.
    pub(crate) fn stream(&self, call: Call<'_>) -> BoxStream<'static, Result<Answer, TransportError>> {
        match self {
            Self::InProcess(executable) => in_process::stream(executable, call),
            Self::Http(endpoint) => websocket::stream(endpoint, call),
        }
    }
}
