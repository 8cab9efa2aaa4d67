//! Consumers: what a module does when another one announces something.

use common::{Envelope, Result};
use database::Tx;
use futures::future::BoxFuture;

/// What happens on an event, inside the transaction that also remembers it.
pub type Handle = for<'a> fn(&'a mut Tx, &'a Envelope) -> BoxFuture<'a, Result<()>>;

/// One module's reaction to events.
#[derive(Clone, Copy, Debug)]
pub struct Consumer {
    /// Unique, and forever: its offset and its inbox rows carry it. The module's id, usually.
    pub name: &'static str,
    /// The module that it belongs to.
    pub module: &'static str,
    /// The event types that it reacts to.
    pub types: &'static [&'static str],
    /// The reaction. It may see an event after later ones of other aggregates, and together with others in one
    /// transaction; never twice.
    pub handle: Handle,
}
