//! Tokens that count no more, with what needs none.

use serde_json::json;

use crate::toys::{App, code, config, sources_saying};

/// The toys, where anybody may rename and say hello.
fn open() -> Vec<router::SubgraphSource> {
    let tag = r#"@tag(name: "needs-no-token")"#;
    sources_saying(&[
        ("rename(name: String!): String!", tag),
        ("hello: String!", tag),
        ("sender: String!", tag),
        ("first: Int!", tag),
    ])
}

const RENAME: &str = r#"mutation { rename(name: "a") }"#;

#[tokio::test]
async fn what_needs_no_token_is_answered_whatever_token_comes_along() {
    let app = App::serve(config(), open()).await;
    let revoked = app.tenants.log_in();
    app.tenants.revoke(&revoked);
    for authorization in
        [&format!("Bearer {revoked}"), "Bearer rubbish", "Bearer ", "Bearer a b", "Basic abc"]
    {
        let send =
            async |document: &str| app.send(app.post(document).header("authorization", authorization)).await;
        let answered = (200, json!({ "data": { "rename": "a" } }));
        assert_eq!(send(RENAME).await, answered, "{authorization}");
        assert_eq!(send("{ hello __typename }").await.0, 200);
        // It is nobody who asks, and nobody's token goes further.
        let (_, body) = send("{ sender }").await;
        let sender = body["data"]["sender"].as_str().unwrap();
        assert!(sender.contains(r#""organization":null"#) && sender.contains(r#""token":null"#), "{sender}");
    }
    let suspended = app.tenants.log_in();
    app.tenants.suspend_all();
    assert_eq!(app.run_as(&suspended, RENAME).await, r#"{"data":{"rename":"a"}}"#);
}

#[tokio::test]
async fn everything_else_is_refused_to_a_dead_token_as_ever() {
    let app = App::serve(config(), open()).await;
    let mut bodies = Vec::new();
    for document in [
        "{ __typename }",
        "{ __schema { queryType { name } } }",
        "{ hello __schema { queryType { name } } }",
        "{ hello numbers(count: 1) }",
        "{ hello ...F } fragment F on Query { numbers(count: 1) }",
        "{ missing }",
        "{ hello",
        "subscription { ticks }",
        "query a { hello } query b { numbers(count: 1) }",
    ] {
        let response = app.post(document).bearer_auth("rubbish").send().await.unwrap();
        assert_eq!(response.status(), 401, "{document}");
        bodies.push(response.text().await.unwrap());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn whoever_comes_with_a_dead_token_is_counted_as_a_stranger_where_it_is_none() {
    let mut settings = config();
    (settings.rate.anonymous_per_s, settings.rate.anonymous_burst) = (1, 2);
    let app = App::serve(settings, open()).await;
    // What is refused costs nothing: whoever's token has run out in the middle of it can still go on.
    for _ in 0..5 {
        assert_eq!(app.send(app.post("{ numbers(count: 1) }").bearer_auth("rubbish")).await.0, 401);
    }
    let rename = async || app.send(app.post(RENAME).bearer_auth("rubbish")).await.0;
    assert_eq!(rename().await, 200);
    let mut is_limited = false;
    for _ in 0..50 {
        is_limited |= rename().await == 429;
    }
    assert!(is_limited);
}

#[tokio::test]
async fn a_document_that_is_named_by_its_hash_is_looked_at_when_it_comes() {
    let app = App::serve(config(), open()).await;
    let send = async |document: &str, is_sent: bool| {
        let extension = json!({ "version": 1, "sha256Hash": crate::persisted::sha256(document) });
        let mut body = json!({ "extensions": { "persistedQuery": extension } });
        if is_sent {
            body["query"] = json!(document);
        }
        let request = app.client.post(app.url("/graphql")).bearer_auth("rubbish").json(&body);
        let (status, body) = app.send(request).await;
        (status, code(&body).to_owned())
    };
    assert_eq!(send(RENAME, false).await, (200, "PERSISTED_QUERY_NOT_FOUND".into()));
    assert_eq!(send(RENAME, true).await, (200, "none".into()));
    assert_eq!(send(RENAME, false).await, (200, "none".into()));
    let closed = "{ numbers(count: 1) }";
    assert_eq!(send(closed, false).await, (200, "PERSISTED_QUERY_NOT_FOUND".into()));
    assert_eq!(send(closed, true).await, (401, "UNAUTHENTICATED".into()));
}

#[tokio::test]
async fn a_stream_of_events_that_needs_no_token_begins_with_a_dead_one() {
    let app = App::serve(config(), open()).await;
    let ask = async |document: &str| {
        let request = app.post(document).bearer_auth("rubbish").header("accept", "text/event-stream");
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("subscription { first }").await, 200);
    assert_eq!(ask("subscription { ticks }").await, 401);
}
