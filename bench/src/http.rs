//! One keep-alive connection over HTTP/1.1, and a question on it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Failure;

/// Longer than anything should take; whoever waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection that is kept.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    is_closing: bool,
}

impl Connection {
    /// Connects to a port of this machine.
    pub async fn open(port: u16) -> Result<Self, Failure> {
        let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, is_closing: false })
    }

    /// Whether the other side has closed it, or said that it will.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.is_closing || self.sender.is_closed()
    }

    /// Posts JSON.
    pub async fn post(
        &mut self,
        path: &str,
        token: Option<&HeaderValue>,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let token = token.map(|token| (AUTHORIZATION, token.clone()));
        self.post_with(path, token.into_iter().collect(), body).await
    }

    /// Posts JSON with these headers.
    pub async fn post_with(
        &mut self,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let mut request = Request::post(path)
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Full::new(body))?;
        request.headers_mut().extend(headers);
        self.send(request).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Failure> {
        let answer = async {
            self.sender.ready().await?;
            let answer = self.sender.send_request(request).await?;
            let status = answer.status();
            self.is_closing = answer.headers().get(CONNECTION).is_some_and(|value| value == "close");
            Ok::<_, Failure>((status, answer.into_body().collect().await?.to_bytes()))
        };
        tokio::time::timeout(PATIENCE, answer).await.map_err(|_| "an answer did not come within 30 s")?
    }
}

/// Whether a service says that it is ready.
pub async fn is_ready(port: u16) -> bool {
    let asked = async {
        let mut connection = Connection::open(port).await?;
        connection.send(Request::get("/health/ready").header(HOST, "localhost").body(Full::default())?).await
    };
    asked.await.is_ok_and(|(status, _)| status.is_success())
}
