//! Clients that take their time.

use std::time::Duration;

use futures::StreamExt;
use serde_json::json;

use crate::raw::{Raw, post};
use crate::toys::{App, config};
use crate::websocket::Socket;

const BODY: &[u8] = br#"{"query":"{ hello }"}"#;
const PAUSE: Duration = Duration::from_millis(50);

/// A router that waits 200 ms for a request's head.
async fn start() -> App {
    App::start_with(router::Config { header_timeout_ms: 200, ..config() }).await
}

#[tokio::test]
async fn a_head_that_dribbles_is_given_up_on() {
    let app = start().await;
    let mut raw = Raw::connect(app.address).await;
    raw.write(b"POST /graphql HTTP/1.1\r\nhost: a\r\n").await;
    assert_eq!(raw.rest().await.as_deref(), Some(&b""[..]), "the connection stays open");
    let mut raw = Raw::connect(app.address).await;
    let dribble = async {
        for byte in post(BODY.len()).bytes() {
            tokio::time::sleep(PAUSE).await;
            raw.write(&[byte]).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_millis(180), dribble).await.is_err());
    assert!(raw.rest().await.is_some(), "bytes now and then keep the connection open");
}

#[tokio::test]
async fn the_clock_starts_again_with_each_request_and_not_before_it() {
    let app = start().await;
    let mut raw = Raw::connect(app.address).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    for _ in 0..2 {
        raw.write(post(BODY.len()).as_bytes()).await;
        raw.write(b"\r\n").await;
        raw.write(BODY).await;
        assert_eq!(raw.answer().await.1, json!({"data": {"hello": "world"}}));
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    raw.write(b"POST").await;
    assert!(raw.rest().await.is_some(), "the second request's head is not awaited for ever");
}

#[tokio::test]
async fn slow_bodies_answers_and_streams_are_not_slow_heads() {
    let app = start().await;
    let mut raw = Raw::connect(app.address).await;
    raw.write(format!("{}\r\n", post(BODY.len())).as_bytes()).await;
    for chunk in BODY.chunks(4) {
        tokio::time::sleep(PAUSE).await;
        raw.write(chunk).await;
    }
    assert_eq!(raw.answer().await.0, 200);
    assert_eq!(app.send(app.post("{ slow }")).await.1, json!({"data": {"slow": true}}));
    let events =
        app.post("subscription { ticks }").header("accept", "text/event-stream").send().await.unwrap();
    let mut events = events.bytes_stream();
    let mut socket = Socket::begin(&app, json!({})).await;
    socket.subscribe("1", "subscription { ticks }").await;
    for _ in 0..25 {
        assert_eq!(socket.hear().await["type"], "next");
        assert!(events.next().await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_client_that_leaves_its_answer_unread_is_given_up_on() {
    let app = App::start_with(router::Config { idle_timeout_ms: 1_000, ..config() }).await;
    let open = |count: u32| {
        let page = app.router.metrics();
        page.lines().any(|line| line == format!("router_connections {count}"))
    };
    let body = br#"{"query":"subscription { flood }"}"#;
    let mut raw = Raw::connect(app.address).await;
    raw.write(format!("{}accept: text/event-stream\r\n\r\n", post(body.len())).as_bytes()).await;
    raw.write(body).await;
    app.stuck().await;
    let given_up = async {
        while !open(0) {
            tokio::time::sleep(PAUSE).await;
        }
    };
    let given_up = tokio::time::timeout(Duration::from_secs(10), given_up).await;
    assert!(given_up.is_ok(), "the connection stays open: {}", app.router.metrics());
}

#[tokio::test]
async fn http_2_goes_on_after_a_pause() {
    let app = start().await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    for _ in 0..2 {
        let answer =
            client.post(app.url("/graphql")).json(&json!({"query": "{ hello }"})).send().await.unwrap();
        assert_eq!(answer.version(), http::Version::HTTP_2);
        assert_eq!(answer.status(), 200);
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

#[tokio::test]
async fn a_connection_on_which_nothing_comes_is_given_up_on() {
    let settings = router::Config { idle_timeout_ms: 1_000, header_timeout_ms: 200, ..config() };
    let app = App::start_with(settings).await;
    let mut raw = Raw::connect(app.address).await;
    assert_eq!(raw.rest().await.as_deref(), Some(&b""[..]), "the connection stays open");
    let mut raw = Raw::connect(app.address).await;
    raw.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    raw.write(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
    assert!(raw.rest().await.is_some(), "a connection of HTTP/2 without requests stays open");
}
