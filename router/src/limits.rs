//! The limits as the router applies them: each as strictly as it is set, and counted.

mod sockets;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apollo_compiler::ast::{self, Document};
use async_graphql::parser::types::OperationType;
use futures::FutureExt;
use graphql::{FieldShape, Hits, Limit, LimitExceeded, Limits, Mode, Modes};

pub(crate) use sockets::{Socket, Sockets};

use crate::config::Config;
use crate::document;
use crate::error::{GraphqlError, code};
use crate::refusal::Refused;
use crate::supergraph::{Operation, Response, Supergraph};
use crate::telemetry::{LimitLabels, Metrics};

/// An answer takes no longer, whatever the settings say.
const REQUEST_HARD_MAX: Duration = Duration::from_secs(120);

/// Planning takes no longer, whatever the settings say.
const PLANNING_HARD_MAX: Duration = Duration::from_secs(10);

/// Bytes of a body, unpacked, that are refused whatever the settings say.
pub(crate) const BODY_HARD_MAX: usize = 100_000_000;

/// Says what becomes of requests that are past a limit, and counts them.
#[derive(Clone)]
pub(crate) struct Guard {
    modes: Arc<Modes>,
    metrics: Arc<Metrics>,
}

impl Guard {
    pub fn new(modes: Modes, metrics: Arc<Metrics>) -> Self {
        Self { modes: Arc::new(modes), metrics }
    }

    /// How strictly a limit is held.
    pub fn mode(&self, limit: Limit) -> Mode {
        self.modes.of(limit)
    }

    /// Whether a request that is past a limit must be refused.
    pub fn refuses(&self, limit: Limit) -> bool {
        let mode = self.mode(limit);
        match mode {
            Mode::Off => {}
            Mode::Measure => self.measured(limit),
            Mode::Enforce => self.count(limit, mode),
        }
        mode == Mode::Enforce
    }

    /// A limit that is only measured was passed.
    fn measured(&self, limit: Limit) {
        tracing::debug!(limit = limit.name(), "a request is past a limit that is only measured");
        self.count(limit, Mode::Measure);
    }

    /// Counts what a check found.
    fn judged<T>(
        &self,
        text: &str,
        hits: Hits,
        judged: Result<T, LimitExceeded>,
    ) -> Result<T, Vec<GraphqlError>> {
        hits.iter().for_each(|limit| self.measured(limit));
        judged.map_err(|refused| {
            if let Some(limit) = refused.limit {
                // By its mode this may be `measure`, refused by the bound behind it.
                self.count(limit, Mode::Enforce);
            }
            let locations = refused.offset.map(|offset| document::location(text, offset));
            let error = GraphqlError::new(refused.code, refused.message);
            vec![GraphqlError { locations: locations.into_iter().collect(), ..error }]
        })
    }

    fn count(&self, limit: Limit, mode: Mode) {
        let labels = LimitLabels { limit: limit.name(), mode: mode.name() };
        self.metrics.requests.limit_hits.get_or_create(&labels).inc();
    }
}

/// Scans, parses and measures a document for a view. Costs time linear in its length.
pub(crate) fn measure(
    guard: &Guard,
    limits: &Limits,
    view: &Supergraph,
    text: &str,
) -> Result<(), Vec<GraphqlError>> {
    let mut hits = Hits::default();
    let scanned = limits.scan(text, &mut hits);
    guard.judged(text, hits, scanned)?;
    let parsed = document::parse(text)?;
    let mut hits = Hits::default();
    let checked = check(limits, view, &parsed, &mut hits);
    guard.judged(text, hits, checked)
}

/// Measures a document by what a view says of its fields.
fn check(
    limits: &Limits,
    view: &Supergraph,
    document: &Document,
    hits: &mut Hits,
) -> Result<(), LimitExceeded> {
    let (types, sizes) = (view.schema(), view.list_sizes());
    let root = |kind| {
        let kind = match kind {
            OperationType::Query => ast::OperationType::Query,
            OperationType::Mutation => ast::OperationType::Mutation,
            OperationType::Subscription => ast::OperationType::Subscription,
        };
        types.root_operation(kind).map(|name| name.as_str())
    };
    let field = |ty: &str, name: &str| {
        let answered = &types.type_field(ty, name).ok()?.ty;
        let stated = sizes.of(ty, name);
        Some(FieldShape {
            ty: answered.inner_named_type().as_str(),
            is_list: answered.is_list(),
            size: stated.and_then(|stated| stated.assumed),
            slicing: stated.map(|stated| stated.slicing.as_slice()).unwrap_or_default(),
        })
    };
    limits
        .check_in(graphql::Schema { root: &root, field: &field }, &document::measured(document), hits)
        .map(drop)
}

/// Whether a document is within the limits that are enforced for a view. Counts nothing.
pub(crate) fn fits(limits: &Limits, view: &Supergraph, text: &str) -> bool {
    let mut hits = Hits::default();
    let is_scanned = limits.scan(text, &mut hits).is_ok();
    is_scanned && document::parse(text).is_ok_and(|parsed| check(limits, view, &parsed, &mut hits).is_ok())
}

/// Measures variables.
pub(crate) fn measure_variables(
    guard: &Guard,
    limits: &Limits,
    variables: &serde_json::Map<String, serde_json::Value>,
) -> Result<(), Vec<GraphqlError>> {
    let mut hits = Hits::default();
    let checked = limits.check_variables(variables, &mut hits);
    guard.judged("", hits, checked)
}

/// How long an operation may take to plan.
pub(crate) fn planning_max(guard: &Guard, config: &Config) -> Duration {
    let is_enforced = guard.mode(Limit::Planning) == Mode::Enforce;
    if is_enforced { Duration::from_millis(config.planning_timeout_ms) } else { PLANNING_HARD_MAX }
}

/// Counts an operation that takes too long to plan, whether or not it was refused.
pub(crate) fn measure_planning(
    guard: &Guard,
    config: &Config,
    planned: &Result<Arc<Operation>, Vec<GraphqlError>>,
) {
    let allowed = Duration::from_millis(config.planning_timeout_ms);
    let is_past = match planned {
        Ok(operation) => operation.planning > allowed,
        Err(errors) => errors.iter().any(|error| error.code == code::PLANNING_TIMEOUT),
    };
    // One that was just in time has its limit behind it.
    if is_past && (planned.is_err() || guard.mode(Limit::Planning) != Mode::Enforce) {
        guard.refuses(Limit::Planning);
    }
}

/// Leaves out the errors that are too many.
pub(crate) fn cap_errors(guard: &Guard, limits: &Limits, response: &mut Response) {
    let max = limits.errors_max;
    if response.errors.len() > max && guard.refuses(Limit::Errors) {
        response.errors.truncate(max);
    }
}

/// Runs something for a client for as long as an answer may take. An `async fn` would keep room for it twice.
pub(crate) fn in_time<T>(
    guard: &Guard,
    config: &Config,
    run: impl Future<Output = T>,
) -> impl Future<Output = Result<T, Refused>> {
    let allowed = config.request_timeout();
    let is_enforced = guard.mode(Limit::RequestTimeout) == Mode::Enforce;
    let patience = if is_enforced { allowed } else { REQUEST_HARD_MAX };
    let started_at = Instant::now();
    tokio::time::timeout(patience, run).map(move |done| {
        if done.is_err() || started_at.elapsed() > allowed {
            guard.refuses(Limit::RequestTimeout);
        }
        done.map_err(|_| Refused::timeout())
    })
}
