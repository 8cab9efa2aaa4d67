//! Where metrics are read: a listener of their own, which the public never reaches.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::router::Router;

/// As OpenMetrics 1.0 names its text format.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Router {
    /// Answers `GET /metrics` on a listener until cancelled. Whoever reaches it may read: bind it to an address
    /// that only the operators' network sees.
    ///
    /// # Errors
    /// What the listener fails with.
    pub async fn serve_metrics_on(
        self,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> std::io::Result<()> {
        let read = async |State(router): State<Self>| {
            ([(header::CONTENT_TYPE, CONTENT_TYPE)], router.metrics()).into_response()
        };
        let app = axum::Router::new().route("/metrics", get(read)).with_state(self);
        axum::serve(listener, app).with_graceful_shutdown(shutdown.cancelled_owned()).await
    }
}
