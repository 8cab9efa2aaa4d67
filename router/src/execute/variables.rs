//! The client's variables: checked against the operation, then handed to the fetches that use them.

use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::validation::Valid;
use async_graphql::{Name, Value};

use super::{Engine, Object, Operation};
use crate::error::{GraphqlError, code};

/// Coerced variables, defaults filled in. Variables that the operation does not declare are left out.
#[derive(Default)]
pub(super) struct Variables {
    values: Object,
    /// The same, as introspection wants them; empty when the operation does not introspect.
    pub json: Option<Valid<JsonMap>>,
}

impl Variables {
    pub fn coerce(
        engine: &Engine,
        operation: &Operation,
        given: serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self, Vec<GraphqlError>> {
        if operation.definition.variables.is_empty() && !operation.introspects {
            return Ok(Self::default());
        }
        let given: JsonMap = given.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let coerced =
            coerce_variable_values(&engine.schema, &operation.definition, &given).map_err(|error| {
                let message = sentence(&error.message().to_string());
                vec![GraphqlError::new(code::BAD_USER_INPUT, message)]
            })?;
        if operation.introspects {
            let values = coerced.iter().map(|(name, value)| (Name::new(name.as_str()), value_of(value)));
            return Ok(Self { values: values.collect(), json: Some(coerced) });
        }
        let values = coerced.into_inner().into_iter();
        Ok(Self {
            values: values.map(|(name, value)| (Name::new(name.as_str()), value_of(&value))).collect(),
            json: None,
        })
    }

    pub fn is_true(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(Value::Boolean(true)))
    }

    /// The variables of one call. Those that the client left out stay out.
    pub fn pick(&self, names: &[Name]) -> Object {
        names
            .iter()
            .filter_map(|name| self.values.get(name).map(|value| (name.clone(), value.clone())))
            .collect()
    }
}

/// A JSON value as the engine's own.
pub(super) fn value_of(value: &JsonValue) -> Value {
    match value {
        JsonValue::Null => Value::Null,
        JsonValue::Bool(value) => Value::Boolean(*value),
        JsonValue::Number(value) => Value::Number(value.clone()),
        JsonValue::String(value) => Value::String(value.as_str().to_owned()),
        JsonValue::Array(list) => Value::List(list.iter().map(value_of).collect()),
        JsonValue::Object(map) => Value::Object(
            map.iter().map(|(name, value)| (Name::new(name.as_str()), value_of(value))).collect(),
        ),
    }
}

fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
