//! Connections to subgraphs: kept open, HTTP/1.1 or, where TLS agrees on it, HTTP/2.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::TransportError;
use crate::worker_threads::{self, WORKERS_MAX};

/// Connections to subgraphs, shared by all of them. Cheap to clone.
///
/// Each thread that serves clients keeps its own, so that an answer wakes the thread that waits for it; all others
/// share one set.
#[derive(Clone, Debug)]
pub struct Connections {
    clients: Arc<[OnceLock<HttpClient>]>,
    connect_timeout: Duration,
    idle: Duration,
}

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// How long a connection is kept that nobody uses. Below what servers usually wait before they close it.
const IDLE: Duration = Duration::from_secs(50);

impl Connections {
    /// No connection yet. `connect_timeout` is how long one may take to be made.
    #[must_use]
    pub fn new(connect_timeout: Duration) -> Self {
        Self { clients: (0..=WORKERS_MAX).map(|_| OnceLock::new()).collect(), connect_timeout, idle: IDLE }
    }

    /// Keeps a connection that nobody uses for so long, in place of 50 s. Where the other side says some time before it
    /// closes connections that it will, and this is less, nothing is ever sent on one that is being closed.
    #[must_use]
    pub fn idle_for_at_most(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    fn client(&self) -> &HttpClient {
        // Workers are numbered up to the greatest that there is room for.
        self.clients[worker_threads::current()].get_or_init(|| self.connect())
    }

    fn connect(&self) -> HttpClient {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(self.connect_timeout));
        connector.set_nodelay(true);
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(connector);
        Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.idle)
            .build(connector)
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, TransportError> {
        self.client().request(request).await.map_err(|error| {
            let cause = causes(&error);
            if error.is_connect() { TransportError::Connect(cause) } else { TransportError::Broken(cause) }
        })
    }
}

impl Default for Connections {
    /// With the house's connect timeout of 1 s.
    fn default() -> Self {
        Self::new(Duration::from_secs(1))
    }
}

/// Reads a body of limited size, without a copy where it comes in one piece.
pub(super) async fn read_body(mut body: Incoming, bytes_max: usize) -> Result<Bytes, TransportError> {
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > bytes_max {
        return Err(TransportError::TooLarge(bytes_max));
    }
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| TransportError::Broken(causes(&error)))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + rest.len() + data.len() > bytes_max {
            return Err(TransportError::TooLarge(bytes_max));
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.reserve(declared.max(first.len() + data.len()));
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// An error with what caused it, for the log.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
