//! What the router tells its operators: metrics, the access log, traces. Every metric stands in the list below.
//!
//! Labels have few values: none is taken from what a client sends, but the kind of its operation. Names of
//! operations and ids of tenants are in the access log.

mod access_log;
mod labels;
mod process_metrics;
mod request_record;
mod subgraph_call;
mod trace;

use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

pub(crate) use labels::{
    CallLabels, EndLabels, KindLabel, LimitLabels, PayerLabel, RequestLabels, ResultLabel, SubgraphLabel,
    TransportLabel, outcome, transport,
};
pub(crate) use request_record::{Counted, Facts, Reason, Request, note, note_access, scope};
pub(crate) use subgraph_call::{SubgraphCall, subgraph_errors};
pub(crate) use trace::{SPANS, continue_trace, part};

use crate::error::GraphqlError;
use crate::refusal::Outcome;

/// Seconds: from what a cache answers to what times out.
const DURATIONS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0];

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// The numbers of one router. What each means stands where it is registered, and in what `/metrics` answers.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub requests: Requests,
    pub subgraphs: Subgraphs,
    pub operations: Operations,
    pub views: Views,
    pub subscriptions: Subscriptions,
    pub schema: Schema,
    pub connections: Gauge,
    redis_up: Family<[(&'static str, &'static str); 0], Gauge>,
}

#[derive(Debug)]
pub(crate) struct Requests {
    pub ended: Family<RequestLabels, Counter>,
    pub duration: Histograms<KindLabel>,
    pub in_flight: Gauge,
    pub request_bytes: Counter,
    pub response_bytes: Counter,
    pub rate_limited: Family<PayerLabel, Counter>,
    pub limit_hits: Family<LimitLabels, Counter>,
}

impl Requests {
    fn new(list: &mut List<'_>) -> Self {
        Self {
            ended: list.add(
                "requests",
                "Requests that ended, by how they came, what they asked for and how they ended; \
                 the page and files of GraphiQL and health checks aside",
            ),
            duration: list.add_durations(
                "request_duration",
                "From a request's headers to its answer; subscriptions, and clients that left, aside",
            ),
            in_flight: list
                .add("requests_in_flight", "Requests that have not ended, open subscriptions included"),
            request_bytes: list.add_bytes("request_body", "Bodies of HTTP requests, as they came"),
            response_bytes: list.add_bytes(
                "response_body",
                "Bodies of answers, and events sent over WebSockets, as they were sent",
            ),
            rate_limited: list.add(
                "rate_limited",
                "Requests that came too often for their user, organization or (anonymous) address, and were refused",
            ),
            limit_hits: list.add(
                "limit_hits",
                "Requests past a limit, by the name of its setting: enforce (refused) or measure (passed)",
            ),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Subgraphs {
    pub requests: Family<CallLabels, Counter>,
    pub errors: Family<SubgraphLabel, Counter>,
    pub duration: Histograms<SubgraphLabel>,
}

impl Subgraphs {
    fn new(list: &mut List<'_>) -> Self {
        Self {
            requests: list.add(
                "subgraph_requests",
                "Calls of subgraphs that ended: ok (answered), connect, timeout, broken, status (of a proxy), \
                 left_alone (after many failures), rubbish, too_large, panicked, cancelled",
            ),
            errors: list.add("subgraph_answers_with_errors", "Answers of subgraphs that held GraphQL errors"),
            duration: list.add_durations(
                "subgraph_request_duration",
                "How long a call of a subgraph took, retries included; cancelled ones aside",
            ),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Operations {
    pub lookups: Family<ResultLabel, Counter>,
    entries: Gauge,
    bytes: Gauge,
    pub planning: Histogram,
    pub persisted: Family<ResultLabel, Counter>,
    pub trusted: Gauge,
    pub manifest_reads: Family<ResultLabel, Counter>,
}

impl Operations {
    fn new(list: &mut List<'_>) -> Self {
        Self {
            lookups: list.add(
                "operation_cache_lookups",
                "Looks into the caches of prepared operations, one per view: hit or miss",
            ),
            entries: list.add("operation_cache_entries", "Operations kept prepared, in all views"),
            bytes: list.add_bytes("operation_cache", "What they take in memory, estimated"),
            planning: list.add_duration(
                "planning",
                "Measuring, validating and planning an operation that was not in the cache",
            ),
            persisted: list.add(
                "persisted_documents",
                "Requests that named a document: automatic (known by its hash), registered (sent with it), trusted, \
                 unknown, mismatch (of text and hash), untrusted (not from the list, and nothing else is answered)",
            ),
            trusted: list.add("trusted_documents", "Documents on the list of trusted ones"),
            manifest_reads: list.add(
                "trusted_documents_reloads",
                "Readings of the list after it changed: ok, or failed (the last good one stays)",
            ),
        }
    }

    /// A cache was asked.
    pub fn looked_up(&self, is_hit: bool) {
        let result = if is_hit { "hit" } else { "miss" };
        self.lookups.get_or_create(&ResultLabel { result }).inc();
    }
}

#[derive(Debug)]
pub(crate) struct Views {
    kept: Gauge,
    built: Family<ResultLabel, Counter>,
    pub evicted: Counter,
    compose: Histogram,
}

impl Views {
    fn new(list: &mut List<'_>) -> Self {
        Self {
            kept: list.add("views", "Composed schemas that are kept, one per set of modules"),
            built: list.add("views_built", "Compositions of a view: ok or failed"),
            evicted: list.add(
                "views_evicted",
                "Views dropped to make room for others; when it keeps rising, views_max is too small",
            ),
            compose: list.add_duration("view_compose", "Composing a view"),
        }
    }

    /// A view was composed, or could not be.
    pub fn composed(&self, took: Duration, is_ok: bool) {
        self.compose.observe(took.as_secs_f64());
        let result = if is_ok { "ok" } else { "failed" };
        self.built.get_or_create(&ResultLabel { result }).inc();
    }
}

#[derive(Debug)]
pub(crate) struct Subscriptions {
    pub open: Family<TransportLabel, Gauge>,
    pub events: Family<TransportLabel, Counter>,
    pub ended: Family<EndLabels, Counter>,
}

impl Subscriptions {
    fn new(list: &mut List<'_>) -> Self {
        Self {
            open: list.add("subscriptions", "Subscriptions that are open"),
            events: list.add("subscription_events", "Events handed to subscribers"),
            ended: list.add(
                "subscriptions_ended",
                "Subscriptions that ended: complete, failed, lagged (read too slowly), module_disabled, \
                 no_longer_allowed (token or organization), restart, client (it left or unsubscribed)",
            ),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Schema {
    pub generation: Gauge,
    reads: Family<ResultLabel, Counter>,
    succeeded_at: Gauge<f64, AtomicU64>,
}

impl Schema {
    fn new(list: &mut List<'_>) -> Self {
        Self {
            generation: list.add(
                "schema_generation",
                "How often the supergraph has changed since the start; 0 until one composes",
            ),
            reads: list.add(
                "schema_reloads",
                "Looks at the subgraphs' schemas: changed, unchanged, incomplete (one did not answer and keeps \
                 what it had), failed (they do not compose, and the last good ones stay)",
            ),
            succeeded_at: list.add_in(
                Unit::Seconds,
                "schema_last_success_timestamp",
                "When all subgraphs' schemas were last read and known to compose, since the epoch",
                Gauge::default(),
            ),
        }
    }

    /// The schemas were looked at, with one of the results that `router_schema_reloads` names.
    pub fn read(&self, result: &'static str) {
        self.reads.get_or_create(&ResultLabel { result }).inc();
        if matches!(result, "changed" | "unchanged") {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            self.succeeded_at.set(now.as_secs_f64());
        }
    }
}

/// Registers metrics. Counters get `_total`, and what has a unit gets its name, when they are written.
struct List<'a>(&'a mut Registry);

impl List<'_> {
    fn add<M: Metric + Clone + Default>(&mut self, name: &str, help: &str) -> M {
        let metric = M::default();
        self.0.register(name, help, metric.clone());
        metric
    }

    fn add_in<M: Metric + Clone>(&mut self, unit: Unit, name: &str, help: &str, metric: M) -> M {
        self.0.register_with_unit(name, help, unit, metric.clone());
        metric
    }

    fn add_bytes<M: Metric + Clone + Default>(&mut self, name: &str, help: &str) -> M {
        self.add_in(Unit::Bytes, name, help, M::default())
    }

    fn add_duration(&mut self, name: &str, help: &str) -> Histogram {
        self.add_in(Unit::Seconds, name, help, durations())
    }

    fn add_durations<L>(&mut self, name: &str, help: &str) -> Histograms<L>
    where
        Histograms<L>: Metric + Clone,
        L: Clone + std::hash::Hash + Eq,
    {
        self.add_in(Unit::Seconds, name, help, Family::new_with_constructor(durations))
    }
}

fn durations() -> Histogram {
    Histogram::new(DURATIONS)
}

impl Metrics {
    /// All metrics, at nought.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process_metrics::Process));
        let list = &mut List(registry.sub_registry_with_prefix("router"));
        Self {
            requests: Requests::new(list),
            subgraphs: Subgraphs::new(list),
            operations: Operations::new(list),
            views: Views::new(list),
            subscriptions: Subscriptions::new(list),
            schema: Schema::new(list),
            connections: list.add("connections", "Connections of clients that are open"),
            redis_up: list.add("redis_up", "Whether Redis answers, 1 or 0; not said where none is used"),
            registry,
        }
    }

    /// Everything in OpenMetrics' text format (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
    pub fn render(&self, kept: &Kept) -> String {
        let set = |gauge: &Gauge, value: u64| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        set(&self.views.kept, kept.views);
        set(&self.operations.entries, kept.operations);
        set(&self.operations.bytes, kept.operations_bytes);
        if let Some(is_up) = kept.redis_is_up {
            self.redis_up.get_or_create(&[]).set(is_up.into());
        }
        let mut page = String::with_capacity(16 * 1024);
        if let Err(error) = text::encode(&mut page, &self.registry) {
            // Writing into memory does not fail; should it, half a page must not pass for a whole one.
            tracing::error!(%error, "the metrics could not be written");
            page.clear();
        }
        page
    }
}

/// What is kept in caches at the moment, counted when metrics are read.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Composed schemas, that of all subgraphs included.
    pub views: u64,
    /// Prepared operations in all of them.
    pub operations: u64,
    /// The memory that these take, estimated in bytes.
    pub operations_bytes: u64,
    /// Whether the Redis that routers share answers; `None` where there is none.
    pub redis_is_up: Option<bool>,
}

/// What an answer's outcome is called.
fn outcome_of(outcome: Outcome, has_errors: bool) -> &'static str {
    match outcome {
        Outcome::Executed if has_errors => outcome::ERRORS,
        Outcome::Executed => outcome::OK,
        Outcome::Invalid => outcome::INVALID,
        Outcome::Status(status) if status.is_server_error() => outcome::FAILED,
        Outcome::Status(_) => outcome::REFUSED,
    }
}

/// Notes how the present request was answered.
pub(crate) fn note_answer(outcome: Outcome, errors: &[GraphqlError]) {
    note(|facts| facts.ended(outcome_of(outcome, !errors.is_empty()), errors));
}
