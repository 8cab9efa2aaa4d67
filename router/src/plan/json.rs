//! Plans as JSON, for tools and for people who read them in GraphiQL.

use serde_json::{Map, Value, json};

use super::display::{at, requires};
use super::{Entities, Fetch, FetchKind, Plan, Planned};

impl Planned {
    /// The plan as a tree of `kind`s: `Fetch`, `Sequence`, `Parallel`, `Subscription`.
    ///
    /// For a person with the schema at hand: it names subgraphs and shows what is asked of them.
    pub fn to_json(&self) -> Value {
        match &self.primary {
            None => plan(&self.rest),
            Some(primary) => json!({
                "kind": "Subscription", "primary": fetch(primary), "rest": plan(&self.rest),
            }),
        }
    }
}

fn plan(node: &Plan) -> Value {
    match node {
        Plan::Nothing => Value::Null,
        Plan::Fetch(node) => fetch(node),
        Plan::Sequence(nodes) => json!({ "kind": "Sequence", "nodes": all(nodes) }),
        Plan::Parallel(nodes) => json!({ "kind": "Parallel", "nodes": all(nodes) }),
    }
}

fn all(nodes: &[Plan]) -> Vec<Value> {
    nodes.iter().map(plan).collect()
}

fn fetch(fetch: &Fetch) -> Value {
    let operation_kind = match fetch.kind {
        FetchKind::Query => "query",
        FetchKind::Mutation => "mutation",
        FetchKind::Subscription => "subscription",
    };
    let mut node = Map::new();
    node.insert("kind".into(), "Fetch".into());
    node.insert("subgraph".into(), fetch.subgraph.as_str().into());
    node.insert("operationKind".into(), operation_kind.into());
    node.insert("operation".into(), fetch.text.trim().into());
    let variables: Vec<&str> = fetch.variables.iter().map(|name| name.as_str()).collect();
    node.insert("variables".into(), variables.into());
    if !fetch.path.is_empty() {
        node.insert("at".into(), at(&fetch.path).into());
    }
    if !fetch.entities.is_empty() {
        node.insert("entities".into(), fetch.entities.iter().map(entities).collect());
    }
    Value::Object(node)
}

fn entities(entities: &Entities) -> Value {
    let paths: Vec<String> = entities.paths.iter().map(|path| at(path)).collect();
    json!({ "at": paths, "requires": requires(&entities.requires), "variable": entities.variable.as_str() })
}
