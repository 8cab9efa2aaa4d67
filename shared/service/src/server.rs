//! The HTTP server of one subgraph: GraphQL for the router, health for the platform, GraphiQL for developers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_graphql::http::ALL_WEBSOCKET_PROTOCOLS;
use async_graphql::{Data, Executor as _};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::extract::{FromRequestParts, Path, State, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use common::{ClientAddress, Error, HostOrganization, RequestContext};
use graphql::{Executable, graphiql};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tracing::Instrument as _;

use crate::limited::Limited;
use crate::{Gate, Profile, Runtime, SecretKey, Settings, Subgraph, credential};

/// What the router says of where a client is, and at whose host name it asks.
pub const CLIENT_ADDRESS: &str = "x-innoerp-client-address";
/// See [`CLIENT_ADDRESS`].
pub const HOST_ORGANIZATION: &str = "x-innoerp-host-organization";

/// What comes in one request of a stranger at most; modules take less.
pub const STRANGERS_BODY_BYTES_MAX: usize = 64 * 1024;

/// The path that the router calls.
const PATH: &str = "/graphql";
/// The path that it opens WebSockets on.
const WEBSOCKET_PATH: &str = "/graphql/ws";

/// How long the router keeps a connection to a module that nobody uses: less than a module that ends still takes requests
/// in production, so that none is on its way on a connection that is being closed.
pub const IDLE_MAX: Duration = Duration::from_secs(3);

#[derive(Clone)]
struct Service {
    executable: Limited,
    runtime: Runtime,
    gate: Gate,
}

/// Serves a subgraph on `listener` until the runtime is cancelled, and for as long as the settings say afterwards: until
/// then it is not ready, and closes each connection with the next answer, so that nothing is under way to it any more when
/// it takes no more. `executable` is its schema, which the same process may also call directly.
///
/// # Errors
/// What the listener fails with.
pub async fn serve(
    subgraph: &Subgraph,
    executable: Executable,
    runtime: &Runtime,
    gate: Gate,
    settings: &Settings,
    listener: TcpListener,
) -> std::io::Result<()> {
    let profile = settings.profile();
    let service = Service { executable: Limited::behind_router(executable), runtime: runtime.clone(), gate };
    let mut app = Router::new()
        .route(PATH, post(answer))
        .route(WEBSOCKET_PATH, get(subscribe))
        .route("/health/live", get(async || "live"))
        .route("/health/ready", get(ready));
    if profile == Profile::Development {
        app = app
            .route("/", get(async || page()))
            .route("/graphiql/{name}", get(asset))
            .route("/console", post(console));
    }
    let mut app = app
        .layer(RequestBodyLimitLayer::new(service.executable.body_bytes_max()))
        .with_state(Arc::new(service));
    if let Some(routes) = subgraph.routes {
        app = app.merge(routes(runtime));
    }
    if let Some(public) = subgraph.public {
        let key = runtime.secret_key.clone();
        app = app.merge(public(runtime).layer(axum::middleware::from_fn_with_state(key, of_stranger)));
    }
    let (cancel, withdrawn, withdraw) =
        (runtime.cancel.clone(), runtime.cancel.clone(), Duration::from_millis(settings.withdraw_ms()));
    let close = move |mut answer: Response| {
        if withdrawn.is_cancelled() && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        std::future::ready(answer)
    };
    let app = app.layer(CatchPanicLayer::new()).layer(axum::middleware::map_response(close));
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            cancel.cancelled().await;
            tokio::time::sleep(withdraw).await;
        })
        .await
}

async fn ready(State(service): State<Arc<Service>>) -> Response {
    if service.runtime.cancel.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping").into_response()
    } else if service.runtime.database.is_reachable().await {
        "ready".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response()
    }
}

/// A call from the router. Without its credential there is nothing here: no schema, no reason.
async fn answer(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_from_router(&service, &headers, "POST", PATH, &body) {
        return refuse(StatusCode::UNAUTHORIZED, Error::Unauthenticated);
    }
    run(&service, &headers, &body).await
}

/// What only the router may say of a client; from anybody else it is dropped.
fn without_claims(headers: &HeaderMap) -> HeaderMap {
    let is_claim = |name: &str| name.starts_with("x-innoerp-");
    headers.iter().filter(|(name, _)| !is_claim(name.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// The same for GraphiQL, in the development profile only: it cannot sign as the router does. A token is
/// still needed for everything that one is needed for.
async fn console(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> Response {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !is_json {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    run(&service, &without_claims(&headers), &body).await
}

async fn run(service: &Service, headers: &HeaderMap, body: &[u8]) -> Response {
    let asked = async { context(service, headers, bearer(headers)?).await };
    let request_id = text(headers, "x-request-id");
    let span = tracing::error_span!(target: telemetry::REQUEST, "request", request_id);
    let context = match asked.instrument(span).await {
        Ok(context) => context,
        Err(error) => return refuse(StatusCode::UNAUTHORIZED, error),
    };
    let Ok(request) = serde_json::from_slice::<async_graphql::Request>(body) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            Error::validation("the body is not a GraphQL request in JSON"),
        );
    };
    Json(service.executable.execute(request.data(context)).await).into_response()
}

/// The router opens a WebSocket per subscription (graphql-transport-ws); the token comes in `connection_init`.
async fn subscribe(State(service): State<Arc<Service>>, request: axum::extract::Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if !is_from_router(&service, &parts.headers, "GET", WEBSOCKET_PATH, b"") {
        return refuse(StatusCode::UNAUTHORIZED, Error::Unauthenticated);
    }
    if service.runtime.cancel.is_cancelled() {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, Error::Unavailable);
    }
    let protocol = match GraphQLProtocol::from_request_parts(&mut parts, &()).await {
        Ok(protocol) => protocol,
        Err(status) => return status.into_response(),
    };
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let headers = parts.headers;
    upgrade.protocols(ALL_WEBSOCKET_PROTOCOLS).on_upgrade(move |socket| async move {
        let executable = service.executable.clone();
        let cancel = service.runtime.cancel.clone();
        let served = GraphQLWebSocket::new(socket, executable, protocol)
            .on_connection_init(move |payload| async move {
                let token = match payload.get("authorization") {
                    None | Some(serde_json::Value::Null) => None,
                    Some(value) => Some(value.as_str().and_then(strip_bearer).ok_or(Error::Unauthenticated)?),
                };
                let mut data = Data::default();
                data.insert(context(&service, &headers, token).await?);
                Ok(data)
            })
            .serve();
        // The end of the process first: it ends streams as well, and a subscription that is told to be complete does not go
        // on at another place.
        tokio::select! { biased; () = cancel.cancelled() => {}, () = served => {} }
    })
}

/// Notes where a stranger's request came from, if it was the router that passed it on; from anybody else nothing is believed.
async fn of_stranger(
    State(key): State<SecretKey>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, STRANGERS_BODY_BYTES_MAX).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let (headers, method, path) = (&parts.headers, parts.method.as_str(), parts.uri.path());
    let is_passed_on = text(headers, credential::HEADER)
        .is_some_and(|value| credential::verify(&key, method, path, &body, value));
    if is_passed_on {
        let address = text(headers, CLIENT_ADDRESS).and_then(|value| value.parse().ok());
        let host = text(headers, HOST_ORGANIZATION).and_then(|value| value.parse::<uuid::Uuid>().ok());
        parts.extensions.insert(ClientAddress(address));
        if let Some(host) = host {
            parts.extensions.insert(HostOrganization(host.into()));
        }
    }
    next.run(axum::extract::Request::from_parts(parts, body.into())).await
}

fn is_from_router(service: &Service, headers: &HeaderMap, method: &str, path: &str, body: &[u8]) -> bool {
    text(headers, credential::HEADER)
        .is_some_and(|value| credential::verify(&service.runtime.secret_key, method, path, body, value))
}

/// Who asks, by the forwarded token, which is verified here again; the rest as the router saw it.
async fn context(
    service: &Service,
    headers: &HeaderMap,
    token: Option<&str>,
) -> common::Result<RequestContext> {
    let caller = service.gate.authenticate(token).await?;
    let has_just_written = headers.contains_key("x-innoerp-has-just-written");
    if has_just_written {
        // The router has asked anew for itself; this is another process.
        service.gate.forget(&caller).await;
    }
    Ok(RequestContext {
        caller,
        token: token.map(Into::into),
        request_id: text(headers, "x-request-id")
            .map_or_else(|| uuid::Uuid::now_v7().to_string(), Into::into)
            .into(),
        client_address: text(headers, CLIENT_ADDRESS).and_then(|value| value.parse::<IpAddr>().ok()),
        host_organization: text(headers, HOST_ORGANIZATION)
            .and_then(|value| value.parse::<uuid::Uuid>().ok())
            .map(Into::into),
        user_agent: text(headers, "x-innoerp-user-agent").map(Into::into),
        traceparent: text(headers, "traceparent").map(Into::into),
        client_headers: Arc::new(languages(headers)),
        has_just_written,
    })
}

/// The languages that the client wants, where the router is configured to pass that on.
fn languages(headers: &HeaderMap) -> HeaderMap {
    let wanted = headers.get_all(header::ACCEPT_LANGUAGE).iter();
    wanted.map(|value| (header::ACCEPT_LANGUAGE, value.clone())).collect()
}

/// The forwarded token. Every other kind of credential is as bad as a wrong one: nobody who sends one is taken for nobody.
fn bearer(headers: &HeaderMap) -> common::Result<Option<&str>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let token = value.to_str().ok().and_then(strip_bearer).filter(|_| values.next().is_none());
    token.map(Some).ok_or(Error::Unauthenticated)
}

fn strip_bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn refuse(status: StatusCode, error: Error) -> Response {
    (status, Json(graphql::error::refuse(error))).into_response()
}

fn page() -> Response {
    let policy = [(header::CONTENT_SECURITY_POLICY, graphiql::CONTENT_SECURITY_POLICY)];
    (policy, Html(graphiql::page(graphiql::Offer { endpoint: "/console", ..Default::default() })))
        .into_response()
}

async fn asset(Path(name): Path<String>) -> Response {
    match graphiql::asset(&name) {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, graphiql::ASSET_CACHE_CONTROL),
                (header::ETAG, asset.etag.as_str()),
            ];
            (headers, asset.body).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_shows_another_kind_of_credential_is_not_taken_for_nobody() {
        let bearer = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().expect("a header"));
            }
            bearer(&headers).map(|token| token.map(str::to_owned)).map_err(|error| error.code())
        };
        assert_eq!(bearer(&[]), Ok(None));
        assert_eq!(bearer(&["bearer a.b.c"]), Ok(Some("a.b.c".to_owned())));
        for other in
            [&["Basic dTpw"][..], &["a.b.c"], &["Bearer"], &["Bearer "], &[""], &["Bearer a", "Bearer b"]]
        {
            assert_eq!(bearer(other), Err("UNAUTHENTICATED"), "{other:?}");
        }
    }
}
