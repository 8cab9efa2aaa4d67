//! The client's variables: checked against the operation, then handed to the fetches that use them.

use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use async_graphql::Name;

use super::{Engine, Operation};
use crate::error::{GraphqlError, code};

/// Coerced variables, defaults filled in. Variables that the operation does not declare are left out.
#[derive(Default)]
pub(super) struct Variables {
    /// Names and values as JSON.
    values: Vec<(Name, String)>,
    /// The same, as introspection wants them; empty when the operation does not introspect.
    pub json: Option<Valid<JsonMap>>,
}

impl Variables {
    pub fn coerce(
        engine: &Engine,
        operation: &Operation,
        given: serde_json::Map<String, serde_json::Value>,
        request_id: &str,
    ) -> Result<Self, Vec<GraphqlError>> {
        if operation.definition.variables.is_empty() && !operation.introspects {
            return Ok(Self::default());
        }
        for variable in &operation.definition.variables {
            if let Some(value) = given.get(variable.name.as_str()) {
                let checked =
                    engine.one_of.check_variable(&engine.schema, &variable.name, &variable.ty, value);
                checked.map_err(|error| vec![*error])?;
            }
        }
        let given: JsonMap = given.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let coerced =
            coerce_variable_values(&engine.schema, &operation.definition, &given).map_err(|error| {
                let message = sentence(&error.message().to_string());
                vec![GraphqlError::new(code::BAD_USER_INPUT, message)]
            })?;
        let values = coerced.iter().map(|(name, value)| {
            let json = serde_json::to_string(value)
                .map_err(|error| vec![GraphqlError::new(code::BAD_USER_INPUT, error.to_string())])?;
            Ok((Name::new(name.as_str()), json))
        });
        let values = values.collect::<Result<_, Vec<GraphqlError>>>()?;
        let variables = Self { values, json: operation.introspects.then_some(coerced) };
        let is_decided = operation.decided.is(|name| variables.get(name) == Some("true"));
        if is_decided && operation.given.is(|name| variables.get(name).is_some()) {
            return Ok(variables);
        }
        tracing::error!(request_id, "an operation was prepared for other variables");
        Err(vec![GraphqlError::internal()])
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, json)| json.as_str())
    }

    /// Writes those of some variables that the client gave, as members of a JSON object that has just begun.
    pub fn write(&self, names: &[Name], out: &mut Vec<u8>) {
        for name in names {
            if let Some(json) = self.get(name) {
                write_member(name, out, |out| out.extend_from_slice(json.as_bytes()));
            }
        }
    }
}

/// Writes a member of a JSON object, with the comma that it may need.
pub(super) fn write_member(name: &str, out: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>)) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    // Names of GraphQL need no escapes.
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    value(out);
}

fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
