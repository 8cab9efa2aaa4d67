//! Events as rows: the log and the outboxes have the same columns for them.

use common::{Envelope, Result};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// The columns of an event.
pub(crate) const COLUMNS: &str =
    "event_id, event_type, occurred_at, organization_id, actor, aggregate_id, correlation_id, payload";

/// The event in a row.
pub(crate) fn envelope(row: &PgRow) -> Result<Envelope> {
    Ok(Envelope {
        event_id: row.try_get("event_id")?,
        event_type: row.try_get("event_type")?,
        occurred_at: row.try_get("occurred_at")?,
        organization_id: row.try_get("organization_id")?,
        actor: serde_json::from_value(row.try_get("actor")?)?,
        aggregate_id: row.try_get("aggregate_id")?,
        correlation_id: row.try_get("correlation_id")?,
        payload: row.try_get("payload")?,
    })
}
