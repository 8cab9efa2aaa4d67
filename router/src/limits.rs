//! The limits as the router applies them: each as strictly as it is set, and counted.

mod sockets;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apollo_compiler::Name;
use apollo_compiler::ast::{self, Definition, Document, Type};
use async_graphql::Name as Key;
use async_graphql::parser::types::OperationType;
use futures::FutureExt;
use graphql::{
    DocumentFacts, FieldCost, FieldShape, Hits, Limit, LimitExceeded, Limits, Mode, Modes, PAGE_MAX, Said,
};
use serde_json::{Map, Value};

pub(crate) use sockets::{Socket, Sockets};

use crate::compose::CostVariables;
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
    measure_with(guard, limits, view, text, None)
}

/// Measures a document again, when variables say something else than they were taken to say: more entries or more items,
/// or nothing where something is needed.
pub(crate) fn measure_variables_cost(
    guard: &Guard,
    limits: &Limits,
    view: &Supergraph,
    (text, operation): (&str, &Operation),
    variables: &Map<String, Value>,
) -> Result<(), Vec<GraphqlError>> {
    let CostVariables { counted, needed } = &operation.cost_variables;
    let is_much = |name: &Name| variables.get(name.as_str()).is_some_and(is_much);
    // Null, not given, or an object that may lead to nothing.
    let is_no_number = |name: &Name| variables.get(name.as_str()).is_none_or(|value| !value.is_number());
    match counted.iter().any(is_much) || needed.iter().any(is_no_number) {
        true => measure_with(guard, limits, view, text, Some(variables)),
        false => Ok(()),
    }
}

fn measure_with(
    guard: &Guard,
    limits: &Limits,
    view: &Supergraph,
    text: &str,
    variables: Option<&Map<String, Value>>,
) -> Result<(), Vec<GraphqlError>> {
    let mut hits = Hits::default();
    let scanned = limits.scan(text, &mut hits);
    guard.judged(text, hits, scanned)?;
    let parsed = document::parse(text)?;
    let mut hits = Hits::default();
    let checked = check(limits, view, &parsed, variables, &mut hits);
    guard.judged(text, hits, checked).map(drop)
}

/// Whether a value asks for more than a variable is taken to ask for: a longer page, or more than one of something.
fn is_much(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number > PAGE_MAX as f64),
        Value::Array(items) => items.len() > 1 || items.iter().any(is_much),
        Value::Object(fields) => fields.values().any(is_much),
        _ => false,
    }
}

/// A variable's value as documents have them. Numbers are whole, as they are where they say how many.
fn as_in_documents(value: &Value) -> async_graphql_value::Value {
    use async_graphql_value::Value as Said;
    match value {
        Value::Null => Said::Null,
        Value::Number(number) => {
            let whole = number.as_i64().or_else(|| {
                #[expect(clippy::cast_possible_truncation, reason = "such a cast saturates")]
                number.as_f64().map(|number| number as i64)
            });
            Said::Number(whole.unwrap_or(i64::MAX).into())
        }
        Value::Array(items) => Said::List(items.iter().map(as_in_documents).collect()),
        Value::Object(fields) => {
            let fields = fields.iter();
            Said::Object(fields.map(|(name, value)| (Key::new(name), as_in_documents(value))).collect())
        }
        Value::Bool(_) | Value::String(_) => Said::Boolean(true),
    }
}

/// What variables say: what they are given, else what any operation says of them by default.
fn said(
    document: &Document,
    given: Option<&Map<String, Value>>,
) -> HashMap<String, Vec<async_graphql_value::Value>> {
    let given = given.into_iter().flatten();
    let mut found: HashMap<String, Vec<_>> =
        given.map(|(name, value)| (name.clone(), vec![as_in_documents(value)])).collect();
    let operations = document.definitions.iter().filter_map(Definition::as_operation_definition);
    let mut defaults: HashMap<String, Vec<_>> = HashMap::new();
    for variable in operations.flat_map(|operation| &operation.variables) {
        if let Some(default) = &variable.default_value {
            defaults.entry(variable.name.to_string()).or_default().push(document::value(default));
        }
    }
    for (name, values) in defaults {
        found.entry(name).or_insert(values);
    }
    found
}

/// Measures a document by what a view says of its fields, with what its variables say if that is known.
fn check(
    limits: &Limits,
    view: &Supergraph,
    document: &Document,
    variables: Option<&Map<String, Value>>,
    hits: &mut Hits,
) -> Result<DocumentFacts, LimitExceeded> {
    let (types, costs) = (view.schema(), view.costs());
    let values = said(document, variables);
    let variable = |name: &str| Said {
        values: values.get(name).map_or(&[], Vec::as_slice),
        is_all: variables.is_some(),
    };
    let input = |ty: &str, field: &str| costs.of_input(ty, field);
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
            lists: lists(answered),
            cost: costs.of(ty, name).unwrap_or(FieldCost::nothing()),
        })
    };
    let schema = graphql::Schema { root: &root, field: &field, input: &input, variable: &variable };
    limits.check_in(schema, &document::measured(document), hits)
}

/// How many lists within each other a type is.
fn lists(ty: &Type) -> u32 {
    match ty {
        Type::List(inner) | Type::NonNullList(inner) => 1 + lists(inner),
        Type::Named(_) | Type::NonNullNamed(_) => 0,
    }
}

impl Supergraph {
    /// What a document costs, as `limits.cost_max` counts it, whatever its variables say; of several operations, the
    /// costliest. Costs time linear in its length.
    ///
    /// # Errors
    /// What is wrong with a document that cannot be parsed, or is past another limit by default.
    pub fn cost(&self, document: &str) -> Result<usize, Vec<GraphqlError>> {
        let parsed = document::parse(document)?;
        let limits = Limits { cost_max: usize::MAX, ..Limits::default() };
        let checked = check(&limits, self, &parsed, None, &mut Hits::default());
        checked
            .map(|facts| facts.cost)
            .map_err(|refused| vec![GraphqlError::new(refused.code, refused.message)])
    }
}

/// Whether a document is within the limits that are enforced for a view. Counts nothing.
pub(crate) fn fits(limits: &Limits, view: &Supergraph, text: &str) -> bool {
    let mut hits = Hits::default();
    let is_scanned = limits.scan(text, &mut hits).is_ok();
    is_scanned
        && document::parse(text).is_ok_and(|parsed| check(limits, view, &parsed, None, &mut hits).is_ok())
}

/// A document that is within the limits of its text. Counts nothing, and costs time linear in its length.
pub(crate) fn parse_within(limits: &Limits, text: &str) -> Option<Document> {
    limits.scan(text, &mut Hits::default()).ok()?;
    document::parse(text).ok()
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
