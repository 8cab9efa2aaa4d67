//! Removes what cannot be answered by the subgraphs present.
//!
//! The composition library checks neither satisfiability nor that a `@requires` field has an owner, so a field
//! whose owner is switched off would be offered and then fail.

use std::collections::{HashMap, HashSet};

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, FieldDefinition, Type};

use super::Part;
use super::document::{
    directives, field_types, fields, fields_mut, has, interfaces, is_federation, root_names,
    string_arguments, type_name,
};
use super::field_set;

type Place = (Name, Name);

/// Removes fields whose requirements nobody owns, then what is left without purpose, to a fixpoint.
pub(super) fn unowned(parts: &mut [Part]) {
    loop {
        let owned = owners(parts);
        let types = field_types(parts);
        let doomed: Vec<HashSet<Place>> =
            parts.iter().map(|part| unanswerable(part, &owned, &types)).collect();
        if doomed.iter().all(HashSet::is_empty) {
            break;
        }
        for (part, doomed) in parts.iter_mut().zip(&doomed) {
            retain_fields(part, |ty, field| !doomed.contains(&(ty.clone(), field.name.clone())));
        }
        prune_interfaces(parts, &doomed.into_iter().flatten().collect());
    }
    let owned = owners(parts);
    let types = field_types(parts);
    for part in parts.iter_mut() {
        let used = used_by_directives(part, &types);
        drop_externals(part, &used, &owned);
    }
    drop_empty(parts);
}

/// The fields that some subgraph resolves: those that it does not mark external.
///
/// A field of an interface object counts for every type that implements the interface.
fn owners(parts: &[Part]) -> HashSet<Place> {
    let mut owned = HashSet::new();
    let mut interface_objects: HashMap<Name, Vec<Name>> = HashMap::new();
    for definition in parts.iter().flat_map(|part| &part.document.definitions) {
        let Some((name, fields)) = fields(definition) else { continue };
        let external = directives(definition).is_some_and(|used| has(used, "external"));
        for field in fields.iter().filter(|field| !external && !has(&field.directives, "external")) {
            owned.insert((name.clone(), field.name.clone()));
            if directives(definition).is_some_and(|used| has(used, "interfaceObject")) {
                interface_objects.entry(name.clone()).or_default().push(field.name.clone());
            }
        }
    }
    if interface_objects.is_empty() {
        return owned;
    }
    for definition in parts.iter().flat_map(|part| &part.document.definitions) {
        let Some(name) = type_name(definition) else { continue };
        for interface in interfaces(definition) {
            for field in interface_objects.get(interface).into_iter().flatten() {
                owned.insert((name.clone(), field.clone()));
            }
        }
    }
    owned
}

/// A subgraph's fields that require something which nobody owns. Its own external key fields count as owned:
/// it is given them with every representation.
fn unanswerable(part: &Part, owned: &HashSet<Place>, types: &HashMap<Place, Type>) -> HashSet<Place> {
    let keys = key_fields(part, types);
    let mut doomed = HashSet::new();
    for definition in &part.document.definitions {
        let Some((name, fields)) = fields(definition) else { continue };
        for field in fields {
            let answerable = string_arguments(&field.directives, "requires", "fields").all(|required| {
                field_set::fields(required, name, types).is_none_or(|places| {
                    places.iter().all(|place| owned.contains(place) || keys.contains(place))
                })
            });
            if !answerable {
                doomed.insert((name.clone(), field.name.clone()));
            }
        }
    }
    doomed
}

fn key_fields(part: &Part, types: &HashMap<Place, Type>) -> HashSet<Place> {
    let mut keys = HashSet::new();
    for definition in &part.document.definitions {
        let (Some(name), Some(used)) = (type_name(definition), directives(definition)) else { continue };
        for key in string_arguments(used, "key", "fields") {
            keys.extend(field_set::fields(key, name, types).unwrap_or_default());
        }
    }
    keys
}

/// The fields that a subgraph's own field sets name.
fn used_by_directives(part: &Part, types: &HashMap<Place, Type>) -> HashSet<Place> {
    let mut used = key_fields(part, types);
    for definition in &part.document.definitions {
        let Some((name, fields)) = fields(definition) else { continue };
        for field in fields {
            for required in string_arguments(&field.directives, "requires", "fields") {
                used.extend(field_set::fields(required, name, types).unwrap_or_default());
            }
            for provided in string_arguments(&field.directives, "provides", "fields") {
                let on = field.ty.inner_named_type();
                used.extend(field_set::fields(provided, on, types).unwrap_or_default());
            }
        }
    }
    used
}

/// Drops external fields that nothing names any more, and the mark from those that have lost their owner: a
/// stub keeps its key, and is then the only one to give it.
fn drop_externals(part: &mut Part, used: &HashSet<Place>, owned: &HashSet<Place>) {
    let declared = interface_fields(part);
    for definition in &mut part.document.definitions {
        let implemented: Vec<Name> = interfaces(definition).to_vec();
        let Some((name, fields)) = fields_mut(definition) else { continue };
        fields.retain_mut(|field| {
            if !has(&field.directives, "external") {
                return true;
            }
            let place = (name.clone(), field.name.clone());
            let promised = implemented
                .iter()
                .any(|interface| declared.contains(&(interface.clone(), field.name.clone())));
            if !used.contains(&place) && !promised {
                return false;
            }
            if !owned.contains(&place) {
                let field = field.make_mut();
                field.directives.0.retain(|directive| !is_federation(&directive.name, "external"));
            }
            true
        });
    }
}

fn interface_fields(part: &Part) -> HashSet<Place> {
    let mut declared = HashSet::new();
    for definition in &part.document.definitions {
        if let Definition::InterfaceTypeDefinition(_) | Definition::InterfaceTypeExtension(_) = definition
            && let Some((name, fields)) = fields(definition)
        {
            declared.extend(fields.iter().map(|field| (name.clone(), field.name.clone())));
        }
    }
    declared
}

/// A field that one member lost cannot be promised by its interface any more.
fn prune_interfaces(parts: &mut [Part], doomed: &HashSet<Place>) {
    let mut broken = HashSet::new();
    for definition in parts.iter().flat_map(|part| &part.document.definitions) {
        let Some(name) = type_name(definition) else { continue };
        for interface in interfaces(definition) {
            let lost = doomed.iter().filter(|(ty, _)| ty == name);
            broken.extend(lost.map(|(_, field)| (interface.clone(), field.clone())));
        }
    }
    for part in parts {
        retain_interface_fields(part, &broken);
    }
}

fn retain_interface_fields(part: &mut Part, broken: &HashSet<Place>) {
    for definition in &mut part.document.definitions {
        if let Definition::InterfaceTypeDefinition(_) | Definition::InterfaceTypeExtension(_) = definition
            && let Some((name, fields)) = fields_mut(definition)
        {
            fields.retain(|field| !broken.contains(&(name.clone(), field.name.clone())));
        }
    }
}

/// Removes types without fields, and the fields that would return them, to a fixpoint.
fn drop_empty(parts: &mut [Part]) {
    loop {
        let mut emptied = HashSet::new();
        for part in parts.iter_mut() {
            let roots: HashSet<Name> = root_names(part).into_values().collect();
            part.document.definitions.retain(|definition| {
                let Some((name, [])) = fields(definition) else { return true };
                if is_extension(definition) {
                    // Gone only when nothing else of the type is left; its directives may still matter.
                    return directives(definition).is_some_and(|used| !used.is_empty());
                }
                if !roots.contains(name) {
                    emptied.insert(name.clone());
                }
                false
            });
        }
        for definition in parts.iter().flat_map(|part| &part.document.definitions) {
            if let Some((name, [_, ..])) = fields(definition) {
                emptied.remove(name);
            }
        }
        if emptied.is_empty() {
            break;
        }
        for part in parts.iter_mut() {
            retain_fields(part, |_, field| !emptied.contains(field.ty.inner_named_type()));
        }
    }
}

fn is_extension(definition: &Definition) -> bool {
    matches!(definition, Definition::ObjectTypeExtension(_) | Definition::InterfaceTypeExtension(_))
}

fn retain_fields(part: &mut Part, keep: impl Fn(&Name, &Node<FieldDefinition>) -> bool) {
    for definition in &mut part.document.definitions {
        if let Some((name, fields)) = fields_mut(definition) {
            fields.retain(|field| keep(&name, field));
        }
    }
}
