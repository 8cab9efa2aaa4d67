//! The labels of the metrics, and their values.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;

/// The ways that a request comes: the values of the label `transport`.
pub(crate) mod transport {
    /// A request over HTTP that is answered once.
    pub const HTTP: &str = "http";
    /// An operation answered as server-sent events.
    pub const EVENT_STREAM: &str = "event_stream";
    /// An operation answered in parts.
    pub const MULTIPART: &str = "multipart";
    /// An operation on a WebSocket; also the request that opened it.
    pub const WEBSOCKET: &str = "websocket";
    /// A call of [`crate::router::Router::execute`].
    pub const EMBEDDED: &str = "embedded";
}

/// How a request ended: the values of the label `outcome` of requests.
pub(crate) mod outcome {
    /// Answered without errors.
    pub const OK: &str = "ok";
    /// Executed, with errors in the answer.
    pub const ERRORS: &str = "errors";
    /// The document or its variables were refused.
    pub const INVALID: &str = "invalid";
    /// Refused before GraphQL was looked at, by the client's fault.
    pub const REFUSED: &str = "refused";
    /// Not answered by our fault, or because something that we depend on failed.
    pub const FAILED: &str = "failed";
    /// The client went away first.
    pub const CANCELLED: &str = "cancelled";
}

/// Of requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct RequestLabels {
    /// One of [`transport`].
    pub transport: &'static str,
    /// `query`, `mutation`, `subscription`; `none` when no operation was found.
    pub kind: &'static str,
    /// One of [`outcome`].
    pub outcome: &'static str,
    /// The HTTP status; 0 where there is none.
    pub status: u16,
}

/// A subgraph, as configured.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct SubgraphLabel {
    pub subgraph: Arc<str>,
}

/// A subgraph and how its call ended: `ok`, or why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CallLabels {
    pub subgraph: Arc<str>,
    pub outcome: &'static str,
}

/// `transport` alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct TransportLabel {
    pub transport: &'static str,
}

/// How subscriptions end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct EndLabels {
    pub transport: &'static str,
    /// One of [`super::Reason`]'s names.
    pub reason: &'static str,
}

/// `kind` alone, as in [`RequestLabels`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct KindLabel {
    pub kind: &'static str,
}

/// A limit that a request was past, and how strictly it is held.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct LimitLabels {
    /// The name of its setting.
    pub limit: &'static str,
    /// `measure` (it passed) or `enforce` (it was refused).
    pub mode: &'static str,
}

/// What came of something: `result`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ResultLabel {
    pub result: &'static str,
}

/// Whose rate was exceeded: `user`, `organization` or `address`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct PayerLabel {
    pub payer: &'static str,
}
