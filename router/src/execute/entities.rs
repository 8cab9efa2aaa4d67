//! Entities in the answer → representations: collected, each once, with all the places that it serves.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use apollo_compiler::schema::Schema;
use async_graphql::{Name, Value};

use super::Object;
use super::rewrite::{self, is_a, type_name};
use crate::error::{Path, PathSegment};
use crate::plan::{Entities, Fetch, Requirement, Step};

/// How many representations one call may carry.
const PER_CALL_MAX: usize = 1_000;

/// One representation, and where its entity is wanted.
pub(super) struct Representation {
    pub value: Value,
    pub places: Vec<Path>,
}

/// All representations of one variable, and the `_entities` fields that use it.
pub(super) struct Batch<'a> {
    pub variable: &'a Name,
    pub fields: Vec<&'a Entities>,
    pub representations: Vec<Representation>,
}

/// A part of each batch, together small enough for one call.
pub(super) type Chunk = Vec<Range<usize>>;

/// Collects what a fetch needs to know about the entities that are in the answer.
pub(super) fn collect<'a>(fetch: &'a Fetch, data: &Object, schema: &Schema) -> Vec<Batch<'a>> {
    let mut batches: Vec<Batch<'a>> = Vec::new();
    for entities in &fetch.entities {
        if let Some(batch) = batches.iter_mut().find(|batch| *batch.variable == entities.variable) {
            batch.fields.push(entities);
            continue;
        }
        let mut collector = Collector { entities, schema, found: Vec::new(), seen: HashMap::new() };
        for path in &entities.paths {
            collector.object(data, path, &mut Vec::new());
        }
        let representations = collector.found;
        batches.push(Batch { variable: &entities.variable, fields: vec![entities], representations });
    }
    batches
}

/// Divides batches into calls.
pub(super) fn chunks(batches: &[Batch<'_>]) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut next = vec![0; batches.len()];
    loop {
        let mut room = PER_CALL_MAX;
        let mut chunk = Vec::with_capacity(batches.len());
        for (batch, next) in batches.iter().zip(&mut next) {
            let take = room.min(batch.representations.len() - *next);
            chunk.push(*next..*next + take);
            *next += take;
            room -= take;
        }
        if room == PER_CALL_MAX {
            return chunks;
        }
        chunks.push(chunk);
    }
}

struct Collector<'a> {
    entities: &'a Entities,
    schema: &'a Schema,
    found: Vec<Representation>,
    /// Hash → positions in `found`.
    seen: HashMap<u64, Vec<usize>>,
}

impl Collector<'_> {
    fn value(&mut self, value: &Value, steps: &[Step], place: &mut Path) {
        match value {
            Value::Object(object) => self.object(object, steps, place),
            Value::List(list) => {
                let steps = match steps.split_first() {
                    Some((Step::List, rest)) => rest,
                    _ => steps,
                };
                for (index, item) in list.iter().enumerate() {
                    place.push(PathSegment::Index(index));
                    self.value(item, steps, place);
                    place.pop();
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, object: &Object, steps: &[Step], place: &mut Path) {
        match steps.split_first() {
            None => self.entity(object, place),
            Some((Step::Field(name), rest)) => {
                if let Some(value) = object.get(name) {
                    place.push(PathSegment::Field(name.clone()));
                    self.value(value, rest, place);
                    place.pop();
                }
            }
            Some((Step::Type(conditions), rest)) => {
                let matches = type_name(object.get("__typename"))
                    .is_none_or(|name| conditions.iter().any(|condition| is_a(self.schema, name, condition)));
                if matches {
                    self.object(object, rest, place);
                }
            }
            // An object where a list was expected: nothing that we could complete.
            Some((Step::List, _)) => {}
        }
    }

    fn entity(&mut self, object: &Object, place: &Path) {
        let Some(representation) = represent(&self.entities.requires, object, self.schema) else { return };
        let mut value = Value::Object(representation);
        rewrite::apply(&self.entities.input_rewrites, &mut value, self.schema);
        let positions = self.seen.entry(hash(&value)).or_default();
        let known = positions.iter().find(|&&position| self.found[position].value == value);
        if let Some(&position) = known {
            let places = &mut self.found[position].places;
            if places.last() != Some(place) {
                places.push(place.clone());
            }
            return;
        }
        positions.push(self.found.len());
        self.found.push(Representation { value, places: vec![place.clone()] });
    }
}

/// `None` when something that is required was not brought: then the subgraph could not answer either.
fn represent(requires: &[Requirement], object: &Object, schema: &Schema) -> Option<Object> {
    let mut representation = Object::new();
    // The type comes first, as everybody writes it.
    if let Some(name) = object.get("__typename") {
        representation.insert(Name::new("__typename"), name.clone());
    }
    fill(&mut representation, requires, object, schema)?;
    // Nobody is found by a key that is null; and some servers would fail the whole call for it.
    let mut parts = representation.iter().filter(|(key, _)| **key != "__typename");
    let is_found = parts.any(|(_, value)| *value != Value::Null);
    (is_found || (!representation.is_empty() && wants_only_type(requires))).then_some(representation)
}

fn wants_only_type(requires: &[Requirement]) -> bool {
    requires.iter().all(|requirement| match requirement {
        Requirement::Field { key, .. } => key == "__typename",
        Requirement::Type { selections, .. } => wants_only_type(selections),
    })
}

fn fill(target: &mut Object, requires: &[Requirement], object: &Object, schema: &Schema) -> Option<()> {
    for requirement in requires {
        match requirement {
            Requirement::Field { key, .. } if key == "__typename" => {}
            Requirement::Field { name, key, selections } => {
                let value = object.get(name).or_else(|| object.get(key))?;
                target.insert(key.clone(), part(value, selections, schema)?);
            }
            Requirement::Type { condition, selections } => {
                let name = type_name(object.get("__typename")).unwrap_or(condition);
                // The other way round holds for interfaces that a subgraph takes for objects.
                if is_a(schema, name, condition) || is_a(schema, condition, name) {
                    fill(target, selections, object, schema)?;
                    if !target.contains_key("__typename") {
                        target.insert(Name::new("__typename"), Value::String(condition.clone()));
                    }
                }
            }
        }
    }
    Some(())
}

fn part(value: &Value, selections: &[Requirement], schema: &Schema) -> Option<Value> {
    match value {
        Value::List(list) => {
            let list: Option<_> = list.iter().map(|item| part(item, selections, schema)).collect();
            list.map(Value::List)
        }
        Value::Object(object) if !selections.is_empty() => {
            let mut target = Object::new();
            if let Some(name) = object.get("__typename") {
                target.insert(Name::new("__typename"), name.clone());
            }
            fill(&mut target, selections, object, schema)?;
            Some(Value::Object(target))
        }
        leaf => Some(leaf.clone()),
    }
}

fn hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    feed(value, &mut hasher);
    hasher.finish()
}

/// Equal values that were built alike hash alike; that is enough to find most of what is there twice.
fn feed(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Null => 0_u8.hash(hasher),
        Value::Number(number) => number.hash(hasher),
        Value::String(text) => text.as_str().hash(hasher),
        Value::Enum(name) => name.as_str().hash(hasher),
        Value::Boolean(truth) => truth.hash(hasher),
        Value::Binary(bytes) => bytes.hash(hasher),
        Value::List(list) => list.iter().for_each(|item| feed(item, hasher)),
        Value::Object(object) => {
            for (key, value) in object {
                key.hash(hasher);
                feed(value, hasher);
            }
        }
    }
}
