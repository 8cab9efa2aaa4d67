//! Where two JSON values differ.

use serde_json::Value;

/// Every place where they differ, as a line; none when they are the same but for the order of members.
pub fn of(expected: &Value, found: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare(Some(expected), Some(found), "data", &mut lines);
    lines
}

fn compare(expected: Option<&Value>, found: Option<&Value>, path: &str, lines: &mut Vec<String>) {
    match (expected, found) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let more = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(more) {
                compare(a.get(key), b.get(key), &format!("{path}.{key}"), lines);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                compare(a.get(index), b.get(index), &format!("{path}.{index}"), lines);
            }
        }
        (expected, found) if expected == found => {}
        (expected, found) => {
            let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
            lines.push(format!("{path}: expected {}, found {}", text(expected), text(found)));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_members_is_no_difference() {
        assert!(of(&json!({ "a": 1, "b": [null, "x"] }), &json!({ "b": [null, "x"], "a": 1 })).is_empty());
    }

    #[test]
    fn every_difference_is_told_with_its_place() {
        let lines = of(
            &json!({ "a": [1, { "b": 2 }], "c": null, "d": 4 }),
            &json!({ "a": [1, { "b": "2" }, 3], "c": false, "e": {} }),
        );
        assert_eq!(
            lines,
            [
                "data.a.1.b: expected 2, found \"2\"",
                "data.a.2: expected nothing, found 3",
                "data.c: expected null, found false",
                "data.d: expected 4, found nothing",
                "data.e: expected nothing, found {}",
            ]
        );
    }
}
