//! The limits as the router applies them: each as strictly as it is set, and counted.

mod sockets;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apollo_compiler::Name;
use apollo_compiler::ast::{self, Definition, Document};
use async_graphql::parser::types::OperationType;
use futures::FutureExt;
use graphql::{FieldCost, FieldShape, Hits, Limit, LimitExceeded, Limits, Mode, Modes, PAGE_MAX};
use serde_json::{Map, Value};

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

/// Scans, parses and measures a document for a view, for whoever will ask it. Costs time linear in its length.
pub(crate) fn measure(
    guard: &Guard,
    limits: &Limits,
    view: &Supergraph,
    text: &str,
) -> Result<(), Vec<GraphqlError>> {
    measure_with(guard, limits, view, text, &Map::new())
}

/// Measures a document again, when variables ask for more entries than they were taken to ask for.
pub(crate) fn measure_long_pages(
    guard: &Guard,
    limits: &Limits,
    view: &Supergraph,
    (text, operation): (&str, &Operation),
    variables: &Map<String, Value>,
) -> Result<(), Vec<GraphqlError>> {
    let is_long =
        |name: &Name| variables.get(name.as_str()).and_then(entries).is_some_and(|said| said > PAGE_MAX);
    match operation.slicing.iter().any(is_long) {
        true => measure_with(guard, limits, view, text, variables),
        false => Ok(()),
    }
}

fn measure_with(
    guard: &Guard,
    limits: &Limits,
    view: &Supergraph,
    text: &str,
    variables: &Map<String, Value>,
) -> Result<(), Vec<GraphqlError>> {
    let mut hits = Hits::default();
    let scanned = limits.scan(text, &mut hits);
    guard.judged(text, hits, scanned)?;
    let parsed = document::parse(text)?;
    let mut hits = Hits::default();
    let checked = check(limits, view, &parsed, variables, &mut hits);
    guard.judged(text, hits, checked)
}

/// How many entries a variable asks for.
fn entries(value: &Value) -> Option<usize> {
    let number = value.as_u64().or_else(|| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
        value.as_f64().map(|number| number.max(0.0) as u64)
    })?;
    Some(usize::try_from(number).unwrap_or(usize::MAX))
}

/// The most that any operation says of a variable by default.
fn usual_entries(document: &Document) -> HashMap<&str, usize> {
    let mut found: HashMap<&str, usize> = HashMap::new();
    let operations = document.definitions.iter().filter_map(Definition::as_operation_definition);
    for variable in operations.flat_map(|operation| &operation.variables) {
        let default = variable.default_value.as_ref().and_then(|value| value.to_i32());
        if let Some(default) = default.and_then(|default| usize::try_from(default).ok()) {
            let most = found.entry(variable.name.as_str()).or_default();
            *most = default.max(*most);
        }
    }
    found
}

/// Measures a document by what a view says of its fields.
fn check(
    limits: &Limits,
    view: &Supergraph,
    document: &Document,
    variables: &Map<String, Value>,
    hits: &mut Hits,
) -> Result<(), LimitExceeded> {
    let (types, costs) = (view.schema(), view.costs());
    let usual = usual_entries(document);
    let variable = |name: &str| variables.get(name).and_then(entries).or_else(|| usual.get(name).copied());
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
        Some(FieldShape {
            ty: answered.inner_named_type().as_str(),
            is_list: answered.is_list(),
            cost: costs.of(ty, name).unwrap_or(FieldCost::nothing()),
        })
    };
    let schema = graphql::Schema { root: &root, field: &field, variable: &variable };
    limits.check_in(schema, &document::measured(document), hits).map(drop)
}

/// Whether a document is within the limits that are enforced for a view. Counts nothing.
pub(crate) fn fits(limits: &Limits, view: &Supergraph, text: &str) -> bool {
    let mut hits = Hits::default();
    let is_scanned = limits.scan(text, &mut hits).is_ok();
    let none = Map::new();
    is_scanned
        && document::parse(text).is_ok_and(|parsed| check(limits, view, &parsed, &none, &mut hits).is_ok())
}

/// Measures variables.
pub(crate) fn measure_variables(
    guard: &Guard,
    limits: &Limits,
    variables: &Map<String, Value>,
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
