//! Addresses that are given to strangers: what they name is in them, and nobody makes one up. So whoever tries others learns
//! nothing, and costs the database nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::OrganizationId;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

/// Signs and verifies addresses. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Signer([u8; 32]);

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A customer looks at a quote, and decides.
    Quote,
    /// Somebody fills in a web form.
    Form,
}

/// What an address names; `nonce` is another one once those that were given away are to be good for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) organization_id: OrganizationId,
    pub(crate) id: Uuid,
    pub(crate) nonce: i64,
}

const PAYLOAD: usize = 16 + 16 + 8;
const MAC: usize = 16;

impl Signer {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn mac(&self, purpose: Purpose, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .unwrap_or_else(|_| unreachable!("any key is long enough"));
        mac.update(match purpose {
            Purpose::Quote => b"quote",
            Purpose::Form => b"form.",
        });
        mac.update(payload);
        mac
    }

    /// The token of an address.
    pub(crate) fn sign(&self, purpose: Purpose, named: Named) -> String {
        let mut token = Vec::with_capacity(PAYLOAD + MAC);
        token.extend_from_slice(named.organization_id.0.as_bytes());
        token.extend_from_slice(named.id.as_bytes());
        token.extend_from_slice(&named.nonce.to_be_bytes());
        let mac = self.mac(purpose, &token).finalize().into_bytes();
        token.extend_from_slice(&mac[..MAC]);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// What a token names; `None` for one that was not made here, or for something else.
    pub(crate) fn verify(&self, purpose: Purpose, token: &str) -> Option<Named> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok().filter(|bytes| bytes.len() == PAYLOAD + MAC)?;
        let (payload, mac) = bytes.split_at(PAYLOAD);
        self.mac(purpose, payload).verify_truncated_left(mac).ok()?;
        let uuid = |at: usize| Uuid::from_slice(&payload[at..at + 16]).ok();
        Some(Named {
            organization_id: OrganizationId(uuid(0)?),
            id: uuid(16)?,
            nonce: i64::from_be_bytes(payload[32..].try_into().ok()?),
        })
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_one_thing_for_one_purpose_and_no_bent_one_names_anything() {
        let signer = Signer::new([7; 32]);
        let named = Named { organization_id: OrganizationId::new(), id: Uuid::now_v7(), nonce: -3 };
        let token = signer.sign(Purpose::Quote, named);
        assert_eq!(signer.verify(Purpose::Quote, &token), Some(named));
        assert_eq!(signer.verify(Purpose::Form, &token), None);
        assert_eq!(Signer::new([8; 32]).verify(Purpose::Quote, &token), None);
        for at in 0..token.len() {
            let mut bent = token.clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(signer.verify(Purpose::Quote, &String::from_utf8(bent).unwrap()), None, "{at}");
        }
        for none in ["", "x", "AAAA"] {
            assert_eq!(signer.verify(Purpose::Quote, none), None);
        }
    }
}
