//! Calls a schema in this process: no HTTP, no JSON.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, PathSegment as SubgraphSegment, Request, ServerError, Value, Variables};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, stream};

use super::{Answer, Call, TransportError};
use crate::error::{GraphqlError, PathSegment, code};

/// The same patience as for a subgraph in another process.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The same for a mutation: a large import takes some seconds, and cut off it would leave nothing but doubt.
const MUTATION_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn call(executable: &graphql::Executable, call: Call<'_>) -> Result<Answer, TransportError> {
    // Whoever panics fails one request, not the process.
    let timeout = if call.is_mutation { MUTATION_TIMEOUT } else { TIMEOUT };
    let answer = AssertUnwindSafe(executable.execute(request(call)?)).catch_unwind();
    match tokio::time::timeout(timeout, answer).await {
        Ok(Ok(response)) => Ok(Answer::Response(response)),
        Ok(Err(_)) => Err(TransportError::Panicked),
        Err(_) => Err(TransportError::Timeout(timeout.as_millis())),
    }
}

pub(super) fn stream(
    executable: &graphql::Executable,
    call: Call<'_>,
) -> BoxStream<'static, Result<Answer, TransportError>> {
    let request = match request(call) {
        Ok(request) => request,
        Err(error) => return stream::iter([Err(error)]).boxed(),
    };
    let events = AssertUnwindSafe(executable.stream(request)).catch_unwind();
    events.map(|event| event.map(Answer::Response).map_err(|_| TransportError::Panicked)).boxed()
}

fn request(call: Call<'_>) -> Result<Request, TransportError> {
    let mut request = Request::new(&call.fetch.text).data(common::RequestContext::clone(call.context));
    if !call.variables.is_empty() {
        let variables: Value = serde_json::from_slice(&call.variables)
            .map_err(|error| TransportError::Rubbish(format!("variables: {error}")))?;
        request = request.variables(Variables::from_value(variables));
    }
    if let Some(document) = call.fetch.parsed() {
        request.set_parsed_query(document);
    }
    Ok(request)
}

impl From<ServerError> for GraphqlError {
    fn from(error: ServerError) -> Self {
        let extensions = error.extensions.and_then(|values| async_graphql::to_value(values).ok());
        let path = error.path.into_iter().map(|segment| match segment {
            SubgraphSegment::Field(name) => PathSegment::Field(Name::new(name)),
            SubgraphSegment::Index(index) => PathSegment::Index(index),
        });
        from_subgraph(error.message, path.collect(), extensions)
    }
}

/// An error as a subgraph gave it: code and message kept, locations dropped, since they are not the client's.
pub(super) fn from_subgraph(
    message: String,
    path: Vec<PathSegment>,
    extensions: Option<Value>,
) -> GraphqlError {
    let mut extensions = match extensions {
        Some(Value::Object(map)) => map,
        _ => IndexMap::new(),
    };
    let code = match extensions.shift_remove("code") {
        Some(Value::String(code)) => code.into(),
        Some(Value::Enum(code)) => code.to_string().into(),
        _ => code::INTERNAL.into(),
    };
    GraphqlError { message, locations: Vec::new(), path, code, extensions, subgraph: None }
}
