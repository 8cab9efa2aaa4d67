//! Removes what the subgraphs present cannot answer, so that a view offers nothing that would fail.

use std::cell::LazyCell;
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::collections::HashSet;

use super::Part;
use super::field_set;
use super::subgraph::{Field, Kind, TypeDef, key_places, used};

type Place = (Name, Name);

/// Drops the external fields that Federation 1 schemas declare without using them.
///
/// An extension without a key repeats its owner's key as external, and has it all the same.
pub(super) fn fed1_leftovers(parts: &mut [Part<'_>]) {
    let mut own = Vec::new();
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| part.is_fed1) {
        for ty in part.types.values().filter(|ty| ty.is_extension && ty.keys.is_empty()) {
            let others = parts.iter().enumerate().filter(|(other, _)| *other != at);
            let keys = others.filter_map(|(_, other)| other.types.get(&ty.name)?.keys.first());
            let names =
                keys.flat_map(|key| &key.fields.selections).filter_map(|selection| selection.as_field());
            own.extend(names.map(|field| (at, ty.name.clone(), field.name.clone())));
        }
    }
    for (part, ty, field) in own {
        change(&mut parts[part], &ty, |ty| {
            ty.fields.get_mut(&field).into_iter().for_each(|field| field.is_external = false);
        });
    }
    for part in parts.iter_mut().filter(|part| part.is_fed1) {
        retain_fields(part, |_, field| !field.is_external || field.is_used);
    }
    if parts.iter().any(|part| part.is_fed1) {
        drop_empty(parts);
    }
}

/// Removes fields whose requirements nobody owns, then what is left without purpose, to a fixpoint.
pub(super) fn unowned(parts: &mut [Part<'_>]) {
    loop {
        let doomed: Vec<HashSet<Place>> = parts.iter().map(|part| unanswerable(part, parts)).collect();
        if doomed.iter().all(HashSet::is_empty) {
            break;
        }
        for (part, doomed) in parts.iter_mut().zip(&doomed) {
            remove(part, doomed);
        }
        break_promises(parts, &doomed.into_iter().flatten().collect());
    }
    drop_externals(parts);
    stand_for_themselves(parts);
    drop_empty(parts);
}

/// Removes fields from all subgraphs, and what is then left without purpose.
pub(super) fn fields(parts: &mut [Part<'_>], doomed: &HashSet<Place>) {
    for part in parts.iter_mut() {
        remove(part, doomed);
    }
    break_promises(parts, doomed);
    unowned(parts);
}

/// A subgraph's fields that require something which nobody owns. Its own external key fields count as owned: it is
/// given them with every representation.
fn unanswerable(part: &Part, parts: &[Part<'_>]) -> HashSet<Place> {
    let keys = LazyCell::new(|| key_places(&part.types, false));
    let mut doomed = HashSet::default();
    for ty in part.types.values() {
        for (name, field) in &ty.fields {
            let Some(required) = &field.requires else { continue };
            let mut is_answerable = true;
            field_set::walk(&required.selections, &ty.name, &part.types, &mut |on, field| {
                is_answerable &= is_owned(parts, on, field) || keys.contains(&(on.clone(), field.clone()));
            });
            if !is_answerable {
                doomed.insert((ty.name.clone(), name.clone()));
            }
        }
    }
    doomed
}

/// Whether some subgraph resolves a field, be it by an object that stands for an interface of its type.
fn is_owned(parts: &[Part<'_>], ty: &Name, field: &Name) -> bool {
    let resolves = |ty: &Arc<TypeDef>| ty.fields.get(field).is_some_and(|field| !field.is_external);
    parts.iter().any(|part| part.types.get(ty).is_some_and(resolves))
        || parts
            .iter()
            .filter_map(|part| part.types.get(ty))
            .flat_map(|ty| &ty.interfaces)
            .flat_map(|interface| parts.iter().filter_map(|part| part.types.get(interface)))
            .any(|interface| interface.is_interface_object && resolves(interface))
}

/// A field that one member lost cannot be promised by its interface any more.
fn break_promises(parts: &mut [Part<'_>], doomed: &HashSet<Place>) {
    let mut broken = HashSet::default();
    for ty in parts.iter().flat_map(|part| part.types.values()) {
        let lost = doomed.iter().filter(|(owner, _)| *owner == ty.name);
        for (_, field) in lost {
            broken.extend(ty.interfaces.iter().map(|interface| (interface.clone(), field.clone())));
        }
    }
    for part in parts.iter_mut() {
        remove(part, &broken);
    }
}

/// Drops external fields that nothing names any more, and the mark from those that have lost their owner: a stub
/// keeps its key, and is then the only one to give it.
fn drop_externals(parts: &mut [Part<'_>]) {
    for at in 0..parts.len() {
        let is_external = |ty: &Arc<TypeDef>| ty.fields.values().any(|field| field.is_external);
        if !parts[at].types.values().any(is_external) {
            continue;
        }
        let used = used(&parts[at].types);
        retain_fields(&mut parts[at], |ty, field| {
            !field.is_external || used.contains(&(ty.clone(), field.name().clone()))
        });
        let orphans = parts[at].types.values().flat_map(|ty| {
            let external = ty.fields.values().filter(|field| field.is_external);
            let orphans = external.filter(|field| !is_owned(parts, &ty.name, field.name()));
            orphans.map(|field| (ty.name.clone(), field.name().clone()))
        });
        for (ty, field) in orphans.collect::<Vec<_>>() {
            change(&mut parts[at], &ty, |ty| {
                if let Some(field) = ty.fields.get_mut(&field) {
                    (field.is_external, field.is_shareable) = (false, true);
                }
            });
        }
    }
}

/// An object that stands for an interface which nobody knows any more is an object.
fn stand_for_themselves(parts: &mut [Part<'_>]) {
    let objects = parts.iter().flat_map(|part| part.types.values()).filter(|ty| ty.is_interface_object);
    let is_known = |name: &Name| {
        let mut all = parts.iter().filter_map(|part| part.types.get(name));
        all.any(|ty| ty.kind == Kind::Interface)
    };
    let orphans: HashSet<Name> = objects.map(|ty| ty.name.clone()).filter(|name| !is_known(name)).collect();
    for part in parts.iter_mut() {
        for name in &orphans {
            change(part, name, |ty| ty.is_interface_object = false);
        }
    }
}

/// Removes types that have lost everything everywhere, and what refers to them, to a fixpoint.
fn drop_empty(parts: &mut [Part<'_>]) {
    loop {
        let is_left = |ty: &Arc<TypeDef>| match ty.kind {
            Kind::Object | Kind::Interface => !ty.fields.is_empty(),
            Kind::Union => !ty.members.is_empty(),
            Kind::Scalar | Kind::Enum | Kind::Input => true,
        };
        let empty = parts.iter().flat_map(|part| part.types.values()).filter(|ty| !is_left(ty));
        let is_elsewhere = |name: &Name| parts.iter().filter_map(|part| part.types.get(name)).any(is_left);
        let gone: HashSet<Name> =
            empty.map(|ty| ty.name.clone()).filter(|name| !is_elsewhere(name)).collect();
        if gone.is_empty() {
            return;
        }
        for part in parts.iter_mut() {
            part.types.retain(|name, _| !gone.contains(name));
            retain_fields(part, |_, field| !gone.contains(field.ty().inner_named_type()));
            for ty in part.types.values_mut() {
                if ty.members.iter().chain(&ty.interfaces).any(|name| gone.contains(name)) {
                    let ty = Arc::make_mut(ty);
                    ty.members.retain(|name| !gone.contains(name));
                    ty.interfaces.retain(|name| !gone.contains(name));
                }
            }
        }
    }
}

fn remove(part: &mut Part<'_>, doomed: &HashSet<Place>) {
    for (ty, field) in doomed {
        if part.types.get(ty).is_some_and(|ty| ty.fields.contains_key(field)) {
            change(part, ty, |ty| drop(ty.fields.shift_remove(field)));
        }
    }
}

fn retain_fields(part: &mut Part<'_>, keep: impl Fn(&Name, &Field) -> bool) {
    for ty in part.types.values_mut() {
        if ty.fields.values().any(|field| !keep(&ty.name, field)) {
            let ty = Arc::make_mut(ty);
            let name = ty.name.clone();
            ty.fields.retain(|_, field| keep(&name, field));
        }
    }
}

fn change(part: &mut Part<'_>, ty: &Name, change: impl FnOnce(&mut TypeDef)) {
    if let Some(ty) = part.types.get_mut(ty) {
        change(Arc::make_mut(ty));
    }
}
