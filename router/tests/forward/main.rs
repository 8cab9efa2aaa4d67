//! The log, as a server of Fluentd's forward protocol gets it that others wrote.
//!
//! A program of its own, since the log is one for the whole process.

#![expect(clippy::unwrap_used, reason = "a test that meets what it did not expect fails")]

#[path = "../server/clients/node.rs"]
mod node;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use graphql::Executable;
use node::Script;
use router::{Config, Open, Profile, Router, SubgraphSource};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const LAST: &str = "the last one for now";

struct Query;

#[Object]
impl Query {
    /// A greeting; whoever says it writes a line of the log.
    async fn hello(&self) -> &str {
        let span = tracing::error_span!(target: telemetry::REQUEST, "request", request_id = "hello-1", user_id = "u");
        span.in_scope(|| tracing::warn!(count = 3_u64, "hello is said"));
        "world"
    }
}

/// A router over a module in this process.
async fn router() -> (Router, String) {
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish();
    let (run, stream) = (schema.clone(), schema.clone());
    let executable = Executable::new(
        schema.sdl_with_options(async_graphql::SDLExportOptions::new().federation()),
        move |request| {
            let schema = run.clone();
            Box::pin(async move { schema.execute(request).await })
        },
        move |request| Box::pin(stream.execute_stream(request)),
    );
    let source = SubgraphSource::InProcess { name: "greeter".to_owned(), executable };
    let config = Config { profile: Profile::Development, ..Config::default() };
    let router = Router::new(config, vec![source], Arc::new(Open)).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    tokio::spawn(router.clone().serve_on(listener, CancellationToken::new()));
    (router, url)
}

/// All that a server takes until it ends.
async fn entries(server: Script) -> Vec<Value> {
    server.hear_all().await
}

#[tokio::test]
async fn the_log_reaches_a_server_of_the_forward_protocol_and_waits_for_one_that_is_away() {
    let mut server = Script::start("fluentd.mjs", &["0", LAST]);
    let port = server.hear().await.unwrap()["port"].to_string();
    let outlets = telemetry::start(&telemetry::Config {
        profile: telemetry::Profile::Production,
        service_name: "greetings".to_owned(),
        fluentd: Some(format!("127.0.0.1:{port}")),
        ..telemetry::Config::default()
    });
    let outlets = outlets.unwrap();
    let (router, url) = router().await;
    let asked = reqwest::Client::new().post(url).json(&json!({ "query": "query Greet { hello }" }));
    let asked = asked
        .header("x-request-id", "hello-1")
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    let answer: Value = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer, json!({ "data": { "hello": "world" } }));
    // A request is written down once its answer has been sent.
    tokio::time::sleep(Duration::from_millis(100)).await;
    tracing::warn!("{LAST}");

    let taken = entries(server).await;
    assert!(taken.iter().all(|entry| entry["tag"] == "innoerp.greetings"), "{taken:#?}");
    assert!(taken.iter().all(|entry| entry["record"]["service"] == "greetings"), "{taken:#?}");
    let of = |target: &str| {
        let found =
            taken.iter().find(|entry| entry["record"]["target"].as_str().unwrap().starts_with(target));
        found.unwrap_or_else(|| panic!("no line of {target}: {taken:#?}"))
    };
    let (access, warning) = (of("access"), of("forward"));
    let record = &access["record"];
    assert_eq!((&record["request_id"], &record["trace_id"]), (&"hello-1".into(), &TRACE.into()));
    assert_eq!((&record["status"], &record["operation_name"]), (&200.into(), &"Greet".into()));
    let record = &warning["record"];
    assert_eq!((&record["request_id"], &record["user_id"]), (&"hello-1".into(), &"u".into()));
    assert_eq!(
        (&record["message"], &record["count"], &record["level"]),
        (&"hello is said".into(), &3.into(), &"WARN".into())
    );
    let at = chrono::DateTime::parse_from_rfc3339(record["timestamp"].as_str().unwrap()).unwrap();
    let sent = chrono::DateTime::from_timestamp(warning["seconds"].as_i64().unwrap(), 0).unwrap();
    assert!((sent - at.to_utc()).num_seconds().abs() <= 1, "{warning}");

    // Nobody listens any more: nobody waits, and nothing is lost.
    for number in 0..500_u64 {
        tracing::warn!(number, "while nobody listens");
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut server = Script::start("fluentd.mjs", &[&port, LAST]);
    server.hear().await.unwrap();
    tracing::warn!("{LAST}");
    let taken = entries(server).await;
    let numbers: Vec<_> = taken.iter().filter_map(|entry| entry["record"]["number"].as_u64()).collect();
    assert!(numbers.iter().copied().eq(0..500), "in order, each once: {numbers:?}");
    let ids: BTreeSet<_> = taken.iter().map(|entry| entry["record"]["log_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), taken.len(), "each has an id of its own");

    outlets.flush().await;
    let metrics = router.metrics();
    let value = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse::<u64>().unwrap()
    };
    assert!(value("log_lines_forwarded_total") > 500, "{metrics}");
    assert_eq!(value("log_lines_dropped_total"), 0);
}
