//! A set of public keys (RFC 7517), from an address or a file, read again when a key is asked for that is not in it.
//!
//! Reading is bounded: whoever sends tokens with made-up key ids makes it happen a few times and no more, and
//! holds up nobody whose key is there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use common::{Error, Result};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::Mutex;

use crate::token::refused;

/// How many times the set may be read one after the other.
const BURST: u32 = 5;
/// How long until it may be read once more than that.
const REFILL: Duration = Duration::from_secs(10);
/// How long reading may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How large the set may be, in bytes.
const BYTES_MAX: usize = 1024 * 1024;
/// Bytes of an RSA key's modulus, at the least (RFC 7518, section 3.3).
const RSA_BYTES_MIN: usize = 256;

/// Where a set of keys is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Published at an address, or at each of several with commas between.
    Url(String),
    /// In a file.
    File(PathBuf),
}

/// A public key.
pub struct Key {
    /// The key.
    pub key: DecodingKey,
    /// The algorithms that it may be used with.
    algorithms: Vec<Algorithm>,
}

impl Key {
    /// Whether a signature by this algorithm may be checked with this key.
    #[must_use]
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// A public key that is meant for signatures and strong enough; symmetric ones never are.
    fn read(jwk: &Jwk) -> Option<Self> {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        let is_for_signatures =
            jwk.common.public_key_use.as_ref().is_none_or(|of| matches!(of, PublicKeyUse::Signature));
        let family = match &jwk.algorithm {
            AlgorithmParameters::RSA(key) if key.n.len() * 3 / 4 >= RSA_BYTES_MIN => {
                vec![RS256, RS384, RS512, PS256, PS384, PS512]
            }
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => vec![ES256],
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => vec![ES384],
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => vec![EdDSA],
            _ => return None,
        };
        let algorithms = match jwk.common.key_algorithm {
            None => family,
            // A key that names its algorithm is for no other.
            Some(named) => family.into_iter().filter(|one| is_named(*one, named)).collect(),
        };
        let key = DecodingKey::from_jwk(jwk).ok().filter(|_| is_for_signatures && !algorithms.is_empty())?;
        Some(Self { key, algorithms })
    }
}

fn is_named(algorithm: Algorithm, named: KeyAlgorithm) -> bool {
    format!("{algorithm:?}") == format!("{named:?}")
}

/// The keys at one time.
struct Keys {
    by_kid: HashMap<String, Arc<Key>>,
    /// Grows each time that the set is read.
    version: u64,
    read_at: Instant,
}

/// How many more times the set may be read now.
struct Budget {
    left: u32,
    filled_at: Instant,
}

impl Budget {
    fn take(&mut self) -> bool {
        let periods = self.filled_at.elapsed().as_nanos() / REFILL.as_nanos();
        if periods > 0 {
            self.left = self.left.saturating_add(u32::try_from(periods).unwrap_or(u32::MAX)).min(BURST);
            self.filled_at = Instant::now();
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}

/// Why a token is refused that names a key which is not there.
const NO_KEY: &str = "the key that it names is not published";

/// A set of public keys. Cheap to clone.
#[derive(Clone)]
pub struct Jwks(Arc<Inner>);

struct Inner {
    source: Source,
    client: reqwest::Client,
    /// How old the set may get before it is read again, so that keys that were withdrawn stop to count.
    refresh_after: Duration,
    keys: RwLock<Option<Arc<Keys>>>,
    budget: Mutex<Budget>,
}

impl Jwks {
    /// The set at a place, read when a key is first asked for.
    #[must_use]
    pub fn new(source: Source, refresh_after: Duration) -> Self {
        // An address that points elsewhere is not the one that was configured.
        let client =
            reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build();
        Self(Arc::new(Inner {
            source,
            client: client.unwrap_or_default(),
            refresh_after,
            keys: RwLock::default(),
            budget: Mutex::new(Budget { left: BURST, filled_at: Instant::now() }),
        }))
    }

    /// The key with this id, and the version of the set that it was found in.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` for an id that is not in the set; `DEPENDENCY_UNAVAILABLE` when the set cannot be read.
    pub async fn key(&self, kid: &str) -> Result<(Arc<Key>, u64)> {
        if let Some(keys) = self.now()
            && let Some(key) = keys.by_kid.get(kid)
        {
            self.renew_if_old(&keys);
            return Ok((key.clone(), keys.version));
        }
        let version = self.version();
        let mut budget = self.0.budget.lock().await;
        // Somebody else may have read it while we waited for our turn.
        let keys = match self.now().filter(|keys| keys.version != version) {
            Some(keys) => keys,
            None if budget.take() => self.read().await?,
            None => return Err(self.now().map_or(Error::Unavailable, |_| refused(NO_KEY))),
        };
        drop(budget);
        keys.by_kid.get(kid).map(|key| (key.clone(), keys.version)).ok_or_else(|| refused(NO_KEY))
    }

    /// Reads the set, if it has not been read yet. What it takes is not counted: tokens must be none the worse for it,
    /// and whoever asks must not do so for each of them.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the set cannot be read.
    pub async fn are_known(&self) -> Result<()> {
        if self.now().is_some() {
            return Ok(());
        }
        let _turn = self.0.budget.lock().await;
        if self.now().is_none() {
            self.read().await?;
        }
        Ok(())
    }

    /// The version of the set as it is; what was verified with another may count no longer.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.now().map_or(0, |keys| keys.version)
    }

    fn now(&self) -> Option<Arc<Keys>> {
        self.0.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Reads the set again, while the old one serves.
    fn renew_if_old(&self, keys: &Keys) {
        if keys.read_at.elapsed() < self.0.refresh_after {
            return;
        }
        let jwks = self.clone();
        tokio::spawn(async move {
            let Ok(mut budget) = jwks.0.budget.try_lock() else { return };
            let is_old = jwks.now().is_some_and(|keys| keys.read_at.elapsed() >= jwks.0.refresh_after);
            if is_old && budget.take() && jwks.read().await.is_err() {
                tracing::warn!(source = ?jwks.0.source, "a set of keys could not be read again");
            }
        });
    }

    async fn read(&self) -> Result<Arc<Keys>> {
        let unreadable = |error: String| {
            tracing::warn!(source = ?self.0.source, error, "a set of keys cannot be read");
            Error::Unavailable
        };
        let bytes = self.bytes().await.map_err(unreadable)?;
        let by_kid = parse(&bytes).map_err(|error| unreadable(error.to_string()))?;
        let keys = Arc::new(Keys { by_kid, version: self.version() + 1, read_at: Instant::now() });
        *self.0.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(keys.clone());
        Ok(keys)
    }

    async fn bytes(&self) -> Result<Vec<u8>, String> {
        let url = match &self.0.source {
            Source::File(path) => return tokio::fs::read(path).await.map_err(|error| error.to_string()),
            Source::Url(url) => url,
        };
        let mut refused = String::new();
        for url in url.split(',') {
            match self.bytes_at(url).await {
                Err(error) => refused = error,
                bytes => return bytes,
            }
        }
        Err(refused)
    }

    async fn bytes_at(&self, url: &str) -> Result<Vec<u8>, String> {
        let answer = self.0.client.get(url).send().await.map_err(|error| error.to_string())?;
        let mut answer = answer.error_for_status().map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| error.to_string())? {
            if bytes.len() + chunk.len() > BYTES_MAX {
                return Err(format!("it is larger than {BYTES_MAX} bytes"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// The usable keys of a set, by their ids.
fn parse(bytes: &[u8]) -> serde_json::Result<HashMap<String, Arc<Key>>> {
    let set: JwkSet = serde_json::from_slice(bytes)?;
    let key = |jwk: &Jwk| Some((jwk.common.key_id.clone()?, Arc::new(Key::read(jwk)?)));
    Ok(set.keys.iter().filter_map(key).collect())
}

/// Whether a file holds a key that a signature by one of these algorithms could be checked with.
///
/// # Errors
/// Says of the file what is wrong with it: "cannot be read: …".
pub async fn check_file(path: &Path, algorithms: &[Algorithm]) -> Result<(), String> {
    let bytes = tokio::fs::read(path).await.map_err(|error| format!("cannot be read: {error}"))?;
    let keys = parse(&bytes).map_err(|error| format!("is no set of keys as in RFC 7517: {error}"))?;
    if keys.values().any(|key| algorithms.iter().any(|algorithm| key.allows(*algorithm))) {
        return Ok(());
    }
    let accepted: Vec<String> = algorithms.iter().map(|algorithm| format!("{algorithm:?}")).collect();
    let accepted = accepted.join(", ");
    Err(format!("holds no public key with a `kid`, for signatures by one of the algorithms {accepted}"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::{Value, json};

    use super::*;

    fn ed25519(kid: &str) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
    }

    fn read(jwk: Value) -> Option<Key> {
        Key::read(&serde_json::from_value(jwk).expect("a JWK"))
    }

    /// Serves a set of keys and counts how often it is read.
    async fn serve(kids: &'static [&'static str]) -> (Jwks, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let answer = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async move { axum::Json(json!({ "keys": kids.iter().map(|kid| ed25519(kid)).collect::<Vec<_>>() })) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let routes = axum::Router::new().route("/", axum::routing::get(answer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (Jwks::new(Source::Url(url), Duration::from_secs(600)), count)
    }

    #[test]
    fn keys_are_public_strong_and_for_signatures() {
        let rsa = |bytes: usize| json!({ "kty": "RSA", "kid": "a", "e": "AQAB", "n": "A".repeat(bytes * 4 / 3 + 1) });
        assert!(
            read(ed25519("a"))
                .is_some_and(|key| key.allows(Algorithm::EdDSA) && !key.allows(Algorithm::ES256))
        );
        assert!(
            read(rsa(256)).is_some_and(|key| key.allows(Algorithm::RS256) && key.allows(Algorithm::PS512))
        );
        assert!(read(rsa(128)).is_none());
        assert!(read(json!({ "kty": "oct", "kid": "a", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ" })).is_none());
        let with = |name: &str, value: &str| {
            let mut key = rsa(256);
            key[name] = value.into();
            read(key)
        };
        assert!(with("use", "enc").is_none());
        assert!(with("use", "sig").is_some());
        assert!(
            with("alg", "PS256")
                .is_some_and(|key| !key.allows(Algorithm::RS256) && key.allows(Algorithm::PS256))
        );
        assert!(with("alg", "RSA-OAEP").is_none());
    }

    #[tokio::test]
    async fn a_set_is_read_once_for_all_of_its_keys() {
        let (jwks, count) = serve(&["a", "b"]).await;
        for kid in ["a", "b", "a"] {
            assert_eq!(jwks.key(kid).await.expect("known").1, 1);
        }
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn made_up_ids_make_it_be_read_a_few_times_and_no_more() {
        let (jwks, count) = serve(&["a"]).await;
        jwks.key("a").await.expect("known");
        let asked = (0..100).map(|number| {
            let jwks = jwks.clone();
            async move { jwks.key(&format!("made-up-{number}")).await.err() }
        });
        let refused = futures::future::join_all(asked).await;
        assert!(refused.iter().all(|error| matches!(error, Some(Error::Unauthenticated))));
        assert!(count.load(Ordering::SeqCst) <= 1 + BURST as usize, "{count:?}");
        assert!(jwks.key("a").await.is_ok(), "whose key is there is not held up");
    }

    #[tokio::test]
    async fn keys_that_cannot_be_had_are_not_the_callers_fault() {
        let jwks = Jwks::new(Source::Url("http://127.0.0.1:1/".to_owned()), Duration::from_secs(600));
        assert!(matches!(jwks.key("a").await.err(), Some(Error::Unavailable)));
    }

    #[tokio::test]
    async fn a_file_is_read_again_when_it_is_old() {
        let path = std::env::temp_dir().join(format!("jwks-{}.json", uuid::Uuid::now_v7().simple()));
        let write = |kid: &str| {
            std::fs::write(&path, json!({ "keys": [ed25519(kid)] }).to_string()).expect("written")
        };
        write("a");
        let jwks = Jwks::new(Source::File(path.clone()), Duration::ZERO);
        assert_eq!(jwks.key("a").await.expect("known").1, 1);
        write("b");
        for _ in 0..200 {
            // Still good while the file is read again behind it; then withdrawn.
            if jwks.key("a").await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(jwks.key("a").await.is_err());
        assert!(jwks.key("b").await.is_ok());
        let _ = std::fs::remove_file(path);
    }
}
