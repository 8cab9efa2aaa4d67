//! How many sockets and event streams each client has open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use common::{Caller, IdentityId, network_of};
use graphql::Limit;

use super::Guard;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Owner {
    User(IdentityId),
    Address(Option<IpAddr>),
}

/// The counts, by user, or by address for anonymous callers.
#[derive(Clone)]
pub(crate) struct Sockets {
    per_owner_max: usize,
    guard: Guard,
    open: Arc<Mutex<HashMap<Owner, usize>>>,
}

/// One open socket; it is counted until dropped.
pub(crate) struct Socket {
    sockets: Sockets,
    owner: Owner,
}

impl Sockets {
    pub fn new(per_owner_max: usize, guard: Guard) -> Self {
        Self { per_owner_max, guard, open: Arc::default() }
    }

    /// The same counts, under another limit.
    pub fn with(&self, per_owner_max: usize, guard: Guard) -> Self {
        Self { per_owner_max, guard, open: self.open.clone() }
    }

    /// Counts one more; `None` when the owner has as many as allowed.
    pub fn open(&self, caller: &Caller, address: Option<IpAddr>) -> Option<Socket> {
        let by_address = Owner::Address(address.map(network_of));
        let owner = caller.member().map_or(by_address, |member| Owner::User(member.identity_id));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(owner).or_default();
        if *count >= self.per_owner_max && self.guard.refuses(Limit::SocketsPerUser) {
            return None;
        }
        *count += 1;
        Some(Socket { sockets: self.clone(), owner })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let mut open = self.sockets.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use graphql::Modes;

    use super::*;
    use crate::telemetry::Metrics;

    #[test]
    fn a_closed_socket_makes_room() {
        let guard = Guard::new(Modes::default(), Arc::new(Metrics::new()));
        let sockets = Sockets::new(2, guard);
        let open = || sockets.open(&Caller::Anonymous, None);
        let (first, second) = (open(), open());
        assert!(first.is_some() && second.is_some() && open().is_none());
        drop(first);
        assert!(open().is_some());
        drop(second);
        assert!(sockets.open.lock().expect("no panic").is_empty());
    }
}
