//! A supergraph that was composed elsewhere: refused if it needs what is not here, and with its directives under their
//! usual names.

use apollo_compiler::Node;
use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, Document, FieldDefinition, InputValueDefinition,
};
use apollo_compiler::collections::IndexSet;

use super::ComposeError;
use super::subgraph::Links;

/// What a supergraph says by `@join__…` that is not supported: directive, argument, and what it is.
const ARGUMENTS: [(&str, &str, &str); 2] = [
    ("join__field", "overrideLabel", "progressive override (`@override(label:)`)"),
    ("join__field", "contextArguments", "contexts (`@fromContext`)"),
];

/// What a supergraph says by `@join__directive(name:)` that is not supported.
const CARRIED: [(&str, &str); 2] = [("connect", "connectors"), ("source", "connectors")];

/// Takes a supergraph as it was composed elsewhere.
///
/// # Errors
/// Names the features that it needs and that are not here, and links that cannot be read.
pub(super) fn taken(mut supergraph: Document) -> Result<Document, ComposeError> {
    let mut problems = Vec::new();
    let links = Links::read(&supergraph, &mut problems);
    if let Some(problem) = problems.first() {
        return Err(ComposeError::Schema(problem.message.clone()));
    }
    let mut refused: IndexSet<String> = links.not_understood().collect();
    each_list(&mut supergraph, &mut |directives| {
        let unsupported = directives.iter().flat_map(|used| unsupported(used));
        refused.extend(unsupported.map(|what| format!("{what} is not supported")));
        for used in directives.iter_mut() {
            if let Some(name) = links.canonical(&used.name).filter(|name| used.name != *name) {
                used.make_mut().name = apollo_compiler::Name::new_unchecked(name);
            }
        }
    });
    if refused.is_empty() {
        Ok(supergraph)
    } else {
        Err(ComposeError::Unsupported(refused.into_iter().collect()))
    }
}

fn unsupported(used: &Directive) -> impl Iterator<Item = &'static str> {
    let is_said = |argument: &str| {
        used.specified_argument_by_name(argument)
            .is_some_and(|value| !value.is_null() && value.as_list().is_none_or(|list| !list.is_empty()))
    };
    let by_argument =
        ARGUMENTS.iter().filter(move |(name, argument, _)| used.name == *name && is_said(argument));
    let carried = (used.name == "join__directive")
        .then(|| used.specified_argument_by_name("name").and_then(|name| name.as_str()))
        .flatten();
    let by_name = CARRIED.iter().filter(move |(name, _)| carried == Some(*name));
    by_argument.map(|(.., what)| *what).chain(by_name.map(|(_, what)| *what))
}

/// Calls a function with the directives of everything that has some.
fn each_list(document: &mut Document, see: &mut dyn FnMut(&mut DirectiveList)) {
    for definition in &mut document.definitions {
        match definition {
            Definition::SchemaDefinition(schema) => see(&mut schema.make_mut().directives),
            Definition::SchemaExtension(schema) => see(&mut schema.make_mut().directives),
            Definition::ScalarTypeDefinition(ty) => see(&mut ty.make_mut().directives),
            Definition::UnionTypeDefinition(ty) => see(&mut ty.make_mut().directives),
            Definition::ObjectTypeDefinition(ty) => {
                let ty = ty.make_mut();
                see(&mut ty.directives);
                of_fields(&mut ty.fields, see);
            }
            Definition::InterfaceTypeDefinition(ty) => {
                let ty = ty.make_mut();
                see(&mut ty.directives);
                of_fields(&mut ty.fields, see);
            }
            Definition::EnumTypeDefinition(ty) => {
                let ty = ty.make_mut();
                see(&mut ty.directives);
                ty.values.iter_mut().for_each(|value| see(&mut value.make_mut().directives));
            }
            Definition::InputObjectTypeDefinition(ty) => {
                let ty = ty.make_mut();
                see(&mut ty.directives);
                of_inputs(&mut ty.fields, see);
            }
            _ => {}
        }
    }
}

fn of_fields(fields: &mut [Node<FieldDefinition>], see: &mut dyn FnMut(&mut DirectiveList)) {
    for field in fields {
        let field = field.make_mut();
        see(&mut field.directives);
        of_inputs(&mut field.arguments, see);
    }
}

fn of_inputs(inputs: &mut [Node<InputValueDefinition>], see: &mut dyn FnMut(&mut DirectiveList)) {
    inputs.iter_mut().for_each(|input| see(&mut input.make_mut().directives));
}
