//! Works out what a subgraph's fields are to the others: external, shareable, used.

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::Selection;
use apollo_compiler::collections::{HashMap, HashSet};

use super::{Field, Kind, TypeDef, Types};
use crate::compose::field_set::{self, FieldSet};

/// Fields with their types.
pub(in crate::compose) type Places = HashSet<(Name, Name)>;

/// Marks all fields, after making a Federation 1 schema mean the same in Federation 2.
pub(super) fn all(types: &mut Types, is_fed1: bool) {
    if is_fed1 {
        upgrade(types);
    }
    // The key of an extended type may be called external for the sake of Federation 1; its subgraph has it all the
    // same.
    let extended = key_places(types, true);
    change(types, &extended, |field| field.is_external = false);
    if is_fed1 {
        drop_idle(types);
    }
    let provided = provided(types);
    change(types, &provided, |field| field.is_provided = true);
    let mut shared = key_places(types, false);
    shared.extend(provided);
    if is_fed1 {
        // Federation 1 has no mark for it: whatever others resolve, too, is shared. Events are not.
        let all = types.values().filter(|ty| ty.kind == Kind::Object && ty.name != "Subscription");
        shared.extend(all.flat_map(|ty| ty.fields.keys().map(|field| (ty.name.clone(), field.clone()))));
    }
    change(types, &shared, |field| field.is_shareable = true);
    let used = used(types);
    change(types, &used, |field| field.is_used = true);
}

fn change(types: &mut Types, places: &Places, change: impl Fn(&mut Field)) {
    for (ty, field) in places {
        let field = types.get_mut(ty).and_then(|ty| Arc::make_mut(ty).fields.get_mut(field));
        field.into_iter().for_each(&change);
    }
}

/// The fields that keys name: those of extended types only, or all.
pub(in crate::compose) fn key_places(types: &Types, of_extended_only: bool) -> Places {
    let mut places = Places::default();
    for ty in types.values() {
        for key in ty.keys.iter().filter(|key| key.is_extension || !of_extended_only) {
            collect(&key.fields, &ty.name, types, &mut places);
        }
    }
    places
}

/// The external fields that `@provides` names.
fn provided(types: &Types) -> Places {
    let mut places = Places::default();
    for field in fields(types) {
        if let Some(set) = &field.provides {
            collect(set, field.ty().inner_named_type(), types, &mut places);
        }
    }
    places.retain(|(ty, field)| {
        types.get(ty).and_then(|ty| ty.fields.get(field)).is_some_and(|f| f.is_external)
    });
    places
}

/// The fields that a key, `@requires`, `@provides` or an interface names.
pub(in crate::compose) fn used(types: &Types) -> Places {
    let mut places = key_places(types, false);
    for ty in types.values() {
        for field in ty.fields.values() {
            if let Some(set) = &field.requires {
                collect(set, &ty.name, types, &mut places);
            }
            if let Some(set) = &field.provides {
                collect(set, field.ty().inner_named_type(), types, &mut places);
            }
        }
        for interface in ty.interfaces.iter().filter_map(|name| types.get(name)) {
            let promised = interface.fields.keys().filter(|field| ty.fields.contains_key(*field));
            places.extend(promised.map(|field| (ty.name.clone(), field.clone())));
        }
    }
    places
}

fn collect(set: &FieldSet, on: &Name, types: &Types, places: &mut Places) {
    field_set::walk(&set.selections, on, types, &mut |ty, field| {
        places.insert((ty.clone(), field.clone()));
    });
}

fn fields(types: &Types) -> impl Iterator<Item = &Field> {
    types.values().flat_map(|ty| ty.fields.values())
}

/// What Federation 1 accepted and ignored: marks and keys at interfaces, `@provides` at leaves, and `@external` at
/// the keys of extended types.
fn upgrade(types: &mut Types) {
    let kinds: HashMap<Name, Kind> = types.values().map(|ty| (ty.name.clone(), ty.kind)).collect();
    for ty in types.values_mut().map(Arc::make_mut) {
        let keys = std::mem::take(&mut ty.keys);
        let top_level: HashSet<&Name> = keys
            .iter()
            .flat_map(|key| key.fields.selections.iter().filter_map(Selection::as_field))
            .map(|field| &field.name)
            .collect();
        for field in ty.fields.values_mut() {
            let is_composite = |name| kinds.get(name).is_some_and(|kind| kind.is_composite());
            if !is_composite(field.ty().inner_named_type()) {
                field.provides = None;
            }
            if ty.kind == Kind::Interface {
                (field.is_external, field.requires, field.provides) = (false, None, None);
            }
            if ty.is_extension && top_level.contains(field.name()) {
                field.is_external = false;
            }
        }
        ty.keys = if ty.kind == Kind::Interface { Vec::new() } else { keys };
    }
}

/// Takes out of `@requires` and `@provides` what the subgraph has itself: Federation 1 let it stand there idly.
fn drop_idle(types: &mut Types) {
    let idle = |set: &FieldSet, on: &Name, types: &Types| {
        let kept = external_only(&set.selections, on, types);
        (kept != set.selections).then(|| (!kept.is_empty()).then(|| FieldSet::of(kept)))
    };
    let mut changes = Vec::new();
    for ty in types.values() {
        for field in ty.fields.values() {
            let requires = field.requires.as_ref().and_then(|set| idle(set, &ty.name, types));
            let on = field.ty().inner_named_type();
            let provides = field.provides.as_ref().and_then(|set| idle(set, on, types));
            if requires.is_some() || provides.is_some() {
                changes.push((ty.name.clone(), field.name().clone(), requires, provides));
            }
        }
    }
    for (ty, field, requires, provides) in changes {
        let Some(field) = types.get_mut(&ty).and_then(|ty| Arc::make_mut(ty).fields.get_mut(&field)) else {
            continue;
        };
        field.requires = requires.unwrap_or_else(|| field.requires.take());
        field.provides = provides.unwrap_or_else(|| field.provides.take());
    }
}

/// The selections that lead to something external.
fn external_only(selections: &[Selection], on: &Name, types: &Types) -> Vec<Selection> {
    let ty = types.get(on);
    selections
        .iter()
        .filter_map(|selection| match selection {
            Selection::Field(field) => {
                let Some(definition) = ty.and_then(|ty| ty.fields.get(&field.name)) else {
                    // Not there at all: checked later.
                    return Some(selection.clone());
                };
                if definition.is_external || is_external_in_implementer(&field.name, ty, types) {
                    return Some(selection.clone());
                }
                let inner = external_only(&field.selection_set, definition.ty().inner_named_type(), types);
                (!inner.is_empty()).then(|| {
                    let mut field = field.clone();
                    field.make_mut().selection_set = inner;
                    Selection::Field(field)
                })
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.type_condition.as_ref().unwrap_or(on);
                let inner = external_only(&fragment.selection_set, on, types);
                (!inner.is_empty()).then(|| {
                    let mut fragment = fragment.clone();
                    fragment.make_mut().selection_set = inner;
                    Selection::InlineFragment(fragment)
                })
            }
            Selection::FragmentSpread(_) => None,
        })
        .collect()
}

/// Whether a field of an interface is external in one of its implementers.
pub(super) fn is_external_in_implementer(field: &Name, ty: Option<&Arc<TypeDef>>, types: &Types) -> bool {
    let Some(interface) = ty.filter(|ty| ty.kind == Kind::Interface) else { return false };
    types
        .values()
        .filter(|ty| ty.interfaces.contains(&interface.name))
        .any(|ty| ty.fields.get(field).is_some_and(|field| field.is_external))
}
