//! `innoerp health`: asks a service on this machine whether it is ready, as a container's health check does.

use std::time::Duration;

use service::Settings;

use crate::addresses::{Addresses, ROUTER_PORT};
use crate::operations::readiness::{self, Readiness};
use crate::{Failure, modules};

/// Whoever asks for health asks again soon.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks a service whether it is ready: a module by its name, or the router.
///
/// # Errors
/// A sentence, when there is no such service, nobody answers in time, or it says that it is not ready.
pub async fn ask(settings: &Settings, addresses: &Addresses, service: &str) -> Result<(), Failure> {
    let usual = match service {
        "router" | "all" => ROUTER_PORT,
        module => modules::find(module).ok_or_else(|| Failure(format!("there is no service {module}")))?.port,
    };
    let service = if service == "all" { "router" } else { service };
    let port = addresses.port(service, usual)?;
    let host = if settings.host.is_unspecified() { [127, 0, 0, 1].into() } else { settings.host };
    let url = format!("http://{}/", std::net::SocketAddr::new(host, port));
    let url = url.parse::<reqwest::Url>().map_err(|error| Failure::of(&url, error))?;
    // A proxy of the machine's has nothing to do with what listens on it.
    let asked = readiness::ask(reqwest::Client::builder().no_proxy(), &url, PATIENCE).await;
    let Readiness { status, said } =
        asked.map_err(|failure| Failure::of(&format!("{service} does not answer"), failure))?;
    if status.is_success() {
        return Ok(());
    }
    Err(Failure(format!("{service} is not ready ({}): {said}", status.as_u16())))
}
