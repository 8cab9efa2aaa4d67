//! Values that let somebody in are sealed: who can write to Redis cannot make one, nor keep an old one alive.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

const MAC_BYTES: usize = 32;
const DEADLINE_BYTES: usize = 8;

/// Seals and opens values under the installation's key.
pub(crate) struct Sealer([u8; 32]);

impl Sealer {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(*key)
    }

    /// A name of the installation that says nothing of its key: installations that share a Redis do not meet.
    pub fn name(&self) -> String {
        let mac = self.mac(b"name").finalize().into_bytes();
        mac[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A value that is good under this name until a time of Redis's clock, in milliseconds.
    pub fn seal(&self, name: &str, deadline_ms: u64, value: &[u8]) -> Vec<u8> {
        let signed = self.signed(name, deadline_ms, value).finalize().into_bytes();
        [&signed[..], &deadline_ms.to_be_bytes(), value].concat()
    }

    /// The value and its deadline, if it was sealed under this name.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Option<(u64, Vec<u8>)> {
        let (mac, rest) = sealed.split_at_checked(MAC_BYTES)?;
        let (deadline, value) = rest.split_at_checked(DEADLINE_BYTES)?;
        let deadline_ms = u64::from_be_bytes(deadline.try_into().ok()?);
        self.signed(name, deadline_ms, value).verify_slice(mac).ok()?;
        Some((deadline_ms, value.to_vec()))
    }

    fn signed(&self, name: &str, deadline_ms: u64, value: &[u8]) -> Hmac<Sha256> {
        // Names have no zero in them.
        let named = self.mac(b"value").chain_update(name.as_bytes()).chain_update([0]);
        named.chain_update(deadline_ms.to_be_bytes()).chain_update(value)
    }

    fn mac(&self, purpose: &[u8]) -> Hmac<Sha256> {
        // HMAC takes keys of any length: this cannot fail.
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).unwrap_or_else(|_| unreachable!());
        mac.chain_update(purpose).chain_update([0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_good_as_it_was_sealed_and_in_no_other_way() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal("session:1", 1_000, b"ADMIN");
        assert_eq!(sealer.open("session:1", &sealed), Some((1_000, b"ADMIN".to_vec())));
        assert_eq!(sealer.open("session:2", &sealed), None, "under another name");
        assert_eq!(Sealer::new(&[8; 32]).open("session:1", &sealed), None, "of another installation");
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert_eq!(sealer.open("session:1", &other), None, "with another byte at {at}");
            assert_eq!(sealer.open("session:1", &sealed[..at]), None, "cut off at {at}");
        }
    }
}
