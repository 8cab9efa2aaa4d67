//! The key set: public keys by `kid`, as auth publishes them, and the check of a token against them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use common::{Member, Result, Role};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use moka::sync::Cache;

use crate::jwks::{Jwks, Source};
use crate::token::{AUDIENCE, Claims, ISSUER, LIFETIME_S, SKEW_S, TYPE, refused, refused_as};

/// How old the keys may get before they are read again.
const REFRESH_AFTER: Duration = Duration::from_secs(600);
/// How long a verified token is believed without checking its signature again.
const VERIFIED_FOR: Duration = Duration::from_secs(60);
/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 4096;

/// The keys that auth publishes, read when one is needed that is not there yet.
#[derive(Clone)]
pub struct KeySet {
    keys: Jwks,
    /// By token: whose it is, and the version of the keys that said so.
    verified: Cache<Arc<str>, (Arc<Member>, i64, u64)>,
}

impl KeySet {
    /// The key set at `url`, fetched on first use.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            keys: Jwks::new(Source::Url(url.to_owned()), REFRESH_AFTER),
            verified: Cache::builder().max_capacity(50_000).time_to_live(VERIFIED_FOR).build(),
        }
    }

    /// Waits for the keys, if none has been read yet.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when they cannot be had.
    pub async fn are_known(&self) -> Result<()> {
        self.keys.are_known().await
    }

    /// The member that a token names, and the version of the membership that it was made for.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, with a reason for the log alone, for every token that does not pass; `DEPENDENCY_UNAVAILABLE`
    /// when the keys cannot be had.
    pub async fn verify(&self, token: &str) -> Result<(Arc<Member>, i64)> {
        if let Some((member, version, keys)) = self.verified.get(token)
            && keys == self.keys.version()
        {
            let alive = member.expires_at > Utc::now() - chrono::Duration::seconds(SKEW_S as i64);
            return if alive { Ok((member, version)) } else { Err(refused("it has expired")) };
        }
        if token.len() > TOKEN_BYTES_MAX {
            return Err(refused("it is too long"));
        }
        let header = decode_header(token).map_err(|error| refused_as(&error))?;
        check_header(&header)?;
        let kid = header.kid.ok_or_else(|| refused("it names no key"))?;
        let (key, keys) = self.keys.key(&kid).await?;
        if !key.allows(Algorithm::EdDSA) {
            return Err(refused("its key is not for its algorithm"));
        }
        let claims = decode::<Claims>(token, &key.key, &validation());
        let claims = claims.map_err(|error| refused_as(&error))?.claims;
        let member = Arc::new(member(&claims)?);
        self.verified.insert(token.into(), (member.clone(), claims.pv, keys));
        Ok((member, claims.pv))
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

/// What a header says must be understood, is not: we know no extension (RFC 7515, section 4.1.11).
fn check_header(header: &Header) -> Result<()> {
    if header.crit.is_some() { Err(refused("it demands what is not understood")) } else { Ok(()) }
}

fn member(claims: &Claims) -> Result<Member> {
    let issued_in_future = claims.iat > Utc::now().timestamp() + SKEW_S as i64;
    // Whoever signs makes none that is good for longer.
    if claims.exp.saturating_sub(claims.iat) > LIFETIME_S {
        return Err(refused("it is good for too long"));
    }
    if claims.typ != TYPE {
        return Err(refused("it is of another type"));
    }
    if issued_in_future {
        return Err(refused("it says that it was made in the future"));
    }
    Ok(Member {
        organization_id: claims.org.into(),
        identity_id: claims.sub.into(),
        membership_id: claims.mid.into(),
        session_id: claims.sid.into(),
        roles: claims.roles.iter().filter_map(|role| Role::parse(role)).collect(),
        modules: None,
        granted: Arc::default(),
        expires_at: DateTime::from_timestamp(claims.exp, 0).ok_or_else(|| refused("its end is no time"))?,
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn claims(lifetime_s: i64) -> Claims {
        let now = Utc::now().timestamp();
        Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: Uuid::now_v7(),
            exp: now + lifetime_s,
            nbf: now,
            iat: now,
            jti: Uuid::now_v7(),
            typ: TYPE.into(),
            org: Uuid::now_v7(),
            mid: Uuid::now_v7(),
            sid: Uuid::now_v7(),
            roles: vec!["MEMBER".into()],
            pv: 1,
        }
    }

    #[test]
    fn a_token_that_is_good_for_ten_years_is_good_for_nothing() {
        assert!(member(&claims(LIFETIME_S)).is_ok());
        for lifetime_s in [LIFETIME_S + 1, 10 * 365 * 86_400, i64::MAX / 2] {
            assert!(
                matches!(member(&claims(lifetime_s)), Err(common::Error::Unauthenticated)),
                "{lifetime_s}"
            );
        }
    }

    #[test]
    fn a_token_that_demands_what_is_not_understood_is_refused() {
        let plain = Header::new(Algorithm::EdDSA);
        assert!(check_header(&plain).is_ok());
        for crit in [vec![], vec!["exp".to_owned()], vec!["b64".to_owned()]] {
            assert!(check_header(&Header { crit: Some(crit), ..plain.clone() }).is_err());
        }
    }
}
