//! How many connections each network has open: one that opens all there are leaves none for others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use common::network_of;

use crate::config::Network;

/// The counts, by network. Proxies that are trusted are many people at once, and not counted.
#[derive(Clone)]
pub(super) struct Peers {
    per_address_max: usize,
    trusted: Arc<[Network]>,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One open connection; it is counted until dropped.
pub(super) struct Peer {
    peers: Peers,
    network: Option<IpAddr>,
}

impl Peers {
    pub fn new(per_address_max: usize, trusted: &[Network]) -> Self {
        Self { per_address_max, trusted: trusted.into(), open: Arc::default() }
    }

    /// Counts one more; `None` when the network has as many as allowed.
    pub fn open(&self, address: IpAddr) -> Option<Peer> {
        if self.trusted.iter().any(|network| network.contains(address)) {
            return Some(Peer { peers: self.clone(), network: None });
        }
        let network = network_of(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(network).or_default();
        if *count >= self.per_address_max {
            return None;
        }
        *count += 1;
        Some(Peer { peers: self.clone(), network: Some(network) })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut open = self.peers.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                open.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_so_many_connections_and_a_trusted_proxy_as_many_as_it_wants() {
        let trusted = [Network::try_from("10.0.0.0/8".to_owned()).expect("a network")];
        let peers = Peers::new(2, &trusted);
        let open = |address: &str| peers.open(address.parse().expect("an address"));
        let (first, second) = (open("2001:db8::1"), open("2001:db8::2"));
        assert!(first.is_some() && second.is_some() && open("2001:db8::3").is_none());
        assert!(open("2001:db8:0:1::1").is_some(), "others have theirs");
        drop(first);
        assert!(open("2001:db8::3").is_some());
        let proxied: Vec<_> = (0..10).map(|_| open("10.0.0.1")).collect();
        assert!(proxied.iter().all(Option::is_some));
        drop((second, proxied));
        assert!(peers.open.lock().expect("no panic").is_empty());
    }
}
