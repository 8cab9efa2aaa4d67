//! Arguments and variables → JSON, by the rules of the specification (GraphQL, sections 3.5 to 3.12, 6.1.2 and
//! 6.4.1).

use apollo_compiler::Node;
use apollo_compiler::ast::{self, Argument, InputValueDefinition, Type, VariableDefinition};
use apollo_compiler::schema::{ExtendedType, Schema};
use serde_json::{Map, Value};

/// JSON in one form only: members in the order of their names.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let members = members.iter().map(|(name, value)| format!("{name}:{}", canonical(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// The variables of an operation, with defaults.
pub fn variables(
    schema: &Schema,
    definitions: &[Node<VariableDefinition>],
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let mut coerced = Map::new();
    for definition in definitions {
        let name = definition.name.as_str();
        let value = match (given.get(name), &definition.default_value) {
            (Some(value), _) => json(schema, &definition.ty, value)?,
            (None, Some(default)) => match literal(schema, &definition.ty, default, &Map::new())? {
                Some(value) => value,
                None => continue,
            },
            (None, None) if definition.ty.is_non_null() => return Err(format!("${name} is missing")),
            (None, None) => continue,
        };
        coerced.insert(name.to_owned(), value);
    }
    Ok(coerced)
}

/// The arguments of a field.
pub fn arguments(
    schema: &Schema,
    definitions: &[Node<InputValueDefinition>],
    given: &[Node<Argument>],
    variables: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let find = |name: &str| given.iter().find(|argument| argument.name == name).map(|found| &found.value);
    inputs(schema, definitions.iter(), |name, ty| match find(name) {
        Some(value) => literal(schema, ty, value, variables),
        None => Ok(None),
    })
}

fn inputs<'a>(
    schema: &Schema,
    definitions: impl Iterator<Item = &'a Node<InputValueDefinition>>,
    given: impl Fn(&str, &Type) -> Result<Option<Value>, String>,
) -> Result<Map<String, Value>, String> {
    let mut coerced = Map::new();
    for definition in definitions {
        let name = definition.name.as_str();
        let value = match (given(name, &definition.ty)?, &definition.default_value) {
            (Some(value), _) => Some(value),
            (None, Some(default)) => literal(schema, &definition.ty, default, &Map::new())?,
            (None, None) => None,
        };
        match value {
            None | Some(Value::Null) if definition.ty.is_non_null() => {
                return Err(format!("{name} is needed"));
            }
            Some(value) => {
                coerced.insert(name.to_owned(), value);
            }
            None => {}
        }
    }
    Ok(coerced)
}

/// A literal; `None` for a variable that was not given.
pub fn literal(
    schema: &Schema,
    ty: &Type,
    value: &ast::Value,
    variables: &Map<String, Value>,
) -> Result<Option<Value>, String> {
    if let ast::Value::Variable(name) = value {
        return Ok(variables.get(name.as_str()).cloned());
    }
    let coerced = match (ty, value) {
        (_, ast::Value::Null) if ty.is_non_null() => return Err("null".to_owned()),
        (_, ast::Value::Null) => Value::Null,
        (Type::List(inner) | Type::NonNullList(inner), ast::Value::List(list)) => {
            let element = |element: &Node<ast::Value>| {
                Ok(literal(schema, inner, element, variables)?.unwrap_or(Value::Null))
            };
            Value::Array(list.iter().map(element).collect::<Result<_, String>>()?)
        }
        (Type::List(inner) | Type::NonNullList(inner), value) => {
            let inner = literal(schema, inner, value, variables)?;
            inner.map_or(Value::Null, |inner| Value::Array(vec![inner]))
        }
        (Type::Named(name) | Type::NonNullNamed(name), value) => match (schema.types.get(name), value) {
            (Some(ExtendedType::InputObject(input)), ast::Value::Object(members)) => {
                let find =
                    |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, value)| value);
                let definitions = input.fields.values().map(|field| &field.node);
                Value::Object(inputs(schema, definitions, |name, ty| match find(name) {
                    Some(value) => literal(schema, ty, value, variables),
                    None => Ok(None),
                })?)
            }
            _ => scalar(name, plain(value, variables)?)?,
        },
    };
    Ok(Some(coerced))
}

/// A literal of whatever form, as custom scalars take it.
pub fn plain(value: &ast::Value, variables: &Map<String, Value>) -> Result<Value, String> {
    Ok(match value {
        ast::Value::Null => Value::Null,
        ast::Value::Enum(name) => name.as_str().into(),
        ast::Value::Variable(name) => variables.get(name.as_str()).cloned().unwrap_or_default(),
        ast::Value::String(text) => text.as_str().into(),
        ast::Value::Float(number) => number.try_to_f64().map_err(|error| error.to_string())?.into(),
        ast::Value::Int(number) => match number.as_str().parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => number.try_to_f64().map_err(|error| error.to_string())?.into(),
        },
        ast::Value::Boolean(value) => (*value).into(),
        ast::Value::List(list) => {
            Value::Array(list.iter().map(|value| plain(value, variables)).collect::<Result<_, _>>()?)
        }
        ast::Value::Object(members) => {
            let member = |(name, value): &(apollo_compiler::Name, Node<ast::Value>)| {
                Ok((name.to_string(), plain(value, variables)?))
            };
            Value::Object(members.iter().map(member).collect::<Result<_, String>>()?)
        }
    })
}

/// A variable's value.
pub fn json(schema: &Schema, ty: &Type, value: &Value) -> Result<Value, String> {
    Ok(match (ty, value) {
        (_, Value::Null) if ty.is_non_null() => return Err("null".to_owned()),
        (_, Value::Null) => Value::Null,
        (Type::List(inner) | Type::NonNullList(inner), Value::Array(list)) => {
            Value::Array(list.iter().map(|value| json(schema, inner, value)).collect::<Result<_, _>>()?)
        }
        (Type::List(inner) | Type::NonNullList(inner), value) => {
            Value::Array(vec![json(schema, inner, value)?])
        }
        (Type::Named(name) | Type::NonNullNamed(name), value) => match (schema.types.get(name), value) {
            (Some(ExtendedType::InputObject(input)), Value::Object(members)) => {
                let definitions = input.fields.values().map(|field| &field.node);
                Value::Object(inputs(schema, definitions, |name, ty| {
                    members.get(name).map(|value| json(schema, ty, value)).transpose()
                })?)
            }
            _ => scalar(name, value.clone())?,
        },
    })
}

/// A scalar in one form only.
fn scalar(name: &str, value: Value) -> Result<Value, String> {
    let fits = match name {
        "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        "Float" => return value.as_f64().map(Value::from).ok_or_else(|| format!("{value} is no Float")),
        "Boolean" => value.is_boolean(),
        "String" => value.is_string(),
        "ID" if value.is_i64() => return Ok(value.to_string().into()),
        "ID" => value.is_string(),
        _ => true,
    };
    if fits { Ok(value) } else { Err(format!("{value} is no {name}")) }
}
