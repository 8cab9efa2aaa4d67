//! From a token to what its issuer says in it.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use common::Result;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};
use service::jwks::{Jwks, Source};
use service::token::{refused, refused_as};

use super::config::{IssuerConfig, JwtConfig, SignatureAlgorithm};

/// How far clocks may be apart, in seconds.
pub(super) const SKEW_S: i64 = 30;
/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// One issuer, and its keys.
pub(super) struct Issuer {
    pub config: IssuerConfig,
    keys: Jwks,
    algorithms: Vec<Algorithm>,
    validation: Validation,
}

/// A token whose signature and claims hold.
pub(super) struct Verified {
    pub claims: Map<String, Value>,
    pub subject: String,
    pub expires_at_s: i64,
    /// The version of the keys that it was verified with.
    pub keys: u64,
}

/// The issuers whose tokens count, by what the tokens call them.
pub(super) struct Issuers(HashMap<String, Issuer>);

impl Issuers {
    /// The issuers that a file names. Paths are relative to `folder`.
    pub fn new(config: &JwtConfig, folder: &Path) -> Self {
        let issuers = config.issuers.iter();
        Self(issuers.map(|issuer| (issuer.issuer.clone(), Issuer::new(issuer.clone(), folder))).collect())
    }

    /// The issuer that a token names, which has verified nothing yet.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` for a token that is none, or of somebody else.
    pub fn of(&self, token: &str) -> Result<&Issuer> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(refused("it is too long"));
        }
        // Only to find out whose keys to ask; what the token says counts once they agree.
        let claimed = jsonwebtoken::dangerous::insecure_decode::<Map<String, Value>>(token);
        let claims = claimed.map_err(|error| refused_as(&error))?.claims;
        let issuer = claims.get("iss").and_then(Value::as_str).and_then(|name| self.0.get(name));
        issuer.ok_or_else(|| refused("it is of another issuer"))
    }
}

impl Issuer {
    fn new(config: IssuerConfig, folder: &Path) -> Self {
        let source = match (&config.jwks_url, &config.jwks_file) {
            (Some(url), _) => Source::Url(url.clone()),
            (None, file) => Source::File(folder.join(file.as_deref().unwrap_or(Path::new("")))),
        };
        let algorithms = config.accepted();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = SKEW_S.unsigned_abs();
        validation.validate_nbf = true;
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let keys = Jwks::new(source, Duration::from_secs(config.jwks_refresh_s));
        Self { config, keys, algorithms, validation }
    }

    /// The version of its keys now.
    pub fn keys_version(&self) -> u64 {
        self.keys.version()
    }

    /// Checks signature and claims.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, with a reason for the log alone, for every token that does not pass; `DEPENDENCY_UNAVAILABLE` when the keys
    /// cannot be had.
    pub async fn verify(&self, token: &str) -> Result<Verified> {
        let header = decode_header(token).map_err(|error| refused_as(&error))?;
        let is_typed = match &self.config.token_type {
            Some(wanted) => header.typ.as_deref().is_some_and(|typ| is_type(typ, wanted)),
            None => true,
        };
        if !is_typed {
            return Err(refused("it is of another type"));
        }
        if header.crit.is_some() {
            // RFC 7515, section 4.1.11.
            return Err(refused("it has extensions that must be understood"));
        }
        if !self.algorithms.contains(&header.alg) {
            return Err(refused("its algorithm is not accepted"));
        }
        let kid = header.kid.ok_or_else(|| refused("it names no key"))?;
        let (key, keys) = self.keys.key(&kid).await?;
        if !key.allows(header.alg) {
            return Err(refused("its key is not for its algorithm"));
        }
        // The algorithm is the one that settings and key allow, never just what the token says.
        let mut validation = self.validation.clone();
        validation.algorithms = vec![header.alg];
        let claims = decode::<Map<String, Value>>(token, &key.key, &validation);
        let claims = claims.map_err(|error| refused_as(&error))?.claims;
        self.read(claims, keys).map_err(refused)
    }

    /// Claims by their types; the library has compared some of them.
    fn read(&self, claims: Map<String, Value>, keys: u64) -> Result<Verified, &'static str> {
        let now_s = chrono::Utc::now().timestamp();
        let seconds = |name: &str| claims.get(name).and_then(seconds);
        let (issued_at_s, expires_at_s) =
            seconds("iat").zip(seconds("exp")).ok_or("`iat` or `exp` is no time")?;
        if issued_at_s > now_s + SKEW_S {
            return Err("it says that it was made in the future");
        }
        let lives = expires_at_s.checked_sub(issued_at_s);
        if lives.is_none_or(|lives| !(0..=self.config.lifetime_max_s).contains(&lives)) {
            return Err("it lives longer than `lifetime_max_s`, or ends before it begins");
        }
        if claims.contains_key("nbf") && seconds("nbf").is_none() {
            return Err("`nbf` is no time");
        }
        if self.config.required_claims.iter().any(|name| claims.get(name).is_none_or(Value::is_null)) {
            return Err("a claim that must be there is not");
        }
        let subject = claims.get("sub").and_then(Value::as_str).filter(|subject| !subject.is_empty());
        let subject = subject.ok_or("`sub` is no text")?.to_owned();
        Ok(Verified { subject, expires_at_s, keys, claims })
    }
}

/// A NumericDate (RFC 7519, section 2), which may have a fraction.
fn seconds(value: &Value) -> Option<i64> {
    let in_range = |seconds: &f64| seconds.is_finite() && seconds.abs() < 1e12;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range was checked, and a fraction means nothing here"
    )]
    let whole = |seconds: f64| seconds as i64;
    value.as_i64().or_else(|| value.as_f64().filter(in_range).map(whole))
}

/// Media types are compared without case, and without `application/` (RFC 7515, section 4.1.9).
fn is_type(typ: &str, wanted: &str) -> bool {
    let short = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.strip_prefix("application/").map(str::to_owned).unwrap_or(name)
    };
    short(typ) == short(wanted)
}

impl From<SignatureAlgorithm> for Algorithm {
    fn from(algorithm: SignatureAlgorithm) -> Self {
        match algorithm {
            SignatureAlgorithm::EdDSA => Self::EdDSA,
            SignatureAlgorithm::ES256 => Self::ES256,
            SignatureAlgorithm::ES384 => Self::ES384,
            SignatureAlgorithm::RS256 => Self::RS256,
            SignatureAlgorithm::RS384 => Self::RS384,
            SignatureAlgorithm::RS512 => Self::RS512,
            SignatureAlgorithm::PS256 => Self::PS256,
            SignatureAlgorithm::PS384 => Self::PS384,
            SignatureAlgorithm::PS512 => Self::PS512,
        }
    }
}
