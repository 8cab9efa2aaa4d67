//! Settings: what the comments say is what the program does.

use router::{Config, Layout};
use serde_json::Value;

/// Shows every setting that is a number, by its path in the schema.
fn numbers(path: &str, value: &Value, show: &mut impl FnMut(&str, &Value)) {
    let Some(map) = value.as_object() else { return };
    for (name, property) in map.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let of = property["type"].as_str().or_else(|| property["type"][0].as_str());
        if matches!(of, Some("integer" | "number")) {
            show(&format!("{path}.{name}"), property);
        }
    }
    for (name, definition) in map.get("$defs").and_then(Value::as_object).into_iter().flatten() {
        numbers(name, definition, show);
    }
}

/// A number as comments write it: 15,000.
fn written(number: &Value) -> String {
    let digits = number.to_string();
    let mut written = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

#[test]
fn every_number_states_its_default_and_the_range_that_is_enforced() {
    let schema = Layout::default().with::<Config>().schema("", "");
    let (mut wrong, mut count) = (Vec::new(), 0);
    numbers("", &schema, &mut |path, setting| {
        count += 1;
        let description = setting["description"].as_str().unwrap_or_default().replace('\n', " ");
        let range = format!("{}–{}", written(&setting["minimum"]), written(&setting["maximum"]));
        let default = format!("Default {}", written(&setting["default"]));
        if !description.contains(&range) || !description.contains(&default) {
            wrong.push(format!("{path}: says {description:?}, is {default}; {range}"));
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 30, "only {count} settings were looked at");
}
