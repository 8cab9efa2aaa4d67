//! The audits of `graphql-http` (<https://github.com/graphql/graphql-http>): what GraphQL over HTTP asks of servers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::node::Script;
use crate::toys::App;

/// The audits' results for an endpoint, with a header in each request if one is given.
async fn audit(app: &App, header: &[&str]) -> Vec<Value> {
    let url = app.url("/graphql");
    let arguments: Vec<&str> = [url.as_str()].into_iter().chain(header.iter().copied()).collect();
    Script::start("audits.mjs", &arguments).hear_all().await
}

/// The ids of those that are not `ok`.
fn failed(results: &[Value]) -> BTreeSet<&str> {
    results
        .iter()
        .filter(|result| result["status"] != "ok")
        .map(|result| result["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn every_audit_of_graphql_over_http_passes() {
    let results = audit(&App::start().await, &["x-innoerp-csrf"]).await;
    let count = |level: &str| {
        let is_of = |result: &&Value| result["name"].as_str().unwrap().starts_with(level);
        results.iter().filter(is_of).count()
    };
    assert_eq!((count("MUST "), count("SHOULD "), count("MAY ")), (13, 23, 25));
    assert!(failed(&results).is_empty(), "{results:#?}");
}

#[tokio::test]
async fn a_get_that_any_page_could_send_is_the_only_thing_that_audits_miss() {
    // All are optional, and ask for a `GET` that a page of another site may send without asking: `Accept` is a header
    // that it may set. The guard refuses it, as it must (403), and says what to send instead. With that, as above, all
    // pass.
    let results = audit(&App::start().await, &[]).await;
    assert_eq!(results.len(), 61);
    assert_eq!(failed(&results), BTreeSet::from(["5A70", "6A70", "D6D5"]), "{results:#?}");
    for missed in results.iter().filter(|result| result["status"] != "ok") {
        assert!(missed["name"].as_str().unwrap().starts_with("MAY "));
        assert_eq!((&missed["status"], &missed["http"]), (&Value::from("notice"), &Value::from(403)));
    }
}
