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
    // An answer is always JSON; should it not be, the stream goes on without this one and the log says so.
    Event::default().event("next").json_data(response).unwrap_or_else(|error| {
        tracing::error!(%error, "an event could not be written");
        Event::default().comment("an event could not be written")
    })
}

/// Browsers pass over events without data, so this one carries a null.
fn complete() -> Event {
    Event::default().event("complete").data("null")
}
