//! What runs in containers: every module, with settings that the program knows and metrics that it publishes.

use std::collections::BTreeSet;

use innoerp::modules;

use crate::tidy::root;

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The words of a text, as programs write names.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').filter(|word| !word.is_empty())
}

/// The settings that the program knows: those that `.env.example` names.
fn known_settings() -> BTreeSet<String> {
    let text = read(".env.example");
    words(&text).filter(|word| is_setting(word)).map(str::to_owned).collect()
}

/// Whether a word is written as settings are.
fn is_setting(word: &str) -> bool {
    word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// The keys in capitals of a text in YAML that stand at a service of ours: whatever is written `NAME: value`, but for
/// what begins as another program's settings do.
fn settings_of(text: &str) -> BTreeSet<String> {
    const OF_OTHERS: [&str; 12] = [
        "KAFKA_",
        "GF_",
        "ES_JAVA",
        "ELASTICSEARCH",
        "POSTGRES_",
        "SERVICES_",
        "CLUSTER_ID",
        "INNOERP_BUILD_",
        "CMD",
        "PLAINTEXT",
        "CONTROLLER",
        "ALL",
    ];
    let key = |line: &str| {
        let line = line.trim().trim_start_matches("- ").trim_start_matches("name: ");
        Some(line.split_once(':').map_or(line, |(key, _)| key).to_owned())
    };
    let is_ours = |key: &String| {
        key == "KAFKA_BOOTSTRAP_SERVERS" || !OF_OTHERS.iter().any(|other| key.starts_with(other))
    };
    text.lines().filter_map(key).filter(|key| is_setting(key)).filter(is_ours).collect()
}

#[test]
fn every_module_is_a_container_with_its_port_its_login_and_its_address() {
    let (compose, logins) = (read("docker/compose.yaml"), read("docker/postgres/logins.sh"));
    let mut missing = Vec::new();
    let mut needs = |text: &str, wanted: String| {
        if !text.contains(&wanted) {
            missing.push(wanted);
        }
    };
    for module in modules::all() {
        let (id, port) = (module.id, module.port);
        needs(&compose, format!("\n  {id}:\n"));
        needs(&compose, format!("command: [serve, {id}]"));
        needs(&compose, format!("expose: [\"{port}\"]"));
        needs(&compose, format!("test: [CMD, innoerp, health, {id}]"));
        needs(&compose, format!("      {id}: {{ condition: service_healthy }}"));
        needs(&compose, format!("{}_URL: http://{id}:{port}", id.to_uppercase()));
        needs(&compose, format!("postgres://innoerp_service_{id}:"));
    }
    let chart = read("docker/kubernetes/innoerp/values.yaml");
    for module in modules::all() {
        let (id, port) = (module.id, module.port);
        let stands = [format!("\n  {id}: {{ port: {port} }}\n"), format!("\n  {id}:\n    port: {port}\n")];
        if !stands.iter().any(|stands| chart.contains(stands)) {
            missing.push(format!("{id} with its port in the chart"));
        }
    }
    for id in modules::ids() {
        let listed = logins.lines().find(|line| line.starts_with("for module in ")).unwrap_or_default();
        if !words(listed).any(|word| word == id) {
            missing.push(format!("{id} in logins.sh"));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_setting_of_a_container_is_one_that_the_program_knows() {
    let known = known_settings();
    assert!(known.len() > 30, "only {} settings are known", known.len());
    let chart = "docker/kubernetes/innoerp/";
    let files =
        ["values.yaml", "templates/settings.yaml", "templates/services.yaml", "templates/migrate.yaml"];
    let chart: String = files.iter().map(|file| read(&format!("{chart}{file}"))).collect();
    for (what, text) in [("compose.yaml", read("docker/compose.yaml")), ("the chart", chart)] {
        let given = settings_of(&text);
        assert!(given.len() > 15, "only {given:?}");
        let unknown: Vec<_> = given.difference(&known).collect();
        assert!(unknown.is_empty(), "{what} gives what .env.example does not name: {unknown:?}");
    }
}

#[test]
fn no_secret_stands_in_what_is_shipped() {
    for file in ["docker/compose.yaml", "docker/full.env", "docker/kubernetes/innoerp/values.yaml"] {
        for line in read(file).lines().filter(|line| !line.trim_start().starts_with('#')) {
            let Some((key, value)) = line.split_once([':', '=']) else { continue };
            let is_secret = ["PASSWORD", "SECRET_KEY"].iter().any(|secret| key.contains(secret));
            assert!(!is_secret || value.trim().starts_with("${"), "{file}: {line}");
            let of_url = value.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
            let password = of_url.and_then(|(login, _)| login.split_once(':'));
            assert!(password.is_none_or(|(_, password)| password.starts_with("${")), "{file}: {line}");
        }
    }
}

#[test]
fn alerts_and_dashboards_ask_for_metrics_that_there_are() {
    // A metric that has counted nothing yet is not on the router's page: they are looked up where they are named.
    let published = read("router/src/telemetry.rs") + &read("router/src/telemetry/process_metrics.rs");
    let is_there = |name: &str| {
        let mut base = name.strip_prefix("router_").unwrap_or(name);
        for ending in ["_bucket", "_count", "_sum", "_total", "_seconds", "_bytes"] {
            base = base.strip_suffix(ending).unwrap_or(base);
        }
        published.contains(&format!("\"{base}\""))
    };
    let text = read("docker/prometheus/alerts.yml") + &read("docker/grafana/dashboards/innoerp.json");
    let asked: BTreeSet<_> = words(&text)
        .filter(|word| ["router_", "process_", "log_lines_"].iter().any(|start| word.starts_with(start)))
        .collect();
    assert!(asked.len() > 15, "only {asked:?}");
    let missing: Vec<_> = asked.iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "{missing:?} is asked for, and there is no such metric");
}

#[test]
fn what_kibana_shows_hangs_together_and_asks_for_fields_that_are_mapped() {
    let template: serde_json::Value = serde_json::from_str(&read("docker/efk/index-template.json")).unwrap();
    let mapped = template["template"]["mappings"]["properties"].as_object().unwrap();
    let text = read("docker/efk/saved-objects.ndjson");
    let objects: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let key = |object: &serde_json::Value| (object["type"].to_string(), object["id"].to_string());
    let there: BTreeSet<_> = objects.iter().map(key).collect();
    assert_eq!(there.len(), objects.len(), "an object stands there twice");
    for object in &objects {
        for reference in object["references"].as_array().unwrap() {
            assert!(there.contains(&key(reference)), "{} refers to {reference}", object["id"]);
        }
        let attributes = &object["attributes"];
        let inner = |name: &str| attributes[name].as_str().map(|text| serde_json::from_str(text).unwrap());
        let state: serde_json::Value = inner("visState").unwrap_or_default();
        let panels: serde_json::Value = inner("panelsJSON").unwrap_or_default();
        assert_eq!(
            panels.as_array().map_or(0, Vec::len),
            panels.as_array().map_or(0, |_| object["references"].as_array().unwrap().len())
        );
        let aggregated = state["aggs"].as_array().into_iter().flatten();
        let fields = aggregated.filter_map(|aggregation| aggregation["params"]["field"].as_str());
        let columns =
            attributes["columns"].as_array().into_iter().flatten().filter_map(|column| column.as_str());
        for field in fields.chain(columns) {
            assert!(mapped.contains_key(field), "{}: {field} is not mapped", object["id"]);
        }
    }
}
