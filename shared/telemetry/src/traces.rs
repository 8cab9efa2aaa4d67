//! Traces, sent to a collector in OTLP over HTTP (<https://opentelemetry.io/docs/specs/otlp/>).
//!
//! Programs say what they do in spans under the target `spans`. Logs do not show those, and where no collector is
//! named they are never made.

use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

/// The target of the spans that traces are made of.
pub const TARGET: &str = "spans";

/// How long a collector may take to take a batch.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where traces go, and how many.
#[derive(Clone, Debug)]
pub struct Collector {
    /// The collector's address, such as `http://127.0.0.1:4318`.
    pub endpoint: String,
    /// Which part of the requests is traced: 0 for none, 1 for all. A client that is traced itself decides for its
    /// own requests.
    pub ratio: f64,
}

/// Traces on their way to a collector. Spans are sent in batches, in the background.
#[derive(Clone)]
pub struct Traces {
    /// `None` where nobody collects them.
    provider: Option<SdkTracerProvider>,
}

impl Traces {
    /// No traces: no span is made.
    #[must_use]
    pub fn none() -> Self {
        Self { provider: None }
    }

    /// Starts sending to a collector, on a runtime that must outlive it.
    ///
    /// # Errors
    /// A sentence, when the address is none.
    pub fn start(collector: &Collector, service_name: &str, runtime: Handle) -> Result<Self, String> {
        let endpoint = format!("{}/v1/traces", collector.endpoint.trim_end_matches('/'));
        let url: reqwest::Url = endpoint.parse().map_err(|error| format!("{endpoint}: {error}"))?;
        let client =
            reqwest::Client::builder().timeout(TIMEOUT).build().map_err(|error| error.to_string())?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client { client, runtime })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(url)
            .build()
            .map_err(|error| error.to_string())?;
        let resource = Resource::builder()
            .with_service_name(service_name.to_owned())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(collector.ratio)));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .with_sampler(sampler)
            .build();
        Ok(Self { provider: Some(provider) })
    }

    /// Takes in the spans of a program; nothing where nobody collects them.
    pub fn layer<S>(&self) -> Option<impl Layer<S> + Send + Sync + use<S>>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.provider.as_ref()?.tracer("innoerp"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false);
        Some(layer.with_filter(Targets::new().with_target(TARGET, Level::TRACE)))
    }

    /// Sends what has not been sent. Spans that have not ended are lost.
    pub async fn flush(&self) {
        let Some(provider) = self.provider.clone() else { return };
        // It blocks, and waits for this runtime to send.
        let flushed = tokio::task::spawn_blocking(move || provider.force_flush()).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// Sends with the client that the house has, whatever thread asks.
#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let answer = client.execute(request.try_into()?).await?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                *headers = answer.headers().clone();
            }
            Ok::<_, HttpError>(response.body(answer.bytes().await?)?)
        });
        let response = sent.await?;
        // The library that asks keeps failures to itself.
        match &response {
            Ok(response) if response.status().is_success() => {}
            Ok(response) => {
                tracing::warn!(status = response.status().as_u16(), "the collector refuses traces")
            }
            Err(error) => tracing::warn!(%error, "traces could not be sent"),
        }
        response
    }
}
