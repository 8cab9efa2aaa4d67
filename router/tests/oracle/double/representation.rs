//! Representations → entities, and whether they say what they should and nothing else.

use std::sync::Arc;

use apollo_compiler::schema::ExtendedType;
use serde_json::Value;

use super::Double;
use crate::sdl::{self, FieldSet};
use crate::universe::{Made, Object};

impl Double {
    /// The entity that a representation stands for.
    pub fn entity(&self, given: &Value) -> Made {
        let sdl = self.sdl();
        let name = given["__typename"].as_str().unwrap_or_default();
        let keys: Vec<_> = sdl.keys(name).into_iter().filter(|key| key.is_resolvable).collect();
        let mut found: Vec<Object> = Vec::new();
        for ty in self.universe.stands_for(sdl, name) {
            for id in self.universe.pool(&ty) {
                let object = Object::new(ty.clone(), id);
                let is_it = |set: &FieldSet| has(given, &self.universe.project(sdl, &object, set));
                if keys.iter().any(|key| is_it(&key.fields)) {
                    found.push(object);
                }
            }
        }
        let [object] = found.as_slice() else {
            self.wrong(format!("{} entities for {given}: {found:?}", found.len()));
            return Made::Null;
        };
        self.check_members(name, given, object);
        if self.universe.is_missing(self.position, object) {
            return Made::Null;
        }
        Made::Object(Object { given: Some(Arc::new(given.clone())), ..object.clone() })
    }

    /// Whatever a representation has must be part of a key or a requirement, and true.
    fn check_members(&self, name: &str, given: &Value, object: &Object) {
        let sdl = self.sdl();
        let mut sets: Vec<FieldSet> = sdl.keys(name).into_iter().map(|key| key.fields).collect();
        let fields = sdl.schema.types.get(name).and_then(sdl::fields).into_iter().flatten();
        sets.extend(fields.filter_map(|(field, _)| sdl.requires(name, field)));
        let mut projected: Vec<Value> =
            sets.iter().map(|set| self.universe.project(sdl, object, set)).collect();
        projected.push(merged(&projected));
        for (member, value) in given.as_object().into_iter().flatten() {
            let is_true =
                projected.iter().any(|one| one.get(member).is_some_and(|one| is_within(value, one)));
            if member != "__typename" && !is_true {
                self.wrong(format!("{member} of {given} is not wanted, or not true: {projected:?}"));
            }
        }
        if !matches!(sdl.schema.types.get(name), Some(ExtendedType::Object(_) | ExtendedType::Interface(_))) {
            self.wrong(format!("no type {name}"));
        }
    }
}

/// Whether something has everything that is expected.
pub fn has(given: &Value, expected: &Value) -> bool {
    match (given, expected) {
        (Value::Object(given), Value::Object(expected)) => {
            expected.iter().all(|(name, value)| given.get(name).is_some_and(|given| has(given, value)))
        }
        (Value::Array(given), Value::Array(expected)) => {
            given.len() == expected.len() && given.iter().zip(expected).all(|(a, b)| has(a, b))
        }
        (given, expected) => is_same(given, expected),
    }
}

/// Whether something has nothing but what is expected.
fn is_within(given: &Value, expected: &Value) -> bool {
    match (given, expected) {
        (Value::Object(given), Value::Object(expected)) => given.iter().all(|(name, value)| {
            name == "__typename" || expected.get(name).is_some_and(|expected| is_within(value, expected))
        }),
        (Value::Array(given), Value::Array(expected)) => {
            given.len() == expected.len() && given.iter().zip(expected).all(|(a, b)| is_within(a, b))
        }
        (given, expected) => is_same(given, expected),
    }
}

fn is_same(given: &Value, expected: &Value) -> bool {
    match (given, expected) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        // An `ID` may be written as a number.
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            number.to_string() == *text
        }
        (a, b) => a == b,
    }
}

/// Objects in one.
fn merged(values: &[Value]) -> Value {
    let mut all = Value::Null;
    for value in values {
        merge(&mut all, value);
    }
    all
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(from)) => {
            into.iter_mut().zip(from).for_each(|(into, from)| merge(into, from));
        }
        (into, from) => *into = from.clone(),
    }
}
