//! From an operation to its plan.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use apollo_compiler::Name;
use apollo_compiler::ast::{Document, OperationType};
use apollo_compiler::executable::{ExecutableDocument, Operation};

use super::asked_fields::{Ask, Item};
use super::entity_jumps::Map;
use super::fetch_builder::FetchBuilder;
use super::fetches::Writer;
use super::solver::Solver;
use super::subgraphs::Graphs;
use super::{Aliases, FetchKind, Plan, Planned, Types, mutation_order, read_operation, schedule};

/// Makes plans for one supergraph.
pub(crate) struct Planner {
    types: Types,
    graphs: Graphs,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    /// It took too long.
    #[error("planning took too long")]
    Deadline,
    /// It takes too many fetches, or fetches that ask for too much.
    #[error("planned too large")]
    Large,
    /// It is nested too deeply.
    #[error("nested too deeply")]
    Nested,
    /// The supergraph cannot be read, or nobody answers a part of the operation. For the log only.
    #[error("planning failed: {0}")]
    Failed(String),
}

impl Planner {
    /// A planner for a supergraph.
    pub fn try_new(supergraph_sdl: &str) -> Result<Self, PlanError> {
        let document = Document::parse(supergraph_sdl, "supergraph.graphql")
            .map_err(|error| failed(error.errors.to_string()))?;
        let types = Types::new(&document);
        let graphs = Graphs::try_new(&document, &types)?;
        Ok(Self { types, graphs })
    }

    /// The supergraph's types.
    pub fn types(&self) -> &Types {
        &self.types
    }

    /// The names of the fields that objects are told by: of keys, and of what is required.
    pub fn needed(&self) -> HashSet<String> {
        self.graphs.needed()
    }

    /// Plans one operation of a valid document.
    pub fn plan(
        &self,
        document: &ExecutableDocument,
        operation: &Operation,
        aliases: &Aliases,
        deadline: Duration,
    ) -> Result<Planned, PlanError> {
        let deadline = Instant::now() + deadline;
        let map = self.map();
        let fields = read_operation::root_fields(map, document, operation, aliases);
        let root = &operation.selection_set.ty;
        let mut planned = if operation.operation_type == OperationType::Mutation {
            let owner = |item: &Item| self.graphs.owner(root, &item.0.name);
            let plans = mutation_order::runs(fields, owner).into_iter();
            let plans = plans.map(|run| Ok(self.asked(run, operation, deadline)?.rest));
            let mut plans = plans.collect::<Result<Vec<_>, PlanError>>()?;
            let rest = if plans.len() == 1 { plans.remove(0) } else { Plan::Sequence(plans) };
            Planned { primary: None, rest }
        } else {
            self.asked(fields.into_iter().collect(), operation, deadline)?
        };
        planned.number();
        Ok(planned)
    }

    fn map(&self) -> Map<'_> {
        Map { graphs: &self.graphs, types: &self.types }
    }

    fn asked(&self, ask: Ask, operation: &Operation, deadline: Instant) -> Result<Planned, PlanError> {
        let kind = match operation.operation_type {
            OperationType::Query => FetchKind::Query,
            OperationType::Mutation => FetchKind::Mutation,
            OperationType::Subscription => FetchKind::Subscription,
        };
        let map = self.map();
        let ty: &Name = &operation.selection_set.ty;
        let solution = Solver::new(map, deadline).root(ty, ask)?;
        let mut builder = FetchBuilder::new(map, kind);
        builder.root(&map.nowhere(ty), &solution)?;
        let writer = Writer { graphs: &self.graphs, operation };
        Ok(writer.plan(schedule::waves(builder.drafts)))
    }
}

pub(super) fn failed(error: impl ToString) -> PlanError {
    PlanError::Failed(error.to_string())
}
