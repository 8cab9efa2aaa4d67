//! The W3C trace that a request belongs to (<https://www.w3.org/TR/trace-context/>), and our spans in it.
//!
//! Spans have the target `spans` and the level `TRACE`, which only a collector of traces asks for: without one they
//! are never made. Then a client's trace is continued with a made-up span, so that its own spans and the subgraphs'
//! still belong together.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The target of spans.
pub(crate) const SPANS: &str = ::telemetry::TARGET;

/// The context of a well-formed `traceparent`. `None` for one that is malformed.
fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_whole = is_hex(version, 2) && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    // Later versions may append fields, version 00 may not.
    if !is_whole || version == "ff" || version == "00" && parts.next().is_some() {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let (trace, parent) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(parent).ok()?);
    let context = SpanContext::new(trace, parent, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

/// The `traceparent` to send on when nobody collects spans: the same trace, with a span of our own.
pub(crate) fn continue_trace(traceparent: &str) -> Option<Arc<str>> {
    let context = parse(traceparent)?;
    let (_, random) = uuid::Uuid::now_v7().as_u64_pair();
    let (trace, flags) = (context.trace_id(), context.trace_flags().to_u8());
    Some(format!("00-{trace}-{random:016x}-{flags:02x}").into())
}

/// Makes a span the child of the one that a client names.
pub(super) fn adopt(span: &Span, traceparent: Option<&str>) {
    if span.is_disabled() {
        return;
    }
    if let Some(parent) = traceparent.and_then(parse) {
        // It fails for a span that somebody else made a context for already, and ours has just been made.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// A span as a `traceparent`. `None` when nobody collects it.
pub(super) fn traceparent(span: &Span) -> Option<Arc<str>> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let context = context.span().span_context().clone();
    let (trace, id, flags) = (context.trace_id(), context.span_id(), context.trace_flags().to_u8());
    context.is_valid().then(|| format!("00-{trace}-{id}-{flags:02x}").into())
}

/// A span for a part of a request.
macro_rules! part {
    ($name:literal) => {
        tracing::trace_span!(target: $crate::telemetry::SPANS, $name)
    };
}
pub(crate) use part;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_with_a_new_span() {
        let sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let on = continue_trace(sent).expect("well-formed");
        assert_eq!(on[..36], sent[..36]);
        assert_eq!(on[52..], sent[52..]);
        assert_ne!(on[36..52], sent[36..52]);
    }

    #[test]
    fn a_malformed_trace_is_dropped() {
        for sent in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
        ] {
            assert_eq!(continue_trace(sent), None, "{sent}");
        }
    }

    #[test]
    fn without_a_collector_no_span_is_made() {
        let span = part!("plan");
        assert!(span.is_disabled());
        assert_eq!(traceparent(&span), None);
    }
}
