//! Documents that clients name instead of sending: automatically persisted ones, by their hash, and trusted ones,
//! by an id from a list that the operator gives.
//!
//! A text that is kept for a hash has been hashed here. Whoever names the hash gets this text and no other, so that
//! all tenants can share what is kept without being able to hurt each other.

mod manifest;

use std::ops::Deref;
use std::sync::Arc;

use http::StatusCode;
use moka::sync::Cache;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

pub use manifest::ManifestError;
pub(crate) use manifest::Trusted;

use crate::config::{Persisted as Settings, TrustedDocuments};
use crate::error::GraphqlError;
use crate::refusal::Refused;
use crate::request::GraphqlRequest;
use crate::telemetry::{Metrics, ResultLabel};

/// The code by which clients know that they must send the text.
pub(crate) const NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
/// What a kept text takes besides its length.
const ENTRY_BYTES: usize = 128;
/// What some put before a hash that serves as an id.
const ID_PREFIX: &str = "sha256:";

/// The SHA-256 of a document.
type Hash = [u8; 32];

/// A document's text: as it came, or as it is kept.
pub(crate) enum Text {
    Sent(String),
    Kept(Arc<str>),
}

impl Text {
    /// The text, to be held elsewhere as well. Copies it once when it is not shared yet.
    pub fn share(&mut self) -> Arc<str> {
        let shared: Arc<str> = match self {
            Self::Sent(text) => std::mem::take(text).into(),
            Self::Kept(text) => text.clone(),
        };
        *self = Self::Kept(shared.clone());
        shared
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Sent(text) => text,
            Self::Kept(text) => text,
        }
    }
}

/// What a request's document turned out to be.
pub(crate) struct Found {
    /// The document.
    pub text: Text,
    /// To be kept under this hash, once it has proved to be of use.
    register: Option<Hash>,
}

/// What is kept for clients to name.
pub(crate) struct Persisted {
    is_automatic: bool,
    mode: TrustedDocuments,
    automatic: Cache<Hash, Arc<str>>,
    pub trusted: Trusted,
    metrics: Arc<Metrics>,
}

impl Persisted {
    /// Reads the list of trusted documents, if there is one.
    ///
    /// # Errors
    /// When it cannot be read, or is no such list.
    pub async fn new(settings: &Settings, metrics: Arc<Metrics>) -> Result<Self, ManifestError> {
        let weigh = |_: &Hash, text: &Arc<str>| u32::try_from(text.len() + ENTRY_BYTES).unwrap_or(u32::MAX);
        Ok(Self {
            is_automatic: settings.automatic,
            mode: settings.trusted,
            automatic: Cache::builder().max_capacity(settings.automatic_bytes_max).weigher(weigh).build(),
            trusted: Trusted::read(settings, metrics.clone()).await?,
            metrics,
        })
    }

    /// The text that a request asks for.
    pub fn find(&self, request: &mut GraphqlRequest) -> Result<Found, Refused> {
        let text = std::mem::take(&mut request.query);
        let extension = request.extensions.as_ref().and_then(|extensions| extensions.get("persistedQuery"));
        if request.document_id.is_none() && extension.is_none() {
            return self.free(text);
        }
        if let Some(id) = &request.document_id {
            if !text.is_empty() {
                return Err(bad("send `documentId` or `query`, not both"));
            }
            return self.by_id(id);
        }
        let (hash, id) = read_extension(extension).map_err(bad)?;
        if text.is_empty() { self.by_hash(&hash, id) } else { self.with_hash(text, hash) }
    }

    /// Keeps a document that was sent with its hash. Called once it has passed the limits and fits the schema: what
    /// nobody can run is not worth the room.
    pub fn keep(&self, mut found: Found) {
        if let Some(hash) = found.register {
            self.count("registered");
            self.automatic.insert(hash, found.text.share());
            // At once: left to itself, the cache would put off what is over the bound.
            self.automatic.run_pending_tasks();
        }
    }

    /// A document that is sent without being named.
    fn free(&self, text: String) -> Result<Found, Refused> {
        if text.is_empty() {
            let message = "send the document as the text `query`, or name it by `documentId`";
            return Err(Refused::http(StatusCode::BAD_REQUEST, "QUERY_MISSING", message));
        }
        if self.mode == TrustedDocuments::Only {
            return Err(self.untrusted());
        }
        Ok(Found { text: Text::Sent(text), register: None })
    }

    fn by_id(&self, id: &str) -> Result<Found, Refused> {
        let text = match self.mode {
            TrustedDocuments::Off => None,
            TrustedDocuments::Allow | TrustedDocuments::Only => self
                .trusted
                .get(id)
                .or_else(|| id.strip_prefix(ID_PREFIX).and_then(|id| self.trusted.get(id))),
        };
        self.count(if text.is_some() { "trusted" } else { "unknown" });
        let text = text.ok_or_else(|| {
            let message = "no trusted document has this id";
            Refused::from(GraphqlError::new("PERSISTED_QUERY_NOT_IN_LIST", message))
        })?;
        Ok(Found { text: Text::Kept(text), register: None })
    }

    /// A hash alone: a trusted document's, or that of one that was sent before.
    fn by_hash(&self, hash: &Hash, id: &str) -> Result<Found, Refused> {
        let trusted = if self.mode == TrustedDocuments::Off { None } else { self.trusted.get(id) };
        if let Some(text) = trusted {
            self.count("trusted");
            return Ok(Found { text: Text::Kept(text), register: None });
        }
        if self.mode == TrustedDocuments::Only {
            return Err(self.untrusted());
        }
        if !self.is_automatic {
            let message = "PersistedQueryNotSupported";
            return Err(GraphqlError::new("PERSISTED_QUERY_NOT_SUPPORTED", message).into());
        }
        let text = self.automatic.get(hash);
        self.count(if text.is_some() { "automatic" } else { "unknown" });
        // Clients know by this message, or by the code, that they must send the text.
        let unknown = || GraphqlError::new(NOT_FOUND, "PersistedQueryNotFound");
        Ok(Found { text: Text::Kept(text.ok_or_else(unknown)?), register: None })
    }

    /// A document with its hash: to be kept from now on.
    fn with_hash(&self, text: String, hash: Hash) -> Result<Found, Refused> {
        if self.mode == TrustedDocuments::Only {
            return Err(self.untrusted());
        }
        if Hash::from(Sha256::digest(&text)) != hash {
            self.count("mismatch");
            let message = "the hash is not that of the document";
            return Err(GraphqlError::new("PERSISTED_QUERY_HASH_MISMATCH", message).into());
        }
        let register = (self.is_automatic && !self.automatic.contains_key(&hash)).then_some(hash);
        Ok(Found { text: Text::Sent(text), register })
    }

    fn untrusted(&self) -> Refused {
        self.count("untrusted");
        let message = "only trusted documents are answered, named by their id";
        GraphqlError::new("QUERY_NOT_IN_SAFELIST", message).into()
    }

    fn count(&self, result: &'static str) {
        self.metrics.operations.persisted.get_or_create(&ResultLabel { result }).inc();
    }
}

fn bad(message: &'static str) -> Refused {
    Refused::http(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
}

/// The hash of `{ "version": 1, "sha256Hash": "<64 digits>" }`, in bytes and as it is written.
fn read_extension(extension: Option<&Value>) -> Result<(Hash, &str), &'static str> {
    const SHAPE: &str = "`extensions.persistedQuery` is { version: 1, sha256Hash: 64 hexadecimal digits }";
    let extension: &Map<String, Value> = extension.and_then(Value::as_object).ok_or(SHAPE)?;
    if extension.get("version").and_then(Value::as_u64) != Some(1) {
        return Err("persisted queries are spoken in version 1");
    }
    let text = extension.get("sha256Hash").and_then(Value::as_str).ok_or(SHAPE)?;
    Ok((parse_hash(text).ok_or(SHAPE)?, text))
}

fn parse_hash(text: &str) -> Option<Hash> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digits: [[u8; 2]; 32] = pairs.try_into().ok()?;
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut hash = [0; 32];
    for (byte, [high, low]) in hash.iter_mut().zip(digits) {
        *byte = digit(high)? << 4 | digit(low)?;
    }
    rest.is_empty().then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::sha256_hex;

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = Hash::from(Sha256::digest("{ hello }"));
        let text = sha256_hex("{ hello }");
        assert_eq!(parse_hash(&text), Some(hash));
        assert_eq!(parse_hash(&text.to_uppercase()), Some(hash));
        let (longer, odd) = (format!("{text}00"), format!("{text}0"));
        for bad in ["", &text[1..], &text[2..], &longer, &odd, &text.replace('e', "x"), &"é".repeat(32)] {
            assert_eq!(parse_hash(bad), None, "{bad}");
        }
    }
}
