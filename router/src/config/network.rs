//! Addresses and networks of them, as settings name them.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// An address or a network of them: `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Whether the address lies in the network. IPv4 addresses mapped into IPv6 count as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(32 - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refused = || format!("{text} is neither an address nor a network such as 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.as_str(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), str::parse).map_err(|_| refused())?;
        if prefix > bits {
            return Err(refused());
        }
        Ok(Self { address, prefix })
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        format!("{}/{}", network.address, network.prefix)
    }
}

/// Reads an address to listen on.
pub(super) fn address<'de, D: Deserializer<'de>>(value: D) -> Result<SocketAddr, D::Error> {
    parse(&String::deserialize(value)?)
}

/// Reads an address to listen on, or nothing.
pub(super) fn address_if_any<'de, D: Deserializer<'de>>(value: D) -> Result<Option<SocketAddr>, D::Error> {
    Option::<String>::deserialize(value)?.as_deref().map(parse).transpose()
}

fn parse<E: serde::de::Error>(text: &str) -> Result<SocketAddr, E> {
    text.parse().map_err(|_| {
        E::custom(format!(
            "{text} is no address to listen on; write it as 127.0.0.1:4000 or [::1]:4000: numbers, no names, and a port"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_what_their_prefix_says() {
        let network = |text: &str| Network::try_from(text.to_owned());
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(network("10.0.0.0/8").is_ok_and(|n| n.contains(address("10.9.8.7"))));
        assert!(network("10.0.0.0/8").is_ok_and(|n| n.contains(address("::ffff:10.9.8.7"))));
        assert!(network("10.0.0.0/8").is_ok_and(|n| !n.contains(address("11.0.0.0"))));
        assert!(network("0.0.0.0/0").is_ok_and(|n| n.contains(address("11.0.0.0"))));
        assert!(network("fd00::/8").is_ok_and(|n| n.contains(address("fd12::1"))));
        assert!(network("127.0.0.1").is_ok_and(|n| !n.contains(address("127.0.0.2"))));
        assert!(network("10.0.0.0/33").is_err());
        assert!(network("example.com").is_err());
    }
}
