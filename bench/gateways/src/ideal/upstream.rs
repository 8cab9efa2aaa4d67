//! The ideal client's way to a subgraph: connections that are kept, and nothing else.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};

use bench::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A subgraph, and the connections to it that nobody uses at the moment.
pub struct Upstream {
    port: u16,
    idle: RefCell<Vec<SendRequest<Full<Bytes>>>>,
}

impl Upstream {
    /// The subgraph on this port.
    pub fn new(port: u16) -> Self {
        Self { port, idle: RefCell::default() }
    }

    /// Posts a body, and answers the answer's.
    pub async fn call(&self, body: impl Into<Bytes>) -> Result<Bytes, Failure> {
        let idle = self.idle.borrow_mut().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.ready().await?;
        let request = Request::post("/graphql")
            .header(HOST, HeaderValue::from_static("localhost"))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Full::new(body.into()))?;
        let answer = connection.send_request(request).await?.into_body().collect().await?.to_bytes();
        self.idle.borrow_mut().push(connection);
        Ok(answer)
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Failure> {
        let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(connection);
        Ok(sender)
    }
}
