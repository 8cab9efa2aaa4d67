//! Issuers of tokens, as somebody else would run them: keys at an address, and tokens signed by them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A key pair.
pub struct Pair {
    pub kid: &'static str,
    key: SigningKey,
}

impl Pair {
    pub fn new(kid: &'static str) -> Self {
        Self { kid, key: SigningKey::from_bytes(&rand::random()) }
    }

    pub fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes());
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": x })
    }

    pub fn header(&self) -> Header {
        Header { kid: Some(self.kid.to_owned()), ..Header::new(Algorithm::EdDSA) }
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&self.header(), claims)
    }

    pub fn sign_as(&self, header: &Header, claims: &Value) -> String {
        let der = self.key.to_pkcs8_der().unwrap();
        encode(header, claims, &EncodingKey::from_ed_der(der.as_bytes())).unwrap()
    }
}

/// Publishes keys, which a test may change, and counts how often they are read.
#[derive(Clone, Default)]
pub struct Keys {
    pub published: Arc<Mutex<Vec<Value>>>,
    reads: Arc<AtomicUsize>,
}

impl Keys {
    pub fn publish(&self, keys: impl IntoIterator<Item = Value>) {
        *self.published.lock().unwrap() = keys.into_iter().collect();
    }

    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Where they are.
    pub async fn serve(&self) -> String {
        let keys = self.clone();
        let answer = move || {
            keys.reads.fetch_add(1, Ordering::SeqCst);
            let published = keys.published.lock().unwrap().clone();
            async move { axum::Json(json!({ "keys": published })) }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let routes = axum::Router::new().route("/keys", axum::routing::get(answer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        url
    }
}

/// Claims that pass, of one issuer; what is given besides takes the place of what is there.
pub fn claims(issuer: &str, besides: Value) -> Value {
    let now = chrono::Utc::now().timestamp();
    let mut claims =
        json!({ "iss": issuer, "aud": ["other", "shop"], "sub": "ann", "iat": now, "exp": now + 300 });
    for (name, value) in besides.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

/// The same without one of them.
pub fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// Texts as a token that nobody checks has them.
pub fn unsigned(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature))
}
