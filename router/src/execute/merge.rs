//! Puts what a subgraph brought to what is known already.

use async_graphql::Value;

use super::Object;
use crate::error::{Path, PathSegment};

/// Merges an object into another, deeply.
pub(super) fn objects(target: &mut Object, source: Object) {
    if target.is_empty() {
        *target = source;
        return;
    }
    for (key, value) in source {
        match target.get_mut(&key) {
            Some(known) => values(known, value),
            None => {
                target.insert(key, value);
            }
        }
    }
}

/// Merges a value into another: objects and lists deeply, and null never replaces something.
fn values(target: &mut Value, source: Value) {
    match (target, source) {
        (_, Value::Null) => {}
        (Value::Object(target), Value::Object(source)) => objects(target, source),
        (Value::List(target), Value::List(source)) if target.len() == source.len() => {
            for (target, source) in target.iter_mut().zip(source) {
                values(target, source);
            }
        }
        (target, source) => *target = source,
    }
}

/// Merges an entity into the answer at one place.
pub(super) fn at(data: &mut Object, place: &Path, entity: Object) {
    let Some((PathSegment::Field(first), rest)) = place.split_first() else {
        objects(data, entity);
        return;
    };
    let mut value = data.get_mut(first);
    for segment in rest {
        value = match (segment, value) {
            (PathSegment::Field(name), Some(Value::Object(object))) => object.get_mut(name),
            (PathSegment::Index(index), Some(Value::List(list))) => list.get_mut(*index),
            _ => None,
        };
    }
    if let Some(Value::Object(object)) = value {
        objects(object, entity);
    }
}
