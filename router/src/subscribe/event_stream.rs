//! Server-sent events, one operation per connection (`graphql-sse`'s distinct connections).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response as HttpResponse};
use futures::stream;

use super::results::Results;
use crate::error::GraphqlError;
use crate::refusal::{Outcome, Refused};
use crate::request::{Allowed, Client, GraphqlRequest};
use crate::shared_state::Core;
use crate::supergraph::Response;
use crate::telemetry;

/// Answers an operation as a stream of events. What is wrong with the operation itself is its only event, as the
/// protocol asks; everything else is refused with a status before the stream begins.
pub(crate) async fn event_stream(
    core: &Arc<Core>,
    client: Client,
    request: GraphqlRequest,
    allowed: Allowed,
    last_event_id: Option<&str>,
) -> Result<HttpResponse, Refused> {
    let results = match Results::begin(core, client, request, allowed, last_event_id).await {
        Err(refused) if refused.outcome == Outcome::Invalid => return Ok(invalid(refused.errors)),
        results => results?,
    };
    let events = stream::unfold(Some(results), |open| async {
        let mut results = open?;
        match results.next().await {
            // Clients come back to a stream that ends before it is complete, and only to such a one.
            _ if results.are_cut() => None,
            Some(response) => {
                let event = next(&response);
                let event = match results.id_of(&response) {
                    Some(id) => event.id(id),
                    None => event,
                };
                Some((Ok::<_, Infallible>(event), Some(results)))
            }
            None => Some((Ok(complete()), None)),
        }
    });
    let heartbeat = Duration::from_millis(core.config.subscriptions.heartbeat_ms);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(heartbeat)).into_response())
}

/// A stream of the errors alone.
fn invalid(errors: Vec<GraphqlError>) -> HttpResponse {
    telemetry::note_answer(Outcome::Invalid, &errors);
    let events = [next(&Response::refused(errors)), complete()].map(Ok::<_, Infallible>);
    Sse::new(stream::iter(events)).into_response()
}

fn next(response: &Response) -> Event {
    Event::default().event("next").data(String::from_utf8_lossy(&response.to_json()))
}

/// Browsers pass over events without data, so this one carries a null.
fn complete() -> Event {
    Event::default().event("complete").data("null")
}
