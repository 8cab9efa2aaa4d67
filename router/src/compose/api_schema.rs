//! Makes from a supergraph the schema that clients may see: no join directives, nothing `@inaccessible`.

use apollo_compiler::ast::{
    Definition, DirectiveDefinition, DirectiveList, DirectiveLocation, Document, FieldDefinition,
    InputValueDefinition,
};
use apollo_compiler::collections::HashSet;
use apollo_compiler::{Name, Node, name};

use super::subgraph::Links;

/// The directives that mean something to clients.
const PUBLIC: [&str; 3] = ["deprecated", "specifiedBy", "oneOf"];

/// Strips a supergraph to its API schema.
pub(super) fn document(mut supergraph: Document) -> Document {
    let links = Links::read(&supergraph, &mut Vec::new());
    let is_hidden = |name: &Name| links.owns_type(name) || name.starts_with("join__");
    supergraph.definitions.retain(|definition| match definition {
        Definition::DirectiveDefinition(_) => false,
        Definition::SchemaDefinition(_) | Definition::SchemaExtension(_) => true,
        other => !other.name().is_some_and(is_hidden) && !is_inaccessible(other.directives()),
    });
    for definition in &mut supergraph.definitions {
        match definition {
            Definition::SchemaDefinition(schema) => strip(&mut schema.make_mut().directives),
            Definition::SchemaExtension(schema) => strip(&mut schema.make_mut().directives),
            Definition::ScalarTypeDefinition(ty) => strip(&mut ty.make_mut().directives),
            Definition::UnionTypeDefinition(ty) => strip(&mut ty.make_mut().directives),
            Definition::ObjectTypeDefinition(ty) => {
                let ty = ty.make_mut();
                strip(&mut ty.directives);
                strip_fields(&mut ty.fields);
            }
            Definition::InterfaceTypeDefinition(ty) => {
                let ty = ty.make_mut();
                strip(&mut ty.directives);
                strip_fields(&mut ty.fields);
            }
            Definition::EnumTypeDefinition(ty) => {
                let ty = ty.make_mut();
                strip(&mut ty.directives);
                ty.values.retain(|value| !is_inaccessible(&value.directives));
                ty.values.iter_mut().for_each(|value| strip(&mut value.make_mut().directives));
            }
            Definition::InputObjectTypeDefinition(ty) => {
                let ty = ty.make_mut();
                strip(&mut ty.directives);
                strip_inputs(&mut ty.fields);
            }
            _ => {}
        }
    }
    drop_references(&mut supergraph);
    define_one_of(&mut supergraph);
    supergraph
}

/// The schema library does not know `@oneOf` yet; `input_objects` holds clients to it.
fn define_one_of(api: &mut Document) {
    let inputs = api.definitions.iter().filter_map(Definition::as_input_object_type_definition);
    if inputs.into_iter().any(|ty| ty.directives.has("oneOf")) {
        api.definitions.push(Definition::DirectiveDefinition(Node::new(DirectiveDefinition {
            description: None,
            name: name!("oneOf"),
            arguments: Vec::new(),
            repeatable: false,
            locations: vec![DirectiveLocation::InputObject],
        })));
    }
}

/// Removes what names a type that is not there any more: roots, interfaces and union members.
fn drop_references(api: &mut Document) {
    let names: HashSet<Name> = api.definitions.iter().filter_map(Definition::name).cloned().collect();
    let is_gone = |name: &Name| !names.contains(name);
    for definition in &mut api.definitions {
        match definition {
            Definition::SchemaDefinition(schema) => {
                schema.make_mut().root_operations.retain(|root| names.contains(&root.1));
            }
            Definition::ObjectTypeDefinition(ty) if ty.implements_interfaces.iter().any(is_gone) => {
                ty.make_mut().implements_interfaces.retain(|name| names.contains(name));
            }
            Definition::InterfaceTypeDefinition(ty) if ty.implements_interfaces.iter().any(is_gone) => {
                ty.make_mut().implements_interfaces.retain(|name| names.contains(name));
            }
            Definition::UnionTypeDefinition(ty) => ty.make_mut().members.retain(|name| names.contains(name)),
            _ => {}
        }
    }
}

fn strip_fields(fields: &mut Vec<Node<FieldDefinition>>) {
    fields.retain(|field| !is_inaccessible(&field.directives));
    for field in fields {
        let field = field.make_mut();
        strip(&mut field.directives);
        strip_inputs(&mut field.arguments);
    }
}

fn strip_inputs(values: &mut Vec<Node<InputValueDefinition>>) {
    values.retain(|value| !is_inaccessible(&value.directives));
    for value in values {
        strip(&mut value.make_mut().directives);
    }
}

fn strip(directives: &mut DirectiveList) {
    directives.0.retain(|directive| PUBLIC.contains(&directive.name.as_str()));
}

fn is_inaccessible(directives: &DirectiveList) -> bool {
    directives.has("inaccessible")
}
