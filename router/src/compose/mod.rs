//! Subgraph SDLs → supergraph SDL and API schema. Wraps the composition library, which is seen nowhere else.

mod api;
mod document;
mod field_set;
mod graphs;
mod join;
mod prune;
mod reach;

use std::collections::HashSet;

use apollo_compiler::ast::Document;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};

pub(crate) use graphs::graphs;

/// Why a set of subgraphs does not compose.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// One subgraph's SDL cannot be read.
    #[error("subgraph {subgraph}: {message}")]
    Sdl {
        /// The subgraph's name.
        subgraph: String,
        /// What is wrong with it.
        message: String,
    },
    /// The subgraphs contradict each other.
    #[error("the subgraphs do not compose: {}", .0.join("; "))]
    Conflict(Vec<String>),
    /// The composed schema is not a valid GraphQL schema.
    #[error("the composed schema is not valid: {0}")]
    Schema(String),
    /// No planner can be made for the composed schema.
    #[error("no planner for the composed schema: {0}")]
    Planner(String),
}

/// What the subgraphs make together.
pub(crate) struct Composed {
    /// With join directives, for the planner.
    pub supergraph_sdl: String,
    /// What clients see.
    pub api_sdl: String,
    /// The same, parsed.
    pub api_schema: Valid<Schema>,
    /// The names of all fields, those that clients do not see included.
    pub field_names: HashSet<Name>,
}

/// One subgraph while it is pruned.
pub(crate) struct Part {
    pub name: String,
    pub document: Document,
}

/// Composes subgraphs, given as name and federation SDL.
pub(crate) fn compose<'a>(
    subgraphs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Composed, ComposeError> {
    let mut parts = Vec::new();
    for (name, sdl) in subgraphs {
        let document = Document::parse(sdl, name).map_err(|error| ComposeError::Sdl {
            subgraph: name.to_owned(),
            message: error.errors.to_string(),
        })?;
        parts.push(Part { name: name.to_owned(), document });
    }
    document::drop_federation_fields(&mut parts);
    prune::unowned(&mut parts);
    reach::drop_unreachable(&mut parts);

    let mut input = graphql_composition::Subgraphs::default();
    for part in &parts {
        // The library takes a subgraph without a URL for something else; ours have no fixed one.
        let url = format!("http://{}", part.name);
        input
            .ingest_str(&part.document.to_string(), &part.name, Some(&url))
            .map_err(|error| ComposeError::Sdl { subgraph: part.name.clone(), message: error.to_string() })?;
    }
    let graph = graphql_composition::compose(&mut input).into_result().map_err(|diagnostics| {
        ComposeError::Conflict(diagnostics.iter_errors().map(str::to_owned).collect())
    })?;
    let rendered = graphql_composition::render_federated_sdl(&graph)
        .map_err(|error| ComposeError::Schema(error.to_string()))?;

    read(&rendered)
}

/// Reads a supergraph, and derives the API schema from it.
pub(crate) fn read(supergraph_sdl: &str) -> Result<Composed, ComposeError> {
    let mut supergraph = Document::parse(supergraph_sdl, "supergraph.graphql")
        .map_err(|error| ComposeError::Schema(error.errors.to_string()))?;
    join::own_roots(&mut supergraph);
    let supergraph_sdl = supergraph.to_string();
    let fields = supergraph.definitions.iter().filter_map(document::fields);
    let field_names = fields.flat_map(|(_, fields)| fields.iter().map(|field| field.name.clone())).collect();
    let api_sdl = api::document(supergraph).to_string();
    let api_schema = Schema::parse_and_validate(&api_sdl, "api.graphql")
        .map_err(|error| ComposeError::Schema(error.errors.to_string()))?;
    Ok(Composed { supergraph_sdl, api_sdl, api_schema, field_names })
}
