//! Keys: what the order of events is kept of.

use common::{Envelope, OrganizationId};
use uuid::Uuid;

/// Whose events keep their order.
pub(crate) type Key = (OrganizationId, Uuid);

/// The key of an event.
pub(crate) fn key_of(event: &Envelope) -> Key {
    (event.organization_id, event.aggregate_id)
}
