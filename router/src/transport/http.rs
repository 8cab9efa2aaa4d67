//! Calls a subgraph in another process.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::RequestContext;
use futures::FutureExt;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use serde::Deserialize;
use url::Url;

use super::circuit_breaker::Health;
pub use super::client::Connections;
use super::client::read_body;
use super::deduplication::{Flights, Key};
use super::event_stream::Body;
use super::headers::usually_forwarded;
use super::replicas::{Replica, Replicas};
use super::{Answer, Call, TransportError};
pub use crate::config::Faults;
use crate::error_masking::ErrorsShown;

/// Gives the router's credential for one call: from method, path and body to headers.
pub type Sign = Arc<dyn Fn(&Method, &str, &[u8]) -> Vec<(HeaderName, HeaderValue)> + Send + Sync>;

/// Where a subgraph listens, and how long we wait for it.
#[derive(Clone)]
pub struct Endpoint {
    /// Where queries and mutations are posted.
    replicas: Arc<Replicas>,
    /// The connections, shared by all endpoints.
    connections: Connections,
    /// Where subscriptions are opened, in `graphql-transport-ws`; `None` when it has none.
    pub websocket: Option<Url>,
    /// Whether it takes subscriptions as server-sent events, where queries are posted.
    pub event_stream: bool,
    /// How long a call may take.
    pub timeout: Duration,
    /// How long a mutation may take: what it does goes on though nobody waits for it, so giving up early tells nobody
    /// what has become of it.
    pub mutation_timeout: Duration,
    /// How large an answer may be, in bytes.
    pub answer_bytes_max: usize,
    /// Adds the router's credential to each call.
    pub sign: Option<Sign>,
    /// Which headers of the client's request go on. Default [`FORWARDED`](super::headers::FORWARDED).
    pub forwarded: Arc<[HeaderName]>,
    /// Headers that each call carries, whatever the client sent.
    pub fixed: Arc<HeaderMap>,
    /// Which of its errors clients are told in its own words. Default all.
    pub errors_shown: ErrorsShown,
    health: Arc<Health>,
    flights: Option<Arc<Flights>>,
}

impl Endpoint {
    /// An endpoint with the house's limits: 5 s, 10 MB, the usual breaker and retries, equal queries asked once, no
    /// subscriptions, no credential.
    #[must_use]
    pub fn new(url: &Url, connections: Connections) -> Self {
        Self {
            // What is a URL is a URI; should that fail, every call says that there is no connection.
            replicas: Replicas::new([Uri::try_from(url.as_str()).unwrap_or_default()]).into(),
            connections,
            websocket: None,
            event_stream: false,
            timeout: Duration::from_secs(5),
            mutation_timeout: Duration::from_secs(5),
            answer_bytes_max: 10 * 1024 * 1024,
            sign: None,
            forwarded: usually_forwarded(),
            fixed: Arc::default(),
            errors_shown: ErrorsShown::All,
            health: Arc::new(Health::new(Faults::default())),
            flights: Some(Arc::default()),
        }
    }

    /// The same subgraph, listening at these places: each is asked in turn, and another one where nobody listens. Nothing
    /// is lost when one after the other is restarted: whoever is about to end says `Connection: close` with its answers,
    /// and is asked no more.
    #[must_use]
    pub fn at(mut self, urls: &[Url]) -> Self {
        self.replicas =
            Replicas::new(urls.iter().map(|url| Uri::try_from(url.as_str()).unwrap_or_default())).into();
        self
    }

    /// With other rules for failures.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.health = Arc::new(Health::new(faults));
        self
    }

    /// Whether equal queries that are under way at the same time, on behalf of the same client, are asked once.
    #[must_use]
    pub fn with_deduplication(mut self, is_on: bool) -> Self {
        self.flights = is_on.then(Arc::default);
        self
    }

    /// Whether the subgraph is left alone at present, because it failed.
    #[must_use]
    pub fn is_left_alone(&self) -> bool {
        self.health.is_open()
    }

    pub(super) async fn call(self: &Arc<Self>, call: Call<'_>) -> Result<Answer, TransportError> {
        let body = Bytes::from(call.body());
        let headers = self.headers(call.context);
        let bytes = match &self.flights {
            Some(flights) if !call.is_mutation => {
                let key = Key { identity: identity(&headers), body: body.clone() };
                let ask = || {
                    let endpoint = self.clone();
                    async move { endpoint.ask(body, headers, false).await }.boxed()
                };
                flights.join(key, ask).await
            }
            _ => self.ask(body, headers, call.is_mutation).await,
        };
        Ok(Answer::Json(bytes?))
    }

    /// One call, within its time; a query is sent again once, as far as the budget goes.
    async fn ask(&self, body: Bytes, headers: HeaderMap, is_mutation: bool) -> Result<Bytes, TransportError> {
        let permit = self.health.permit().ok_or(TransportError::LeftAlone)?;
        let asked = async {
            if is_mutation {
                return self.post(body, headers).await;
            }
            self.health.earn();
            match self.post(body.clone(), headers.clone()).await {
                Err(error) if error.may_pass() && self.health.retry() => {
                    tracing::debug!(%error, "a query is sent again");
                    self.post(body, headers).await
                }
                answer => answer,
            }
        };
        let timeout = if is_mutation { self.mutation_timeout } else { self.timeout };
        let answer = match tokio::time::timeout(timeout, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(TransportError::Timeout(timeout.as_millis())),
        };
        permit.settle(answer.is_err());
        answer
    }

    async fn post(&self, body: Bytes, mut headers: HeaderMap) -> Result<Bytes, TransportError> {
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("application/graphql-response+json, application/json"),
        );
        let response = self.send(body, headers).await?;
        let status = response.status();
        let body = read_body(response.into_body(), self.answer_bytes_max).await?;
        // Servers of GraphQL may answer errors with any status; a page of a proxy is none.
        let is_object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        if status.is_success() || is_object { Ok(body) } else { Err(TransportError::Status(status.as_u16())) }
    }

    /// Opens a subscription as server-sent events; only the head of the answer must come in time.
    pub(super) async fn open_event_stream(
        self: Arc<Self>,
        body: Bytes,
        mut headers: HeaderMap,
    ) -> Result<Body, TransportError> {
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        let response = tokio::time::timeout(self.timeout, self.send(body, headers))
            .await
            .map_err(|_| TransportError::Timeout(self.timeout.as_millis()))??;
        Body::try_new(response, self.answer_bytes_max).await
    }

    async fn send(&self, body: Bytes, mut headers: HeaderMap) -> Result<Response<Incoming>, TransportError> {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut refused = TransportError::Connect("it listens nowhere".to_owned());
        for place in self.replicas.in_order() {
            let mut headers = headers.clone();
            self.sign_into(&mut headers, &Method::POST, place.uri.path(), &body);
            let mut request = Request::new(Full::new(body.clone()));
            *request.method_mut() = Method::POST;
            *request.uri_mut() = place.uri.clone();
            *request.headers_mut() = headers;
            match self.connections.send(request).await {
                // Nothing was sent, so another one may be asked, for a change as well.
                Err(error @ TransportError::Connect(_)) => {
                    self.replicas.avoid(place);
                    refused = error;
                }
                Ok(response) => {
                    self.replicas.hear(place, response.headers());
                    return Ok(response);
                }
                Err(error) => return Err(error),
            }
        }
        Err(refused)
    }

    /// Where a subscription may be opened: the WebSocket's address at each place, as they are to be tried.
    pub(super) fn websockets(&self) -> Vec<(Url, &Replica)> {
        let Some(websocket) = &self.websocket else { return Vec::new() };
        let places = self.replicas.in_order();
        let is_one = places.len() == 1;
        let at = |place: &Replica| {
            let mut url = websocket.clone();
            // One that is served alone may take subscriptions elsewhere.
            if !is_one {
                url.set_host(place.uri.host()).ok()?;
                url.set_port(place.uri.port_u16()).ok()?;
            }
            Some(url)
        };
        places.into_iter().filter_map(|place| Some((at(place)?, place))).collect()
    }

    /// Somebody could not be reached there.
    pub(super) fn avoid(&self, place: &Replica) {
        self.replicas.avoid(place);
    }

    pub(super) fn sign_into(&self, headers: &mut HeaderMap, method: &Method, path: &str, body: &[u8]) {
        if let Some(sign) = &self.sign {
            headers.extend(sign(method, path, body));
        }
    }
}

/// Asks a subgraph for its federation SDL.
pub async fn fetch_sdl(endpoint: &Endpoint) -> Result<String, TransportError> {
    #[derive(Deserialize)]
    struct Body {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        _service: Service,
    }
    #[derive(Deserialize)]
    struct Service {
        sdl: String,
    }
    let body = Bytes::from_static(br#"{"query":"{ _service { sdl } }"}"#);
    let headers = endpoint.headers(&RequestContext::anonymous("sdl"));
    let post = endpoint.post(body, headers);
    let bytes = tokio::time::timeout(endpoint.timeout, post)
        .await
        .map_err(|_| TransportError::Timeout(endpoint.timeout.as_millis()))??;
    let body: Body = serde_json::from_slice(&bytes)
        .map_err(|error| TransportError::Rubbish(format!("no `_service {{ sdl }}`: {error}")))?;
    Ok(body.data._service.sdl)
}

/// The words that say on whose behalf a call is made: all but the names of the request itself.
fn identity(headers: &HeaderMap) -> Bytes {
    let names_the_request =
        |name: &HeaderName| matches!(name.as_str(), "x-request-id" | "traceparent" | "tracestate");
    let mut words = Vec::with_capacity(256);
    for (name, value) in headers.iter().filter(|(name, _)| !names_the_request(name)) {
        // Neither a name nor a value can hold a line break.
        for word in [name.as_str().as_bytes(), value.as_bytes()] {
            words.extend_from_slice(word);
            words.push(b'\n');
        }
    }
    words.into()
}
