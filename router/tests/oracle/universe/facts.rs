//! Subgraphs' SDLs → what is known of every field of every object type.

use std::collections::HashMap;
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::{FieldDefinition, Selection};
use apollo_compiler::schema::{ExtendedType, Schema};

use super::{Family, Field, Universe, Weather};
use crate::sdl::{self, Sdl};

/// The object types that a subgraph means by a type: what others have of an interface that it takes for an object.
pub fn stands_for(sdls: &[Sdl], sdl: &Sdl, ty: &str) -> Vec<Name> {
    let mut found = Vec::new();
    for name in sdl.objects(ty) {
        let others = if sdl.is_interface_object(&name) { implementers(sdls, &name) } else { vec![name] };
        found.extend(others);
    }
    found.sort();
    found.dedup();
    found
}

/// The object types of an interface, in any subgraph.
fn implementers(sdls: &[Sdl], interface: &str) -> Vec<Name> {
    let real = sdls.iter().filter(|sdl| sdl.schema.get_interface(interface).is_some());
    real.flat_map(|sdl| sdl.objects(interface)).filter(|name| !name.is_empty()).collect()
}

pub fn gather(sdls: Vec<Sdl>, api: &Schema) -> Universe {
    let mut universe = Universe {
        fields: HashMap::new(),
        entities: entities(&sdls),
        families: families(&sdls),
        enums: enums(&sdls, api),
        forgetful: Vec::new(),
        weather: Weather::default().into(),
        sdls,
    };
    declare(&mut universe, api);
    mark(&mut universe);
    allow_failures(&mut universe, api);
    universe.forgetful = forgetful(&universe);
    universe
}

fn entities(sdls: &[Sdl]) -> Vec<Name> {
    let mut found: Vec<Name> = Vec::new();
    for sdl in sdls {
        let keyed = sdl.types().filter(|(name, _)| !sdl.keys(name).is_empty());
        found.extend(keyed.flat_map(|(name, _)| stands_for(sdls, sdl, name)));
    }
    found.sort();
    found.dedup();
    found
}

/// Types of one interface object are numbered together; so are those of interfaces that share a type.
fn families(sdls: &[Sdl]) -> HashMap<Name, Arc<Family>> {
    let mut groups: Vec<Family> = Vec::new();
    for sdl in sdls {
        for (name, _) in sdl.types().filter(|(name, _)| sdl.is_interface_object(name)) {
            let mut family = Family { name: name.clone(), members: implementers(sdls, name) };
            groups.retain_mut(|known| {
                let is_apart = known.members.iter().all(|member| !family.members.contains(member));
                if !is_apart {
                    family.members.append(&mut known.members);
                }
                is_apart
            });
            family.members.sort();
            family.members.dedup();
            groups.push(family);
        }
    }
    let groups = groups.into_iter().map(Arc::new);
    let of_member = |family: Arc<Family>| {
        let members = family.members.clone();
        members.into_iter().map(move |member| (member, family.clone()))
    };
    groups.flat_map(of_member).collect()
}

fn enums(sdls: &[Sdl], api: &Schema) -> HashMap<Name, Vec<Name>> {
    let mut enums: HashMap<Name, Vec<Name>> = HashMap::new();
    for schema in std::iter::once(api).chain(sdls.iter().map(|sdl| &sdl.schema)) {
        for ty in schema.types.values().filter_map(ExtendedType::as_enum) {
            let values = enums.entry(ty.name.clone()).or_insert_with(|| ty.values.keys().cloned().collect());
            values.retain(|value| ty.values.contains_key(value));
        }
    }
    enums
}

/// Notes every field, who resolves it, and what it may return.
fn declare(universe: &mut Universe, api: &Schema) {
    let sdls = std::mem::take(&mut universe.sdls);
    for (position, sdl) in sdls.iter().enumerate() {
        for (ty, definition) in sdl.types() {
            let ExtendedType::Object(object) = definition else { continue };
            for (name, field) in &object.fields {
                let is_federation = name.starts_with('_');
                let is_taken = sdls.iter().any(|other| other.overrides(ty, name) == Some(&sdl.name));
                if is_federation || is_taken {
                    continue;
                }
                for concrete in stands_for(&sdls, sdl, ty) {
                    let owns = !sdl.is_external(ty, name);
                    let objects = stands_for(&sdls, sdl, field.ty.inner_named_type());
                    note(universe, (concrete, name.clone()), owns.then_some(position), field, objects);
                }
            }
        }
    }
    for ((ty, name), field) in &mut universe.fields {
        // What clients cannot see is neither an answer to them nor something that they can say.
        field.objects.retain(|object| api.types.contains_key(object));
        if let Ok(shown) = api.type_field(ty, name) {
            field.arguments.retain(|argument| shown.argument_by_name(argument).is_some());
        }
    }
    universe.sdls = sdls;
}

fn note(
    universe: &mut Universe,
    place: (Name, Name),
    owner: Option<usize>,
    definition: &FieldDefinition,
    objects: Vec<Name>,
) {
    let arguments = definition.arguments.iter().map(|argument| argument.name.clone());
    let known = universe.fields.entry(place).or_insert_with(|| Field {
        ty: definition.ty.clone(),
        arguments: arguments.clone().collect(),
        owners: Vec::new(),
        is_key: false,
        is_needed: false,
        may_fail: false,
        objects: objects.clone(),
    });
    known.ty = sdl::stricter(&known.ty, &definition.ty);
    known.objects.retain(|object| objects.contains(object));
    if let Some(owner) = owner {
        let arguments: Vec<Name> = arguments.collect();
        known.arguments.retain(|argument| arguments.contains(argument));
        known.owners.push(owner);
    }
}

/// Marks what keys and requirements name.
fn mark(universe: &mut Universe) {
    let mut keys = Vec::new();
    let mut needed = Vec::new();
    for sdl in &universe.sdls {
        for (ty, definition) in sdl.types() {
            for key in sdl.keys(ty) {
                walk(universe, sdl, ty, &key.fields, &mut keys);
            }
            for field in sdl::fields(definition).into_iter().flat_map(|fields| fields.keys()) {
                let required = sdl.requires(ty, field).unwrap_or_default();
                walk(universe, sdl, ty, &required, &mut needed);
            }
        }
    }
    for place in keys {
        universe.fields.entry(place).and_modify(|field| field.is_key = true);
    }
    for place in needed {
        universe.fields.entry(place).and_modify(|field| field.is_needed = true);
    }
}

/// Every field that a field set names, on every object type that it may be about.
pub fn walk(universe: &Universe, sdl: &Sdl, ty: &str, set: &[Selection], found: &mut Vec<(Name, Name)>) {
    for selection in set {
        match selection {
            Selection::Field(field) => {
                let concrete = stands_for(&universe.sdls, sdl, ty);
                found.extend(concrete.into_iter().map(|concrete| (concrete, field.name.clone())));
                if let Some(definition) = sdl.field(ty, &field.name) {
                    walk(universe, sdl, definition.ty.inner_named_type(), &field.selection_set, found);
                }
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.type_condition.as_ref().map_or(ty, Name::as_str);
                walk(universe, sdl, condition, &fragment.selection_set, found);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Fields may fail unless others need them: then an error would be seen where nobody asked. Where subgraphs differ
/// in what may be null, a failing field takes more with it in one than in another: then only those may fail that
/// may be null everywhere.
fn allow_failures(universe: &mut Universe, api: &Schema) {
    let mut differing = Vec::new();
    for (ty, name) in universe.fields.keys() {
        let declared = universe.sdls.iter().filter_map(|sdl| {
            Some(&sdl.field(&universe.local(sdl, ty), name).filter(|_| !sdl.is_external(ty, name))?.ty)
        });
        let shown = api.type_field(ty, name).ok().map(|field| &field.ty);
        let mut all: Vec<String> = declared.chain(shown).map(ToString::to_string).collect();
        all.dedup();
        if all.len() > 1 {
            differing.push((ty.clone(), name.clone()));
        }
    }
    for (place, field) in &mut universe.fields {
        let is_nullable = !field.ty.is_non_null() && !differing.contains(place);
        field.may_fail = !field.is_key && !field.is_needed && (differing.is_empty() || is_nullable);
    }
}

/// Which subgraphs may miss entities of which types without anybody's noticing but by the fields that they alone
/// resolve: all find it by the same key, and nobody needs what this one says.
fn forgetful(universe: &Universe) -> Vec<(usize, Name)> {
    let mut found = Vec::new();
    for ty in universe.entities.iter().filter(|ty| !universe.families.contains_key(*ty)) {
        let mut keys = Vec::new();
        for sdl in &universe.sdls {
            keys.extend(sdl.keys(ty).iter().map(|key| format!("{:?}", key.fields)));
        }
        keys.sort();
        keys.dedup();
        if keys.len() != 1 {
            continue;
        }
        for (position, sdl) in universe.sdls.iter().enumerate() {
            let Some(object) = sdl.schema.get_object(ty) else { continue };
            let places = object.fields.keys().filter(|name| !sdl.is_external(ty, name));
            let fields: Vec<_> = places.filter_map(|name| universe.field(ty, name)).collect();
            let alone = |field: &&Field| field.is_key || field.owners == [position] && !field.is_needed;
            if fields.iter().all(alone) {
                found.push((position, ty.clone()));
            }
        }
    }
    found
}
