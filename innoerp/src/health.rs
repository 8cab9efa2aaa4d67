//! `innoerp health`: asks a service on this machine whether it is ready, as a container's health check does.

use std::time::Duration;

use service::Settings;

use crate::addresses::{Addresses, ROUTER_PORT};
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
    let url = format!("http://{}/health/ready", std::net::SocketAddr::new(host, port));
    // A proxy of the machine's has nothing to do with what listens on it.
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
    let client = client.map_err(|error| Failure(error.to_string()))?;
    let answer = client.get(&url).send().await;
    let answer = answer.map_err(|error| Failure::of(&format!("{service} does not answer"), error))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let said = answer.text().await.unwrap_or_default();
    Err(Failure(format!("{service} is not ready ({}): {}", status.as_u16(), said.trim())))
}
