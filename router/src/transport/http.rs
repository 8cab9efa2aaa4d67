//! Calls a subgraph in another process.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use common::RequestContext;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use serde::Deserialize;

use super::{Answer, Call, TransportError};

/// Gives the router's credential for one call: from method, path and body to headers.
pub type Sign = Arc<dyn Fn(&Method, &str, &[u8]) -> Vec<(HeaderName, HeaderValue)> + Send + Sync>;

/// Where a subgraph listens, and how long we wait for it.
#[derive(Clone)]
pub struct Endpoint {
    /// Where queries and mutations are posted.
    pub url: reqwest::Url,
    /// The connections, shared by all endpoints.
    pub client: reqwest::Client,
    /// Where subscriptions are opened, in `graphql-transport-ws`; `None` when it has none.
    pub websocket: Option<reqwest::Url>,
    /// How long a call may take.
    pub timeout: Duration,
    /// How large an answer may be, in bytes.
    pub answer_bytes_max: usize,
    /// Adds the router's credential to each call.
    pub sign: Option<Sign>,
}

impl Endpoint {
    /// An endpoint with the house's limits: 5 s, 10 MB, no subscriptions, no credential.
    #[must_use]
    pub fn new(url: reqwest::Url, client: reqwest::Client) -> Self {
        Self {
            url,
            client,
            websocket: None,
            timeout: Duration::from_secs(5),
            answer_bytes_max: 10 * 1024 * 1024,
            sign: None,
        }
    }

    pub(super) async fn call(&self, call: Call<'_>) -> Result<Answer, TransportError> {
        let body = Bytes::from(call.body());
        let headers = headers(call.context);
        let answer = async {
            match self.post(body.clone(), headers.clone()).await {
                // Nothing has reached the subgraph, and a query may be asked twice.
                Err(TransportError::Connect(_)) if !call.is_mutation => self.post(body, headers).await,
                answer => answer,
            }
        };
        let bytes = tokio::time::timeout(self.timeout, answer)
            .await
            .map_err(|_| TransportError::Timeout(self.timeout.as_millis()))??;
        Ok(Answer::Json(bytes))
    }

    async fn post(&self, body: Bytes, mut headers: HeaderMap) -> Result<Bytes, TransportError> {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("application/graphql-response+json, application/json"),
        );
        self.sign_into(&mut headers, &Method::POST, self.url.path(), &body);
        let request = self.client.post(self.url.clone()).headers(headers).body(body);
        let mut response = request.send().await.map_err(|error| {
            if error.is_connect() {
                TransportError::Connect(error.to_string())
            } else {
                TransportError::Broken(error.to_string())
            }
        })?;
        let mut bytes = BytesMut::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| TransportError::Broken(error.to_string()))?
        {
            if bytes.len() + chunk.len() > self.answer_bytes_max {
                return Err(TransportError::TooLarge(self.answer_bytes_max));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
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
    let post = endpoint.post(body, headers(&RequestContext::anonymous("sdl")));
    let bytes = tokio::time::timeout(endpoint.timeout, post)
        .await
        .map_err(|_| TransportError::Timeout(endpoint.timeout.as_millis()))??;
    let body: Body = serde_json::from_slice(&bytes)
        .map_err(|error| TransportError::Rubbish(format!("no `_service {{ sdl }}`: {error}")))?;
    Ok(body.data._service.sdl)
}

/// What each call carries from the client's request. Nothing else of it goes on.
pub(super) fn headers(context: &RequestContext) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-request-id", context.request_id.to_string());
    if let Some(token) = &context.token {
        set("authorization", format!("Bearer {token}"));
    }
    if let Some(traceparent) = &context.traceparent {
        set("traceparent", traceparent.to_string());
    }
    if let Some(agent) = &context.user_agent {
        set("x-innoerp-user-agent", agent.to_string());
    }
    if let Some(address) = context.client_address {
        set("x-innoerp-client-address", address.to_string());
    }
    if let Some(token) = headers.get_mut(header::AUTHORIZATION) {
        token.set_sensitive(true);
    }
    headers
}
