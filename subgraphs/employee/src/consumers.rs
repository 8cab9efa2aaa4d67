//! What this module does when others announce something.

use common::{Envelope, Result};
use database::Tx;
use futures::future::BoxFuture;
use kafka::Consumer;

use crate::structure;

/// The consumers of this module.
pub(crate) const CONSUMERS: &[Consumer] = &[Consumer {
    name: "employee",
    module: "employee",
    types: &["tenant.organization.updated"],
    handle: |tx, envelope| handle(tx, envelope),
}];

fn handle<'a>(tx: &'a mut Tx, envelope: &'a Envelope) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        match envelope.event_type.as_str() {
            "tenant.organization.updated" => structure::announce_time_zone(tx).await,
            _ => Ok(()),
        }
    })
}
