//! Clients that read by GET, as their makers ship them.

use serde_json::{Value, json};

use super::node::Script;
use crate::toys::{App, config};

async fn run(app: &App, scenario: &str) -> Vec<Value> {
    Script::start("reads.mjs", &[scenario, &app.url("/graphql")]).hear_all().await
}

#[tokio::test]
async fn apollos_clients_read_by_get_as_they_come() {
    let app = App::start().await;
    for scenario in ["apollo4", "apollo3"] {
        let expected = json!({ "data": { "hello": "world" }, "sent": ["GET"] });
        assert_eq!(run(&app, scenario).await, [expected], "{scenario}");
    }
}

#[tokio::test]
async fn persisted_queries_go_by_get() {
    for scenario in ["apollo4-persisted", "apollo3-persisted", "urql-persisted"] {
        let app = App::start().await;
        let heard = run(&app, scenario).await;
        assert_eq!(heard[0]["data"], json!({ "hello": "world" }), "{scenario}: {heard:?}");
        // The hash first, and the text with it once it turns out not to be known. Then the hash is enough.
        assert_eq!(heard[0]["sent"][0], "GET", "{scenario}");
        let again = run(&app, scenario).await;
        assert_eq!(again[0]["data"], json!({ "hello": "world" }), "{scenario}: {again:?}");
        assert_eq!(again[0]["sent"], json!(["GET"]), "{scenario}");
    }
}

#[tokio::test]
async fn urql_reads_by_get_with_one_header_and_without_any_once_reads_are_not_guarded() {
    let app = App::start().await;
    let read = json!({ "data": { "hello": "world" }, "sent": ["GET"] });
    assert_eq!(run(&app, "urql").await[0], read);
    assert_eq!(run(&app, "urql-bare").await, [json!({ "status": 403, "sent": ["GET"] })]);
    assert_eq!(run(&unguarded().await, "urql-bare").await, [read]);
}

#[tokio::test]
async fn an_event_source_of_a_browser_reads_once_reads_are_not_guarded() {
    assert_eq!(run(&App::start().await, "event-source").await, [json!({ "status": 403 })]);
    assert_eq!(run(&unguarded().await, "event-source").await, [json!({ "data": { "count": 1 } })]);
}

async fn unguarded() -> App {
    let mut config = config();
    config.csrf.guard_reads = false;
    App::start_with(config).await
}
