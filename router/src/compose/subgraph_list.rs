//! The list of subgraphs that a supergraph was composed of, as its `join__Graph` states it.

use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Directive, Document, EnumTypeDefinition};

use super::ComposeError;
use super::diagnostics::told;

/// The subgraphs' names and URLs: `enum join__Graph { A @join__graph(name:, url:) }`, in its order.
pub(crate) fn graphs(supergraph_sdl: &str) -> Result<Vec<(String, String)>, ComposeError> {
    let document = Document::parse(supergraph_sdl, "supergraph.graphql")
        .map_err(|error| ComposeError::Schema(told(&error.errors)))?;
    let graphs: Vec<_> = document
        .definitions
        .iter()
        .filter_map(Definition::as_enum_type_definition)
        .filter(|ty| ty.name == "join__Graph")
        .flat_map(|ty: &Node<EnumTypeDefinition>| ty.values.iter())
        .filter_map(|value| value.directives.get("join__graph"))
        .filter_map(|graph| Some((text(graph, "name")?, text(graph, "url").unwrap_or_default())))
        .collect();
    if graphs.is_empty() {
        let message = "it names no subgraph by @join__graph";
        return Err(ComposeError::Schema(message.to_owned()));
    }
    Ok(graphs)
}

fn text(directive: &Node<Directive>, argument: &str) -> Option<String> {
    directive.specified_argument_by_name(argument)?.as_str().map(str::to_owned)
}
