//! Traces, as a collector gets them: in OTLP over HTTP, from a client through the router to the subgraphs.
//!
//! A program of its own, since the collector of spans is one for the whole process.

#![expect(clippy::unwrap_used, reason = "a test that meets what it did not expect fails")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router as Routes};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use router::transport::http::{Connections, Endpoint};
use router::{Config, Open, Profile, Router, SubgraphSource};
use serde_json::{Value, json};
use telemetry::{Collector, Traces};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What a server of ours was sent.
type Kept<T> = Arc<Mutex<Vec<T>>>;

async fn serve(routes: Routes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// A collector that keeps the spans that it is sent.
async fn collector() -> (SocketAddr, Kept<Span>) {
    let kept = Kept::<Span>::default();
    let take = async |State(kept): State<Kept<Span>>, headers: HeaderMap, body: Bytes| {
        assert_eq!(headers["content-type"], "application/x-protobuf");
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        kept.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
    };
    (serve(Routes::new().route("/v1/traces", post(take)).with_state(kept.clone())).await, kept)
}

/// A subgraph that keeps the `traceparent` of each call, and fails when asked for `broken`.
async fn subgraph() -> (SocketAddr, Kept<String>) {
    let kept = Kept::<String>::default();
    let answer = async |State(kept): State<Kept<String>>, headers: HeaderMap, Json(body): Json<Value>| {
        if body["query"].as_str().unwrap().contains("_service") {
            let sdl = "type Query { hello: String broken: String }";
            return Ok(Json(json!({ "data": { "_service": { "sdl": sdl } } })));
        }
        let trace = headers.get("traceparent").map(|trace| trace.to_str().unwrap().to_owned());
        kept.lock().unwrap().push(trace.unwrap_or_default());
        match body["query"].as_str().unwrap().contains("broken") {
            true => Err(axum::http::StatusCode::INTERNAL_SERVER_ERROR),
            false => Ok(Json(json!({ "data": { "hello": "world" } }))),
        }
    };
    (serve(Routes::new().route("/graphql", post(answer)).with_state(kept.clone())).await, kept)
}

/// A router over the subgraph.
async fn router(subgraph: SocketAddr) -> SocketAddr {
    let url = format!("http://{subgraph}/graphql").parse().unwrap();
    let endpoint = Endpoint::new(&url, Connections::default()).into();
    let source = SubgraphSource::Http { name: "greeter".to_owned(), endpoint };
    let config = Config { profile: Profile::Development, ..Config::default() };
    let router = Router::new(config, vec![source], Arc::new(Open)).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(router.clone().serve_on(listener, CancellationToken::new()));
    while !router.is_ready() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    address
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The attributes of a span, as text.
fn attributes(span: &Span) -> HashMap<String, String> {
    let text = |value: Any| match value {
        Any::StringValue(text) => text,
        Any::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let attributes = span.attributes.iter().cloned();
    attributes.map(|one| (one.key, text(one.value.unwrap().value.unwrap()))).collect()
}

/// The only span of a trace with a name.
fn named<'a>(spans: &'a [Span], trace: &str, name: &str) -> &'a Span {
    let found: Vec<&Span> =
        spans.iter().filter(|span| span.name == name && hex(&span.trace_id) == trace).collect();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(found.len(), 1, "{name} of {trace} in {names:?}");
    found[0]
}

async fn ask(router: SocketAddr, query: &str, traceparent: Option<&str>) -> Value {
    let request = reqwest::Client::new().post(format!("http://{router}/graphql"));
    let body = json!({ "query": query, "variables": { "secret": "s3cret" } });
    let request = request.json(&body).header("user-agent", "test/1");
    let request =
        traceparent.into_iter().fold(request, |request, trace| request.header("traceparent", trace));
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_clients_trace_goes_through_the_router_to_the_subgraph() {
    let (address, spans) = collector().await;
    let settings = Collector { endpoint: format!("http://{address}/"), ratio: 0.0 };
    let traces = Traces::start(&settings, "test", tokio::runtime::Handle::current()).unwrap();
    tracing_subscriber::registry().with(traces.layer()).init();
    let (subgraph, called_with) = subgraph().await;
    let router = router(subgraph).await;

    let sampled = format!("00-{TRACE}-{PARENT}-01");
    let answer = ask(router, "query Greet { hello }", Some(&sampled)).await;
    assert_eq!(answer, json!({ "data": { "hello": "world" } }));
    let broken = "0af7651916cd43dd8448eb211c80319c";
    ask(router, "{ broken }", Some(&format!("00-{broken}-{PARENT}-01"))).await;
    // Nobody samples these: a ratio of 0, and a client that says no.
    ask(router, "{ hello }", None).await;
    let unsampled = "11111111111111111111111111111111";
    ask(router, "{ hello }", Some(&format!("00-{unsampled}-{PARENT}-00"))).await;
    traces.flush().await;

    let spans = spans.lock().unwrap().clone();
    let called_with = called_with.lock().unwrap().clone();
    let request = named(&spans, TRACE, "query Greet");
    assert_eq!(hex(&request.parent_span_id), PARENT);
    for name in ["view", "plan", "subgraph greeter"] {
        assert_eq!(named(&spans, TRACE, name).parent_span_id, request.span_id, "{name}");
    }
    let call = named(&spans, TRACE, "subgraph greeter");
    assert_eq!(called_with[0], format!("00-{TRACE}-{}-01", hex(&call.span_id)));
    let told = attributes(request);
    for (name, value) in [
        ("http.request.method", "POST"),
        ("url.path", "/graphql"),
        ("http.response.status_code", "200"),
        ("graphql.operation.type", "query"),
        ("graphql.operation.name", "Greet"),
        ("client.address", "127.0.0.0"),
        ("user_agent.original", "test/1"),
        ("router.outcome", "ok"),
    ] {
        assert_eq!(told.get(name).map(String::as_str), Some(value), "{name} in {told:?}");
    }
    assert_eq!(attributes(call)["subgraph.name"], "greeter");

    let failed = named(&spans, broken, "subgraph greeter");
    assert_eq!(failed.status.as_ref().unwrap().code, 2);
    assert_eq!(attributes(failed)["error.type"], "status");
    assert_eq!(attributes(named(&spans, broken, "query"))["router.outcome"], "errors");

    assert_eq!(spans.len(), 8, "{:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>());
    assert!(called_with[3..].iter().any(|trace| trace.starts_with(&format!("00-{unsampled}-"))));
    assert!(called_with.iter().skip(2).all(|trace| trace.ends_with("-00")), "{called_with:?}");
    let everything = format!("{spans:?}");
    assert!(!everything.contains("s3cret") && !everything.contains("{ hello }"), "{everything}");
}
