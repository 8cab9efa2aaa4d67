//! Whose budget or whose tries.

use std::fmt;
use std::net::IpAddr;

use uuid::Uuid;

/// Somebody who is counted: of a kind, with an id among that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    kind: &'static str,
    id: Uuid,
}

impl Key {
    /// Somebody with an id.
    #[must_use]
    pub const fn new(kind: &'static str, id: Uuid) -> Self {
        Self { kind, id }
    }

    /// Whoever asks from an address; all whose address is unknown are one.
    #[must_use]
    pub fn of_address(kind: &'static str, address: Option<IpAddr>) -> Self {
        let bits = match address {
            None => 0,
            Some(IpAddr::V4(address)) => address.to_ipv6_mapped().to_bits(),
            Some(IpAddr::V6(address)) => address.to_bits(),
        };
        Self { kind, id: Uuid::from_u128(bits) }
    }
}

/// As keys in Redis have it.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id.simple())
    }
}
