//! Server-sent events, one operation per connection (`graphql-sse`'s distinct connections).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response as HttpResponse};
use futures::stream::{self, Stream};
use http::StatusCode;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_stream::StreamExt;

use super::Running;
use super::access::{Access, Ended};
use super::protocol::module_disabled;
use super::running::Delivery;
use super::sockets::Socket;
use crate::Core;
use crate::error::GraphqlError;
use crate::pipeline::{self, Allowed, Client, GraphqlRequest, Refused};
use crate::supergraph::{OperationKind, Response};

/// Answers an operation as a stream of events, or refuses it with a status before the stream begins.
pub(crate) async fn event_stream(
    core: &Arc<Core>,
    client: Client,
    request: GraphqlRequest,
    allowed: Allowed,
) -> Result<HttpResponse, Refused> {
    let access = Access::begin(core.clone(), client.token.clone()).await?;
    let socket = core.sockets.open(access.caller(), client.address).ok_or_else(|| {
        let message = "too many event streams are open";
        Refused::http(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_SUBSCRIPTIONS", message)
    })?;
    let request_id = client.request_id.clone();
    let admission = pipeline::admit(core, client, request, Allowed::Everything);
    let admitted = tokio::time::timeout(core.config.request_timeout(), admission)
        .await
        .map_err(|_| Refused::timeout())??;
    if admitted.operation.kind() == OperationKind::Mutation && allowed == Allowed::Queries {
        let message = "send mutations with POST";
        return Err(Refused::http(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message));
    }
    let mut recheck = interval(Duration::from_millis(core.config.subscriptions.recheck_ms));
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    recheck.reset();
    let running = Running::start(core, request_id, std::future::ready(Ok(admitted)));
    let state = Open { core: core.clone(), access, running, recheck, _socket: socket };
    let heartbeat = Duration::from_millis(core.config.subscriptions.heartbeat_ms);
    Ok(Sse::new(events(state)).keep_alive(KeepAlive::new().interval(heartbeat)).into_response())
}

/// One open stream.
struct Open {
    core: Arc<Core>,
    access: Access,
    running: Running,
    recheck: Interval,
    _socket: Socket,
}

/// Where a stream stands.
enum State {
    Open(Box<Open>),
    /// The last result is out; `complete` follows.
    Completing,
    Done,
}

fn events(open: Open) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(State::Open(Box::new(open)), |state| async move {
        match state {
            State::Open(mut open) => {
                let (event, is_last) = open.next().await;
                match event {
                    Some(response) if is_last => Some((Ok(next(&response)), State::Completing)),
                    Some(response) => Some((Ok(next(&response)), State::Open(open))),
                    None => Some((Ok(complete()), State::Done)),
                }
            }
            State::Completing => Some((Ok(complete()), State::Done)),
            State::Done => None,
        }
    })
}

impl Open {
    /// The next result and whether it is the last; no result when the operation is complete.
    async fn next(&mut self) -> (Option<Response>, bool) {
        loop {
            let delivery = tokio::select! {
                () = self.core.stopping.cancelled() => return failed("SERVICE_RESTART", "the service restarts; subscribe again"),
                delivery = self.running.next() => delivery,
                _ = self.recheck.tick() => None,
            };
            if let Err(ended) = self.access.confirm().await {
                let error = match ended {
                    Ended::Unauthenticated => common::Error::Unauthenticated,
                    Ended::Suspended => common::Error::TenantSuspended,
                    Ended::Unavailable => common::Error::Unavailable,
                };
                return failed(error.code(), &error.to_string());
            }
            match delivery {
                Some(Delivery::Complete) => return (None, true),
                Some(Delivery::Failed(errors)) => return (Some(Response::refused(errors)), true),
                _ if !self.access.shows(self.running.modules()) => return (Some(module_disabled()), true),
                Some(Delivery::Next(response)) => return (Some(response), false),
                // Nothing came; the look at token and modules was all.
                None => {}
            }
        }
    }
}

fn failed(code: &'static str, message: &str) -> (Option<Response>, bool) {
    (Some(GraphqlError::new(code, message).into()), true)
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
