//! Every knob of the router, with its default and the range in which it is accepted.
//!
//! # Adding a setting
//!
//! A setting is a field here, or in a struct of its own that is a field here (a section of the file). The struct
//! derives `Serialize`, `Deserialize` and `JsonSchema`, has `#[serde(default, deny_unknown_fields)]` and a `Default`.
//! Each field's comment says what it is, its default and its range; a number repeats the range in
//! `#[schemars(range(min = …, max = …))]`, which is what [`Config::check`] and the reader of files enforce. Nothing
//! else is to be done: `make sdl` prints the JSON Schema, and laws see that it is current and says the same as the
//! comment.

mod csrf;
mod environment;
mod faults;
mod federation;
mod file;
mod json_schema;
mod network;
mod problem;
mod rate_limits;
mod restart;
mod subgraph;
mod tree;
mod yaml;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use csrf::Csrf;
pub use faults::Faults;
pub use federation::FederationConfig;
pub use file::{ConfigFile, Layout};
pub use network::Network;
pub use problem::{ConfigError, Problem, no_file};
pub use rate_limits::RateLimits;
pub use subgraph::{FORWARDED, SchemaSource, SubgraphConfig, SubgraphErrors, SubscriptionProtocol};

/// The router's settings. Unknown keys are refused, values out of range by [`Config::check`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What anonymous callers may see. Default what `--profile` or INNOERP_PROFILE says, else `production`.
    pub profile: Profile,
    /// Where to listen. Default `0.0.0.0:4000`. Needs a restart.
    #[serde(deserialize_with = "network::address")]
    pub listen: SocketAddr,
    /// How large and how deep a request may be.
    pub limits: graphql::Limits,
    /// The origins, such as `https://app.example.com`, whose pages may call. Exact; default none but our own.
    pub cors_origins: Vec<String>,
    /// The domain whose subdomains are tenants, such as `example.com`: a token of another tenant than the one that the
    /// host name says is refused, and whoever has none is a guest of that tenant. Default none: host names say nothing.
    pub base_domain: Option<String>,
    /// What tells requests of one's own from those of other sites' pages.
    pub csrf: Csrf,
    /// Whose `x-forwarded-for` is believed, as addresses or networks (`10.0.0.0/8`). Default nobody's.
    pub trusted_proxies: Vec<Network>,
    /// What becomes of an operation of which the caller may not see a part, by `@authenticated`, `@requiresScopes` or
    /// `@policy`. Default `filter`.
    pub unauthorized: Unauthorized,
    /// How often callers may ask.
    pub rate: RateLimits,
    /// Subscriptions over WebSockets and server-sent events.
    pub subscriptions: Subscriptions,
    /// Documents that clients name instead of sending.
    pub persisted: Persisted,
    /// What operators are told.
    pub telemetry: Telemetry,
    /// How long a client's request may take. Default 15,000; 100–120,000.
    #[schemars(range(min = 100, max = 120_000))]
    pub request_timeout_ms: u64,
    /// How long an operation that was not asked before may take to plan. Default 200; 1–10,000.
    #[schemars(range(min = 1, max = 10_000))]
    pub planning_timeout_ms: u64,
    /// How long a client may take to send a request's headers, from their first byte on. Default 5,000; 100–60,000.
    /// Needs a restart.
    #[schemars(range(min = 100, max = 60_000))]
    pub header_timeout_ms: u64,
    /// How long a client may idle between two requests, or leave an answer unread; over HTTP/2, one that answers
    /// pings may idle longer. Default 60,000; 1,000–600,000. Needs a restart.
    #[schemars(range(min = 1_000, max = 600_000))]
    pub idle_timeout_ms: u64,
    /// How long a client may take to send a request's body. Default 10,000; 100–120,000.
    #[schemars(range(min = 100, max = 120_000))]
    pub body_timeout_ms: u64,
    /// Threads that serve connections, each on its own; 0 is the process's shared threads. Default one per core, and 0
    /// where a subgraph runs in this process; 0–64. Needs a restart.
    #[schemars(range(max = 64))]
    pub workers: Option<usize>,
    /// Connections at a time; more wait. Default 10,000; 1–1,000,000. Needs a restart.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub connections_max: usize,
    /// Connections at a time of one address, of IPv6 its /64; more are closed. Trusted proxies may have any number.
    /// Default 1,000; 1–1,000,000. Needs a restart.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub connections_per_address_max: usize,
    /// Bytes of all headers of a request. Default 32,768; 1,024–65,536.
    #[schemars(range(min = 1_024, max = 65_536))]
    pub header_bytes_max: usize,
    /// Headers of a request. Default 64; 8–100.
    #[schemars(range(min = 8, max = 100))]
    pub headers_max: usize,
    /// Bytes of a request's URI. Default 8,192; 256–65,536.
    #[schemars(range(min = 256, max = 65_536))]
    pub uri_bytes_max: usize,
    /// Views, i.e. distinct sets of modules, kept composed; those used least recently go first. About 10 MiB each.
    /// Default 256; 1–4,096.
    #[schemars(range(min = 1, max = 4_096))]
    pub views_max: u64,
    /// How often the schemas of subgraphs in other processes are read. Default 10,000; 100–3,600,000.
    #[schemars(range(min = 100, max = 3_600_000))]
    pub subgraph_poll_ms: u64,
    /// How long to wait at start for every subgraph before serving those that answer. Default 30,000; 0–600,000.
    #[schemars(range(min = 0, max = 600_000))]
    pub startup_grace_ms: u64,
    /// A folder where the schemas that composed last are kept. At a start, they serve for subgraphs that do not
    /// answer, or when what is read does not compose. Default none. Needs a restart.
    pub state_folder: Option<PathBuf>,
    /// Operations that are planned, by how much they are used, before a new schema takes the place of the old one.
    /// Default 100; 0–10,000.
    #[schemars(range(max = 10_000))]
    pub warm_operations_max: usize,
    /// How long connections are still taken at shutdown, once `/health/ready` says that it is over, so that whoever
    /// spreads the load has noticed. Default 0; 0–600,000.
    #[schemars(range(min = 0, max = 600_000))]
    pub withdraw_ms: u64,
    /// How long requests in progress may take to end at shutdown. Default 30,000; 0–600,000.
    #[schemars(range(min = 0, max = 600_000))]
    pub drain_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: Profile::Production,
            listen: SocketAddr::from(([0, 0, 0, 0], 4000)),
            limits: graphql::Limits::default(),
            cors_origins: Vec::new(),
            base_domain: None,
            csrf: Csrf::default(),
            trusted_proxies: Vec::new(),
            unauthorized: Unauthorized::Filter,
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
            connections_per_address_max: 1_000,
            header_bytes_max: 32_768,
            headers_max: 64,
            uri_bytes_max: 8_192,
            views_max: 256,
            subgraph_poll_ms: 10_000,
            startup_grace_ms: 30_000,
            state_folder: None,
            warm_operations_max: 100,
            withdraw_ms: 0,
            drain_ms: 30_000,
        }
    }
}

/// What anonymous callers may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// GraphiQL for everybody, introspection for anonymous callers too.
    Development,
    /// No GraphiQL, and introspection only for callers whose token counts: with `tenancy: open`, for nobody.
    #[default]
    Production,
}

/// What becomes of an operation of which the caller may not see a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unauthorized {
    /// That part is null, and an error says so; the rest is answered.
    #[default]
    Filter,
    /// It is refused as a whole, with 403.
    Reject,
}

/// Documents that clients name instead of sending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Persisted {
    /// Whether clients may name a document by its SHA-256 once they have sent it (Apollo's automatic persisted
    /// queries). Default true.
    pub automatic: bool,
    /// Bytes of such documents that are kept; those used least go first. Default 16,777,216;
    /// 65,536–1,073,741,824.
    #[schemars(range(min = 65_536, max = 1_073_741_824))]
    pub automatic_bytes_max: u64,
    /// Whether clients may, or must, name a document of `manifest`. Default `off`.
    pub trusted: TrustedDocuments,
    /// The file with the trusted documents: Apollo's manifest, or an object of documents by id.
    pub manifest: Option<std::path::PathBuf>,
    /// How often the file is looked at for changes. Default 2,000; 100–3,600,000.
    #[schemars(range(min = 100, max = 3_600_000))]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// Where `GET /metrics` is answered, in OpenMetrics' text format: an address that only operators reach, such as
    /// `127.0.0.1:9090`. Default nowhere; never on the address that clients use. Needs a restart.
    #[serde(deserialize_with = "network::address_if_any")]
    pub metrics_listen: Option<SocketAddr>,
}

/// Settings of subscriptions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Subscriptions {
    /// Operations at a time on one socket. Default 10; 1–1,000.
    #[schemars(range(min = 1, max = 1_000))]
    pub per_socket_max: usize,
    /// Sockets and event streams at a time of one user, or of one address when anonymous. Default 20; 1–10,000.
    #[schemars(range(min = 1, max = 10_000))]
    pub sockets_per_user_max: usize,
    /// Events kept for a client that reads slowly, per subscription. Default 128; 1–10,000.
    #[schemars(range(min = 1, max = 10_000))]
    pub queue_max: usize,
    /// How long a client may take to send `connection_init`. Default 3,000; 100–60,000.
    #[schemars(range(min = 100, max = 60_000))]
    pub init_timeout_ms: u64,
    /// How often a socket is pinged; silence for thrice as long closes it. Default 15,000; 1,000–300,000.
    #[schemars(range(min = 1_000, max = 300_000))]
    pub ping_ms: u64,
    /// How often an event stream gets a comment to stay open. Default 12,000; 100–60,000.
    #[schemars(range(min = 100, max = 60_000))]
    pub heartbeat_ms: u64,
    /// How often token and modules of an open subscription are checked without an event. Default 1,000; 10–5,000.
    #[schemars(range(min = 10, max = 5_000))]
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

impl Config {
    /// Refuses settings that are out of their ranges.
    ///
    /// # Errors
    /// Names each such setting, its value and its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        file::check_ranges(self)?;
        let mut problems = Vec::new();
        if self.persisted.trusted != TrustedDocuments::Off && self.persisted.manifest.is_none() {
            let message =
                "`persisted.trusted` is set, and `persisted.manifest`, the file with the documents, is not";
            problems.push(Problem::of("persisted.trusted", message.to_owned()));
        }
        if let Some(domain) = self.base_domain.as_ref().filter(|domain| !is_domain(domain)) {
            let message =
                format!("`base_domain` is {domain}; a domain is spelt like example.com, in lower case");
            problems.push(Problem::of("base_domain", message));
        }
        for (at, origin) in self.cors_origins.iter().enumerate().filter(|(_, origin)| !is_origin(origin)) {
            let message = format!(
                "`cors_origins` holds {origin}; an origin is spelt like https://app.example.com, without a path or \
                 wildcard"
            );
            problems.push(Problem::of(&format!("cors_origins[{at}]"), message));
        }
        problems.extend(self.csrf.problems());
        if problems.is_empty() { Ok(()) } else { Err(ConfigError(problems)) }
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }
}

/// Whether a host name could end in this.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(is_plain)
    };
    text.split('.').all(is_label)
}

/// Whether a browser could send this as `Origin`. `null` is not one: every sandboxed page sends it.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let is_authority =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    matches!(scheme, "http" | "https") && !authority.is_empty() && authority.bytes().all(is_authority)
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
        assert_eq!(refused, "`request_timeout_ms` is 0; it must lie between 100 and 120000");
    }

    #[test]
    fn a_base_domain_is_a_name_in_lower_case() {
        let refused = |domain: &str| {
            Config { base_domain: Some(domain.to_owned()), ..Config::default() }.check().is_err()
        };
        assert!(!refused("example.com") && !refused("localhost"));
        for domain in
            ["", "Example.com", ".example.com", "https://example.com", "example.com:80", "*.example.com"]
        {
            assert!(refused(domain), "{domain}");
        }
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
}
