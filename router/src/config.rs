//! Every knob of the router, with its default and the range in which it is accepted.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::rate::RateLimits;
use crate::workers::WORKERS_MAX;

/// The router's settings. Unknown keys are refused, values out of range by [`Config::check`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What anonymous callers may see. Default `production`.
    pub profile: Profile,
    /// Where to listen. Default `0.0.0.0:4000`.
    pub listen: SocketAddr,
    /// How large and how deep a request may be.
    pub limits: graphql::Limits,
    /// The origins, such as `https://app.example.com`, whose pages may call. Exact; default none but our own.
    pub cors_origins: Vec<String>,
    /// Whose `x-forwarded-for` is believed, as addresses or networks (`10.0.0.0/8`). Default nobody's.
    pub trusted_proxies: Vec<Network>,
    /// How often callers may ask.
    pub rate: RateLimits,
    /// Subscriptions over WebSockets and server-sent events.
    pub subscriptions: Subscriptions,
    /// Documents that clients name instead of sending.
    pub persisted: Persisted,
    /// What operators are told.
    pub telemetry: Telemetry,
    /// How long a client's request may take. Default 15,000; 100–120,000.
    pub request_timeout_ms: u64,
    /// How long an operation that was not asked before may take to plan. Default 200; 1–10,000.
    pub planning_timeout_ms: u64,
    /// How long a client may take to send a request's headers, from their first byte on. Default 5,000; 100–60,000.
    pub header_timeout_ms: u64,
    /// How long a client may idle between two requests. Default 60,000; 1,000–600,000.
    pub idle_timeout_ms: u64,
    /// How long a client may take to send a request's body. Default 10,000; 100–120,000.
    pub body_timeout_ms: u64,
    /// Threads that serve connections, each on its own; 0 is the process's shared threads. Default one per core, and 0
    /// where a subgraph runs in this process; 0–64.
    pub workers: Option<usize>,
    /// Connections at a time; more wait. Default 10,000; 1–1,000,000.
    pub connections_max: usize,
    /// Bytes of all headers of a request. Default 32,768; 1,024–65,536.
    pub header_bytes_max: usize,
    /// Headers of a request. Default 64; 8–100.
    pub headers_max: usize,
    /// Bytes of a request's URI. Default 8,192; 256–65,536.
    pub uri_bytes_max: usize,
    /// Views, i.e. distinct sets of modules, kept composed; those used least recently go first. About 10 MiB each.
    /// Default 256; 1–4,096.
    pub views_max: u64,
    /// How often the schemas of subgraphs in other processes are read. Default 10,000; 100–3,600,000.
    pub subgraph_poll_ms: u64,
    /// How long to wait at start for every subgraph before serving those that answer. Default 30,000; 0–600,000.
    pub startup_grace_ms: u64,
    /// How long requests in progress may take to end at shutdown. Default 30,000; 0–600,000.
    pub drain_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: Profile::Production,
            listen: SocketAddr::from(([0, 0, 0, 0], 4000)),
            limits: graphql::Limits::default(),
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            rate: RateLimits::default(),
            subscriptions: Subscriptions::default(),
            persisted: Persisted::default(),
            telemetry: Telemetry::default(),
            request_timeout_ms: 15_000,
            planning_timeout_ms: 200,
            header_timeout_ms: 5_000,
            idle_timeout_ms: 60_000,
            body_timeout_ms: 10_000,
            workers: None,
            connections_max: 10_000,
            header_bytes_max: 32_768,
            headers_max: 64,
            uri_bytes_max: 8_192,
            views_max: 256,
            subgraph_poll_ms: 10_000,
            startup_grace_ms: 30_000,
            drain_ms: 30_000,
        }
    }
}

/// What anonymous callers may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// GraphiQL for everybody, introspection for anonymous callers too.
    Development,
    /// No GraphiQL, no introspection without a token.
    #[default]
    Production,
}

/// Documents that clients name instead of sending.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Persisted {
    /// Whether clients may name a document by its SHA-256 once they have sent it (Apollo's automatic persisted
    /// queries). Default true.
    pub automatic: bool,
    /// Bytes of such documents that are kept; those used least go first. Default 16 MiB; 64 KiB–1 GiB.
    pub automatic_bytes_max: u64,
    /// Whether clients may, or must, name a document of `manifest`. Default `off`.
    pub trusted: TrustedDocuments,
    /// The file with the trusted documents: Apollo's manifest, or an object of documents by id.
    pub manifest: Option<std::path::PathBuf>,
    /// How often the file is looked at for changes. Default 2,000; 100–3,600,000.
    pub manifest_poll_ms: u64,
}

impl Default for Persisted {
    fn default() -> Self {
        Self {
            automatic: true,
            automatic_bytes_max: 16 * 1024 * 1024,
            trusted: TrustedDocuments::Off,
            manifest: None,
            manifest_poll_ms: 2_000,
        }
    }
}

/// What becomes of trusted documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrustedDocuments {
    /// There are none.
    #[default]
    Off,
    /// Clients may name one, by `documentId` or as a persisted query.
    Allow,
    /// Nothing else is answered: documents that are sent, and persisted ones, are refused.
    Only,
}

/// What operators are told, and where.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// Where `GET /metrics` is answered, in OpenMetrics' text format: an address that only operators reach, such as
    /// `127.0.0.1:9090`. Default nowhere; never on the address that clients use.
    pub metrics_listen: Option<SocketAddr>,
}

/// Settings of subscriptions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Subscriptions {
    /// Operations at a time on one socket. Default 10; 1–1,000.
    pub per_socket_max: usize,
    /// Sockets and event streams at a time of one user, or of one address when anonymous. Default 20; 1–10,000.
    pub sockets_per_user_max: usize,
    /// Events kept for a client that reads slowly, per subscription. Default 128; 1–10,000.
    pub queue_max: usize,
    /// How long a client may take to send `connection_init`. Default 3,000; 100–60,000.
    pub init_timeout_ms: u64,
    /// How often a socket is pinged; silence for thrice as long closes it. Default 15,000; 1,000–300,000.
    pub ping_ms: u64,
    /// How often an event stream gets a comment to stay open. Default 12,000; 100–60,000.
    pub heartbeat_ms: u64,
    /// How often token and modules of an open subscription are checked without an event. Default 1,000; 10–5,000.
    pub recheck_ms: u64,
}

impl Default for Subscriptions {
    fn default() -> Self {
        Self {
            per_socket_max: 10,
            sockets_per_user_max: 20,
            queue_max: 128,
            init_timeout_ms: 3_000,
            ping_ms: 15_000,
            heartbeat_ms: 12_000,
            recheck_ms: 1_000,
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A number is out of its range.
    #[error("{name} is {value}; it must lie between {min} and {max}")]
    Range {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: u64,
        /// The least that is accepted.
        min: u64,
        /// The most that is accepted.
        max: u64,
    },
    /// An origin is not spelt as browsers send it.
    #[error(
        "cors_origins holds {0}; an origin is spelt like https://app.example.com, without a path or wildcard"
    )]
    Origin(String),
    /// Trusted documents without a list of them.
    #[error("persisted.trusted is set, and persisted.manifest, the file with the documents, is not")]
    NoManifest,
}

impl Config {
    /// Refuses the first setting that is out of its range.
    ///
    /// # Errors
    /// Names the setting, its value and its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let (limits, subs) = (&self.limits, &self.subscriptions);
        let size = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
        for (name, value, min, max) in [
            ("request_timeout_ms", self.request_timeout_ms, 100, 120_000),
            ("planning_timeout_ms", self.planning_timeout_ms, 1, 10_000),
            ("header_timeout_ms", self.header_timeout_ms, 100, 60_000),
            ("idle_timeout_ms", self.idle_timeout_ms, 1_000, 600_000),
            ("body_timeout_ms", self.body_timeout_ms, 100, 120_000),
            ("workers", size(self.workers.unwrap_or(0)), 0, size(WORKERS_MAX)),
            ("connections_max", size(self.connections_max), 1, 1_000_000),
            ("header_bytes_max", size(self.header_bytes_max), 1_024, 65_536),
            ("headers_max", size(self.headers_max), 8, 100),
            ("uri_bytes_max", size(self.uri_bytes_max), 256, 65_536),
            ("views_max", self.views_max, 1, 4_096),
            ("persisted.automatic_bytes_max", self.persisted.automatic_bytes_max, 65_536, 1 << 30),
            ("persisted.manifest_poll_ms", self.persisted.manifest_poll_ms, 100, 3_600_000),
            ("subgraph_poll_ms", self.subgraph_poll_ms, 100, 3_600_000),
            ("startup_grace_ms", self.startup_grace_ms, 0, 600_000),
            ("drain_ms", self.drain_ms, 0, 600_000),
            ("limits.body_bytes_max", size(limits.body_bytes_max), 1_000, 100_000_000),
            ("limits.tokens_max", size(limits.tokens_max), 100, 100_000),
            ("limits.nesting_max", size(limits.nesting_max), 8, 128),
            ("limits.depth_max", size(limits.depth_max), 1, 64),
            ("limits.introspection_depth_max", size(limits.introspection_depth_max), 1, 64),
            ("limits.aliases_max", size(limits.aliases_max), 0, 10_000),
            ("limits.root_fields_max", size(limits.root_fields_max), 1, 1_000),
            ("limits.directives_max", size(limits.directives_max), 0, 10_000),
            ("limits.selections_max", size(limits.selections_max), 10, 1_000_000),
            ("limits.cost_max", size(limits.cost_max), 10, 10_000_000),
            ("limits.variables_bytes_max", size(limits.variables_bytes_max), 100, 100_000_000),
            ("limits.variables_depth_max", size(limits.variables_depth_max), 1, 100),
            ("limits.variables_items_max", size(limits.variables_items_max), 1, 1_000_000),
            ("limits.body_ratio_max", size(limits.body_ratio_max), 1, 1_000),
            ("limits.errors_max", size(limits.errors_max), 1, 1_000),
            ("subscriptions.per_socket_max", size(subs.per_socket_max), 1, 1_000),
            ("subscriptions.sockets_per_user_max", size(subs.sockets_per_user_max), 1, 10_000),
            ("subscriptions.queue_max", size(subs.queue_max), 1, 10_000),
            ("subscriptions.init_timeout_ms", subs.init_timeout_ms, 100, 60_000),
            ("subscriptions.ping_ms", subs.ping_ms, 1_000, 300_000),
            ("subscriptions.heartbeat_ms", subs.heartbeat_ms, 100, 60_000),
            ("subscriptions.recheck_ms", subs.recheck_ms, 10, 5_000),
        ] {
            if value < min || value > max {
                return Err(ConfigError::Range { name, value, min, max });
            }
        }
        if self.persisted.trusted != TrustedDocuments::Off && self.persisted.manifest.is_none() {
            return Err(ConfigError::NoManifest);
        }
        match self.cors_origins.iter().find(|origin| !is_origin(origin)) {
            Some(origin) => Err(ConfigError::Origin(origin.clone())),
            None => Ok(()),
        }
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }
}

/// Whether a browser could send this as `Origin`. `null` is not one: every sandboxed page sends it.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let is_authority =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    matches!(scheme, "http" | "https") && !authority.is_empty() && authority.bytes().all(is_authority)
}

/// An address or a network of them: `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Whether the address lies in the network. IPv4 addresses mapped into IPv6 count as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(32 - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refused = || format!("{text} is neither an address nor a network such as 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.as_str(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), str::parse).map_err(|_| refused())?;
        if prefix > bits {
            return Err(refused());
        }
        Ok(Self { address, prefix })
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        format!("{}/{}", network.address, network.prefix)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_defaults_lie_in_their_ranges_and_hide_the_schema() {
        let config: Config = serde_json::from_value(json!({})).expect("every setting has a default");
        config.check().expect("in range");
        assert_eq!(config.profile, Profile::Production);
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(serde_json::from_value::<Config>(json!({"csrf": false})).is_err());
        assert!(serde_json::from_value::<Config>(json!({"rate": {"users": 1}})).is_err());
    }

    #[test]
    fn a_setting_out_of_its_range_is_named() {
        let config = Config { request_timeout_ms: 0, ..Config::default() };
        let refused = config.check().expect_err("too small").to_string();
        assert_eq!(refused, "request_timeout_ms is 0; it must lie between 100 and 120000");
    }

    #[test]
    fn an_origin_is_exact() {
        let refused = |origin: &str| {
            Config { cors_origins: vec![origin.to_owned()], ..Config::default() }.check().is_err()
        };
        assert!(!refused("https://app.example.com") && !refused("http://localhost:3000"));
        for origin in
            ["*", "null", "app.example.com", "https://*.example.com", "https://a.example/", "https://"]
        {
            assert!(refused(origin), "{origin}");
        }
    }

    #[test]
    fn networks_contain_what_their_prefix_says() {
        let network = |text: &str| Network::try_from(text.to_owned());
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(network("10.0.0.0/8").is_ok_and(|n| n.contains(address("10.9.8.7"))));
        assert!(network("10.0.0.0/8").is_ok_and(|n| n.contains(address("::ffff:10.9.8.7"))));
        assert!(network("10.0.0.0/8").is_ok_and(|n| !n.contains(address("11.0.0.0"))));
        assert!(network("0.0.0.0/0").is_ok_and(|n| n.contains(address("11.0.0.0"))));
        assert!(network("fd00::/8").is_ok_and(|n| n.contains(address("fd12::1"))));
        assert!(network("127.0.0.1").is_ok_and(|n| !n.contains(address("127.0.0.2"))));
        assert!(network("10.0.0.0/33").is_err());
        assert!(network("example.com").is_err());
    }
}
