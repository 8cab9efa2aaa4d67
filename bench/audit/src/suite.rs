//! The audit's data: what is composed, asked and expected.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Where the data says that the subgraphs listen.
const STATED: &str = "127.0.0.1:4200";

/// One suite: a federation, and what is asked of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suite {
    /// Its name.
    pub suite: String,
    /// What the reference composition makes of the subgraphs.
    pub supergraph_sdl: String,
    /// What clients see of that.
    pub api_schema_sdl: String,
    /// The subgraphs.
    pub subgraphs: Vec<Subgraph>,
    /// What is asked.
    pub tests: Vec<Case>,
}

/// One subgraph of a suite.
#[derive(Deserialize)]
pub struct Subgraph {
    /// Its name in the supergraph.
    pub name: String,
    /// Its schema.
    pub sdl: String,
    /// Where it listens.
    pub url: String,
}

/// One question and what has to come.
#[derive(Clone, Deserialize)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// The document.
    pub query: String,
    /// Its variables.
    pub variables: Map<String, Value>,
    /// What has to come.
    pub expected: Expected,
}

/// What has to come.
#[derive(Clone, Deserialize)]
pub struct Expected {
    /// The data, compared whole.
    pub data: Value,
    /// `true` or `false`: whether there must be errors. Anything else: no matter.
    pub errors: Value,
}

impl Case {
    /// The case with a request id, in the question and in what is expected.
    pub fn with_request_id(&self, id: &str) -> Self {
        let fill = |text: &str| text.replace("{{requestId}}", id);
        let mut case = Self { query: fill(&self.query), ..self.clone() };
        fill_in(&mut case.expected.data, &fill);
        case
    }
}

fn fill_in(value: &mut Value, fill: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = fill(text),
        Value::Array(list) => list.iter_mut().for_each(|value| fill_in(value, fill)),
        Value::Object(map) => map.values_mut().for_each(|value| fill_in(value, fill)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Reads every suite of a folder, in the order of their names.
pub fn read_all(conformance: &Path, address: &str) -> Result<Vec<Suite>, String> {
    let folder = conformance.join("federation-audit");
    let failed = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let entries = std::fs::read_dir(&folder).map_err(|error| failed(&folder, &error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(&folder, &error))?.path();
        let is_suite = path.extension().is_some_and(|extension| extension == "json")
            && path.file_stem().is_some_and(|stem| stem != "index");
        if is_suite {
            paths.push(path);
        }
    }
    paths.sort();
    let mut suites = Vec::with_capacity(paths.len());
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
        let text = text.replace(STATED, address);
        suites.push(serde_json::from_str(&text).map_err(|error| failed(&path, &error))?);
    }
    if suites.is_empty() {
        return Err(format!("{} holds no suite", folder.display()));
    }
    Ok(suites)
}
