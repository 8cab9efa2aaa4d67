//! The router for any federation: no module of ours, no database, no tenants.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use router::transport::http::{Connections, Endpoint};
use router::{Config, Open, ReadySupergraph, Router, websocket_url};
use service::Settings;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Failure;
use crate::addresses::{Addresses, ROUTER_PORT};
use crate::process::{asked_to_end, router_config, serve};

/// Serves a supergraph that was composed elsewhere, until the process is asked to end.
///
/// # Errors
/// A sentence: the file cannot be read or is no supergraph, a subgraph's URL is none, the address is in use.
pub async fn serve_supergraph(
    settings: &Settings,
    addresses: &Addresses,
    file: &Path,
    listen: Option<SocketAddr>,
) -> Result<(), Failure> {
    let sdl = std::fs::read_to_string(file)
        .map_err(|error| Failure::of(&format!("reading {}", file.display()), error))?;
    let connections = Connections::default();
    let unusable = |error| Failure::of(&format!("{} cannot be used", file.display()), error);
    let ready = ReadySupergraph::try_new(&sdl, |_, url| endpoint(url, &connections)).map_err(unusable)?;
    let config: Config = router_config(settings)?;
    let router = Router::new(config, router::Federation::Supergraph(ready), Arc::new(Open))
        .await
        .map_err(|error| Failure::of(&format!("{} cannot be used", file.display()), error))?;
    let listener = match listen {
        None => addresses.listen("router", ROUTER_PORT, settings.host).await?,
        Some(address) => tokio::net::TcpListener::bind(address)
            .await
            .map_err(|error| Failure::of(&format!("the router cannot listen on {address}"), error))?,
    };
    let (cancel, mut tasks) = (CancellationToken::new(), JoinSet::new());
    serve(router, settings, listener, cancel.clone(), &mut tasks).await?;
    asked_to_end().await;
    cancel.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|error| Failure::of("the router ended badly", error))?;
    }
    Ok(())
}

fn endpoint(url: &str, connections: &Connections) -> Result<Endpoint, String> {
    let url: reqwest::Url = url.parse().map_err(|_| format!("its URL {url:?} is none"))?;
    let websocket = websocket_url(&url).ok_or_else(|| format!("{url} is neither http nor https"))?;
    let mut endpoint = Endpoint::new(&url, connections.clone());
    endpoint.websocket = Some(websocket);
    Ok(endpoint)
}
