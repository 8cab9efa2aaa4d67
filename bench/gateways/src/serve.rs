//! A server on one thread that costs as little as HTTP can.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::rc::Rc;

use bench::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

/// Answers every request on a port, by its path and body, until the process is ended.
pub fn run(port: u16, respond: impl AsyncFn(String, Bytes) -> Bytes + 'static) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, accept(port, Rc::new(respond)))
}

async fn accept(
    port: u16,
    respond: Rc<impl AsyncFn(String, Bytes) -> Bytes + 'static>,
) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let respond = respond.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let respond = respond.clone();
            async move {
                let path = request.uri().path().to_owned();
                let body = request.into_body().collect().await?.to_bytes();
                let mut response = Response::new(Full::new(respond(path, body).await));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Ok::<_, hyper::Error>(response)
            }
        });
        tokio::task::spawn_local(async move {
            // Clients leave when they are done, which is no failure of the server's.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            Ok::<_, Infallible>(())
        });
    }
}
