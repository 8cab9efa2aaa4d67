//! Errors of `_entities` → the places in the client's answer that they are about.

use std::collections::HashMap;

use async_graphql::Value;

use super::entities::{Batch, Chunk};
use super::shape::client_path;
use super::{Object, Run, State, rewrite};
use crate::error::{GraphqlError, Path, PathSegment};
use crate::plan::Fetch;

impl Run<'_> {
    /// `_entities.i.rest` → every place that representation i serves.
    pub(super) fn map_error(
        &self,
        state: &mut State,
        fetch: &Fetch,
        batches: &[Batch<'_>],
        chunk: &Chunk,
        mut error: GraphqlError,
    ) {
        let mut path = std::mem::take(&mut error.path).into_iter();
        let about = match (path.next(), path.next()) {
            (Some(PathSegment::Field(key)), Some(PathSegment::Index(index))) => {
                batches.iter().zip(chunk).find_map(|(batch, range)| {
                    let field = batch.fields.iter().find(|field| field.key == key)?;
                    let representation = batch.representations[range.clone()].get(index)?;
                    Some((*field, representation))
                })
            }
            _ => None,
        };
        let Some((field, representation)) = about else {
            // It is about the call as a whole.
            let covers: Vec<Path> = all(batches, chunk).cloned().collect();
            if let Some(first) = covers.first() {
                let path = self.first_output(fetch, first);
                self.record(state, error.at(path), covers);
            }
            return;
        };
        let mut rest: Path = path.collect();
        rewrite::rename(&field.output_rewrites, &mut rest);
        for place in &representation.places {
            let (path, covers) = if rest.is_empty() {
                (self.first_output(fetch, place), vec![place.clone()])
            } else {
                (place.iter().chain(&rest).cloned().collect(), Vec::new())
            };
            self.record(state, error.clone().at(path), covers);
        }
    }

    /// The first field that a fetch was to bring at a place, of those that the client asked for.
    pub(super) fn first_output(&self, fetch: &Fetch, place: &Path) -> Path {
        let mut path = place.clone();
        for key in &fetch.outputs {
            path.push(PathSegment::Field(key.clone()));
            if client_path(&self.operation.shape, &path).len() == path.len() {
                return path;
            }
            path.pop();
        }
        path
    }
}

/// Every place that a call was to serve.
pub(super) fn all<'a>(batches: &'a [Batch<'_>], chunk: &'a Chunk) -> impl Iterator<Item = &'a Path> {
    let parts = batches.iter().zip(chunk);
    parts.flat_map(|(batch, range)| {
        batch.representations[range.clone()].iter().flat_map(|representation| &representation.places)
    })
}

/// Some servers, async-graphql among them, leave the position out: `_entities.rest`. Each such error is taken to be
/// about the next entity with a null there.
pub(super) fn infer_positions(errors: &mut [GraphqlError], data: &Object) {
    let mut next: HashMap<Path, usize> = HashMap::new();
    for error in errors {
        let [PathSegment::Field(key), PathSegment::Field(_), ..] = error.path.as_slice() else { continue };
        let Some(Value::List(list)) = data.get(key) else { continue };
        let start = next.get(&error.path).copied().unwrap_or(0);
        let rest = &error.path[1..];
        let found = list.iter().enumerate().skip(start).find(|(_, entity)| is_null_at(entity, rest));
        if let Some((position, _)) = found {
            next.insert(error.path.clone(), position + 1);
            error.path.insert(1, PathSegment::Index(position));
        }
    }
}

/// Whether a path ends in a null, at its end or before.
fn is_null_at(value: &Value, path: &[PathSegment]) -> bool {
    match (value, path.split_first()) {
        (Value::Null, _) => true,
        (Value::Object(object), Some((PathSegment::Field(name), rest))) => {
            object.get(name).is_some_and(|inner| is_null_at(inner, rest))
        }
        (Value::List(list), Some((PathSegment::Index(index), rest))) => {
            list.get(*index).is_some_and(|inner| is_null_at(inner, rest))
        }
        _ => false,
    }
}
