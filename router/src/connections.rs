//! Connections: accepted, limited in time, and ended in good order at shutdown.

mod head_timeout;
mod metrics_endpoint;
mod per_address;
mod unread_answers;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use http::{HeaderValue, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use self::head_timeout::{Heads, Timed};
use self::per_address::Peers;
use self::unread_answers::Streams;
use crate::router::Router;
use crate::worker_threads::Workers;

impl Router {
    /// Binds the configured addresses and serves until cancelled.
    ///
    /// # Errors
    /// When an address cannot be bound.
    pub async fn serve(self, shutdown: CancellationToken) -> std::io::Result<()> {
        let config = self.config();
        let listener = TcpListener::bind(config.listen).await?;
        if let Some(address) = config.telemetry.metrics_listen {
            let listener = TcpListener::bind(address).await?;
            let served = self.clone().serve_metrics_on(listener, shutdown.clone());
            tokio::spawn(async move {
                if let Err(error) = served.await {
                    tracing::error!(%error, "metrics are served no longer");
                }
            });
        }
        self.serve_on(listener, shutdown).await;
        Ok(())
    }

    /// Serves on a listener until cancelled; then withdraws readiness, closes sockets, and drains.
    pub async fn serve_on(self, listener: TcpListener, shutdown: CancellationToken) {
        let watching = shutdown.child_token();
        let watcher = tokio::spawn({
            let (router, watching) = (self.clone(), watching.clone());
            async move { tokio::join!(router.watch(&watching), router.watch_documents(&watching)) }
        });
        let connections = GracefulShutdown::new();
        let config = self.config();
        let serving = Serving {
            header_timeout: Duration::from_millis(config.header_timeout_ms),
            idle_timeout: Duration::from_millis(config.idle_timeout_ms),
            router: self.clone(),
        };
        let workers = self.workers();
        let open = self.core().metrics.connections.clone();
        let room = Arc::new(Semaphore::new(config.connections_max));
        let peers = Peers::new(config.connections_per_address_max, &config.trusted_proxies);
        let withdrawn = self.withdraw(&shutdown);
        tokio::pin!(withdrawn);
        loop {
            let accept = async { (room.clone().acquire_owned().await, listener.accept().await) };
            let (permit, accepted) = tokio::select! {
                accepted = accept => accepted,
                () = &mut withdrawn => break,
            };
            match accepted {
                Ok(accepted) => {
                    let Some(peer) = peers.open(accepted.1.ip()) else {
                        // Closed without a word: whoever has a thousand of them has been answered often enough.
                        tracing::debug!("an address has too many connections");
                        continue;
                    };
                    let held = (permit, peer, Open::new(open.clone()));
                    match accepted.0.into_std() {
                        Ok(stream) => {
                            let (serving, watcher) = (serving.clone(), connections.watcher());
                            workers.spawn(serving.connection(stream, accepted.1, watcher, held));
                        }
                        Err(error) => tracing::warn!(%error, "a connection could not be handed on"),
                    }
                }
                Err(error) => {
                    // Out of file descriptors, most likely: others must close before another is accepted.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(listener);
        watching.cancel();
        self.stop();
        let core = self.core();
        core.tasks.close();
        let drained = async {
            tokio::join!(connections.shutdown(), core.tasks.wait());
        };
        let drain = Duration::from_millis(core.config.drain_ms);
        if tokio::time::timeout(drain, drained).await.is_err() {
            tracing::warn!(
                drain_ms = core.config.drain_ms,
                "requests were still running when the time was up"
            );
        }
        watcher.abort();
    }

    /// Waits for the shutdown, withdraws readiness, and gives others the time to notice.
    async fn withdraw(&self, shutdown: &CancellationToken) {
        shutdown.cancelled().await;
        let core = self.core();
        core.withdrawn.cancel();
        tokio::time::sleep(Duration::from_millis(core.config.withdraw_ms)).await;
    }

    /// The threads that serve connections. A subgraph in this process has its own connections, to a database, on the
    /// process's shared threads: then requests are better there, too.
    fn workers(&self) -> Workers {
        let core = self.core();
        let usual = || match core.registry.federation().has_local() {
            true => 0,
            false => std::thread::available_parallelism().map_or(1, usize::from),
        };
        let count = core.config.workers.unwrap_or_else(usual);
        Workers::start(count).unwrap_or_else(|error| {
            tracing::warn!(%error, "connections are served on the process's shared threads");
            Workers::default()
        })
    }
}

/// An open connection, as the metrics count it.
struct Open(Gauge);

impl Open {
    fn new(connections: Gauge) -> Self {
        connections.inc();
        Self(connections)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Requests at a time on one connection of HTTP/2.
const STREAMS_MAX: u32 = 250;

fn connection_builder(idle: Duration, streams: Streams) -> Builder<Streams> {
    let mut builder = Builder::new(streams);
    builder
        .http1()
        .timer(TokioTimer::new())
        // Runs between requests as well, so it bounds idling; what bounds a head is `head_timeout`.
        .header_read_timeout(idle)
        .max_headers(100);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(idle)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(65_536);
    builder
}

/// What every connection is served with.
#[derive(Clone)]
struct Serving {
    header_timeout: Duration,
    idle_timeout: Duration,
    router: Router,
}

impl Serving {
    /// Serves one connection to its end. `held` is what it occupies meanwhile.
    async fn connection(
        self,
        stream: std::net::TcpStream,
        address: SocketAddr,
        watcher: Watcher,
        held: impl Send + 'static,
    ) {
        // Here, so that this thread is the one that hears of it.
        let stream = match TcpStream::from_std(stream) {
            Ok(stream) => stream,
            Err(error) => return tracing::warn!(%error, "a connection could not be served"),
        };
        // Answers are whole when written: waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's delay");
        }
        let (router, heads) = (self.router, Arc::new(Heads::default()));
        let stream = Timed::new(stream, heads.clone(), self.header_timeout, self.idle_timeout);
        let service = hyper::service::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
            let busy = heads.begin(&request);
            request.extensions_mut().insert(ConnectInfo(address));
            // As it is now: a connection may outlive many settings.
            let (app, withdrawn) = (router.app(), router.core().withdrawn.clone());
            async move {
                // Who is served on this connection is to come again on another one, elsewhere.
                let is_http1 = request.version() < http::Version::HTTP_2;
                let mut answer = app.answer(request.map(axum::body::Body::new)).await;
                if is_http1 && withdrawn.is_cancelled() && answer.status() != StatusCode::SWITCHING_PROTOCOLS
                {
                    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(busy.with(answer))
            }
        });
        let ended = CancellationToken::new();
        let streams = Streams { patience: self.idle_timeout, ended: ended.clone() };
        let builder = connection_builder(self.idle_timeout, streams);
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        tokio::select! {
            served = watcher.watch(connection) => {
                if let Err(error) = served {
                    tracing::debug!(%error, "a connection ended badly");
                }
            }
            () = ended.cancelled() => {}
        }
        drop(held);
    }
}
