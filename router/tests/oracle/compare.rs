//! Whether two answers are the same answer.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::executor::{Answer, Failure, Segment};

/// How an answer differs from the expected one; `None` when it does not.
///
/// Where a null has come up from a field that must not be null, a server need not say of every such field below it
/// that it failed (GraphQL, section 6.4.4): one is enough.
pub fn disagreement(expected: &Answer, actual: &Answer) -> Option<String> {
    let mut path = Vec::new();
    if let Some(what) = difference(&expected.data, &actual.data, &mut path) {
        return Some(what);
    }
    let wanted: BTreeSet<&Failure> = expected.errors.iter().collect();
    let given: BTreeSet<&Failure> = actual.errors.iter().collect();
    if let Some(surplus) = given.difference(&wanted).next() {
        return Some(format!("an error too many: {surplus:?}"));
    }
    for failure in &wanted {
        let null = null_at(&expected.data, &failure.path);
        let explains = |other: &&&Failure| other.path.starts_with(null);
        let is_told = if null.len() == failure.path.len() {
            given.contains(failure)
        } else {
            given.iter().any(|other| explains(&other))
        };
        if !is_told {
            return Some(format!("no error for {failure:?}"));
        }
    }
    None
}

/// The errors that every server must report: those whose null stands where it arose.
pub fn visible(answer: &Answer) -> BTreeSet<&Failure> {
    let errors = answer.errors.iter();
    errors.filter(|failure| null_at(&answer.data, &failure.path).len() == failure.path.len()).collect()
}

/// The part of a path that leads to the null which an error at the path has caused.
fn null_at<'a>(data: &Value, path: &'a [Segment]) -> &'a [Segment] {
    let mut value = data;
    for (length, segment) in path.iter().enumerate() {
        value = match (value, segment) {
            (Value::Object(map), Segment::Key(key)) => map.get(key).unwrap_or(&Value::Null),
            (Value::Array(list), Segment::Index(index)) => list.get(*index).unwrap_or(&Value::Null),
            _ => return &path[..length],
        };
    }
    path
}

fn difference(expected: &Value, actual: &Value, path: &mut Vec<Segment>) -> Option<String> {
    match (expected, actual) {
        (Value::Object(a), Value::Object(b)) => {
            let (a_keys, b_keys): (Vec<_>, Vec<_>) = (a.keys().collect(), b.keys().collect());
            if a_keys != b_keys {
                return Some(format!("at {path:?}: the keys are {b_keys:?} instead of {a_keys:?}"));
            }
            a.iter().find_map(|(key, value)| {
                path.push(Segment::Key(key.clone()));
                let found = difference(value, &b[key], path);
                path.pop();
                found
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(index, (a, b))| {
                path.push(Segment::Index(index));
                let found = difference(a, b, path);
                path.pop();
                found
            })
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => None,
        (a, b) if a == b => None,
        (a, b) => Some(format!("at {path:?}: {b} instead of {a}")),
    }
}
