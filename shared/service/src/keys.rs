//! The key set: public keys by `kid`, as auth publishes them, and the check of a token against them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use common::{Error, Member, Result, Role};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use moka::sync::Cache;
use tokio::sync::RwLock;

use crate::token::{AUDIENCE, Claims, ISSUER, SKEW_S, TYPE};

/// An unknown `kid` makes the set be fetched again, but not more often than this.
const REFRESH_PAUSE: Duration = Duration::from_secs(1);
/// How long a verified token is believed without checking its signature again.
const VERIFIED_FOR: Duration = Duration::from_secs(60);
/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 4096;

/// The keys that auth publishes, fetched when one is needed that is not there yet.
#[derive(Clone)]
pub struct KeySet {
    url: Arc<str>,
    client: reqwest::Client,
    keys: Arc<RwLock<Keys>>,
    verified: Cache<Arc<str>, (Arc<Member>, i64)>,
}

#[derive(Default)]
struct Keys {
    by_kid: HashMap<String, Arc<DecodingKey>>,
    fetched_at: Option<Instant>,
}

impl KeySet {
    /// The key set at `url`, fetched on first use.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            url: url.into(),
            client: reqwest::Client::builder().timeout(Duration::from_secs(3)).build().unwrap_or_default(),
            keys: Arc::default(),
            verified: Cache::builder().max_capacity(50_000).time_to_live(VERIFIED_FOR).build(),
        }
    }

    /// The member that a token names, and the version of the membership that it was made for.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, without a reason, for every token that does not pass; `DEPENDENCY_UNAVAILABLE`
    /// when the keys cannot be had.
    pub async fn verify(&self, token: &str) -> Result<(Arc<Member>, i64)> {
        if let Some((member, version)) = self.verified.get(token) {
            let alive = member.expires_at > Utc::now() - chrono::Duration::seconds(SKEW_S as i64);
            return if alive { Ok((member, version)) } else { Err(Error::Unauthenticated) };
        }
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Error::Unauthenticated);
        }
        let header = decode_header(token).map_err(|_| Error::Unauthenticated)?;
        let kid = header.kid.ok_or(Error::Unauthenticated)?;
        let key = self.key(&kid).await?;
        let claims = decode::<Claims>(token, &key, &validation()).map_err(|_| Error::Unauthenticated)?.claims;
        let verified = (Arc::new(member(&claims)?), claims.pv);
        self.verified.insert(token.into(), verified.clone());
        Ok(verified)
    }

    async fn key(&self, kid: &str) -> Result<Arc<DecodingKey>> {
        if let Some(key) = self.keys.read().await.by_kid.get(kid) {
            return Ok(key.clone());
        }
        let mut keys = self.keys.write().await;
        // Somebody else may have fetched while we waited for the lock.
        let is_recent = keys.fetched_at.is_some_and(|at| at.elapsed() < REFRESH_PAUSE);
        if !keys.by_kid.contains_key(kid) && !is_recent {
            keys.by_kid = self.fetch().await?;
            keys.fetched_at = Some(Instant::now());
        }
        keys.by_kid.get(kid).cloned().ok_or(Error::Unauthenticated)
    }

    async fn fetch(&self) -> Result<HashMap<String, Arc<DecodingKey>>> {
        let answer = self.client.get(&*self.url).send().await.map_err(|_| Error::Unavailable)?;
        let set: JwkSet = answer.json().await.map_err(|_| Error::Unavailable)?;
        Ok(set
            .keys
            .iter()
            .filter_map(|jwk| Some((jwk.common.key_id.clone()?, Arc::new(DecodingKey::from_jwk(jwk).ok()?))))
            .collect())
    }
}

/// The algorithm is ours to say, never the token's.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.leeway = SKEW_S;
    validation.validate_nbf = true;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    validation
}

fn member(claims: &Claims) -> Result<Member> {
    let issued_in_future = claims.iat > Utc::now().timestamp() + SKEW_S as i64;
    if claims.typ != TYPE || issued_in_future {
        return Err(Error::Unauthenticated);
    }
    Ok(Member {
        organization_id: claims.org.into(),
        identity_id: claims.sub.into(),
        membership_id: claims.mid.into(),
        session_id: claims.sid.into(),
        roles: claims.roles.iter().filter_map(|role| Role::parse(role)).collect(),
        expires_at: DateTime::from_timestamp(claims.exp, 0).ok_or(Error::Unauthenticated)?,
    })
}
