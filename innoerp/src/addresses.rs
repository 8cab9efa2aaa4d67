//! Where services listen and where they are found: by flag, by environment, or as the specification says.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpListener;

use crate::Failure;

/// Ports and URLs, as far as they differ from the usual.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Addresses {
    /// A service's port, as in leave=8107; may be repeated [env: LEAVE_PORT and so on]
    #[arg(long = "port", value_name = "SERVICE=PORT", value_parser = pair::<u16>, global = true)]
    ports: Vec<(String, u16)>,
    /// Where a service is found, as in leave=http://leave:8007, with commas between several places; may be repeated [env:
    /// LEAVE_URL and so on]
    #[arg(long = "url", value_name = "SERVICE=URLS", value_parser = pair::<String>, global = true)]
    urls: Vec<(String, String)>,
}

/// The router's usual port.
pub const ROUTER_PORT: u16 = 8000;

impl Addresses {
    /// Addresses that say where each of these services listens on this machine.
    #[must_use]
    pub fn on_ports(ports: &[(&str, u16)]) -> Self {
        Self {
            ports: ports.iter().map(|(name, port)| ((*name).to_owned(), *port)).collect(),
            urls: Vec::new(),
        }
    }

    /// The port that a service listens on.
    ///
    /// # Errors
    /// A sentence, when the environment says something that is no port.
    pub fn port(&self, service: &str, usual: u16) -> Result<u16, Failure> {
        if let Some((_, port)) = self.ports.iter().find(|(name, _)| name == service) {
            return Ok(*port);
        }
        let variable = variable(service, "PORT");
        match setting(&variable) {
            None => Ok(usual),
            Some(text) => text.parse().map_err(|_| Failure(format!("{variable} is no port: {text}"))),
        }
    }

    /// Where a service is found, on this machine.
    ///
    /// # Errors
    /// A sentence, when the environment says something that is no URL.
    pub fn url(&self, service: &str, usual: u16, host: IpAddr) -> Result<reqwest::Url, Failure> {
        Ok(self.urls(service, usual, host)?.swap_remove(0))
    }

    /// Where a service is found: at one place or more, where several processes serve it.
    ///
    /// # Errors
    /// A sentence, when a flag or the environment says something that is no URL.
    pub fn urls(&self, service: &str, usual: u16, host: IpAddr) -> Result<Vec<reqwest::Url>, Failure> {
        let variable = variable(service, "URL");
        let given = self.urls.iter().find(|(name, _)| name == service).map(|(_, urls)| urls.clone());
        let host = if host.is_unspecified() { IpAddr::from([127, 0, 0, 1]) } else { host };
        let text = match given.or_else(|| setting(&variable)) {
            Some(text) => text,
            None => format!("http://{}", SocketAddr::new(host, self.port(service, usual)?)),
        };
        let url = |text: &str| {
            text.trim().parse::<reqwest::Url>().map_err(|_| Failure(format!("{variable} is no URL: {text}")))
        };
        text.split(',').map(url).collect()
    }

    /// Listens where a service should.
    ///
    /// # Errors
    /// A sentence that says how to choose another port, when this one is in use.
    pub async fn listen(&self, service: &str, usual: u16, host: IpAddr) -> Result<TcpListener, Failure> {
        let address = SocketAddr::new(host, self.port(service, usual)?);
        TcpListener::bind(address).await.map_err(|error| {
            let variable = variable(service, "PORT");
            Failure(format!(
                "{service} cannot listen on {address} ({error}); choose another port with {variable}"
            ))
        })
    }
}

fn variable(service: &str, what: &str) -> String {
    format!("{}_{what}", service.to_uppercase())
}

/// A variable that is set to nothing is not set.
fn setting(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())
}

fn pair<T: std::str::FromStr>(text: &str) -> Result<(String, T), String> {
    let (name, value) = text.split_once('=').ok_or("say it as SERVICE=VALUE")?;
    let value = value.parse().map_err(|_| format!("{value} does not fit here"))?;
    Ok((name.to_owned(), value))
}
