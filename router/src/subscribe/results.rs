//! The results of one operation on one HTTP connection, however they are written.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_stream::StreamExt;

use super::Running;
use super::protocol::module_disabled;
use super::recheck::{Access, Ended};
use super::resume::Resume;
use super::running_operation::Delivery;
use crate::error::GraphqlError;
use crate::limits::{self, Socket};
use crate::pipeline;
use crate::refusal::Refused;
use crate::request::{Allowed, Client, GraphqlRequest};
use crate::shared_state::Core;
use crate::supergraph::{OperationKind, Response};
use crate::telemetry::{Reason, Request, transport};

/// An operation that runs, and the right to see its results.
pub(super) struct Results {
    core: Arc<Core>,
    access: Access,
    running: Running,
    resume: Option<Resume>,
    recheck: Interval,
    is_ended: bool,
    is_cut: bool,
    _socket: Socket,
}

impl Results {
    /// Starts an operation, or refuses it with a status before anything was written. One that can go on after the last
    /// event that the client saw does so.
    pub async fn begin(
        core: &Arc<Core>,
        mut client: Client,
        request: GraphqlRequest,
        allowed: Allowed,
        last_event_id: Option<&str>,
    ) -> Result<Self, Refused> {
        let caller = pipeline::authenticate(core, &mut client, &request).await;
        caller.map_err(Refused::from).inspect_err(|refused| refused.log(&client.request_id))?;
        let access = Access::begin(core.clone(), client.token.clone()).await.map_err(Refused::from);
        let access = access.inspect_err(|refused| refused.log(&client.request_id))?;
        let socket = core.sockets.open(access.caller(), client.address).ok_or_else(|| {
            let message = "too many event streams are open";
            Refused::http(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_SUBSCRIPTIONS", message)
        })?;
        let record = Request::current().unwrap_or_else(|| core.observe(transport::HTTP, &client));
        let admission = pipeline::admit(core, client, request, Allowed::Everything);
        let mut admitted = limits::in_time(&core.guard, &core.config, admission).await??;
        if admitted.operation.kind() == OperationKind::Mutation && allowed == Allowed::Queries {
            let message = "send mutations with POST";
            return Err(Refused::http(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message));
        }
        let resume = Resume::of(&admitted.operation);
        if let Some((resume, id)) = resume.as_ref().zip(last_event_id) {
            resume.after(id, &mut admitted);
        }
        let mut recheck = interval(Duration::from_millis(core.config.subscriptions.recheck_ms));
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        recheck.reset();
        let running = Running::start(core, record, std::future::ready(Ok(admitted)));
        Ok(Self {
            core: core.clone(),
            access,
            running,
            resume,
            recheck,
            is_ended: false,
            is_cut: false,
            _socket: socket,
        })
    }

    /// The id by which a client may say that a result was the last that it saw.
    pub fn id_of(&self, response: &Response) -> Option<String> {
        self.resume.as_ref()?.id_of(response)
    }

    /// Whether they ended because the router stops, and may be asked for again elsewhere.
    pub fn are_cut(&self) -> bool {
        self.is_cut
    }

    /// The next result; `None` when there are no more. Must be awaited to its end, or a result may be lost.
    pub async fn next(&mut self) -> Option<Response> {
        while !self.is_ended {
            let delivery = tokio::select! {
                () = self.core.stopping.cancelled() => {
                    (self.is_ended, self.is_cut) = (true, true);
                    self.running.ends(Reason::Restart);
                    let message = "the service restarts; subscribe again";
                    return Some(GraphqlError::new("SERVICE_RESTART", message).into());
                }
                delivery = self.running.next() => delivery,
                _ = self.recheck.tick() => None,
            };
            if let Err(ended) = self.access.confirm().await {
                self.is_ended = true;
                self.running.ends(Reason::NoLongerAllowed);
                return Some(no_longer(ended));
            }
            match delivery {
                Some(Delivery::Complete) => self.is_ended = true,
                Some(Delivery::Failed(errors)) => {
                    self.is_ended = true;
                    return Some(Response::refused(errors));
                }
                _ if !self.access.shows(self.running.modules()) => {
                    self.is_ended = true;
                    self.running.ends(Reason::ModuleDisabled);
                    return Some(module_disabled());
                }
                Some(Delivery::Next(response)) => return Some(response),
                // Nothing came; the look at token and modules was all.
                None => {}
            }
        }
        None
    }
}

/// The last result of somebody who may not see more.
fn no_longer(ended: Ended) -> Response {
    let error = match ended {
        Ended::Unauthenticated => common::Error::Unauthenticated,
        Ended::Suspended => common::Error::TenantSuspended,
        Ended::Unavailable => common::Error::Unavailable,
    };
    GraphqlError::new(error.code(), error.to_string()).into()
}
