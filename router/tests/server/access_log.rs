//! The access log: its lines, as a real run writes them.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::toys::{App, config};
use crate::websocket::Socket;

/// What all tests of this process write; each finds its own lines by the names of its requests.
static LOG: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(|| {
    let log = Log::default();
    let written = log.0.clone();
    let lines = tracing_subscriber::fmt().with_level(false).with_target(false).without_time();
    lines.with_env_filter("access=info").with_writer(move || log.clone()).init();
    written
});

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lines about a request, once there are so many.
async fn lines(request_id: &str, count: usize) -> Vec<Value> {
    for _ in 0..200 {
        let text = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("every line is JSON"));
        let lines: Vec<Value> = lines.filter(|line| line["request_id"] == request_id).collect();
        if lines.len() >= count {
            assert_eq!(lines.len(), count, "{lines:#?}");
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{count} lines about {request_id} never came");
}

/// A log that listens, and a router.
async fn start() -> App {
    LazyLock::force(&LOG);
    App::start().await
}

#[tokio::test]
async fn a_request_is_one_line_of_who_what_and_how_long() {
    let app = start().await;
    let token = app.tenants.log_in();
    let organization = app.tenants.organization(&token).to_string();
    let body = json!({
        "query": "query Sum($of: [Int!]!) { sum(of: $of) leaveDays }",
        "variables": {"of": [987_654_321]},
    });
    let request = app.client.post(app.url("/graphql?secret=query-string")).json(&body).bearer_auth(&token);
    let request = request
        .header("x-request-id", "log-whole")
        .header("user-agent", "test/1")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let answer = request.send().await.unwrap();
    let length = answer.text().await.unwrap().len();
    let [line] = lines("log-whole", 1).await.try_into().unwrap();
    let expected = json!({
        "level": "INFO", "target": "access", "event": "request", "request_id": "log-whole",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "client_network": "127.0.0.0", "user_agent": "test/1",
        "method": "POST", "path": "/graphql", "transport": "http", "status": 200, "outcome": "ok",
        "kind": "query", "operation_name": "Sum",
        "document_sha256": "a6c67bb6d6e7e90e87d2a358f39068770ef0cdff54d8a71f6df0a76e9e841585",
        "schema_generation": 1, "modules": 2, "organization_id": organization,
        "subgraph_calls": 2, "request_bytes": body.to_string().len(), "response_bytes": length,
        "rate_limited": false,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&line[name], value, "{name} in {line}");
    }
    let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    assert!(chrono::DateTime::parse_from_rfc3339(&text("timestamp")).is_ok(), "{line}");
    assert_eq!((text("view").len(), text("user_id").len(), text("membership_id").len()), (16, 36, 36));
    let micros = |name: &str| line[name].as_u64().unwrap();
    assert!(micros("duration_us") >= micros("planning_us") + micros("subgraphs_us"), "{line}");
    assert!(micros("planning_us") > 0 && micros("subgraphs_us") > 0, "{line}");
    let line = line.to_string();
    for secret in [token.as_str(), "987654321", "query-string", "leaveDays"] {
        assert!(!line.contains(secret), "{secret} in {line}");
    }
}

#[tokio::test]
async fn every_way_to_fail_is_in_the_log_with_its_code() {
    let app = start().await;
    for (name, document, token, expected) in [
        ("log-invalid", "query Wrong { helo }", None, (200, "invalid", "GRAPHQL_VALIDATION_FAILED")),
        ("log-token", "{ hello }", Some("wrong"), (401, "refused", "UNAUTHENTICATED")),
        ("log-panic", "{ hello }", Some("panic"), (500, "failed", "INTERNAL")),
        ("log-errors", "{ boom }", None, (200, "errors", "DEPENDENCY_UNAVAILABLE")),
    ] {
        let request = app.post(document).header("x-request-id", name);
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        request.send().await.unwrap();
        let [line] = lines(name, 1).await.try_into().unwrap();
        let (status, outcome, code) = expected;
        assert_eq!((&line["status"], &line["outcome"]), (&json!(status), &json!(outcome)), "{line}");
        assert_eq!(line["codes"], json!([code]), "{line}");
    }
    let long = app.client.get(app.url(&format!("/graphql?query={}", "x".repeat(8_192))));
    long.header("x-request-id", "log-long").send().await.unwrap();
    let [line] = lines("log-long", 1).await.try_into().unwrap();
    assert_eq!((&line["status"], &line["codes"][0]), (&json!(414), &json!("URI_TOO_LONG")));
    assert_eq!((&line["method"], &line["client_network"]), (&json!("GET"), &json!("127.0.0.0")));
}

#[tokio::test]
async fn a_request_that_came_too_often_says_so() {
    LazyLock::force(&LOG);
    let mut settings = config();
    (settings.rate.anonymous_per_s, settings.rate.anonymous_burst) = (1, 1);
    let app = App::start_with(settings).await;
    app.send(app.post("{ hello }")).await;
    app.post("{ hello }").header("x-request-id", "log-often").send().await.unwrap();
    let [line] = lines("log-often", 1).await.try_into().unwrap();
    assert_eq!((&line["status"], &line["rate_limited"]), (&json!(429), &json!(true)));
}

#[tokio::test]
async fn a_client_that_leaves_is_in_the_log() {
    let app = start().await;
    let asked = app.post("query Slow { slow }").header("x-request-id", "log-left").send();
    assert!(tokio::time::timeout(Duration::from_millis(700), asked).await.is_err());
    let [line] = lines("log-left", 1).await.try_into().unwrap();
    assert_eq!((&line["outcome"], &line["operation_name"]), (&json!("cancelled"), &json!("Slow")), "{line}");
    assert!(line.get("status").is_none(), "{line}");
}

#[tokio::test]
async fn a_subscription_has_a_line_at_its_start_and_one_at_its_end() {
    let app = start().await;
    let stream = app.post("subscription Count { count(to: 3) }").header("accept", "text/event-stream");
    let text = stream.header("x-request-id", "log-sse").send().await.unwrap().text().await.unwrap();
    let [start, end] = lines("log-sse", 2).await.try_into().unwrap();
    for (line, event) in [(&start, "start"), (&end, "end")] {
        assert_eq!((&line["event"], &line["transport"]), (&json!(event), &json!("event_stream")), "{line}");
        assert_eq!((&line["kind"], &line["operation_name"]), (&json!("subscription"), &json!("Count")));
    }
    assert_eq!((&start["events"], &end["events"]), (&json!(0), &json!(3)));
    assert_eq!(
        (&end["end"], &end["outcome"], &end["status"]),
        (&json!("complete"), &json!("ok"), &json!(200))
    );
    assert_eq!(end["response_bytes"], text.len());
}

#[tokio::test]
async fn a_socket_has_a_line_and_so_has_each_of_its_operations() {
    let app = start().await;
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    let mut socket = Socket::open(&app, &[protocol, ("x-request-id", "log-ws")]).await.unwrap();
    let [opened] = lines("log-ws", 1).await.try_into().unwrap();
    assert_eq!((&opened["status"], &opened["transport"]), (&json!(101), &json!("websocket")), "{opened}");
    socket.say(json!({"type": "connection_init"})).await;
    socket.hear().await;
    socket.subscribe("1", "{ hello }").await;
    while socket.hear().await["type"] != "complete" {}
    let query = lines("log-ws", 2).await.remove(1);
    assert_eq!(
        (&query["event"], &query["kind"], &query["outcome"]),
        (&json!("request"), &json!("query"), &json!("ok"))
    );
    socket.subscribe("2", "subscription { count(to: 2) }").await;
    while socket.hear().await["type"] != "complete" {}
    let end = lines("log-ws", 4).await.remove(3);
    assert_eq!((&end["event"], &end["events"], &end["end"]), (&json!("end"), &json!(2), &json!("complete")));
    assert!(end["response_bytes"].as_u64().unwrap() > 0);
}
