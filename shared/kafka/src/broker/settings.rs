//! How the brokers are reached, and as whom.

use std::path::PathBuf;

use common::{Error, Result};
use rdkafka::ClientConfig;

/// How many partitions a topic gets that this program makes: so many processes can consume for one consumer.
const PARTITIONS: i32 = 6;

/// The brokers, and what they ask of those who connect. Printed without the password.
#[derive(Clone, Default)]
pub struct Brokers {
    /// Some of them, as `host:port` with commas between.
    pub bootstrap_servers: String,
    /// `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`; when not set, what the other settings imply.
    pub security_protocol: Option<String>,
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`; the last when not set.
    pub sasl_mechanism: Option<String>,
    /// The name to log in with.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// The certificates, in PEM, of those who may vouch for brokers; the system's when not set.
    pub ca_file: Option<PathBuf>,
    /// A client's certificate, in PEM, where brokers ask for one.
    pub certificate_file: Option<PathBuf>,
    /// Its key.
    pub key_file: Option<PathBuf>,
    /// What the names of topics and groups begin with; `innoerp` when not set.
    pub prefix: Option<String>,
}

impl std::fmt::Debug for Brokers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Brokers({})", self.bootstrap_servers)
    }
}

impl Brokers {
    /// What the names of topics and groups begin with.
    pub(crate) fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or("innoerp")
    }

    pub(crate) fn partitions(&self) -> i32 {
        PARTITIONS
    }

    /// What all clients have in common.
    ///
    /// # Errors
    /// `INTERNAL` with a sentence for the operator: settings that do not go together.
    pub(crate) fn client(&self) -> Result<ClientConfig> {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", &self.bootstrap_servers)
            .set("client.id", "innoerp")
            .set("security.protocol", self.protocol()?)
            // Brokers that come back are found again soon.
            .set("reconnect.backoff.max.ms", "2000")
            .set("socket.keepalive.enable", "true");
        if let (Some(name), Some(password)) = (&self.username, &self.password) {
            client
                .set("sasl.mechanism", self.sasl_mechanism.as_deref().unwrap_or("SCRAM-SHA-512"))
                .set("sasl.username", name)
                .set("sasl.password", password);
        }
        for (key, file) in [
            ("ssl.ca.location", &self.ca_file),
            ("ssl.certificate.location", &self.certificate_file),
            ("ssl.key.location", &self.key_file),
        ] {
            if let Some(file) = file {
                client.set(key, file.to_string_lossy());
            }
        }
        Ok(client)
    }

    /// A password is never sent in the clear, unless the operator says so by name.
    fn protocol(&self) -> Result<&str> {
        const KNOWN: [&str; 4] = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"];
        let logs_in = match (&self.username, &self.password) {
            (Some(_), Some(_)) => true,
            (None, None) => false,
            _ => return Err(Error::internal("KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD belong together")),
        };
        let said = self.security_protocol.as_deref().map(str::to_lowercase);
        match said.as_deref() {
            None if logs_in => Ok("sasl_ssl"),
            None if self.ca_file.is_some() || self.certificate_file.is_some() => Ok("ssl"),
            None => Ok("plaintext"),
            Some(said) => {
                let known = KNOWN.into_iter().find(|known| *known == said).ok_or_else(|| {
                    Error::internal(format!("KAFKA_SECURITY_PROTOCOL is one of {}", KNOWN.join(", ")))
                })?;
                if known.starts_with("sasl") != logs_in {
                    let sentence = "KAFKA_SECURITY_PROTOCOL begins with sasl_ if, and only if, KAFKA_SASL_USERNAME and \
                                    KAFKA_SASL_PASSWORD are set";
                    return Err(Error::internal(sentence));
                }
                Ok(known)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(protocol: Option<&str>, name: Option<&str>, password: Option<&str>, ca: Option<&str>) -> Brokers {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Brokers {
            security_protocol: text(protocol),
            username: text(name),
            password: text(password),
            ca_file: ca.map(PathBuf::from),
            ..Brokers::default()
        }
    }

    #[test]
    fn a_password_goes_through_tls_unless_the_operator_says_otherwise() {
        assert_eq!(of(None, Some("a"), Some("b"), None).protocol().unwrap(), "sasl_ssl");
        assert_eq!(
            of(Some("SASL_PLAINTEXT"), Some("a"), Some("b"), None).protocol().unwrap(),
            "sasl_plaintext"
        );
        assert_eq!(of(None, None, None, Some("ca.pem")).protocol().unwrap(), "ssl");
        assert_eq!(of(None, None, None, None).protocol().unwrap(), "plaintext");
    }

    #[test]
    fn settings_that_do_not_go_together_are_refused() {
        for wrong in [
            of(None, Some("a"), None, None),
            of(Some("ssl"), Some("a"), Some("b"), None),
            of(Some("sasl_ssl"), None, None, None),
            of(Some("https"), None, None, None),
        ] {
            assert!(wrong.protocol().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        assert!(!format!("{:?}", of(None, Some("a"), Some("hush"), None)).contains("hush"));
    }
}
