//! Server-sent events, one operation per connection (`graphql-sse`'s distinct connections).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response as HttpResponse};
use futures::stream;

use super::results::Results;
use crate::Core;
use crate::pipeline::{Allowed, Client, GraphqlRequest, Refused};
use crate::supergraph::Response;

/// Answers an operation as a stream of events, or refuses it with a status before the stream begins.
pub(crate) async fn event_stream(
    core: &Arc<Core>,
    client: Client,
    request: GraphqlRequest,
    allowed: Allowed,
) -> Result<HttpResponse, Refused> {
    let results = Results::begin(core, client, request, allowed).await?;
    let events = stream::unfold(Some(results), |open| async {
        let mut results = open?;
        match results.next().await {
            Some(response) => Some((Ok::<_, Infallible>(next(&response)), Some(results))),
            None => Some((Ok(complete()), None)),
        }
    });
    let heartbeat = Duration::from_millis(core.config.subscriptions.heartbeat_ms);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(heartbeat)).into_response())
}

fn next(response: &Response) -> Event {
    Event::default().event("next").data(String::from_utf8_lossy(&response.to_json()))
}

/// Browsers pass over events without data, so this one carries a null.
fn complete() -> Event {
    Event::default().event("complete").data("null")
}
