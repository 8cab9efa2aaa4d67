//! One request, and what is learnt of it while it is answered.
//!
//! Whoever works for a request finds it by [`note`], without its being handed through every call: the record
//! goes with the task, as its spans do. It is written down when the last holder lets go, so that nothing that
//! can happen to a request, its being dropped half-way included, goes without a line.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tracing::{Instrument as _, Span};

use super::access_log::Access;
use super::trace;
use super::{EndLabels, KindLabel, Metrics, RequestLabels, SPANS, TransportLabel, outcome};
use crate::error::GraphqlError;

tokio::task_local! {
    static CURRENT: Arc<Request>;
}

/// Codes that a line names at most; the first say most.
const CODES_MAX: usize = 5;
/// A subgraph may give any code. Longer ones are cut.
const CODE_CHARS_MAX: usize = 64;

/// A request that is being answered. Dropping the last reference writes it down.
pub(crate) struct Request {
    pub(super) metrics: Arc<Metrics>,
    started_at: Instant,
    facts: Mutex<Facts>,
    /// The request in its trace; disabled where nobody collects traces.
    span: Span,
}

/// What is known of it so far.
pub(crate) struct Facts {
    /// One of [`super::transport`].
    pub transport: &'static str,
    /// As in [`RequestLabels`].
    pub kind: &'static str,
    /// One of [`outcome`]; `None` as long as nobody has said.
    pub outcome: Option<&'static str>,
    /// The HTTP status; 0 as long as there is none.
    pub status: u16,
    /// The codes of its errors, the first few.
    pub codes: Vec<Cow<'static, str>>,
    /// Bytes of its body.
    pub request_bytes: u64,
    /// Bytes of the answer's body, as sent.
    pub response_bytes: u64,
    /// Measuring, validating, planning.
    pub planning: Duration,
    /// While at least one subgraph was asked.
    pub subgraphs: Duration,
    /// Calls of subgraphs.
    pub subgraph_calls: u32,
    /// Whether it was refused for coming too often.
    pub is_rate_limited: bool,
    /// What the access log wants besides; `None` when there is no such log.
    pub access: Option<Box<Access>>,
    /// A subscription's; `None` for what is answered once.
    subscription: Option<Subscription>,
    calls_open: u32,
    calls_since: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Subscription {
    events: u64,
    end: Option<Reason>,
}

/// Why a subscription ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Its subgraph had no more events.
    Complete,
    /// It failed.
    Failed,
    /// The client read too slowly.
    Lagged,
    /// A module that it needs was switched off.
    ModuleDisabled,
    /// The token or the organization no longer counts.
    NoLongerAllowed,
    /// The router stops.
    Restart,
    /// The client unsubscribed or left.
    Client,
}

impl Reason {
    /// As metrics and the access log name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Lagged => "lagged",
            Self::ModuleDisabled => "module_disabled",
            Self::NoLongerAllowed => "no_longer_allowed",
            Self::Restart => "restart",
            Self::Client => "client",
        }
    }
}

/// Runs a future on behalf of a request.
pub(crate) fn scope<F: Future>(request: Arc<Request>, future: F) -> impl Future<Output = F::Output> {
    let span = request.span.clone();
    CURRENT.scope(request, future).instrument(span)
}

/// Writes down something about the request that this task works for, if it works for one.
pub(crate) fn note(learnt: impl FnOnce(&mut Facts)) {
    // Without a request there is nothing to note: schemas are read for nobody in particular.
    let _ = CURRENT.try_with(|request| learnt(&mut request.facts()));
}

/// The same for what only the access log wants to know: not even worked out when there is none.
pub(crate) fn note_access(learnt: impl FnOnce(&mut Access)) {
    note(|facts| {
        if let Some(access) = &mut facts.access {
            learnt(access);
        }
    });
}

impl Request {
    /// A request that begins now.
    ///
    /// `traceparent` is the client's own place in a trace.
    pub fn begin(
        metrics: Arc<Metrics>,
        transport: &'static str,
        request_id: &Arc<str>,
        traceparent: Option<&str>,
    ) -> Arc<Self> {
        metrics.requests.in_flight.inc();
        let span = tracing::trace_span!(target: SPANS, "request", otel.kind = "server");
        trace::adopt(&span, traceparent);
        let facts = Facts {
            transport,
            kind: "none",
            outcome: None,
            status: 0,
            codes: Vec::new(),
            request_bytes: 0,
            response_bytes: 0,
            planning: Duration::ZERO,
            subgraphs: Duration::ZERO,
            subgraph_calls: 0,
            is_rate_limited: false,
            access: Access::wanted(request_id, &span).map(Box::new),
            subscription: None,
            calls_open: 0,
            calls_since: None,
        };
        Arc::new(Self { metrics, started_at: Instant::now(), facts: Mutex::new(facts), span })
    }

    /// The request that this task works for.
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// Its place in a trace; `None` when nobody collects traces.
    pub fn traceparent(&self) -> Option<Arc<str>> {
        trace::traceparent(&self.span)
    }

    /// What is known, to be added to.
    pub fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It turned out to be a subscription, and begins: it has a line for this, too.
    pub fn subscribed(&self) {
        let mut facts = self.facts();
        facts.subscription = Some(Subscription { events: 0, end: None });
        let label = TransportLabel { transport: facts.transport };
        self.metrics.subscriptions.open.get_or_create(&label).inc();
        if let Some(access) = &facts.access {
            access.write("start", &facts, self.started_at.elapsed());
        }
    }

    /// An event of a subscription goes to the client.
    pub fn event(&self) {
        let mut facts = self.facts();
        let label = TransportLabel { transport: facts.transport };
        if let Some(subscription) = &mut facts.subscription {
            subscription.events += 1;
            self.metrics.subscriptions.events.get_or_create(&label).inc();
        }
    }

    /// Why it ends. The first who says so is right: what comes later follows from it.
    pub fn end(&self, end: Reason) {
        if let Some(subscription) = &mut self.facts().subscription {
            subscription.end.get_or_insert(end);
        }
    }
}

impl Facts {
    /// How it ended, and with which errors. Who says so first is right.
    pub fn ended<'a>(&mut self, outcome: &'static str, errors: impl IntoIterator<Item = &'a GraphqlError>) {
        self.outcome.get_or_insert(outcome);
        for error in errors {
            if self.codes.len() == CODES_MAX {
                break;
            }
            if self.codes.contains(&error.code) {
                continue;
            }
            self.codes.push(match &error.code {
                Cow::Borrowed(code) => Cow::Borrowed(code),
                Cow::Owned(code) => code.chars().take(CODE_CHARS_MAX).collect::<String>().into(),
            });
        }
    }

    /// The events of a subscription, and why it ended.
    pub fn subscription(&self) -> Option<(u64, Option<Reason>)> {
        self.subscription.map(|subscription| (subscription.events, subscription.end))
    }

    fn outcome_by_status(&self) -> &'static str {
        match self.status {
            0 => outcome::CANCELLED,
            1..400 => outcome::OK,
            400..500 => outcome::REFUSED,
            500.. => outcome::FAILED,
        }
    }

    pub(super) fn call_begins(&mut self) {
        self.calls_open += 1;
        self.subgraph_calls += 1;
        self.calls_since.get_or_insert_with(Instant::now);
    }

    pub(super) fn call_ends(&mut self) {
        self.calls_open = self.calls_open.saturating_sub(1);
        if self.calls_open == 0
            && let Some(since) = self.calls_since.take()
        {
            self.subgraphs += since.elapsed();
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let took = self.started_at.elapsed();
        let metrics = &self.metrics;
        let facts = self.facts.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(subscription) = &mut facts.subscription {
            let transport = facts.transport;
            let end = *subscription.end.get_or_insert(Reason::Client);
            let reason = end.name();
            metrics.subscriptions.open.get_or_create(&TransportLabel { transport }).dec();
            metrics.subscriptions.ended.get_or_create(&EndLabels { transport, reason }).inc();
            if facts.outcome.is_none() {
                facts.outcome = Some(if end == Reason::Failed { outcome::FAILED } else { outcome::OK });
            }
        }
        let outcome = facts.outcome.unwrap_or_else(|| facts.outcome_by_status());
        facts.outcome = Some(outcome);
        let (transport, kind, status) = (facts.transport, facts.kind, facts.status);
        metrics.requests.ended.get_or_create(&RequestLabels { transport, kind, outcome, status }).inc();
        if facts.subscription.is_none() && outcome != super::outcome::CANCELLED {
            metrics.requests.duration.get_or_create(&KindLabel { kind }).observe(took.as_secs_f64());
        }
        metrics.requests.request_bytes.inc_by(facts.request_bytes);
        metrics.requests.response_bytes.inc_by(facts.response_bytes);
        metrics.requests.in_flight.dec();
        if let Some(access) = &facts.access {
            access.describe(facts, &self.span);
            access.write(if facts.subscription.is_some() { "end" } else { "request" }, facts, took);
        }
    }
}

/// An answer's body whose length shows only as it is sent: counts it, and keeps the request open until then.
pub(crate) struct Counted {
    body: axum::body::Body,
    request: Arc<Request>,
}

impl Counted {
    /// Counts a body for a request. A body of known length is counted at once and stays as it is.
    pub fn count(body: axum::body::Body, request: Arc<Request>) -> axum::body::Body {
        match body.size_hint().exact() {
            Some(bytes) => {
                request.facts().response_bytes += bytes;
                body
            }
            None => axum::body::Body::new(Self { body, request }),
        }
    }
}

impl Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.request.facts().response_bytes += u64::try_from(data.len()).unwrap_or(u64::MAX);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
