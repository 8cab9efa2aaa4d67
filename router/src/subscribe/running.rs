//! One operation of an open connection: it runs in its own task and queues its results up to a bound.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::AbortOnDropHandle;

use crate::error::GraphqlError;
use crate::pipeline::{Admitted, Refused};
use crate::supergraph::{OperationKind, Response};
use crate::{Core, telemetry};

/// How long a queue may stay full: long enough for a burst to be written, too short for a client that is stuck.
const FULL_MAX: Duration = Duration::from_millis(50);

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
    deliveries: BoxStream<'static, Delivery>,
}

impl Running {
    /// Starts an operation as soon as it is admitted.
    pub fn start(
        core: &Arc<Core>,
        request_id: Arc<str>,
        admission: impl Future<Output = Result<Admitted, Refused>> + Send + 'static,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(core.config.subscriptions.queue_max);
        let modules = Arc::new(OnceLock::new());
        let run = run(core.clone(), admission, modules.clone(), sender);
        let task = AbortOnDropHandle::new(tokio::spawn(logged(request_id, run)));
        let end = async move {
            match task.await {
                Ok(Ok(())) => Delivery::Complete,
                Ok(Err(errors)) => Delivery::Failed(errors),
                // It panicked; the panic hook has logged it.
                Err(_) => Delivery::Failed(vec![GraphqlError::internal()]),
            }
        };
        let deliveries = ReceiverStream::new(receiver).map(Delivery::Next).chain(stream::once(end)).boxed();
        Self { modules, deliveries }
    }

    /// The subgraphs that the operation needs; none before it is admitted.
    pub fn modules(&self) -> &[String] {
        self.modules.get().map(Vec::as_slice).unwrap_or_default()
    }
}

impl Stream for Running {
    type Item = Delivery;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        self.deliveries.poll_next_unpin(context)
    }
}

/// Writes the access log's line once the operation has ended by itself.
async fn logged(
    request_id: Arc<str>,
    run: impl Future<Output = Result<(), Vec<GraphqlError>>>,
) -> Result<(), Vec<GraphqlError>> {
    let started_at = Instant::now();
    let ended = run.await;
    let code = ended.as_ref().err().and_then(|errors| errors.first()).map(|error| error.code.as_ref());
    telemetry::access(&request_id, None, "stream", code, started_at.elapsed());
    ended
}

async fn run(
    core: Arc<Core>,
    admission: impl Future<Output = Result<Admitted, Refused>> + Send,
    modules: Arc<OnceLock<Vec<String>>>,
    queue: mpsc::Sender<Response>,
) -> Result<(), Vec<GraphqlError>> {
    let timeout = core.config.request_timeout();
    let too_late = |_| Refused::timeout().errors;
    let admitted = tokio::time::timeout(timeout, admission).await.map_err(too_late)?;
    let Admitted { context, operation, variables } = admitted.map_err(|refused| refused.errors)?;
    modules.get_or_init(|| operation.subgraphs().map(str::to_owned).collect());
    if operation.kind() != OperationKind::Subscription {
        let executed = tokio::time::timeout(timeout, operation.execute(context, variables));
        return deliver(&queue, executed.await.map_err(too_late)?).await;
    }
    let mut events = operation.subscribe(context, variables);
    while let Some(response) = events.next().await {
        deliver(&queue, response).await?;
    }
    Ok(())
}

/// Queues a result. A client that reads too slowly is told so, and never misses one without knowing.
async fn deliver(queue: &mpsc::Sender<Response>, response: Response) -> Result<(), Vec<GraphqlError>> {
    if response.data.is_none() {
        return Err(response.errors);
    }
    queue.send_timeout(response, FULL_MAX).await.map_err(|_| {
        let message = "results came faster than they were read; subscribe again";
        vec![GraphqlError::new("SUBSCRIPTION_LAGGED", message)]
    })
}
