//! Settings: what the comments say is what the program does.

use std::collections::BTreeSet;

use router::Config;
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
    let schema = innoerp::federation::schema();
    let (mut wrong, mut count) = (Vec::new(), 0);
    numbers("", &schema, &mut |path, setting| {
        count += 1;
        let description = setting["description"].as_str().unwrap_or_default().replace('\n', " ");
        // A setting that may be nothing says in words what it is then.
        let has_default = !setting["default"].is_null();
        let range = format!("{}–{}", written(&setting["minimum"]), written(&setting["maximum"]));
        let default = format!("Default {}", written(&setting["default"]));
        if !description.contains(&range) || (has_default && !description.contains(&default)) {
            wrong.push(format!("{path}: says {description:?}, is {default}; {range}"));
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 30, "only {count} settings were looked at");
}

#[test]
fn the_settings_that_need_a_restart_say_so_and_no_others() {
    let running = Config::default();
    let mut other = Config {
        listen: ([127, 0, 0, 1], 1).into(),
        workers: Some(1),
        connections_max: 1,
        connections_per_address_max: 1,
        header_timeout_ms: 1,
        idle_timeout_ms: 1,
        state_folder: Some("state".into()),
        ..Config::default()
    };
    other.telemetry.metrics_listen = Some(other.listen);
    let kept: BTreeSet<String> = other
        .keep_what_needs_a_restart(&running)
        .iter()
        .map(|name| name.rsplit('.').next().unwrap_or(name).to_owned())
        .collect();
    assert_eq!(other, running, "every one of them is taken over");
    let schema = innoerp::federation::schema();
    let sections = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let properties = sections.filter_map(|section| section["properties"].as_object()).flatten();
    let says_so = |setting: &Value| {
        setting["description"].as_str().is_some_and(|text| text.contains("Needs a restart."))
    };
    let said: BTreeSet<String> =
        properties.filter(|(_, setting)| says_so(setting)).map(|(name, _)| name.clone()).collect();
    assert_eq!(said, kept);
}
