//! Gathered data → the client's answer. Walks the client's operation, so that nothing else gets out, and lets
//! nulls propagate as the API schema says.

use apollo_compiler::ast::Type;
use async_graphql::{Name as Key, Value};

use super::explained::Explained;
use super::response::ERRORS_MAX;
use super::rewrite::type_name;
use super::shape::{Kind, ObjectShape, Output, Scalar, Shape};
use super::variables::Variables;
use super::{Object, Recorded};
use crate::error::{GraphqlError, Path, PathSegment, code};

/// Shapes one answer.
pub(super) struct Projector<'a> {
    variables: &'a Variables,
    errors: Vec<Recorded>,
    /// Made when the first null needs it, which is seldom.
    explained: Option<Explained>,
    path: Path,
}

/// A value that must not be null is; an error has been recorded, and the parent becomes null instead.
struct Nulled;

impl<'a> Projector<'a> {
    pub fn new(variables: &'a Variables, errors: Vec<Recorded>) -> Self {
        Self { variables, errors, explained: None, path: Vec::new() }
    }

    pub fn into_errors(self) -> Vec<GraphqlError> {
        self.errors.into_iter().map(|recorded| recorded.error).collect()
    }

    /// The whole answer's data.
    pub fn root(&mut self, shape: &Shape, data: Object) -> Value {
        // A root type is an object type: the shape has exactly one.
        let Some(shape) = shape.values().next() else { return Value::Null };
        self.object(shape, data).unwrap_or(Value::Null)
    }

    fn object(&mut self, shape: &ObjectShape, mut data: Object) -> Result<Value, Nulled> {
        let mut object = Object::with_capacity(shape.fields.len());
        for field in &shape.fields {
            if !field.is_wanted(self.variables) {
                continue;
            }
            let value = match &field.output {
                Output::TypeName => Value::Enum(shape.name.clone()),
                Output::Introspection => data.swap_remove(&field.data_key).unwrap_or_default(),
                Output::Field { name, ty, of } => {
                    let value = data.swap_remove(&field.data_key).unwrap_or_default();
                    self.path.push(PathSegment::Field(field.key.clone()));
                    let value = self.value(value, ty, of, (&shape.name, name));
                    self.path.pop();
                    value?
                }
            };
            object.insert(field.key.clone(), value);
        }
        Ok(Value::Object(object))
    }

    /// `field` names the field in messages.
    fn value(&mut self, value: Value, ty: &Type, of: &Kind, field: (&Key, &str)) -> Result<Value, Nulled> {
        let completed = match (value, ty) {
            (Value::Null, _) => {
                if !ty.is_non_null() {
                    return Ok(Value::Null);
                }
                self.report(|| format!("Cannot return null for non-nullable field {}.{}.", field.0, field.1));
                Err(Nulled)
            }
            (value, Type::List(inner) | Type::NonNullList(inner)) => self.list(value, inner, of, field),
            (value, Type::Named(name) | Type::NonNullNamed(name)) => self.named(value, name, of, field),
        };
        match completed {
            Err(Nulled) if !ty.is_non_null() => Ok(Value::Null),
            other => other,
        }
    }

    fn list(&mut self, value: Value, inner: &Type, of: &Kind, field: (&Key, &str)) -> Result<Value, Nulled> {
        let Value::List(list) = value else { return self.invalid(field) };
        let mut completed = Vec::with_capacity(list.len());
        for (index, item) in list.into_iter().enumerate() {
            self.path.push(PathSegment::Index(index));
            let item = self.value(item, inner, of, field);
            self.path.pop();
            completed.push(item?);
        }
        Ok(Value::List(completed))
    }

    fn named(&mut self, value: Value, ty: &str, of: &Kind, field: (&Key, &str)) -> Result<Value, Nulled> {
        match of {
            Kind::Composite(shape) => {
                let Value::Object(data) = value else { return self.invalid(field) };
                // An object type is what it is; of an abstract one the data says which.
                let object = match type_name(data.get("__typename")) {
                    Some(name) => shape.get(name).or_else(|| shape.get(ty)),
                    None => only(shape),
                };
                match object {
                    Some(object) => self.object(object, data),
                    None => self.invalid(field),
                }
            }
            Kind::Enum(values) => match value {
                Value::Enum(name) if values.contains(&name) => Ok(Value::Enum(name)),
                Value::String(text) => match values.iter().find(|name| **name == text) {
                    Some(name) => Ok(Value::Enum(name.clone())),
                    None => self.invalid(field),
                },
                _ => self.invalid(field),
            },
            Kind::Scalar(scalar) => match scalar_value(*scalar, value) {
                Some(value) => Ok(value),
                None => self.invalid(field),
            },
        }
    }

    fn invalid(&mut self, field: (&Key, &str)) -> Result<Value, Nulled> {
        self.report(|| format!("Invalid value found for field {}.{}.", field.0, field.1));
        Err(Nulled)
    }

    /// Adds an error for the current place, unless one explains it already.
    fn report(&mut self, message: impl FnOnce() -> String) {
        let explained = self.explained.get_or_insert_with(|| Explained::new(&self.errors));
        if self.errors.len() < ERRORS_MAX && !explained.has(&self.path) {
            explained.add(&self.path);
            let error = GraphqlError::new(code::INTERNAL, message()).at(self.path.clone());
            self.errors.push(Recorded { error, covers: Vec::new() });
        }
    }
}

/// The shape of an object type's field, which needs no `__typename`.
fn only(shape: &Shape) -> Option<&std::sync::Arc<ObjectShape>> {
    if shape.len() == 1 { shape.values().next() } else { None }
}

fn scalar_value(scalar: Scalar, value: Value) -> Option<Value> {
    let fits = match (scalar, &value) {
        (Scalar::Custom, _) => true,
        (Scalar::Int, Value::Number(number)) => {
            number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
                || number
                    .as_f64()
                    .is_some_and(|number| number.fract() == 0.0 && number.abs() < 2_147_483_648.0)
        }
        (Scalar::Float, Value::Number(_)) | (Scalar::Boolean, Value::Boolean(_)) => true,
        (Scalar::String | Scalar::Id, Value::String(_) | Value::Enum(_)) => true,
        (Scalar::Id, Value::Number(number)) => return Some(Value::String(number.to_string())),
        _ => false,
    };
    fits.then_some(value)
}
