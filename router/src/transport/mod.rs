//! How a subgraph is reached: in this process, or over HTTP. The engine does not notice the difference.

mod circuit_breaker;
mod client;
mod deduplication;
mod event_stream;
pub mod headers;
pub mod http;
mod in_process;
mod replicas;
mod websocket;

use std::sync::Arc;

pub use websocket::websocket_url;

use async_graphql::{Name, Value};
use bytes::Bytes;
use common::RequestContext;
use futures::stream::BoxStream;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::compose::Sdl;
use crate::error::{GraphqlError, PathSegment, code};
use crate::plan::Fetch;

/// One module's schema, and the way to it.
#[derive(Clone)]
pub struct Subgraph {
    /// The module's id, e.g. `leave`.
    pub name: String,
    /// Its federation SDL.
    pub sdl: Sdl,
    /// The way to it.
    pub transport: Transport,
}

/// The way to a subgraph.
#[derive(Clone)]
pub enum Transport {
    /// It runs in this process.
    InProcess(graphql::Executable),
    /// It is another process.
    Http(Arc<http::Endpoint>),
}

/// One call to a subgraph.
pub(crate) struct Call<'a> {
    /// What is asked.
    pub fetch: &'a Fetch,
    /// The variables that it uses, as a JSON object; empty when there are none.
    pub variables: Vec<u8>,
    /// Mutations are never sent twice.
    pub is_mutation: bool,
    /// On whose behalf.
    pub context: &'a Arc<RequestContext>,
}

impl Call<'_> {
    /// The body of a request, as GraphQL over HTTP has it.
    fn body(&self) -> Vec<u8> {
        let text = &self.fetch.text_json;
        let mut body = Vec::with_capacity(text.len() + self.variables.len() + 32);
        body.extend_from_slice(b"{\"query\":");
        body.extend_from_slice(text.as_bytes());
        if !self.variables.is_empty() {
            body.extend_from_slice(b",\"variables\":");
            body.extend_from_slice(&self.variables);
        }
        body.push(b'}');
        body
    }
}

/// What a subgraph said. Paths of errors are the subgraph's own.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Over the network: not looked at yet.
    Json(Bytes),
    /// In this process.
    Response(async_graphql::Response),
}

/// An error as a subgraph in another process writes it.
#[derive(Deserialize)]
pub(crate) struct RawError {
    message: Option<String>,
    path: Option<Vec<RawSegment>>,
    locations: Option<Vec<IgnoredAny>>,
    extensions: Option<Value>,
}

impl RawError {
    /// Whether it says that the document itself is not valid, in an answer without data: by its code, or, as servers
    /// without codes have it, by a place in the document and none in the answer. Where the client's values were sent
    /// along, such an error may also be about these.
    pub fn refuses_document(&self, has_values: bool) -> bool {
        let code = match &self.extensions {
            Some(Value::Object(extensions)) => extensions.get("code"),
            _ => None,
        };
        let is_somewhere = self.locations.as_ref().is_some_and(|locations| !locations.is_empty());
        self.path.is_none()
            && match code {
                Some(Value::String(code)) => {
                    matches!(code.as_str(), code::VALIDATION_FAILED | code::PARSE_FAILED)
                }
                _ => is_somewhere && !has_values,
            }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawSegment {
    Index(usize),
    Field(String),
}

impl From<RawError> for GraphqlError {
    fn from(raw: RawError) -> Self {
        let path = raw.path.unwrap_or_default().into_iter().map(|segment| match segment {
            RawSegment::Index(index) => PathSegment::Index(index),
            RawSegment::Field(name) => PathSegment::Field(Name::new(name)),
        });
        let message = raw.message.unwrap_or_else(|| "internal error".to_owned());
        in_process::from_subgraph(message, path.collect(), raw.extensions)
    }
}

/// Why a subgraph said nothing that can be used. For the log only.
#[derive(Clone, Debug, thiserror::Error)]
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
    /// Somebody else answered: a proxy, or a server that is starting.
    #[error("answered with status {0} and without GraphQL")]
    Status(u16),
    /// It failed too often, and is left alone for a while.
    #[error("left alone after many failures")]
    LeftAlone,
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

impl TransportError {
    /// Whether the same query may well be answered when it is sent again at once.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Broken(_) | Self::Status(502..=504))
    }

    /// As metrics name it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Timeout(_) => "timeout",
            Self::Broken(_) => "broken",
            Self::Rubbish(_) => "rubbish",
            Self::Status(_) => "status",
            Self::LeftAlone => "left_alone",
            Self::TooLarge(_) => "too_large",
            Self::Panicked => "panicked",
        }
    }
}

impl From<&TransportError> for GraphqlError {
    /// A subgraph said nothing that can be used. Names neither host nor cause.
    fn from(error: &TransportError) -> Self {
        match error {
            TransportError::TooLarge(bytes_max) => {
                let message =
                    format!("a service answered with more than {bytes_max} bytes, which is the limit");
                Self::new(code::ANSWER_TOO_LARGE, message)
            }
            _ => Self::unavailable(),
        }
    }
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
            Self::Http(endpoint) if endpoint.event_stream => event_stream::stream(endpoint, call),
            Self::Http(endpoint) => websocket::stream(endpoint, call),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_about_the_document_has_its_code_or_a_place_in_it_and_nothing_else_to_be_about() {
        for (error, has_values, expected) in [
            (r#"{"extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}"#, true, true),
            (r#"{"extensions": {"code": "GRAPHQL_PARSE_FAILED"}}"#, false, true),
            (r#"{"locations": [{"line": 1, "column": 3}]}"#, false, true),
            (r#"{"locations": [{"line": 1, "column": 3}]}"#, true, false),
            (
                r#"{"locations": [{"line": 1, "column": 3}], "extensions": {"code": "UNAUTHENTICATED"}}"#,
                false,
                false,
            ),
            (r#"{"locations": [{"line": 1, "column": 3}], "path": ["a"]}"#, false, false),
            (r#"{"locations": []}"#, false, false),
            (r#"{"message": "not now"}"#, false, false),
        ] {
            let raw: RawError = serde_json::from_str(error).expect("an error");
            assert_eq!(raw.refuses_document(has_values), expected, "{error}");
        }
    }
}
