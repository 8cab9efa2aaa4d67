//! Looking at type system documents: definitions and extensions alike.

use std::collections::HashMap;

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, DirectiveList, FieldDefinition, OperationType, Type};

use super::Part;

/// The fields that federation itself adds to `Query`.
const FEDERATION_FIELDS: [&str; 2] = ["_service", "_entities"];

/// Removes `_service` and `_entities`, which some servers print.
pub(super) fn drop_federation_fields(parts: &mut [Part]) {
    for part in parts {
        let query = root_names(part).remove(&OperationType::Query);
        for definition in &mut part.document.definitions {
            if let Some((name, fields)) = fields_mut(definition)
                && Some(&name) == query.as_ref()
            {
                fields.retain(|field| !FEDERATION_FIELDS.contains(&field.name.as_str()));
            }
        }
        part.document.definitions.retain(|definition| fields(definition).is_none_or(|f| !f.1.is_empty()));
    }
}

/// A type's name and fields, when the definition has fields of the output kind.
pub(super) fn fields(definition: &Definition) -> Option<(&Name, &[Node<FieldDefinition>])> {
    match definition {
        Definition::ObjectTypeDefinition(ty) => Some((&ty.name, &ty.fields)),
        Definition::ObjectTypeExtension(ty) => Some((&ty.name, &ty.fields)),
        Definition::InterfaceTypeDefinition(ty) => Some((&ty.name, &ty.fields)),
        Definition::InterfaceTypeExtension(ty) => Some((&ty.name, &ty.fields)),
        _ => None,
    }
}

/// As [`fields`], to be changed.
pub(super) fn fields_mut(definition: &mut Definition) -> Option<(Name, &mut Vec<Node<FieldDefinition>>)> {
    match definition {
        Definition::ObjectTypeDefinition(ty) => {
            let ty = ty.make_mut();
            Some((ty.name.clone(), &mut ty.fields))
        }
        Definition::ObjectTypeExtension(ty) => {
            let ty = ty.make_mut();
            Some((ty.name.clone(), &mut ty.fields))
        }
        Definition::InterfaceTypeDefinition(ty) => {
            let ty = ty.make_mut();
            Some((ty.name.clone(), &mut ty.fields))
        }
        Definition::InterfaceTypeExtension(ty) => {
            let ty = ty.make_mut();
            Some((ty.name.clone(), &mut ty.fields))
        }
        _ => None,
    }
}

/// The interfaces that a type names.
pub(super) fn interfaces(definition: &Definition) -> &[Name] {
    match definition {
        Definition::ObjectTypeDefinition(ty) => &ty.implements_interfaces,
        Definition::ObjectTypeExtension(ty) => &ty.implements_interfaces,
        Definition::InterfaceTypeDefinition(ty) => &ty.implements_interfaces,
        Definition::InterfaceTypeExtension(ty) => &ty.implements_interfaces,
        _ => &[],
    }
}

/// The type that a definition defines or extends.
pub(super) fn type_name(definition: &Definition) -> Option<&Name> {
    match definition {
        Definition::ScalarTypeDefinition(_)
        | Definition::ObjectTypeDefinition(_)
        | Definition::InterfaceTypeDefinition(_)
        | Definition::UnionTypeDefinition(_)
        | Definition::EnumTypeDefinition(_)
        | Definition::InputObjectTypeDefinition(_)
        | Definition::ScalarTypeExtension(_)
        | Definition::ObjectTypeExtension(_)
        | Definition::InterfaceTypeExtension(_)
        | Definition::UnionTypeExtension(_)
        | Definition::EnumTypeExtension(_)
        | Definition::InputObjectTypeExtension(_) => definition.name(),
        _ => None,
    }
}

/// What the types of a subgraph's roots are called.
pub(super) fn root_names(part: &Part) -> HashMap<OperationType, Name> {
    let mut names = HashMap::from([
        (OperationType::Query, apollo_compiler::name!("Query")),
        (OperationType::Mutation, apollo_compiler::name!("Mutation")),
        (OperationType::Subscription, apollo_compiler::name!("Subscription")),
    ]);
    for definition in &part.document.definitions {
        let roots = match definition {
            Definition::SchemaDefinition(schema) => &schema.root_operations,
            Definition::SchemaExtension(schema) => &schema.root_operations,
            _ => continue,
        };
        names.extend(roots.iter().map(|root| (root.0, root.1.clone())));
    }
    names
}

/// The value of a federation directive's string argument, e.g. `@key(fields:)`; once per use.
pub(super) fn string_arguments<'a>(
    directives: &'a DirectiveList,
    directive: &'a str,
    argument: &'a str,
) -> impl Iterator<Item = &'a str> {
    directives
        .iter()
        .filter(move |used| is_federation(&used.name, directive))
        .filter_map(move |used| used.specified_argument_by_name(argument)?.as_str())
}

/// Whether a directive is federation's, imported by name or used with its prefix.
pub(super) fn is_federation(name: &str, directive: &str) -> bool {
    name.strip_prefix("federation__").unwrap_or(name) == directive
}

/// Whether a federation directive is there.
pub(super) fn has(directives: &DirectiveList, directive: &str) -> bool {
    directives.iter().any(|used| is_federation(&used.name, directive))
}

/// A definition's own directives.
pub(super) fn directives(definition: &Definition) -> Option<&DirectiveList> {
    match definition {
        Definition::ObjectTypeDefinition(ty) => Some(&ty.directives),
        Definition::ObjectTypeExtension(ty) => Some(&ty.directives),
        Definition::InterfaceTypeDefinition(ty) => Some(&ty.directives),
        Definition::InterfaceTypeExtension(ty) => Some(&ty.directives),
        _ => None,
    }
}

/// The types of all fields of all subgraphs, to follow field sets with.
pub(super) fn field_types(parts: &[Part]) -> HashMap<(Name, Name), Type> {
    let mut types = HashMap::new();
    for definition in parts.iter().flat_map(|part| &part.document.definitions) {
        if let Some((name, fields)) = fields(definition) {
            types.extend(fields.iter().map(|field| ((name.clone(), field.name.clone()), field.ty.clone())));
        }
    }
    types
}
