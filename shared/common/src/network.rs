//! Networks: what the addresses of one client have in common.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network that an address is counted under, wherever clients are counted by where they are: an IPv4 address itself,
/// also when it is mapped into IPv6, and of an IPv6 address its /64, which whoever holds one address usually holds.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The neighbourhood that an address is written down as, in logs and traces: what it has in common with 256 others (IPv4)
/// or with the sites of one customer (IPv6, /48). Of a person it says roughly where, and not who.
#[must_use]
pub fn neighbourhood_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() >> 8 << 8).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 80 << 80).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbourhood_names_nobody() {
        let neighbourhood = |text: &str| neighbourhood_of(text.parse().unwrap()).to_string();
        assert_eq!(neighbourhood("192.0.2.17"), "192.0.2.0");
        assert_eq!(neighbourhood("::ffff:192.0.2.17"), "192.0.2.0");
        assert_eq!(neighbourhood("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
    }

    #[test]
    fn neighbours_in_an_ipv6_network_are_one_and_ipv4_addresses_each_their_own() {
        let network = |text: &str| network_of(text.parse().expect("an address")).to_string();
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
