//! Settings: flags, environment and `.env`, in this order of precedence.

use std::str::FromStr;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use database::Pooler;
use store::Store;
use telemetry::{Collector, Profile};

use crate::kafka_settings::KafkaSettings;

/// The settings that every verb understands.
#[derive(Clone, clap::Args)]
pub struct Settings {
    /// How careful the process is; when not set, production for a router over other federations, else development
    #[arg(long, env = "INNOERP_PROFILE", value_enum, global = true)]
    pub profile: Option<Profile>,
    /// The database, as a login that is a member of innoerp_modules, or of one module's role
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// The database, as a login that is a member of innoerp_relay and moves events
    #[arg(long, env = "DATABASE_RELAY_URL", hide_env_values = true, global = true)]
    pub database_relay_url: Option<String>,
    /// The database, as a login that may migrate; DATABASE_URL when it is not set
    #[arg(long, env = "DATABASE_OWNER_URL", hide_env_values = true, global = true)]
    pub database_owner_url: Option<String>,
    /// `transaction` where DATABASE_URL leads to a pooler that lends connections for a transaction, as PgBouncer does
    #[arg(long, env = "DATABASE_POOLER", default_value = "none", value_parser = pooler, global = true)]
    pub database_pooler: Pooler,
    /// The secret that the router and the subgraphs share, 32 bytes or more
    #[arg(long, env = "SECRET_KEY", hide_env_values = true, global = true)]
    pub secret_key: Option<SecretKey>,
    /// Where auth publishes the keys that tokens are verified with; found by auth's address when not set
    #[arg(long, env = "JWKS_URL", global = true)]
    pub jwks_url: Option<String>,
    /// Whether whoever invites is shown the invitation's token, to pass it on; when not set, in development only: a token
    /// proves an address, and so must go there and nowhere else
    #[arg(long, env = "INNOERP_SHOW_INVITATION_TOKENS", global = true)]
    pub show_invitation_tokens: Option<bool>,
    /// The domain whose subdomains are organizations, such as example.com; when not set, host names say nothing
    #[arg(long, env = "INNOERP_BASE_DOMAIN", global = true)]
    pub base_domain: Option<String>,
    /// The web pages that may call the router from a browser, with commas between
    #[arg(long, env = "CORS_ORIGINS", value_delimiter = ',', global = true)]
    pub cors_origins: Vec<String>,
    /// The proxies whose X-Forwarded-For is believed, as addresses or networks, with commas between
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',', global = true)]
    pub trusted_proxies: Vec<String>,
    /// Whether callers are held to so many requests a second; off for measurements
    #[arg(long, env = "INNOERP_RATE_LIMITS", default_value_t = true, action = clap::ArgAction::Set, global = true)]
    pub rate_limits: bool,
    /// Where the router answers Prometheus, such as 127.0.0.1:9090; nowhere when not set
    #[arg(long, env = "METRICS_LISTEN", global = true)]
    pub metrics_listen: Option<String>,
    /// The collector that traces are sent to in OTLP over HTTP, such as http://127.0.0.1:4318; nowhere when not set
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", global = true)]
    pub otlp_endpoint: Option<String>,
    /// Which part of the requests is traced, from 0 to 1; clients that are traced decide for theirs
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value_t = 1.0, global = true, value_parser = ratio)]
    pub trace_ratio: f64,
    /// What the program is called in logs and traces
    #[arg(long, env = "OTEL_SERVICE_NAME", default_value = "innoerp", global = true)]
    pub service_name: String,
    /// Where Fluentd takes the log over its forward protocol, such as 127.0.0.1:24224; nowhere when not set
    #[arg(long, env = "FLUENTD_ADDRESS", global = true)]
    pub fluentd_address: Option<String>,
    /// Where attached files are kept: a folder, or s3://bucket/prefix with the usual AWS_… variables
    #[arg(long, env = "INNOERP_FILES", global = true)]
    pub files: Option<String>,
    /// Where events are carried when PostgreSQL is not to
    #[command(flatten)]
    pub kafka: KafkaSettings,
    /// Redis 6.2 or newer, in which processes share limits and what is known of sessions; each counts by itself without
    #[arg(long, env = "REDIS_URL", hide_env_values = true, global = true)]
    pub redis_url: Option<String>,
    /// How long, in milliseconds, a process that is asked to end still takes requests, while it says that it is not ready
    /// and closes connections with their next answer; when not set, 5000 in production and 0 in development
    #[arg(long, env = "INNOERP_WITHDRAW_MS", global = true, value_parser = clap::value_parser!(u64).range(..=600_000))]
    pub withdraw_ms: Option<u64>,
    /// The address to listen on
    #[arg(long, env = "INNOERP_HOST", default_value = "127.0.0.1", value_parser = host, global = true)]
    pub host: std::net::IpAddr,
    /// The most connections to PostgreSQL per process, the relay's aside
    #[arg(long, env = "DATABASE_CONNECTIONS_MAX", default_value_t = 10, global = true,
          value_parser = clap::value_parser!(u32).range(1..=500))]
    pub database_connections_max: u32,
}

impl Settings {
    /// The same settings, where a variable that is set to nothing counts as not set.
    #[must_use]
    pub fn without_empty(mut self) -> Self {
        let texts = [
            &mut self.database_url,
            &mut self.database_relay_url,
            &mut self.database_owner_url,
            &mut self.jwks_url,
            &mut self.base_domain,
            &mut self.metrics_listen,
            &mut self.files,
            &mut self.otlp_endpoint,
            &mut self.fluentd_address,
            &mut self.kafka.bootstrap_servers,
            &mut self.kafka.security_protocol,
            &mut self.kafka.sasl_mechanism,
            &mut self.kafka.sasl_username,
            &mut self.kafka.sasl_password,
            &mut self.kafka.ca,
            &mut self.kafka.certificate,
            &mut self.kafka.key,
            &mut self.kafka.prefix,
            &mut self.redis_url,
        ];
        for text in texts {
            *text = text.take().filter(|text| !text.is_empty());
        }
        self.cors_origins.retain(|origin| !origin.is_empty());
        self.trusted_proxies.retain(|proxy| !proxy.is_empty());
        self
    }
}

impl Settings {
    /// How careful a process of our own modules is: development, unless it is told otherwise.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile.unwrap_or_default()
    }

    /// How long a process that is asked to end still takes requests, in milliseconds. Longer than the router keeps a connection that nobody
    /// uses ([`IDLE_MAX`](crate::IDLE_MAX)), or else a request may be on its way on one that is being closed.
    #[must_use]
    pub fn withdraw_ms(&self) -> u64 {
        let usual = if self.profile() == Profile::Production { 5_000 } else { 0 };
        self.withdraw_ms.unwrap_or(usual)
    }

    /// Whether whoever invites is shown the token.
    #[must_use]
    pub fn shows_invitation_tokens(&self) -> bool {
        self.show_invitation_tokens.unwrap_or(self.profile() == Profile::Development)
    }

    /// Lets no process listen beyond this machine that is in development because nobody said otherwise: there,
    /// everything is shown to everybody.
    ///
    /// # Errors
    /// A sentence that says what to set.
    pub fn check_host(&self) -> Result<(), String> {
        if self.host.is_loopback() || self.profile() == Profile::Production {
            return Ok(());
        }
        if self.profile.is_none() {
            return Err(format!(
                "to listen on {}, say --profile production, or --profile development if everybody who reaches this \
                 machine may see everything",
                self.host
            ));
        }
        tracing::warn!(host = %self.host, "in development, and reachable from other machines");
        Ok(())
    }

    /// What a process of this profile says of itself, and where to.
    #[must_use]
    pub fn telemetry(&self, profile: Profile) -> telemetry::Config {
        let collector = |endpoint| Collector { endpoint, ratio: self.trace_ratio };
        telemetry::Config {
            profile,
            service_name: self.service_name.clone(),
            collector: self.otlp_endpoint.clone().filter(|endpoint| !endpoint.is_empty()).map(collector),
            fluentd: self.fluentd_address.clone().filter(|address| !address.is_empty()),
        }
    }

    /// What processes share for a moment: in Redis, if one is named. Without the installation's key only counts are shared,
    /// and nothing that lets anybody in.
    ///
    /// # Errors
    /// A sentence, when the URL is none.
    pub fn store(&self, key: Option<&SecretKey>) -> Result<Store, String> {
        let Some(url) = &self.redis_url else { return Ok(Store::in_process()) };
        Store::shared(url, &store_key(key))
    }

    /// Whether the Redis that is named does all that is asked of it; `None` when none is named.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub async fn probe_store(&self, key: &SecretKey) -> Result<Option<()>, String> {
        let Some(url) = &self.redis_url else { return Ok(None) };
        Store::probe(url, &store_key(Some(key))).await.map(Some)
    }
}

/// What processes of one installation know each other by in Redis.
fn store_key(key: Option<&SecretKey>) -> [u8; 32] {
    key.map_or([0; 32], |key| key.derive("redis"))
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio: f64 = text.parse().map_err(|_| format!("{text} is no number"))?;
    if (0.0..=1.0).contains(&ratio) { Ok(ratio) } else { Err(format!("{text} does not lie between 0 and 1")) }
}

/// What stands before the database; nothing is as good as none.
fn pooler(text: &str) -> Result<Pooler, String> {
    match text {
        "" | "none" => Ok(Pooler::None),
        "transaction" => Ok(Pooler::Transaction),
        _ => Err("DATABASE_POOLER, or --database-pooler, is `transaction` or `none`".to_owned()),
    }
}

/// An address to listen on; nothing is as good as none.
fn host(text: &str) -> Result<std::net::IpAddr, String> {
    let refused = |_| {
        "INNOERP_HOST, or --host, is an IP address such as 127.0.0.1, or 0.0.0.0 for all of this machine's; it takes \
         neither a name nor a port"
            .to_owned()
    };
    if text.is_empty() { Ok([127, 0, 0, 1].into()) } else { text.parse().map_err(refused) }
}

/// The least number of bytes in a secret key.
const BYTES_MIN: usize = 32;

/// Keys that everybody knows.
const KNOWN: [&str; 4] = ["changeme", "change-me", "secret", "password"];

/// The secret that the router and the subgraphs share. Never printed.
#[derive(Clone)]
pub struct SecretKey(Vec<u8>);

impl SecretKey {
    /// A MAC under a key of its own, derived for one purpose: no two uses share key material.
    #[must_use]
    pub fn hmac(&self, purpose: &str) -> Hmac<Sha256> {
        // HMAC takes keys of any length: this cannot fail.
        let new = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!());
        new(&self.derive(purpose))
    }

    /// 32 bytes for one purpose: HMAC-SHA-256 of the purpose under the key (as HKDF-Expand, RFC 5869).
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).unwrap_or_else(|_| unreachable!());
        mac.update(purpose.as_bytes());
        mac.update(&[1]);
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl FromStr for SecretKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.to_lowercase();
        if text.len() < BYTES_MIN {
            return Err(format!("SECRET_KEY has {} bytes; it needs {BYTES_MIN} or more", text.len()));
        }
        let distinct = text.bytes().collect::<std::collections::BTreeSet<_>>().len();
        if distinct < 8 || KNOWN.iter().any(|known| lower.starts_with(known)) {
            return Err(
                "SECRET_KEY is a default or far too regular; make one with `openssl rand -hex 32`".into()
            );
        }
        Ok(Self(text.as_bytes().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_default_keys_are_refused() {
        for text in ["", "short", &"a".repeat(64), "changeme-changeme-changeme-changeme-1234"] {
            assert!(text.parse::<SecretKey>().is_err(), "{text}");
        }
        assert!("4f1c6a0b9d8e7f6a5b4c3d2e1f0a9b8c".parse::<SecretKey>().is_ok());
    }

    #[test]
    fn a_ratio_lies_between_none_and_all() {
        assert_eq!(ratio("0.25"), Ok(0.25));
        for text in ["-0.1", "1.1", "NaN", "all", ""] {
            assert!(ratio(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_is_an_address_and_what_is_none_is_told_what_one_is() {
        assert_eq!(host("0.0.0.0"), Ok([0, 0, 0, 0].into()));
        assert_eq!(host(""), host("127.0.0.1"));
        for text in ["localhost", "127.0.0.1:80", "[::1]"] {
            assert!(host(text).is_err_and(|message| message.contains("such as 127.0.0.1")), "{text}");
        }
    }

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        settings: Settings,
    }

    /// The settings of a process that listens there, in a profile that somebody named or nobody did.
    fn listening_on(host: &str, profile: Option<Profile>) -> Settings {
        let program = <Program as clap::Parser>::parse_from(["innoerp", "--host", host]);
        Settings { profile, ..program.settings }
    }

    #[test]
    fn nothing_listens_beyond_this_machine_in_a_profile_that_nobody_named() {
        for host in ["0.0.0.0", "::", "192.0.2.7"] {
            let refused = listening_on(host, None).check_host().unwrap_err();
            assert!(refused.contains(host) && refused.contains("--profile production"), "{refused}");
            for named in [Profile::Development, Profile::Production] {
                assert_eq!(listening_on(host, Some(named)).check_host(), Ok(()), "{host}");
            }
        }
        for host in ["127.0.0.1", "::1"] {
            assert_eq!(listening_on(host, None).check_host(), Ok(()), "{host}");
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        let key: SecretKey = "4f1c6a0b9d8e7f6a5b4c3d2e1f0a9b8c".parse().unwrap();
        assert!(!format!("{key:?}").contains("4f1c"));
    }
}
