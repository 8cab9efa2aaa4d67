//! Subgraphs whose subscriptions are counted while they live, in this process or behind a listener of their own.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_graphql::futures_util::stream::BoxStream;
use async_graphql::{Data, Executor, Request, Response};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::Json;
use axum::extract::{State, WebSocketUpgrade};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response as HttpResponse};
use axum::routing::get;
use common::RequestContext;
use futures::{StreamExt, stream};
use graphql::Executable;
use http::HeaderMap;
use router::SubgraphSource;
use router::transport::http::{Connections, Endpoint};
use tokio::net::TcpListener;

/// How many subscriptions live at the subgraphs.
#[derive(Clone, Default)]
pub struct Live(Arc<AtomicUsize>);

impl Live {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Waits until as many live as wanted.
    pub async fn becomes(&self, wanted: usize, patience: Duration) {
        let begun = Instant::now();
        while self.count() != wanted {
            assert!(begun.elapsed() < patience, "{} live after {patience:?}, not {wanted}", self.count());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn one(&self) -> One {
        self.0.fetch_add(1, Ordering::SeqCst);
        One(self.clone())
    }
}

/// A subscription that lives until this is dropped.
struct One(Live);

impl Drop for One {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Where the subgraphs are, and how they are subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Here,
    WebSocket,
    EventStream,
}

impl Place {
    /// The same subgraphs at this place, with their subscriptions counted.
    pub async fn of(self, sources: Vec<SubgraphSource>, live: &Live) -> Vec<SubgraphSource> {
        let mut moved = Vec::new();
        for source in sources {
            let SubgraphSource::InProcess { name, executable } = source else { panic!("it is elsewhere") };
            let executable = counted(executable, live.clone());
            moved.push(match self {
                Self::Here => SubgraphSource::InProcess { name, executable },
                _ => SubgraphSource::Http { name, endpoint: self.listen(executable).await.into() },
            });
        }
        moved
    }

    async fn listen(self, executable: Executable) -> Endpoint {
        let routes = axum::Router::new()
            .route("/graphql", axum::routing::post(post))
            .route("/graphql/ws", get(socket))
            .with_state(Elsewhere(executable));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let url = format!("http://{address}/graphql").parse().unwrap();
        let mut endpoint = Endpoint::new(&url, Connections::default());
        endpoint.event_stream = self == Self::EventStream;
        endpoint.websocket = Some(format!("ws://{address}/graphql/ws").parse().unwrap());
        endpoint
    }
}

fn counted(inner: Executable, live: Live) -> Executable {
    let (sdl, executable) = (inner.sdl.clone(), inner.clone());
    Executable::new(
        sdl,
        move |request| {
            let executable = executable.clone();
            Box::pin(async move { executable.execute(request).await })
        },
        move |request| {
            let one = live.one();
            let events = inner.stream(request);
            // Held as long as the stream is, whether it says something or not.
            events.map(move |event| (&one, event).1).boxed()
        },
    )
}

/// A subgraph that is served as another process would be.
#[derive(Clone)]
struct Elsewhere(Executable);

impl Executor for Elsewhere {
    async fn execute(&self, request: Request) -> Response {
        self.0.execute(request.data(RequestContext::anonymous("elsewhere"))).await
    }
    fn execute_stream(&self, request: Request, _: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        self.0.stream(request)
    }
}

async fn post(
    State(served): State<Elsewhere>,
    headers: HeaderMap,
    Json(request): Json<Request>,
) -> HttpResponse {
    if headers["accept"] != "text/event-stream" {
        return Json(Executor::execute(&served, request).await).into_response();
    }
    let event = |name: &str, data: String| Ok::<_, Infallible>(Event::default().event(name).data(data));
    let events = served.0.stream(request);
    let events = events.map(move |response| event("next", serde_json::to_string(&response).unwrap()));
    let events = events.chain(stream::iter([event("complete", String::new())]));
    // So that no connection is kept idle, and every one that is open carries a subscription.
    ([("connection", "close")], Sse::new(events)).into_response()
}

async fn socket(
    State(served): State<Elsewhere>,
    protocol: GraphQLProtocol,
    upgrade: WebSocketUpgrade,
) -> HttpResponse {
    let upgrade = upgrade.protocols(["graphql-transport-ws"]);
    upgrade.on_upgrade(move |stream| GraphQLWebSocket::new(stream, served, protocol).serve())
}
