//! How event schemas may change: fields are added, and nothing else. Consumers of others read them, and old events of the
//! log are read by new ones.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// What a schema that takes another one's place breaks, in sentences; empty where it only adds.
#[must_use]
pub fn broken(event: &str, old: &Value, new: &Value) -> Vec<String> {
    let (old_fields, new_fields) = (fields(old), fields(new));
    let (old_required, new_required) = (required(old), required(new));
    let mut broken = Vec::new();
    for (name, field) in &old_fields {
        match new_fields.get(name) {
            None => broken.push(format!("{event}: the field {name} is gone")),
            Some(now) if now != field => broken.push(format!("{event}: the field {name} is of another type")),
            Some(_) if old_required.contains(name) != new_required.contains(name) => {
                broken.push(format!("{event}: the field {name} was always there, or is now, and not both"));
            }
            Some(_) => {}
        }
    }
    for name in new_required.iter().filter(|name| !old_fields.contains_key(*name)) {
        broken.push(format!(
            "{event}: the field {name} is new, and events of before lack it; make it an Option"
        ));
    }
    broken
}

/// The fields with their types, as far as these matter to who reads them.
fn fields(schema: &Value) -> BTreeMap<String, Value> {
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields.map(|(name, field)| (name.clone(), bare(field, &schema["$defs"]))).collect()
}

fn required(schema: &Value) -> BTreeSet<String> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A type without what is said about it, and with what it refers to in its place.
fn bare(schema: &Value, definitions: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            if let Some(name) =
                map.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
            {
                return bare(&definitions[name], definitions);
            }
            let said = ["description", "title", "$schema", "examples"];
            let kept = map.iter().filter(|(key, _)| !said.contains(&key.as_str()));
            Value::Object(
                kept.map(|(key, value)| (key.clone(), bare(value, definitions))).collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => items.iter().map(|item| bare(item, definitions)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({ "properties": { "id": { "$ref": "#/$defs/Id", "description": "It." }, "days": { "type": "string" } },
                "required": ["id"], "$defs": { "Id": { "type": "string", "format": "uuid" } } })
    }

    fn changed(path: &str, value: Value) -> Vec<String> {
        let mut new = schema();
        match value {
            Value::Null => {
                let (of, key) = path.rsplit_once('/').unwrap();
                new.pointer_mut(of).unwrap().as_object_mut().unwrap().remove(key);
            }
            value => *new.pointer_mut(path).unwrap() = value,
        }
        broken("a.b.done", &schema(), &new)
    }

    #[test]
    fn what_is_added_or_said_otherwise_breaks_nothing() {
        let mut new = schema();
        new["properties"]["note"] = json!({ "type": ["string", "null"] });
        assert!(broken("a.b.done", &schema(), &new).is_empty());
        assert!(changed("/properties/id", json!({ "type": "string", "format": "uuid" })).is_empty());
    }

    #[test]
    fn what_is_taken_away_changed_or_demanded_is_told() {
        for (path, value, sentence) in [
            ("/properties/days", Value::Null, "days is gone"),
            ("/properties/days", json!({ "type": "number" }), "days is of another type"),
            ("/$defs/Id", json!({ "type": "integer" }), "id is of another type"),
            ("/required", json!([]), "id was always there"),
            ("/required", json!(["id", "days"]), "days was always there"),
            ("/required", json!(["id", "note"]), "note is new"),
        ] {
            let told = changed(path, value);
            assert!(told.len() == 1 && told[0].contains(sentence), "{told:?}");
        }
    }
}
