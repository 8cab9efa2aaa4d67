//! Changes that the planner asks for, on the way to a subgraph and back.

use apollo_compiler::schema::Schema;
use async_graphql::{Name, Value};

use crate::error::{Path, PathSegment};
use crate::plan::{Change, Rewrite, RewriteStep};

/// Applies rewrites to a value, in order.
pub(super) fn apply(rewrites: &[Rewrite], value: &mut Value, schema: &Schema) {
    for rewrite in rewrites {
        walk(&rewrite.path, &rewrite.change, value, schema);
    }
}

fn walk(path: &[RewriteStep], change: &Change, value: &mut Value, schema: &Schema) {
    if let Value::List(list) = value {
        list.iter_mut().for_each(|item| walk(path, change, item, schema));
        return;
    }
    let Some((step, rest)) = path.split_first() else {
        if let Change::Set(text) = change {
            *value = Value::String(text.clone());
        }
        return;
    };
    let Value::Object(object) = value else { return };
    match step {
        RewriteStep::Type(conditions) => {
            let matches = type_name(object.get("__typename"))
                .is_none_or(|name| conditions.iter().any(|condition| is_a(schema, name, condition)));
            if matches {
                walk(rest, change, value, schema);
            }
        }
        RewriteStep::Key(name) => match change {
            Change::Rename(new) if rest.is_empty() => {
                if let Some(moved) = object.swap_remove(name) {
                    object.insert(new.clone(), moved);
                }
            }
            _ => {
                if let Some(inner) = object.get_mut(name) {
                    walk(rest, change, inner, schema);
                }
            }
        },
    }
}

/// Gives an error's path the names that the answer has after its rewrites.
pub(super) fn rename(rewrites: &[Rewrite], path: &mut Path) {
    for rewrite in rewrites {
        let Change::Rename(new) = &rewrite.change else { continue };
        let keys: Vec<&Name> = rewrite
            .path
            .iter()
            .filter_map(|step| match step {
                RewriteStep::Key(name) => Some(name),
                RewriteStep::Type(_) => None,
            })
            .collect();
        let fields = path.iter().enumerate().filter_map(|(position, segment)| match segment {
            PathSegment::Field(name) => Some((position, name)),
            PathSegment::Index(_) => None,
        });
        let matched: Vec<usize> = keys
            .iter()
            .zip(fields)
            .take_while(|(key, (_, name))| **key == *name)
            .map(|(_, (position, _))| position)
            .collect();
        if matched.len() == keys.len()
            && let Some(&last) = matched.last()
        {
            path[last] = PathSegment::Field(new.clone());
        }
    }
}

/// The name in a `__typename`.
pub(super) fn type_name(value: Option<&Value>) -> Option<&str> {
    match value {
        Some(Value::String(name)) => Some(name),
        Some(Value::Enum(name)) => Some(name),
        _ => None,
    }
}

/// Whether a type satisfies a type condition.
pub(super) fn is_a(schema: &Schema, name: &str, condition: &str) -> bool {
    name == condition || schema.is_subtype(condition, name)
}
