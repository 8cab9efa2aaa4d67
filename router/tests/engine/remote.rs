//! The same subgraphs behind a real listener.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::futures_util::stream::BoxStream;
use async_graphql::{Data, Executor, Request, Response};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::Json;
use axum::extract::{State, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use common::RequestContext;
use futures::StreamExt;
use graphql::Executable;
use router::transport::http::{Connections, Endpoint, fetch_sdl};
use router::{ErrorsShown, Subgraph, Supergraph, Transport};
use serde_json::{Map, json};

use crate::{Log, executables, run, shop, subgraphs};

type Seen = Arc<Mutex<Vec<HeaderMap>>>;

#[derive(Clone)]
struct Served {
    executable: Executable,
    seen: Seen,
}

impl Executor for Served {
    async fn execute(&self, request: Request) -> Response {
        self.executable.execute(request.data(RequestContext::anonymous("remote"))).await
    }
    fn execute_stream(&self, request: Request, _: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        self.executable.stream(request)
    }
}

async fn post(
    State(served): State<Served>,
    headers: HeaderMap,
    Json(request): Json<Request>,
) -> Json<Response> {
    served.seen.lock().unwrap().push(headers);
    Json(Executor::execute(&served, request).await)
}

async fn socket(
    State(served): State<Served>,
    headers: HeaderMap,
    protocol: GraphQLProtocol,
    upgrade: WebSocketUpgrade,
) -> axum::response::Response {
    served.seen.lock().unwrap().push(headers);
    let upgrade = upgrade.protocols(["graphql-transport-ws"]);
    upgrade.on_upgrade(move |stream| GraphQLWebSocket::new(stream, served, protocol).serve())
}

/// Serves a subgraph on a port of its own.
async fn serve(executable: Executable) -> (Endpoint, Seen) {
    let seen = Seen::default();
    let served = Served { executable, seen: seen.clone() };
    let routes = axum::Router::new()
        .route("/graphql", axum::routing::post(post))
        .route("/graphql/ws", axum::routing::get(socket))
        .with_state(served);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let url = format!("http://{address}/graphql").parse().unwrap();
    let mut endpoint = Endpoint::new(&url, Connections::default());
    endpoint.websocket = Some(format!("ws://{address}/graphql/ws").parse().unwrap());
    endpoint.sign = Some(Arc::new(|method, path, body| {
        let value = format!("{method} {path} {}", body.len());
        vec![(HeaderName::from_static("x-credential"), HeaderValue::from_str(&value).unwrap())]
    }));
    (endpoint, seen)
}

async fn remote_shop() -> (Supergraph, Vec<Seen>) {
    let mut all = Vec::new();
    let mut logs = Vec::new();
    for (name, executable) in executables(&Log::default()) {
        let (endpoint, seen) = serve(executable).await;
        let sdl = fetch_sdl(&endpoint).await.unwrap().into();
        all.push(Subgraph { name: name.to_owned(), sdl, transport: Transport::Http(endpoint.into()) });
        logs.push(seen);
    }
    (Supergraph::compose(&all).unwrap(), logs)
}

#[tokio::test]
async fn answers_over_http_equal_those_in_process() {
    let (remote, _) = remote_shop().await;
    let local = shop();
    assert_eq!(remote.api_sdl(), local.api_sdl());
    for document in [
        "{ me { name rank reviews { body product { name inStock shippingCost } } } }",
        "{ products { upc score reviews { id author { name nickname } } } }",
        "{ products { upc shelf } }",
        "{ product(upc: \"couch\") { name grade } users { id rank } }",
        "{ media { title } search { __typename ... on Product { inStock } } }",
        "mutation { reviewAdd(upc: \"table\", body: \"x\") { product { name } } }",
    ] {
        assert_eq!(run(&remote, document).await, run(&local, document).await, "{document}");
    }
}

#[tokio::test]
async fn a_call_carries_the_credential_and_what_may_go_on() {
    let (remote, seen) = remote_shop().await;
    let context = RequestContext {
        token: Some("secret".into()),
        user_agent: Some("agent/1".into()),
        client_address: Some([192, 0, 2, 1].into()),
        host_organization: Some(uuid::Uuid::nil().into()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        ..RequestContext::anonymous("request-7")
    };
    let operation = remote.prepare("{ me { id } }", None).unwrap();
    operation.execute(Arc::new(context), Map::new()).await;
    let headers = seen[0].lock().unwrap().last().unwrap().clone();
    assert_eq!(headers["authorization"], "Bearer secret");
    assert_eq!(headers["x-request-id"], "request-7");
    assert_eq!(headers["x-innoerp-user-agent"], "agent/1");
    assert_eq!(headers["x-innoerp-client-address"], "192.0.2.1");
    assert_eq!(headers["x-innoerp-host-organization"], uuid::Uuid::nil().to_string().as_str());
    assert!(headers["traceparent"].to_str().unwrap().starts_with("00-0af"));
    let length = headers["content-length"].to_str().unwrap();
    assert_eq!(headers["x-credential"], format!("POST /graphql {length}"));
}

#[tokio::test]
async fn subscriptions_run_over_a_websocket() {
    let (remote, seen) = remote_shop().await;
    let document = "subscription { reviewAdded { body author { name } product { inStock } } }";
    let over_http = crate::subscriptions::events(&remote, document).await;
    assert_eq!(over_http, crate::subscriptions::events(&shop(), document).await);
    assert_eq!(over_http.len(), 4);
    let upgraded = seen[2].lock().unwrap();
    assert!(
        upgraded
            .iter()
            .any(|headers| { headers.get("x-credential").is_some_and(|value| value == "GET /graphql/ws 0") })
    );
}

#[tokio::test]
async fn a_websocket_over_tls_fails_as_a_connection_when_the_other_side_does_not_speak_it() {
    let (mut endpoint, _) = serve(crate::shop::products::executable(Log::default())).await;
    let mut url = endpoint.websocket.unwrap();
    url.set_scheme("wss").unwrap();
    endpoint.websocket = Some(url);
    let mut all = subgraphs();
    all[1].transport = Transport::Http(endpoint.into());
    let events =
        crate::subscriptions::events(&Supergraph::compose(&all).unwrap(), "subscription { ticks }").await;
    assert_eq!(events[0]["errors"][0]["extensions"]["code"], "DEPENDENCY_UNAVAILABLE", "{events:?}");
}

/// The shop's products, with a share in `alive` for each subscription that runs.
fn watched(alive: &Arc<()>) -> Executable {
    let held = alive.clone();
    let inner = crate::shop::products::executable(Log::default());
    Executable::new(
        inner.sdl.clone(),
        |_| Box::pin(std::future::pending()),
        move |request| {
            let held = held.clone();
            inner.stream(request).inspect(move |_| assert!(Arc::strong_count(&held) > 0)).boxed()
        },
    )
}

#[tokio::test]
async fn dropping_the_stream_ends_it_over_the_websocket() {
    let alive = Arc::new(());
    let (endpoint, _) = serve(watched(&alive)).await;
    let mut all = subgraphs();
    all[1].transport = Transport::Http(endpoint.into());
    let api = Supergraph::compose(&all).unwrap();
    let operation = api.prepare("subscription { ticks }", None).unwrap();
    let mut events = operation.subscribe(crate::context(), Map::new());
    assert_eq!(crate::json_of(&events.next().await.unwrap()), json!({ "data": { "ticks": 0 } }));
    assert_eq!(Arc::strong_count(&alive), 3);
    drop(events);
    let ended = async {
        while Arc::strong_count(&alive) > 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), ended).await.unwrap();
}

#[tokio::test]
async fn an_answer_over_the_cap_or_too_late_is_a_failure() {
    let (mut endpoint, _) = serve(crate::shop::inventory::executable()).await;
    endpoint.answer_bytes_max = 20;
    let mut all = subgraphs();
    all[3].transport = Transport::Http(endpoint.clone().into());
    let answer = run(&Supergraph::compose(&all).unwrap(), "{ products { upc inStock } }").await;
    let told = answer["errors"][0].clone();
    assert_eq!(told["extensions"]["code"], "SUBGRAPH_ANSWER_TOO_LARGE");
    assert_eq!(told["message"], "a service answered with more than 20 bytes, which is the limit");
    endpoint.timeout = Duration::ZERO;
    all[3].transport = Transport::Http(endpoint.into());
    let answer = run(&Supergraph::compose(&all).unwrap(), "{ products { upc inStock } }").await;
    assert_eq!(answer["data"]["products"][0], json!({ "upc": "table", "inStock": null }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_subgraph_that_has_lost_what_its_schema_promised_is_told_as_such() {
    let executable = crate::shop::inventory::executable();
    let sdl = executable.sdl.replace("inStock", "mass: Int\n\tinStock");
    let (mut endpoint, _) = serve(executable).await;
    for (shown, message) in [
        (ErrorsShown::All, "Unknown field \"mass\" on type \"Product\"."),
        (ErrorsShown::Known(Arc::default()), "a service does not know all that its schema promised"),
    ] {
        endpoint.errors_shown = shown;
        let mut all = subgraphs();
        all[3].sdl = sdl.clone().into();
        all[3].transport = Transport::Http(endpoint.clone().into());
        let answer = run(&Supergraph::compose(&all).unwrap(), "{ products { upc mass } }").await;
        assert_eq!(answer["data"]["products"][0], json!({ "upc": "table", "mass": null }));
        assert_eq!(
            answer["errors"],
            json!([{ "message": message, "path": ["products", 0, "mass"],
                "extensions": { "code": "SUBGRAPH_SCHEMA_MISMATCH" } }])
        );
    }
}

/// Serves a subgraph's subscriptions as server-sent events.
async fn serve_events(executable: Executable) -> Endpoint {
    let answer = move |Json(request): Json<Request>| async move {
        let events = executable.stream(request).map(|response| {
            let data = serde_json::to_string(&response).unwrap();
            Ok::<_, std::convert::Infallible>(axum::response::sse::Event::default().event("next").data(data))
        });
        let complete = axum::response::sse::Event::default().event("complete").data("");
        axum::response::Sse::new(events.chain(futures::stream::iter([Ok(complete)])))
    };
    let routes = axum::Router::new().route("/graphql", axum::routing::post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: url::Url = format!("http://{}/graphql", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let mut endpoint = Endpoint::new(&url, Connections::default());
    endpoint.event_stream = true;
    endpoint
}

#[tokio::test]
async fn subscriptions_run_as_server_sent_events() {
    let mut all = subgraphs();
    let (_, reviews) = executables(&Log::default()).remove(2);
    all[2].transport = Transport::Http(serve_events(reviews).await.into());
    let api = Supergraph::compose(&all).unwrap();
    let document = "subscription { reviewAdded { body author { name } product { inStock } } }";
    let events = crate::subscriptions::events(&api, document).await;
    assert_eq!(events, crate::subscriptions::events(&shop(), document).await);
    assert_eq!(events.len(), 4);
}

#[tokio::test]
async fn dropping_the_stream_ends_it_over_server_sent_events() {
    let alive = Arc::new(());
    let mut all = subgraphs();
    all[1].transport = Transport::Http(serve_events(watched(&alive)).await.into());
    let api = Supergraph::compose(&all).unwrap();
    let operation = api.prepare("subscription { ticks }", None).unwrap();
    let mut events = operation.subscribe(crate::context(), Map::new());
    assert!(events.next().await.is_some());
    let open = Arc::strong_count(&alive);
    drop(events);
    let ended = async {
        while Arc::strong_count(&alive) >= open {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    // Within a second, wherever the subgraph runs.
    tokio::time::timeout(Duration::from_secs(1), ended).await.unwrap();
}
