//! One composed supergraph, and the operations prepared for it. Never changes: another set of modules is another
//! supergraph.

mod forms;
mod validation;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use apollo_compiler::ast::OperationType;
use apollo_compiler::executable::ExecutableDocument;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Schema, introspection};
use async_graphql::Name as Key;
use common::Caller;
use serde_json::{Map, Value};

use crate::access::{Demands, RootFields, has_refused, is_refused};
use crate::compose::{self, ComposeError, Composed, Costs, Scope};
use crate::error::{GraphqlError, PathSegment, code};
use crate::execute::{Engine, Layout, SizeHints, shape};
pub use crate::execute::{Operation, OperationKind, Response};
use crate::input_objects::OneOf;
use crate::optional_variables::Optional;
use crate::plan::{Aliases, PlanError, Planner};
use crate::skip_and_include::Switches;
use crate::transport::Subgraph;
pub(crate) use forms::Asking;
use forms::{Form, Hot, Known, Varied, anybody, cache_key};
use validation::{choose, one, unknown, validate};

/// How long planning one operation may take when nobody says otherwise.
const PLANNING_MAX: Duration = Duration::from_millis(200);
/// How much is kept prepared, in bytes of memory by [`weight`].
const OPERATIONS_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// What an operation takes in memory, roughly: a document of 160 bytes over three subgraphs was seen to take
/// 25 KB, validated, planned and parsed again for each fetch.
fn weight(document: &str) -> u32 {
    u32::try_from(document.len().saturating_mul(64).saturating_add(16 * 1024)).unwrap_or(u32::MAX)
}

/// A supergraph: schema, planner, the ways to the subgraphs, and a cache of prepared operations.
pub struct Supergraph {
    supergraph_sdl: String,
    api_sdl: String,
    engine: Arc<Engine>,
    costs: Costs,
    root_fields: RootFields,
    operations: moka::sync::Cache<Arc<str>, Known>,
}

impl Supergraph {
    /// Composes subgraphs of which others may be switched off: what only those could answer is left out. Heavy on
    /// the CPU: to be called off the I/O threads.
    pub fn compose(subgraphs: &[Subgraph]) -> Result<Self, ComposeError> {
        Self::compose_in(subgraphs, Scope::View)
    }

    /// Composes subgraphs, all that there are or a part of them.
    pub fn compose_in(subgraphs: &[Subgraph], scope: Scope) -> Result<Self, ComposeError> {
        let sdls = subgraphs.iter().map(|subgraph| (subgraph.name.as_str(), &subgraph.sdl));
        Self::with(compose::compose(sdls, scope)?, subgraphs)
    }

    /// Takes a supergraph that was composed elsewhere; of the subgraphs, only names and transports count.
    pub fn from_supergraph_sdl(supergraph_sdl: &str, subgraphs: &[Subgraph]) -> Result<Self, ComposeError> {
        Self::with(compose::read(supergraph_sdl)?, subgraphs)
    }

    fn with(composed: Composed, subgraphs: &[Subgraph]) -> Result<Self, ComposeError> {
        let planner = Planner::try_new(&composed.supergraph_sdl)
            .map_err(|error| ComposeError::Planner(compose::in_one_line(error.to_string())))?;
        let transports =
            subgraphs.iter().map(|subgraph| (subgraph.name.clone(), subgraph.transport.clone())).collect();
        let implementers = composed.api_schema.implementers_map();
        let (needed, one_of) = (planner.needed(), OneOf::read(&composed.api_schema));
        Ok(Self {
            supergraph_sdl: composed.supergraph_sdl,
            costs: composed.costs,
            root_fields: composed.root_fields,
            api_sdl: composed.api_sdl,
            engine: Arc::new(Engine {
                planner,
                schema: composed.api_schema,
                implementers,
                access: composed.access,
                one_of,
                aliases: Aliases::new(composed.field_names, needed),
                transports,
            }),
            operations: moka::sync::Cache::builder()
                .max_capacity(OPERATIONS_BYTES_MAX)
                .weigher(|key: &Arc<str>, _| weight(key))
                .build(),
        })
    }

    /// The supergraph's SDL, with join directives.
    #[must_use]
    pub fn supergraph_sdl(&self) -> &str {
        &self.supergraph_sdl
    }

    /// The SDL of what clients may see.
    #[must_use]
    pub fn api_sdl(&self) -> &str {
        &self.api_sdl
    }

    /// What clients may see, parsed.
    pub(crate) fn schema(&self) -> &Valid<Schema> {
        &self.engine.schema
    }

    /// Whether something in it is for some callers only.
    pub(crate) fn demands_callers(&self) -> bool {
        !self.engine.access.is_empty()
    }

    /// What fields are said to cost.
    pub(crate) fn costs(&self) -> &Costs {
        &self.costs
    }

    /// What is stated of root fields.
    pub(crate) fn root_fields(&self) -> &RootFields {
        &self.root_fields
    }

    /// The subgraphs that it is composed of, in no order.
    pub(crate) fn subgraph_names(&self) -> impl Iterator<Item = &str> {
        self.engine.transports.keys().map(String::as_str)
    }

    /// How many operations are kept prepared, and their bytes by estimate.
    pub(crate) fn operations_kept(&self) -> (u64, u64) {
        self.operations.run_pending_tasks();
        (self.operations.entry_count(), self.operations.weighted_size())
    }

    /// An operation that was prepared before, as callers without a token see it, for variables that decide its
    /// conditions in the same way, if it is still kept.
    #[must_use]
    pub fn prepared(
        &self,
        document: &str,
        operation_name: Option<&str>,
        variables: &Map<String, Value>,
    ) -> Option<Arc<Operation>> {
        self.prepared_for(document, operation_name, anybody(variables))
    }

    /// The same for any caller. Cheap.
    pub(crate) fn prepared_for(
        &self,
        document: &str,
        operation_name: Option<&str>,
        asking: Asking<'_>,
    ) -> Option<Arc<Operation>> {
        let key = cache_key(document, operation_name)?;
        let known = match self.operations.get(&*key)? {
            Known::Varied(known) => self.operations.get(&*known.form(asking).key(&key))?,
            known @ Known::Operation(_) => known,
        };
        let operation = known.operation()?;
        operation.hits.fetch_add(1, Ordering::Relaxed);
        Some(operation)
    }

    /// What was asked for again most often: first the hottest.
    pub(crate) fn hottest(&self, max: usize) -> Vec<Hot> {
        let kept = self.operations.iter();
        let kept = kept.filter_map(|(key, known)| Some((key, known.operation()?)));
        let kept = kept.map(|(key, operation)| (operation.hits.load(Ordering::Relaxed), key, operation));
        let mut kept: Vec<_> = kept.filter(|(hits, ..)| *hits > 0).collect();
        kept.sort_unstable_by_key(|(hits, ..)| std::cmp::Reverse(*hits));
        let hot = |key: &str, operation: &Operation| {
            // As `cache_key` and `Form::key` put it together.
            let (name, document) = key.split_once('=')?.1.split_once('\n')?;
            let name = Some(name).filter(|name| !name.is_empty()).map(str::to_owned);
            let (mut variables, judged) = (operation.decided.variables(), operation.judged.clone());
            variables.extend(operation.given.variables());
            Some(Hot { document: document.to_owned(), name, variables, judged })
        };
        kept.iter().take(max).filter_map(|(_, key, operation)| hot(key, operation)).collect()
    }

    /// Parses, validates, plans and shapes an operation, or finds it in the cache. For operations whose conditions
    /// no variable decides.
    pub fn prepare(
        &self,
        document: &str,
        operation_name: Option<&str>,
    ) -> Result<Arc<Operation>, Vec<GraphqlError>> {
        self.prepare_for(document, operation_name, &Map::new())
    }

    /// The same for any operation, for callers without a token. What `@skip` and `@include` leave out follows from the
    /// variables: it runs with variables that decide this in the same way, and refuses others.
    pub fn prepare_for(
        &self,
        document: &str,
        operation_name: Option<&str>,
        variables: &Map<String, Value>,
    ) -> Result<Arc<Operation>, Vec<GraphqlError>> {
        self.prepare_as(document, operation_name, anybody(variables))
    }

    /// The same for any caller: what the caller may not see is null in the answer.
    pub fn prepare_by(
        &self,
        document: &str,
        operation_name: Option<&str>,
        variables: &Map<String, Value>,
        caller: &Caller,
    ) -> Result<Arc<Operation>, Vec<GraphqlError>> {
        let asking = Asking { is_met: &|demand| demand.is_met_by(caller), ..anybody(variables) };
        self.prepare_as(document, operation_name, asking)
    }

    /// The same for anybody.
    pub(crate) fn prepare_as(
        &self,
        document: &str,
        operation_name: Option<&str>,
        asking: Asking<'_>,
    ) -> Result<Arc<Operation>, Vec<GraphqlError>> {
        self.prepare_within(document, operation_name, asking, PLANNING_MAX)
    }

    /// The same, with another time for planning.
    pub(crate) fn prepare_within(
        &self,
        document: &str,
        operation_name: Option<&str>,
        asking: Asking<'_>,
        planning_max: Duration,
    ) -> Result<Arc<Operation>, Vec<GraphqlError>> {
        let key = cache_key(document, operation_name).ok_or_else(|| unknown(operation_name))?;
        let first = self.kept(key.clone(), || {
            let document = validate(&self.engine.schema, &self.engine.one_of, document)?;
            let definition = choose(&document, operation_name)?;
            let switches = Switches::of(&document, &definition);
            let optional = Optional::of(&document, &definition);
            let demands = Demands::of(&document, &self.engine.access);
            if !switches.is_empty() || !optional.is_empty() || !demands.is_empty() {
                return Ok(Known::Varied(Arc::new(Varied { document, switches, optional, demands })));
            }
            self.build(&document, operation_name, Form::default(), asking.request_id, planning_max)
        });
        let varied = match first? {
            Known::Operation(operation) => return Ok(operation),
            Known::Varied(varied) => varied,
        };
        let form = varied.form(asking);
        let key = form.key(&key);
        match self.kept(key, || {
            self.build(&varied.document, operation_name, form, asking.request_id, planning_max)
        })? {
            Known::Operation(operation) => Ok(operation),
            // A key of one kind never is one of the other.
            Known::Varied(_) => Err(vec![GraphqlError::internal()]),
        }
    }

    /// However many ask for the same at once, it is made once.
    fn kept(
        &self,
        key: Arc<str>,
        make: impl FnOnce() -> Result<Known, Vec<GraphqlError>>,
    ) -> Result<Known, Vec<GraphqlError>> {
        self.operations.try_get_with(key, make).map_err(|errors| errors.as_ref().clone())
    }

    fn build(
        &self,
        document: &Valid<ExecutableDocument>,
        name: Option<&str>,
        form: Form,
        request_id: &str,
        planning_max: Duration,
    ) -> Result<Known, Vec<GraphqlError>> {
        let Form { decided, given, judged } = form;
        let document = decided.apply(document);
        // Before what is not given is taken out: that it is missing may matter to what it costs.
        let cost_variables = self.costs.variables(&document);
        let document = judged.mark(&self.engine.access, given.apply(document));
        let definition = choose(&document, name)?;
        self.root_fields.check_once(&document, &definition)?;
        let kind = match definition.operation_type {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        };
        let introspects = definition
            .root_fields(&document)
            .any(|field| matches!(field.name.as_str(), "__schema" | "__type"));
        if introspects {
            introspection::check_max_depth(&document, &definition)
                .map_err(|error| one(code::TOO_COMPLEX, error.message().to_string()))?;
        }
        let refused = definition.root_fields(&document).find(|field| is_refused(field));
        if let Some(refused) = refused.filter(|_| kind == OperationKind::Subscription) {
            // It is about the whole: without this field there are no events.
            let path = vec![PathSegment::Field(Key::new(refused.response_key().as_str()))];
            return Err(vec![GraphqlError::unauthorized().at(path)]);
        }
        let is_refused_something = has_refused(&document, &definition);
        let started_at = Instant::now();
        let planned = self
            .engine
            .planner
            .plan(&document, &definition, &self.engine.aliases, planning_max)
            .map_err(|error| not_planned(error, request_id))?;
        let planning = started_at.elapsed();
        let layout = Layout::new(&planned, self.engine.planner.types(), kind != OperationKind::Mutation);
        let shape = shape(&self.engine, &document, &definition, &layout, &judged)
            .map_err(|_| one(code::TOO_COMPLEX, "this operation selects too much"))?;
        let engine = self.engine.clone();
        Ok(Known::Operation(Arc::new(Operation {
            engine,
            document,
            definition,
            decided,
            given,
            is_lost: shape.is_lost(),
            is_refused_something,
            cost_variables,
            judged,
            kind,
            introspects,
            planning,
            planned,
            layout,
            shape,
            size_hints: SizeHints::default(),
            hits: AtomicU64::new(0),
        })))
    }
}

/// What to say of an operation that could not be planned.
fn not_planned(error: PlanError, request_id: &str) -> Vec<GraphqlError> {
    match error {
        PlanError::Deadline => one(code::PLANNING_TIMEOUT, "this operation takes too long to plan"),
        PlanError::Large => {
            one(code::TOO_COMPLEX, "this operation takes too much of the subgraphs to answer")
        }
        PlanError::Nested => one(code::TOO_COMPLEX, "this operation is nested too deeply"),
        PlanError::Failed(cause) => {
            tracing::error!(cause, request_id, "an operation could not be planned");
            vec![GraphqlError::internal()]
        }
    }
}
