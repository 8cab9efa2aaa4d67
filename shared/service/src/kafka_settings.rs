//! Settings of Apache Kafka.

use database::Database;
use kafka::{Brokers, EventLog, KafkaLog, PostgresLog};
use std::sync::Arc;

/// Where the brokers are, and as whom they are asked.
#[derive(Clone, Default, clap::Args)]
pub struct KafkaSettings {
    /// Kafka brokers, as host:port with commas between; PostgreSQL carries the events when not set
    #[arg(long = "kafka-bootstrap-servers", env = "KAFKA_BOOTSTRAP_SERVERS", global = true)]
    pub bootstrap_servers: Option<String>,
    /// plaintext, ssl, sasl_plaintext or sasl_ssl; with a user name sasl_ssl when not set
    #[arg(long = "kafka-security-protocol", env = "KAFKA_SECURITY_PROTOCOL", global = true)]
    pub security_protocol: Option<String>,
    /// PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, which it is when not set
    #[arg(long = "kafka-sasl-mechanism", env = "KAFKA_SASL_MECHANISM", global = true)]
    pub sasl_mechanism: Option<String>,
    /// The name that the brokers know this program by
    #[arg(long = "kafka-sasl-username", env = "KAFKA_SASL_USERNAME", global = true)]
    pub sasl_username: Option<String>,
    /// The password for it
    #[arg(long = "kafka-sasl-password", env = "KAFKA_SASL_PASSWORD", hide_env_values = true, global = true)]
    pub sasl_password: Option<String>,
    /// A file with the certificates, in PEM, of those who vouch for the brokers; the system's when not set
    #[arg(long = "kafka-ca", env = "KAFKA_CA", global = true)]
    pub ca: Option<String>,
    /// A file with this program's own certificate, in PEM, where the brokers ask for one
    #[arg(long = "kafka-certificate", env = "KAFKA_CERTIFICATE", global = true)]
    pub certificate: Option<String>,
    /// A file with the key of that certificate
    #[arg(long = "kafka-key", env = "KAFKA_KEY", global = true)]
    pub key: Option<String>,
    /// What the names of topics and consumer groups begin with; innoerp when not set. Installations that share brokers
    /// have one each
    #[arg(long = "kafka-prefix", env = "KAFKA_PREFIX", value_parser = prefix, global = true)]
    pub prefix: Option<String>,
}

impl KafkaSettings {
    /// The log of events that these settings name.
    ///
    /// # Errors
    /// `INTERNAL` with a sentence for the operator, when they do not go together.
    pub fn log(&self, database: Database) -> common::Result<Arc<dyn EventLog>> {
        Ok(match self.brokers() {
            Some(brokers) => Arc::new(KafkaLog::new(brokers, database)?),
            None => Arc::new(PostgresLog::new(database)),
        })
    }

    /// The brokers that these settings name, if they do.
    #[must_use]
    pub fn brokers(&self) -> Option<Brokers> {
        let file = |path: &Option<String>| path.as_ref().map(Into::into);
        Some(Brokers {
            bootstrap_servers: self.bootstrap_servers.clone()?,
            security_protocol: self.security_protocol.clone(),
            sasl_mechanism: self.sasl_mechanism.clone(),
            username: self.sasl_username.clone(),
            password: self.sasl_password.clone(),
            ca_file: file(&self.ca),
            certificate_file: file(&self.certificate),
            key_file: file(&self.key),
            prefix: self.prefix.clone(),
        })
    }
}

/// The beginning of names that brokers take (letters, digits, `.`, `_` and `-`, at most 249 characters in all); nothing is
/// as good as none.
fn prefix(text: &str) -> Result<String, String> {
    const LENGTH_MAX: usize = 64;
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    if text.len() > LENGTH_MAX || !text.chars().all(is_allowed) {
        return Err(format!("is at most {LENGTH_MAX} letters, digits, dots, underscores and hyphens"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_what_brokers_take_as_a_name() {
        for good in ["acme", "acme-staging.2", "", &"a".repeat(64)] {
            assert_eq!(prefix(good).unwrap(), good);
        }
        for bad in ["a b", "acme/eu", "\u{e4}", &"a".repeat(65)] {
            assert!(prefix(bad).is_err(), "{bad}");
        }
    }
}
