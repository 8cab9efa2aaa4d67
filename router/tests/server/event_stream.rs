//! Subscriptions as server-sent events.

use std::time::Duration;

use futures::StreamExt;

use crate::toys::{App, code, config};

/// Reads a stream until it ends or holds a text.
async fn read_until(response: reqwest::Response, text: &str) -> String {
    let mut chunks = response.bytes_stream();
    let mut read = String::new();
    while !read.contains(text) {
        let chunk = tokio::time::timeout(Duration::from_secs(5), chunks.next()).await.expect("in time");
        match chunk {
            Some(chunk) => read += std::str::from_utf8(&chunk.unwrap()).unwrap(),
            None => break,
        }
    }
    read
}

fn subscribe(app: &App, query: &str) -> reqwest::RequestBuilder {
    app.post(query).header("accept", "text/event-stream")
}

#[tokio::test]
async fn each_result_is_an_event_and_the_end_is_one_too() {
    let app = App::start().await;
    let response = subscribe(&app, "subscription { count(to: 2) }").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    let expected = "event: next\ndata: {\"data\":{\"count\":1}}\n\nevent: next\ndata: {\"data\":{\"count\":2}}\n\n\
                    event: complete\ndata: null\n\n";
    assert_eq!(text, expected);
    let query = subscribe(&app, "{ hello }").send().await.unwrap().text().await.unwrap();
    assert!(
        query.contains("{\"data\":{\"hello\":\"world\"}}") && query.contains("event: complete"),
        "{query}"
    );
}

#[tokio::test]
async fn what_cannot_begin_is_refused_with_a_status() {
    let app = App::start().await;
    assert_eq!(app.send(subscribe(&app, "subscription { ticks }").bearer_auth("wrong")).await.0, 401);
    let get = app
        .client
        .get(app.url("/graphql"))
        .header("accept", "text/event-stream")
        .header("x-innoerp-csrf", "1");
    assert_eq!(app.send(get.query(&[("query", "mutation { rename(name: \"a\") }")])).await.0, 405);
}

#[tokio::test]
async fn a_module_that_goes_off_ends_the_stream() {
    let app = App::start().await;
    for query in ["subscription { leaveTicks }", "subscription { leaveSilence }"] {
        let token = app.tenants.log_in();
        let response = subscribe(&app, query).bearer_auth(&token).send().await.unwrap();
        app.tenants.enable(&token, &["user"]);
        let text = read_until(response, "event: complete").await;
        assert!(text.contains("MODULE_DISABLED") && text.contains("event: complete"), "{text}");
    }
}

#[tokio::test]
async fn a_revoked_token_ends_the_stream() {
    let app = App::start().await;
    let token = app.tenants.log_in();
    let response = subscribe(&app, "subscription { silence }").bearer_auth(&token).send().await.unwrap();
    app.tenants.revoke(&token);
    assert!(read_until(response, "event: complete").await.contains("UNAUTHENTICATED"));
}

#[tokio::test]
async fn a_quiet_stream_has_a_heartbeat() {
    let mut settings = config();
    settings.subscriptions.heartbeat_ms = 100;
    let app = App::start_with(settings).await;
    let response = subscribe(&app, "subscription { silence }").send().await.unwrap();
    assert!(read_until(response, ":").await.starts_with(':'));
}

#[tokio::test]
async fn a_stop_cuts_the_stream_so_that_clients_come_back_and_ends_the_server() {
    let app = App::start().await;
    let response = subscribe(&app, "subscription { silence }").send().await.unwrap();
    app.shutdown.cancel();
    assert_eq!(read_until(response, "event: complete").await, "");
    tokio::time::timeout(Duration::from_secs(5), app.served).await.expect("drained").unwrap();
}

#[tokio::test]
async fn multipart_has_a_part_per_result_and_fills_silence() {
    let mut settings = config();
    settings.subscriptions.heartbeat_ms = 100;
    let app = App::start_with(settings).await;
    let accept = "multipart/mixed;subscriptionSpec=1.0, application/json";
    let response = app.post("subscription { count(to: 1) }").header("accept", accept).send().await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().contains("boundary=\"graphql\""));
    let expected = "\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{\"payload\":{\"data\":{\"count\":1}}}\
                    \r\n--graphql--\r\n";
    assert_eq!(response.text().await.unwrap(), expected);
    let token = app.tenants.log_in();
    let silence = app.post("subscription { leaveSilence }").header("accept", accept).bearer_auth(&token);
    let silence = silence.send().await.unwrap();
    tokio::time::sleep(Duration::from_millis(250)).await;
    app.tenants.enable(&token, &["user"]);
    let text = read_until(silence, "--graphql--").await;
    assert!(text.contains("\r\n\r\n{}\r\n") && text.contains("\"payload\":null,\"errors\":[{"), "{text}");
    assert!(text.contains("MODULE_DISABLED"), "{text}");
}

#[tokio::test]
async fn a_client_that_comes_back_goes_on_after_the_last_event_that_it_saw() {
    let app = App::start().await;
    let resumable = "subscription ($seen: ID) { word: words(after: $seen) { ... on Word { number: id } } }";
    let read = read_until(subscribe(&app, resumable).send().await.unwrap(), "id: 2\n").await;
    let first = "event: next\ndata: {\"data\":{\"word\":{\"number\":\"1\"}}}\nid: 1\n\n";
    assert!(read.starts_with(first), "{read}");
    let again = subscribe(&app, resumable).header("last-event-id", "41").send().await.unwrap();
    assert!(
        read_until(again, "id: 42\n")
            .await
            .starts_with("event: next\ndata: {\"data\":{\"word\":{\"number\":\"42\"}}}")
    );
}

#[tokio::test]
async fn what_cannot_be_resumed_has_no_event_ids_and_begins_anew() {
    let app = App::start().await;
    for other in [
        "subscription { words { id } }",
        "subscription { words(after: \"0\") { id } }",
        "subscription ($seen: ID) { words(after: $seen) { __typename } }",
        "subscription { ticks }",
    ] {
        let response = subscribe(&app, other).header("last-event-id", "41").send().await.unwrap();
        let read = read_until(response, "\n\n").await;
        assert!(!read.contains("id: ") && !read.contains("42"), "{other}: {read}");
    }
}

#[tokio::test]
async fn a_subscription_that_is_posted_like_a_query_is_told_every_way_to_subscribe() {
    let app = App::start().await;
    let (status, body) = app.send(app.post("subscription { ticks }")).await;
    assert_eq!((status, code(&body)), (400, "SUBSCRIPTION_NEEDS_STREAM"));
    let message = body["errors"][0]["message"].as_str().unwrap();
    for way in ["graphql-transport-ws", "text/event-stream", "multipart/mixed;subscriptionSpec=1.0"] {
        assert!(message.contains(way), "{message}");
    }
}
