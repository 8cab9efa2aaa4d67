//! The planner library, behind our own types.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Duration;

use apollo_compiler::ast::{Document, OperationType, Selection};
use apollo_compiler::executable::{ExecutableDocument, Operation};
use hive_router_query_planner::ast::normalization::normalize_operation;
use hive_router_query_planner::ast::operation::OperationDefinition;
use hive_router_query_planner::graph::PlannerOverrideContext;
use hive_router_query_planner::planner::plan_nodes::PlanNode;
use hive_router_query_planner::planner::{Planner as Library, PlannerError, QueryPlannerOptions};
use hive_router_query_planner::utils::cancellation::CancellationToken;
use hive_router_query_planner::utils::parsing::{safe_parse_operation, safe_parse_schema};

use super::asked::{Field, Set};
use super::document;
use super::interface_objects::InterfaceObjects;
use super::provided::Provided;
use super::stages::{Stages, Staging};
use super::{Aliases, Fetch, Plan, Planned, Required, Types, convert, serial, supergraph};

/// Makes plans for one supergraph.
pub(crate) struct Planner {
    library: Library,
    /// With the subgraphs in another order, where none suits everybody.
    other: Option<Library>,
    supergraph_sdl: String,
    /// For what the library cannot plan at once.
    stages: OnceLock<Result<Stages, PlanError>>,
    /// Which subgraph runs which mutation.
    mutations: HashMap<String, String>,
    types: Types,
    interface_objects: InterfaceObjects,
    provided: Provided,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    /// It took too long.
    #[error("planning took too long")]
    Deadline,
    /// It is nested deeper than the library reads.
    #[error("nested too deeply")]
    Nested,
    /// The library failed. For the log only.
    #[error("planning failed: {0}")]
    Failed(String),
}

impl Planner {
    /// A planner for a supergraph.
    pub fn try_new(supergraph_sdl: &str) -> Result<Self, PlanError> {
        let (library, is_circular) = self::library(supergraph_sdl, false)?;
        let other =
            is_circular.then(|| self::library(supergraph_sdl, true)).transpose()?.map(|(other, _)| other);
        let supergraph = &library.supergraph;
        let mutation = supergraph.mutation_type.as_ref().and_then(|name| supergraph.definitions.get(name));
        let mutations = mutation
            .into_iter()
            .flat_map(|definition| definition.fields())
            .filter_map(|(name, field)| {
                // Where several could run it, only the plan says who does.
                let mut owners =
                    field.join_field.iter().filter(|join| !join.external && !join.used_overridden);
                let owner = owners.next().filter(|_| owners.next().is_none())?;
                owner.graph_id.as_ref().map(|graph| (name.clone(), graph.clone()))
            })
            .collect();
        let types = Types::new(supergraph);
        let interface_objects = InterfaceObjects::new(supergraph);
        let provided = Provided::new(supergraph, &types);
        let (stages, supergraph_sdl) = (OnceLock::new(), supergraph_sdl.to_owned());
        Ok(Self { library, other, supergraph_sdl, stages, mutations, types, interface_objects, provided })
    }

    /// The supergraph's types.
    pub fn types(&self) -> &Types {
        &self.types
    }

    /// The names of the fields that some `@requires` wants.
    pub fn required(&self) -> Required {
        let definitions = self.library.supergraph.definitions.values();
        let fields = definitions.flat_map(|definition| definition.fields().values());
        let mut found = Required::default();
        for field_set in
            fields.flat_map(|field| &field.join_field).filter_map(|join| join.requires.as_deref())
        {
            let document = Document::parse(format!("{{ {field_set} }}"), "field set").ok();
            let definitions = document.into_iter().flat_map(|document| document.definitions);
            for operation in definitions.filter_map(|one| one.as_operation_definition().cloned()) {
                required(&operation.selection_set, &mut found);
            }
        }
        found
    }

    /// Plans one operation of a valid document.
    pub fn plan(
        &self,
        document: &ExecutableDocument,
        operation: &Operation,
        aliases: &Aliases,
        deadline: Duration,
    ) -> Result<Planned, PlanError> {
        let token = CancellationToken::with_timeout(deadline);
        let fields = document::root_fields(&self.types, document, operation, aliases);
        if fields.is_empty() {
            return Ok(Planned { primary: None, rest: Plan::Nothing });
        }
        let mut asked = Set::default();
        fields.iter().for_each(|field| asked.field(field.clone()));
        let root = &operation.selection_set.ty;
        asked.hoist(root, &self.types);
        let at_once = |asked: &Set| {
            let text = document::operation(operation.operation_type, operation, asked);
            let planned = self.provided(convert::plan(self.node(&text, &token)?, &self.types)?)?;
            Ok(self.complete(planned, asked))
        };
        let in_stages = |asked: Set| {
            let staging = Staging { stages: self.stages()?, types: &self.types, operation, token: &token };
            staging.root(asked, |asked| Ok(at_once(asked)?.0))
        };
        let plan = |asked: &Set| match at_once(asked) {
            Ok((planned, is_exact)) => {
                let exact = (!is_exact).then(|| in_stages(asked.spread(root, &self.types)));
                Ok(exact.and_then(Result::ok).unwrap_or(planned))
            }
            Err(PlanError::Failed(cause)) => {
                tracing::debug!(cause, "planning in stages");
                in_stages(asked.clone()).or_else(|error| match error {
                    PlanError::Failed(_) if !self.interface_objects.is_empty() => {
                        in_stages(asked.spread(root, &self.types))
                    }
                    error => Err(error),
                })
            }
            Err(error) => Err(error),
        };
        let mut planned = if operation.operation_type == OperationType::Mutation {
            let owner = |field: &Field| self.mutations.get(field.name.as_str()).map(String::as_str);
            let plans = serial::runs(fields, owner).into_iter().map(|mut run| {
                run.hoist(root, &self.types);
                Ok(plan(&run)?.rest)
            });
            let mut plans = plans.collect::<Result<Vec<_>, PlanError>>()?;
            let rest = if plans.len() == 1 { plans.remove(0) } else { Plan::Sequence(plans) };
            Planned { primary: None, rest }
        } else {
            plan(&asked)?
        };
        planned.number();
        if !self.interface_objects.is_empty() {
            planned.rest.visit_mut(&mut |fetch| self.interface_objects.name(fetch, &self.types));
        }
        Ok(planned)
    }

    /// Refuses a plan that asks for what is not provided.
    fn provided(&self, planned: Planned) -> Result<Planned, PlanError> {
        let mut is_allowed = true;
        let mut look = |fetch: &Fetch| is_allowed &= self.provided.allows(fetch, &self.types);
        planned.primary.iter().for_each(|fetch| look(fetch));
        planned.rest.visit(&mut look);
        if is_allowed { Ok(planned) } else { Err(failed("what is not provided is asked for")) }
    }

    /// Puts right what the library forgets of interface objects; says whether the plan is exact with that.
    fn complete(&self, mut planned: Planned, asked: &Set) -> (Planned, bool) {
        if self.interface_objects.is_empty() {
            return (planned, true);
        }
        let (mut known, mut is_exact) = (Vec::new(), true);
        let mut complete = |fetch: &mut Fetch| {
            is_exact &= self.interface_objects.complete(fetch, asked, &known, &self.types);
            if fetch.entities.is_empty() && fetch.path.is_empty() {
                known.extend_from_slice(&fetch.selection);
            }
        };
        planned.primary.iter_mut().for_each(|fetch| complete(fetch));
        planned.rest.visit_mut(&mut complete);
        (planned, is_exact)
    }

    fn node(&self, text: &str, token: &CancellationToken) -> Result<PlanNode, PlanError> {
        match (node(&self.library, text, token), &self.other) {
            (Err(PlanError::Failed(cause)), Some(other)) => {
                tracing::debug!(cause, "planning with the other order of subgraphs");
                node(other, text, token)
            }
            (node, _) => node,
        }
    }

    /// Set up when first needed, which is seldom.
    fn stages(&self) -> Result<&Stages, PlanError> {
        let stages = self.stages.get_or_init(|| Stages::try_new(&self.supergraph_sdl));
        stages.as_ref().map_err(failed)
    }
}

/// Has the library plan an operation.
pub(super) fn node(library: &Library, text: &str, token: &CancellationToken) -> Result<PlanNode, PlanError> {
    // The document is valid, so that only its depth can be in the way.
    let document = guarded(|| safe_parse_operation(text).map_err(|_| PlanError::Nested))?;
    guarded(|| {
        let normalized = normalize_operation(&library.supergraph, &document, None).map_err(failed)?;
        plan_with(library, &normalized.operation, token)
    })
}

fn required(selections: &[Selection], found: &mut Required) {
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                let is_plain = field.arguments.is_empty();
                let names = if is_plain { &mut found.plain } else { &mut found.with_arguments };
                names.insert(field.name.to_string());
                required(&field.selection_set, found);
            }
            Selection::InlineFragment(fragment) => required(&fragment.selection_set, found),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Sets up the library, and says whether another order of the subgraphs could do better.
fn library(supergraph_sdl: &str, is_reversed: bool) -> Result<(Library, bool), PlanError> {
    let prepared = supergraph::prepare(supergraph_sdl, is_reversed).map_err(PlanError::Failed)?;
    Ok((set_up(&prepared.sdl)?, prepared.is_circular))
}

/// Sets up the library for a supergraph as it wants it.
pub(super) fn set_up(sdl: &str) -> Result<Library, PlanError> {
    guarded(|| {
        let document = safe_parse_schema(sdl).map_err(failed)?;
        Library::new_from_supergraph(&document, QueryPlannerOptions::default()).map_err(failed)
    })
}

fn plan_with(
    library: &Library,
    operation: &OperationDefinition,
    token: &CancellationToken,
) -> Result<PlanNode, PlanError> {
    let plan = library.plan_from_normalized_operation(operation, PlannerOverrideContext::default(), token);
    let plan = plan.map_err(|error| match error {
        PlannerError::CancellationError(_) => PlanError::Deadline,
        other if token.bail_if_cancelled().is_err() => {
            tracing::debug!(%other, "planning was cut short");
            PlanError::Deadline
        }
        other => failed(other),
    })?;
    plan.node.ok_or_else(|| failed("an empty plan"))
}

pub(super) fn failed(error: impl ToString) -> PlanError {
    PlanError::Failed(error.to_string())
}

/// The library may panic on what it does not expect; that must cost one request, not the process.
fn guarded<T>(work: impl FnOnce() -> Result<T, PlanError>) -> Result<T, PlanError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("panicked");
        Err(failed(message))
    })
}
