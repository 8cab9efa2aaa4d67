//! HTTP in and out: GraphQL over HTTP, event streams, WebSockets, GraphiQL and health.

mod body;
mod content_negotiation;
mod host;
mod malformed_request;
pub(crate) mod middleware;
mod query_string;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, Path, Request, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use common::{ClientAddress, HostOrganization};
use futures::FutureExt;
use futures::future::{BoxFuture, Either};
use graphql::graphiql::Offer;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::json;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_http::CompressionLevel;
use tower_http::compression::{Compression, CompressionLayer};
use tower_http::cors::{AllowOrigin, Cors, CorsLayer};

use self::content_negotiation::Format;
use self::middleware::{REQUEST_ID, text};
use crate::config::{Config, Profile};
use crate::error::GraphqlError;
use crate::pipeline;
use crate::refusal::{Outcome, Refused};
use crate::request::{Allowed, Client, GraphqlRequest};
use crate::shared_state::Core;
use crate::subscribe;
use crate::telemetry;
use crate::telemetry::transport;

const ENDPOINT: &str = "/graphql";
const WEBSOCKET: &str = "/graphql/ws";
/// The last event that a client saw of a stream that it comes back to.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Everything that answers requests.
pub(crate) struct App {
    core: Arc<Core>,
    service: Cors<Compression<Routes>>,
}

impl App {
    pub fn new(core: Arc<Core>) -> Self {
        let service = ServiceBuilder::new()
            .layer(cors(&core.config, &core.forwarded))
            .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
            .service(Routes { router: routes(core.clone()), core: core.clone() });
        Self { core, service }
    }

    /// Answers a request, which has `ConnectInfo<SocketAddr>` among its extensions.
    pub async fn answer(&self, request: Request) -> Response {
        let mut service = self.service.clone();
        let next = |request| async move {
            match service.call(request).await {
                Ok(response) => response.map(Body::new),
                Err(never) => match never {},
            }
        };
        middleware::pass(&self.core, request, next).await
    }
}

/// All routes. Layers of a router put every request into a box for each of them, and its answer as well; here is one
/// box for all.
#[derive(Clone)]
struct Routes {
    core: Arc<Core>,
    router: axum::Router,
}

impl Service<Request> for Routes {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let answer = if request.method() == Method::POST && request.uri().path() == ENDPOINT {
            // What nearly all requests are need not be looked for among the routes.
            Either::Left(post_graphql(self.core.clone(), request).map(Ok))
        } else {
            Either::Right(self.router.clone().oneshot(request))
        };
        AssertUnwindSafe(answer)
            .catch_unwind()
            .map(|answer| answer.unwrap_or_else(|_| Ok(panicked())))
            .boxed()
    }
}

fn routes(core: Arc<Core>) -> axum::Router {
    axum::Router::new()
        .route(ENDPOINT, get(get_graphql).post(|State(core), request| post_graphql(core, request)))
        .route(WEBSOCKET, get(websocket))
        .route("/", get(graphiql_page))
        .route("/graphiql/{name}", get(graphiql_asset))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .fallback(beside)
        .method_not_allowed_fallback(|| async {
            let mut refused =
                refused_plainly(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "use another method");
            // The route says which.
            refused.headers_mut().remove(header::ALLOW);
            refused
        })
        .with_state(core)
}

/// What the program serves beside GraphQL. It is told whose host name it is asked at, and from where.
async fn beside(State(core): State<Arc<Core>>, mut request: Request) -> Response {
    let client = request.extensions().get::<Client>();
    let address = ClientAddress(client.and_then(|client| client.address));
    let subdomain = client.and_then(|client| client.subdomain.clone());
    request.extensions_mut().insert(address);
    match pipeline::host_organization(&core, subdomain.as_deref()).await {
        Ok(None) => {}
        Ok(Some(organization)) => drop(request.extensions_mut().insert(HostOrganization(organization))),
        Err(error) => return Format::Json.respond(Refused::from(error).into()),
    }
    match core.beside.get() {
        Some(routes) => routes.clone().oneshot(request).await.unwrap_or_else(|never| match never {}),
        None => nothing_here().await,
    }
}

pub(crate) async fn nothing_here() -> Response {
    refused_plainly(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing here")
}

fn cors(config: &Config, forwarded: &[HeaderName]) -> CorsLayer {
    let origins = config.cors_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    let allowed = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::ACCEPT,
        HeaderName::from_static("traceparent"),
        REQUEST_ID,
        LAST_EVENT_ID,
    ];
    let allowed = allowed.into_iter().chain(config.csrf.names());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT])
        .allow_headers(allowed.chain(forwarded.iter().cloned()).collect::<Vec<_>>())
        .expose_headers([REQUEST_ID, header::RETRY_AFTER])
        .max_age(Duration::from_secs(600))
}

/// A panic on the way is one failed request; the panic hook has logged it.
fn panicked() -> Response {
    let refused = Refused {
        outcome: Outcome::Status(StatusCode::INTERNAL_SERVER_ERROR),
        ..Refused::from(GraphqlError::internal())
    };
    Format::Json.respond(refused.into())
}

fn refused_plainly(status: StatusCode, code: &'static str, message: &'static str) -> Response {
    Format::Json.respond(Refused::http(status, code, message).into())
}

async fn live() -> Response {
    Json(json!({ "status": "live" })).into_response()
}

/// Ready as soon as a schema has been composed and nobody holds it back, until the router stops, and while it can tell
/// who callers are. Of alarms, codes only: everybody may ask, and sentences are in the log.
async fn ready(State(core): State<Arc<Core>>) -> Response {
    let snapshot = core.registry.current();
    let (code, status) = match &snapshot {
        _ if core.withdrawn.is_cancelled() => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        _ if core.is_held() => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        Some(_) if !core.knows_callers().await => (StatusCode::SERVICE_UNAVAILABLE, "unable"),
        Some(_) => (StatusCode::OK, "ready"),
    };
    let schema = snapshot.map(|snapshot| {
        json!({
            "generation": snapshot.generation,
            "ageSeconds": snapshot.composed_at.elapsed().as_secs(),
            "subgraphs": snapshot.subgraphs.len(),
        })
    });
    (code, Json(json!({ "status": status, "schema": schema, "alarms": core.alarms.shown() }))).into_response()
}

async fn graphiql_page(State(core): State<Arc<Core>>) -> Response {
    if core.config.profile == Profile::Production {
        return nothing_here().await;
    }
    let offer = Offer { endpoint: ENDPOINT, websocket: Some(WEBSOCKET), shows_plans: true };
    let policy = [(header::CONTENT_SECURITY_POLICY, graphql::graphiql::CONTENT_SECURITY_POLICY)];
    (policy, Html(graphql::graphiql::page(offer))).into_response()
}

async fn graphiql_asset(
    State(core): State<Arc<Core>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let asset = graphql::graphiql::asset(&name).filter(|_| core.config.profile == Profile::Development);
    let Some(asset) = asset else {
        return nothing_here().await;
    };
    let caching = [
        (header::ETAG, asset.etag.as_str()),
        (header::CACHE_CONTROL, graphql::graphiql::ASSET_CACHE_CONTROL),
    ];
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|etag| etag == asset.etag.as_str());
    if is_known {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, asset.content_type)], asset.body).into_response()
}

async fn get_graphql(
    State(core): State<Arc<Core>>,
    Extension(client): Extension<Client>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if let Ok(upgrade) = upgrade {
        return open_websocket(&core, client, &headers, upgrade);
    }
    let is_page = uri.query().is_none() && core.config.profile == Profile::Development;
    if is_page && Format::is_page_wanted(&headers) {
        return graphiql_page(State(core)).await;
    }
    // `Accept` does not tell: a page may set it without asking (https://fetch.spec.whatwg.org, "safelisted").
    let is_deliberate = core.config.csrf.admits(&headers);
    let Some(format) = Format::accepted(&headers) else { return not_acceptable() };
    if !is_deliberate {
        let refused = Refused::http(StatusCode::FORBIDDEN, "CSRF_BLOCKED", core.config.csrf.advice());
        return format.respond(refused.into());
    }
    match query_string::read(&uri).map_err(Refused::from) {
        Ok(request) => {
            respond(&core, client, request, format, Allowed::Queries, last_event_id(&headers)).await
        }
        Err(refused) => format.respond(refused.into()),
    }
}

async fn post_graphql(core: Arc<Core>, mut request: Request) -> Response {
    // The gate has put it there.
    let client = request.extensions_mut().remove::<Client>().unwrap_or_else(|| Client::anonymous(""));
    let Some(format) = Format::accepted(request.headers()) else { return not_acceptable() };
    let last_event_id = last_event_id(request.headers());
    match body::read(&core, request).await {
        Ok(request) => {
            let allowed = Allowed::QueriesAndMutations;
            respond(&core, client, request, format, allowed, last_event_id).await
        }
        Err(refused) => format.respond(refused.into()),
    }
}

/// What the client saw last of a stream that it comes back to.
fn last_event_id(headers: &HeaderMap) -> Option<String> {
    text(headers, LAST_EVENT_ID).filter(|id| !id.is_empty()).map(str::to_owned)
}

async fn respond(
    core: &Arc<Core>,
    client: Client,
    request: GraphqlRequest,
    format: Format,
    allowed: Allowed,
    last_event_id: Option<String>,
) -> Response {
    let streamed = match format {
        Format::EventStream => {
            telemetry::note(|facts| facts.transport = transport::EVENT_STREAM);
            subscribe::event_stream(core, client, request, allowed, last_event_id.as_deref()).await
        }
        Format::Multipart => {
            telemetry::note(|facts| facts.transport = transport::MULTIPART);
            subscribe::multipart(core, client, request, allowed).await
        }
        _ => return format.respond(pipeline::answer(core, client, request, allowed).await),
    };
    streamed.unwrap_or_else(|refused| Format::GraphqlResponse.respond(refused.into()))
}

fn not_acceptable() -> Response {
    let message = "accept application/graphql-response+json, application/json, text/event-stream or \
                   multipart/mixed;subscriptionSpec=1.0";
    refused_plainly(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", message)
}

async fn websocket(
    State(core): State<Arc<Core>>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match upgrade {
        Ok(upgrade) => open_websocket(&core, client, &headers, upgrade),
        Err(rejection) => {
            let refused = Refused::http(rejection.status(), "BAD_REQUEST", "this path speaks WebSocket only");
            Format::Json.respond(refused.into())
        }
    }
}

fn open_websocket(
    core: &Arc<Core>,
    client: Client,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    telemetry::note(|facts| facts.transport = transport::WEBSOCKET);
    if !is_known_origin(headers, &core.config.cors_origins) {
        return refused_plainly(
            StatusCode::FORBIDDEN,
            "ORIGIN_REFUSED",
            "pages of this origin may not connect",
        );
    }
    let bytes_max = body::bytes_cap(core);
    let core = core.clone();
    let tasks = core.tasks.clone();
    upgrade
        .protocols([subscribe::PROTOCOL])
        .max_message_size(bytes_max)
        .max_frame_size(bytes_max)
        .on_upgrade(move |socket| tasks.track_future(subscribe::websocket(core, client, socket)))
}

/// Browsers do not ask before they open a WebSocket, so the origin is checked here: ours, or a listed one.
fn is_known_origin(headers: &HeaderMap, listed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = text(headers, header::HOST);
    let is_own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    is_own || listed.iter().any(|known| known == origin)
}
