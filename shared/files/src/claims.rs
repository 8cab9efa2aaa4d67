//! What addresses and receipts say: JSON Web Tokens (RFC 7519), signed with HMAC-SHA-256 under a key of their own.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Something that is said under a signature, for one purpose.
pub(crate) trait Claims: Serialize + DeserializeOwned {
    /// Keeps what is signed for one purpose from being taken for another.
    const AUDIENCE: &'static str;
}

/// These bytes may be put.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Put {
    pub organization: Uuid,
    pub file: Uuid,
    pub name: String,
    pub size: u64,
}

/// These bytes were put.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub organization: Uuid,
    pub file: Uuid,
    pub media_type: String,
    /// SHA-256 of the bytes, in hexadecimal digits.
    pub sha256: String,
}

/// These bytes may be got.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Get {
    pub organization: Uuid,
    pub file: Uuid,
    pub name: String,
    pub media_type: String,
}

impl Claims for Put {
    const AUDIENCE: &'static str = "files:put";
}

impl Claims for Receipt {
    const AUDIENCE: &'static str = "files:receipt";
}

impl Claims for Get {
    const AUDIENCE: &'static str = "files:get";
}

#[derive(Serialize, Deserialize)]
struct Signed<C> {
    aud: String,
    exp: i64,
    #[serde(flatten)]
    claims: C,
}

/// Why a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// We never signed it, or not for this.
    Invalid,
    /// Its time is over.
    Expired,
}

/// Signs, and knows what it signed.
#[derive(Clone)]
pub(crate) struct Signer {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Signer {
    pub fn new(key: &[u8; 32]) -> Self {
        Self { encoding: EncodingKey::from_secret(key), decoding: DecodingKey::from_secret(key) }
    }

    pub fn sign<C: Claims>(&self, claims: &C, until: DateTime<Utc>) -> common::Result<String> {
        let signed = Signed { aud: C::AUDIENCE.to_owned(), exp: until.timestamp(), claims };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &signed, &self.encoding);
        token.map_err(common::Error::internal)
    }

    pub fn verify<C: Claims>(&self, token: &str, now: DateTime<Utc>) -> Result<C, Rejected> {
        let mut validation = Validation::new(Algorithm::HS256);
        // The time is ours to look at: the product's clock is not the machine's in tests.
        validation.validate_exp = false;
        validation.set_audience(&[C::AUDIENCE]);
        let signed = jsonwebtoken::decode::<Signed<C>>(token, &self.decoding, &validation)
            .map_err(|_| Rejected::Invalid)?
            .claims;
        if now.timestamp() < signed.exp { Ok(signed.claims) } else { Err(Rejected::Expired) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt() -> Receipt {
        Receipt {
            organization: Uuid::now_v7(),
            file: Uuid::now_v7(),
            media_type: "image/png".into(),
            sha256: "00".into(),
        }
    }

    #[test]
    fn what_was_signed_is_believed_until_its_time_is_over() {
        let (signer, now) = (Signer::new(&[1; 32]), Utc::now());
        let token = signer.sign(&receipt(), now + chrono::TimeDelta::minutes(1)).unwrap();
        assert!(signer.verify::<Receipt>(&token, now).is_ok());
        let later = now + chrono::TimeDelta::minutes(2);
        assert_eq!(signer.verify::<Receipt>(&token, later).err(), Some(Rejected::Expired));
    }

    #[test]
    fn another_purpose_another_key_and_another_algorithm_do_not_count() {
        let (signer, now) = (Signer::new(&[1; 32]), Utc::now());
        let token = signer.sign(&receipt(), now + chrono::TimeDelta::minutes(1)).unwrap();
        assert_eq!(signer.verify::<Get>(&token, now).err(), Some(Rejected::Invalid));
        assert_eq!(Signer::new(&[2; 32]).verify::<Receipt>(&token, now).err(), Some(Rejected::Invalid));
        let (_, rest) = token.split_once('.').unwrap();
        // {"alg":"none","typ":"JWT"}
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{rest}");
        assert_eq!(signer.verify::<Receipt>(&unsigned, now).err(), Some(Rejected::Invalid));
        for rubbish in ["", ".", "a.b.c", &token[..token.len() - 1]] {
            assert_eq!(signer.verify::<Receipt>(rubbish, now).err(), Some(Rejected::Invalid), "{rubbish}");
        }
    }
}
