//! Variables that are not given are as if nobody had written them.

use router::{Subgraph, Supergraph};
use serde_json::{Value, json};

use crate::canned::canned;
use crate::{Log, run_with};

const SDL: &str =
    "type Query { list(first: Int! = 20, after: String = \"a\", filter: Filter, ids: [ID]): Int }
    type Mutation { change(input: Filter!): Int }
    input Filter { isArchived: Boolean! = false, name: String, within: [Filter!] }";

fn api(log: &Log) -> Supergraph {
    let answers = [("list", json!({ "list": 1 })), ("change", json!({ "change": 1 }))];
    let one: Subgraph = canned("one", SDL, &answers, log);
    Supergraph::compose(&[one]).unwrap()
}

/// What the subgraph is sent.
async fn sent(document: &str, variables: Value) -> String {
    let log = Log::default();
    let answer = run_with(&api(&log), document, variables).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    let lines = log.lock().unwrap().clone();
    lines[0].clone()
}

#[tokio::test]
async fn an_argument_or_an_input_field_whose_variable_is_not_given_is_not_sent() {
    let list = "query ($n: Int, $a: String, $x: Boolean, $name: String) {
        list(first: $n, after: $a, filter: { isArchived: $x, name: $name, within: [{ isArchived: $x }] }) }";
    let bare = "one {list(filter:{within:[{}]})} {}".replace(' ', "");
    assert_eq!(sent(list, json!({})).await.replace(' ', ""), bare);
    let given = sent(list, json!({ "n": 1, "x": true, "name": null })).await;
    assert!(given.contains("first: $n") && !given.contains("after"), "{given}");
    assert!(given.contains("$name") && given.contains(r#""name":null"#), "{given}");
    let change = "mutation ($name: String, $x: Boolean) { change(input: { name: $name, isArchived: $x }) }";
    let only = sent(change, json!({ "x": true })).await;
    assert!(only.contains("$x") && !only.contains("name"), "{only}");
}

#[tokio::test]
async fn null_that_is_given_is_sent_and_judged_by_whoever_is_asked() {
    for document in
        ["query ($n: Int) { list(first: $n) }", "query ($n: Boolean) { list(filter: { isArchived: $n }) }"]
    {
        let given = sent(document, json!({ "n": null })).await;
        assert!(given.contains("$n") && given.contains(r#""n":null"#), "{given}");
    }
}

#[test]
fn an_operation_is_planned_once_for_each_set_of_variables_that_are_given() {
    let api = api(&Log::default());
    let document = "query ($n: Int, $a: String) { list(first: $n, after: $a) }";
    let variables = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), json!(null))).collect();
    let one = api.prepare_for(document, None, &variables(&["n"])).unwrap();
    assert!(api.prepared(document, None, &variables(&[])).is_none());
    let kept = api.prepared(document, None, &variables(&["n", "unknown"])).unwrap();
    assert!(std::sync::Arc::ptr_eq(&one, &kept));
}
