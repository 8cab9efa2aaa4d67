//! One operation of an open connection: it runs in its own task and queues its results up to a bound.

use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::AbortOnDropHandle;

use super::resume::Resume;
use crate::error::{GraphqlError, code};
use crate::limits;
use crate::pipeline::{self, Admitted};
use crate::refusal::Refused;
use crate::shared_state::Core;
use crate::supergraph::{OperationKind, Response};
use crate::telemetry;
use crate::telemetry::{Reason, Request, outcome};

/// Tells a client that it missed events.
const LAGGED: &str = "SUBSCRIPTION_LAGGED";
/// How long a queue may stay full: long enough for a burst to be written, too short for a client that is stuck.
const FULL_MAX: Duration = Duration::from_millis(50);

/// A subscription that has been open for so long was accepted by its subgraph: to be refused takes less.
const OPEN_AFTER: Duration = Duration::from_secs(10);
/// How long until it is opened again, at first and at the most, and for how long that is tried.
const REOPENED_AFTER: Duration = Duration::from_millis(100);
const REOPENED_AFTER_MAX: Duration = Duration::from_secs(2);
const REOPENED_WITHIN: Duration = Duration::from_secs(60);

/// What a running operation has to say.
pub(super) enum Delivery {
    /// A result.
    Next(Response),
    /// It failed as a whole; nothing follows.
    Failed(Vec<GraphqlError>),
    /// It is done; nothing follows.
    Complete,
}

/// A stream of [`Delivery`], ended by `Failed` or `Complete`. Dropping it stops the operation.
pub(super) struct Running {
    /// The subgraphs that the operation needs, known once it is admitted.
    modules: Arc<OnceLock<Vec<String>>>,
    record: Arc<Request>,
    deliveries: BoxStream<'static, Delivery>,
}

impl Running {
    /// Starts an operation as soon as it is admitted.
    pub fn start(
        core: &Arc<Core>,
        record: Arc<Request>,
        admission: impl Future<Output = Result<Admitted, Refused>> + Send + 'static,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(core.config.subscriptions.queue_max);
        let modules = Arc::new(OnceLock::new());
        let run = run(core.clone(), admission, modules.clone(), sender);
        let task = AbortOnDropHandle::new(tokio::spawn(telemetry::scope(record.clone(), run)));
        let ended = record.clone();
        let end = async move {
            let delivery = match task.await {
                Ok(Ok(())) => Delivery::Complete,
                Ok(Err(errors)) => Delivery::Failed(errors),
                // It panicked; the panic hook has logged it.
                Err(_) => Delivery::Failed(vec![GraphqlError::internal()]),
            };
            note_end(&ended, &delivery);
            delivery
        };
        let deliveries = ReceiverStream::new(receiver).map(Delivery::Next).chain(stream::once(end)).boxed();
        Self { modules, record, deliveries }
    }

    /// Says why whoever drops it now does so.
    pub fn ends(&self, why: Reason) {
        self.record.end(why);
    }

    /// Counts what was written of it to the client.
    pub fn sent(&self, bytes: usize) {
        self.record.facts().response_bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
    }

    /// The subgraphs that the operation needs; none before it is admitted.
    pub fn modules(&self) -> &[String] {
        self.modules.get().map(Vec::as_slice).unwrap_or_default()
    }
}

impl Stream for Running {
    type Item = Delivery;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let delivery = self.deliveries.poll_next_unpin(context);
        if let Poll::Ready(Some(Delivery::Next(_))) = &delivery {
            self.record.event();
        }
        delivery
    }
}

/// Notes how an operation ended by itself.
fn note_end(record: &Request, delivery: &Delivery) {
    match delivery {
        Delivery::Failed(errors) => {
            let is_lagged = errors.iter().any(|error| error.code == LAGGED);
            record.end(if is_lagged { Reason::Lagged } else { Reason::Failed });
            record.facts().ended(outcome::ERRORS, errors);
        }
        Delivery::Next(_) | Delivery::Complete => record.end(Reason::Complete),
    }
}

async fn run(
    core: Arc<Core>,
    admission: impl Future<Output = Result<Admitted, Refused>> + Send,
    modules: Arc<OnceLock<Vec<String>>>,
    queue: mpsc::Sender<Response>,
) -> Result<(), Vec<GraphqlError>> {
    let admitted = limits::in_time(&core.guard, &core.config, admission).await.and_then(|admitted| admitted);
    let Admitted { context, operation, variables } = admitted.map_err(|refused| {
        telemetry::note_answer(refused.outcome, &refused.errors);
        refused.errors
    })?;
    modules.get_or_init(|| operation.subgraphs().map(str::to_owned).collect());
    if operation.kind() != OperationKind::Subscription {
        let executed = limits::in_time(&core.guard, &core.config, operation.execute(context, variables));
        let mut response = executed.await.map_err(|refused| refused.errors)?;
        pipeline::tidy_errors(&core, &mut response);
        telemetry::note_answer(response.outcome(), &response.errors);
        return deliver(&queue, response).await;
    }
    if let Some(record) = Request::current() {
        record.subscribed();
    }
    follow(&core, Admitted { context, operation, variables }, &queue).await
}

/// Delivers the events of a subscription. When its subgraph goes away, one that can go on after the last event that it
/// gave does so as soon as somebody answers for the subgraph again: its client notices nothing.
async fn follow(
    core: &Core,
    mut admitted: Admitted,
    queue: &mpsc::Sender<Response>,
) -> Result<(), Vec<GraphqlError>> {
    let resume = Resume::of(&admitted.operation);
    let (mut pause, mut gone_since) = (REOPENED_AFTER, None);
    loop {
        let Admitted { context, operation, variables } = &admitted;
        let (mut events, opened_at) =
            (operation.subscribe(context.clone(), variables.clone()), Instant::now());
        let errors = loop {
            let Some(mut response) = events.next().await else { return Ok(()) };
            pipeline::tidy_errors(core, &mut response);
            if response.data().is_none()
                && response.errors.iter().all(|error| error.code == code::UNAVAILABLE)
            {
                break response.errors;
            }
            let id = resume.as_ref().and_then(|resume| resume.id_of(&response));
            deliver(queue, response).await?;
            if let Some((resume, id)) = resume.as_ref().zip(id) {
                resume.after(&id, &mut admitted);
            }
            (pause, gone_since) = (REOPENED_AFTER, Some(Instant::now()));
        };
        if opened_at.elapsed() > OPEN_AFTER {
            (pause, gone_since) = (REOPENED_AFTER, Some(Instant::now()));
        }
        // One that never was open has nothing to go on with.
        let is_worth_it = gone_since.is_some_and(|since| since.elapsed() < REOPENED_WITHIN);
        if resume.is_none() || !is_worth_it {
            return Err(errors);
        }
        // Not all of them at the same moment.
        let dice = u32::try_from(RandomState::new().hash_one(0) % 1_000).unwrap_or_default();
        tokio::time::sleep(pause / 2 + pause * dice / 2_000).await;
        pause = REOPENED_AFTER_MAX.min(2 * pause);
    }
}

/// Queues a result. A client that reads too slowly is told so, and never misses one without knowing.
async fn deliver(queue: &mpsc::Sender<Response>, response: Response) -> Result<(), Vec<GraphqlError>> {
    if response.data().is_none() {
        return Err(response.errors);
    }
    queue.send_timeout(response, FULL_MAX).await.map_err(|_| {
        let message = "results came faster than they were read; subscribe again";
        vec![GraphqlError::new(LAGGED, message)]
    })
}
