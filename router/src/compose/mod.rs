//! Subgraph SDLs → supergraph SDL and API schema.
//!
//! Composition is our own: views are composed while requests wait, from subgraphs that were read once ([`Sdl`]).

mod api_schema;
mod costs;
mod diagnostics;
mod document;
mod error;
mod field_set;
mod given;
mod join;
mod merge;
mod satisfiability;
mod sdl;
mod subgraph;
mod subgraph_list;
mod unanswerable_fields;
mod unreachable_types;
mod validate;

use std::collections::HashSet;

use apollo_compiler::ast::{Definition, Document};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};

pub(crate) use costs::{CostVariables, Costs};
pub(crate) use diagnostics::{in_one_line, listed, names};
pub use error::{ComposeError, Conflict};
pub use sdl::Sdl;
pub(crate) use subgraph_list::graphs;

use crate::access::{RootFields, Rules};
use error::code;
use satisfiability::Lost;
use subgraph::{ComposedDirective, SubgraphSchema, Types};

/// How often fields are left out of a view at most: each time, others may have depended on them.
const ROUNDS_MAX: usize = 32;

/// What the subgraphs make together.
pub struct Composed {
    /// With join directives, for the planner.
    pub supergraph_sdl: String,
    /// What clients see.
    pub api_sdl: String,
    /// The same, parsed.
    pub(crate) api_schema: Valid<Schema>,
    /// The names of all fields, those that clients do not see included.
    pub(crate) field_names: HashSet<Name>,
    /// What fields are said to cost.
    pub(crate) costs: Costs,
    /// Who may see what.
    pub(crate) access: Rules,
    /// What is stated of root fields.
    pub(crate) root_fields: RootFields,
}

/// Whether all subgraphs that there are take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// They do: what nobody can answer is a mistake.
    Whole,
    /// Some may be switched off, or not there yet: what only they could answer is left out.
    View,
}

/// One subgraph's part in a composition. Its types are shared with the subgraph until they are changed.
struct Part<'a> {
    name: &'a str,
    types: Types,
    is_fed1: bool,
    composed: &'a [ComposedDirective],
}

/// Composes subgraphs, given by name. Heavy on the CPU.
///
/// # Errors
/// Every conflict that was found, when subgraphs contradict each other or are not valid.
pub fn compose<'a>(
    subgraphs: impl IntoIterator<Item = (&'a str, &'a Sdl)>,
    scope: Scope,
) -> Result<Composed, ComposeError> {
    let mut parts = parts(subgraphs)?;
    unanswerable_fields::fed1_leftovers(&mut parts);
    if scope == Scope::View {
        unanswerable_fields::unowned(&mut parts);
        unreachable_types::drop_unreachable(&mut parts);
    }
    let (mut supergraph, mut lost) = assemble(&parts, scope)?;
    for _ in 0..ROUNDS_MAX {
        if lost.is_empty() {
            break;
        }
        lost.iter().for_each(|lost| tracing::warn!(reason = lost.message, "a field is left out of a view"));
        unanswerable_fields::fields(
            &mut parts,
            &lost.into_iter().map(|lost| (lost.ty, lost.field)).collect(),
        );
        unreachable_types::drop_unreachable(&mut parts);
        (supergraph, lost) = assemble(&parts, scope)?;
    }
    if !lost.is_empty() {
        return Err(ComposeError::Conflict(lost.into_iter().map(Lost::conflict).collect()));
    }
    let invalid = |message| vec![Conflict::new(code::INVALID_GRAPHQL, message)];
    derive(supergraph).map_err(|message| ComposeError::Conflict(invalid(message)))
}

/// Refuses subgraphs of which one is not valid in itself, whoever it is composed with.
///
/// # Errors
/// Everything that was found.
pub(crate) fn check<'a>(subgraphs: impl IntoIterator<Item = (&'a str, &'a Sdl)>) -> Result<(), ComposeError> {
    parts(subgraphs).map(drop)
}

/// Merges what the subgraphs have. With the fields that nobody within reach would answer.
fn assemble(parts: &[Part<'_>], scope: Scope) -> Result<(Document, Vec<Lost>), ComposeError> {
    let graphs = join::graphs(parts.iter().map(|part| part.name));
    let mut merged = merge::merge(parts, &graphs);
    let mut conflicts = std::mem::take(&mut merged.conflicts);
    if scope == Scope::Whole {
        conflicts.extend(validate::extensions(&merged.sources, parts));
    }
    if conflicts.is_empty() {
        conflicts = validate::merged(&merged, parts);
    }
    let mut lost = Vec::new();
    if conflicts.is_empty() {
        (lost, conflicts) = satisfiability::check(parts, &merged);
    }
    if scope == Scope::Whole {
        conflicts.extend(lost.drain(..).map(Lost::conflict));
    }
    let supergraph = document::supergraph(parts, &graphs, merged, &mut conflicts);
    if conflicts.is_empty() { Ok((supergraph, lost)) } else { Err(ComposeError::Conflict(conflicts)) }
}

/// Reads the subgraphs that were not read before.
fn parts<'a>(subgraphs: impl IntoIterator<Item = (&'a str, &'a Sdl)>) -> Result<Vec<Part<'a>>, ComposeError> {
    let (mut parts, mut conflicts): (Vec<Part>, _) = (Vec::new(), Vec::new());
    for (name, sdl) in subgraphs {
        if name.is_empty() || name == "_" || parts.iter().any(|part| part.name == name) {
            let message = format!("\"{name}\" cannot be a subgraph's name, or is the name of two");
            conflicts.push(Conflict::new(code::INVALID_SUBGRAPH_NAME, message));
        }
        match sdl.schema() {
            Ok(SubgraphSchema { types, is_fed1, composed, problems }) => {
                conflicts.extend(problems.iter().map(|problem| problem.in_subgraph(name)));
                parts.push(Part { name, types: types.clone(), is_fed1: *is_fed1, composed });
            }
            Err(problem) => conflicts.push(problem.in_subgraph(name)),
        }
    }
    if conflicts.is_empty() { Ok(parts) } else { Err(ComposeError::Conflict(conflicts)) }
}

/// Reads a supergraph that was composed elsewhere, and derives the API schema from it.
pub(crate) fn read(supergraph_sdl: &str) -> Result<Composed, ComposeError> {
    let supergraph = Document::parse(supergraph_sdl, "supergraph.graphql")
        .map_err(|error| ComposeError::Schema(diagnostics::told(&error.errors)))?;
    derive(given::taken(supergraph)?).map_err(ComposeError::Schema)
}

/// # Errors
/// What makes the API schema no valid GraphQL schema.
fn derive(supergraph: Document) -> Result<Composed, String> {
    let supergraph_sdl = supergraph.to_string();
    let mut field_names = HashSet::new();
    for definition in &supergraph.definitions {
        let fields = match definition {
            Definition::ObjectTypeDefinition(ty) => &ty.fields,
            Definition::InterfaceTypeDefinition(ty) => &ty.fields,
            _ => continue,
        };
        field_names.extend(fields.iter().map(|field| field.name.clone()));
    }
    let costs = Costs::read(&supergraph);
    let access = Rules::read(&supergraph);
    let root_fields = RootFields::read(&supergraph);
    let api = api_schema::document(supergraph);
    let api_schema = api.to_schema_validate().map_err(|error| diagnostics::told(&error.errors))?;
    let api_sdl = api.to_string();
    Ok(Composed { supergraph_sdl, api_sdl, api_schema, field_names, costs, access, root_fields })
}
