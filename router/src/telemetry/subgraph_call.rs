//! One call of a subgraph: measured, and a span in the request's trace.

use std::sync::Arc;
use std::time::Instant;

use common::RequestContext;
use opentelemetry::trace::Status;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{CallLabels, Request, SPANS, SubgraphLabel, trace};
use crate::transport::TransportError;

/// A call that is written down when it is over, however that came.
pub(crate) struct SubgraphCall<'a> {
    request: Option<Arc<Request>>,
    subgraph: &'a str,
    started_at: Instant,
    outcome: &'static str,
    span: Span,
    context: Arc<RequestContext>,
}

impl<'a> SubgraphCall<'a> {
    /// Begins a call for the request that this task works for.
    pub fn begin(subgraph: &'a str, context: &Arc<RequestContext>) -> Self {
        let request = Request::current();
        if let Some(request) = &request {
            request.facts().call_begins();
        }
        let span = tracing::trace_span!(
            target: SPANS, "subgraph", otel.kind = "client", otel.name = Empty
        );
        let mut context = context.clone();
        if !span.is_disabled() {
            span.record("otel.name", format!("subgraph {subgraph}"));
            span.set_attribute("subgraph.name", subgraph.to_owned());
            let traceparent = trace::traceparent(&span);
            context = Arc::new(RequestContext { traceparent, ..RequestContext::clone(&context) });
        }
        Self { request, subgraph, started_at: Instant::now(), outcome: "cancelled", span, context }
    }

    /// The request's context, with this call's place in the trace.
    pub fn context(&self) -> &Arc<RequestContext> {
        &self.context
    }

    /// The call as a span.
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// How it ended.
    pub fn ended<A>(mut self, answer: &Result<A, TransportError>) {
        self.outcome = match answer {
            Ok(_) => "ok",
            Err(error) => error.name(),
        };
    }
}

impl Drop for SubgraphCall<'_> {
    fn drop(&mut self) {
        if self.outcome != "ok" && !self.span.is_disabled() {
            self.span.set_status(Status::error(""));
            self.span.set_attribute("error.type", self.outcome);
        }
        let Some(request) = &self.request else { return };
        request.facts().call_ends();
        let metrics = &request.metrics.subgraphs;
        let (subgraph, outcome): (Arc<str>, _) = (self.subgraph.into(), self.outcome);
        metrics.requests.get_or_create(&CallLabels { subgraph: subgraph.clone(), outcome }).inc();
        if outcome != "cancelled" {
            let took = self.started_at.elapsed().as_secs_f64();
            metrics.duration.get_or_create(&SubgraphLabel { subgraph }).observe(took);
        }
    }
}

/// A subgraph's answer turned out to hold errors.
pub(crate) fn subgraph_errors(subgraph: &str) {
    if let Some(request) = Request::current() {
        let label = SubgraphLabel { subgraph: subgraph.into() };
        request.metrics.subgraphs.errors.get_or_create(&label).inc();
    }
}
