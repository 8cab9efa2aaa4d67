//! Removes the types that no root reaches: those of modules that are off, left behind by stubs.

use std::collections::{HashMap, HashSet};

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, InputValueDefinition};

use super::Part;
use super::document::{fields, interfaces, root_names, type_name};

/// Removes from every subgraph what cannot be reached from the roots of all of them together.
pub(super) fn drop_unreachable(parts: &mut [Part]) {
    let mut edges: HashMap<Name, Vec<Name>> = HashMap::new();
    let mut queue: Vec<Name> = Vec::new();
    for part in parts.iter() {
        queue.extend(root_names(part).into_values());
        for definition in &part.document.definitions {
            collect(definition, &mut edges);
        }
    }
    let mut reached: HashSet<Name> = HashSet::new();
    while let Some(name) = queue.pop() {
        if reached.insert(name.clone()) {
            queue.extend(edges.get(&name).into_iter().flatten().cloned());
        }
    }
    for part in parts {
        part.document.definitions.retain(|definition| {
            // Names with two underscores belong to specifications, which the directives refer to.
            type_name(definition).is_none_or(|name| reached.contains(name) || name.contains("__"))
        });
    }
}

fn collect(definition: &Definition, edges: &mut HashMap<Name, Vec<Name>>) {
    let Some(name) = type_name(definition) else { return };
    for interface in interfaces(definition) {
        // Whoever reaches the interface may get the member, and the other way round.
        edges.entry(interface.clone()).or_default().push(name.clone());
        edges.entry(name.clone()).or_default().push(interface.clone());
    }
    let out = edges.entry(name.clone()).or_default();
    if let Some((_, fields)) = fields(definition) {
        for field in fields {
            out.push(field.ty.inner_named_type().clone());
            out.extend(inputs(&field.arguments));
        }
    }
    match definition {
        Definition::UnionTypeDefinition(ty) => out.extend(ty.members.iter().cloned()),
        Definition::UnionTypeExtension(ty) => out.extend(ty.members.iter().cloned()),
        Definition::InputObjectTypeDefinition(ty) => out.extend(inputs(&ty.fields)),
        Definition::InputObjectTypeExtension(ty) => out.extend(inputs(&ty.fields)),
        _ => {}
    }
}

fn inputs(values: &[Node<InputValueDefinition>]) -> impl Iterator<Item = Name> {
    values.iter().map(|value| value.ty.inner_named_type().clone())
}
