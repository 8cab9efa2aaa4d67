//! Whether a consumer is done with what a member has caused: callers read their own writes.

use std::collections::BTreeSet;

use common::{MembershipId, OrganizationId, Result};
use database::Database;
use sqlx::AssertSqlSafe;

use crate::Consumer;

/// How far back a caller's events are looked for, in each outbox and in the log: they are a few seconds old, and a backlog
/// of a million must not make everybody wait for a walk through it.
pub(crate) const RECENT_MAX: i64 = 10_000;

/// Whether an event of the member's that is for the consumer stands in an outbox of `modules`, among those that the
/// consumer failed on and tries again, or in `in_log`: a query of what is in the log and not processed, with the columns of
/// an event, in which `$4` is the consumer.
pub(crate) async fn is_waiting(
    database: &Database,
    consumer: &Consumer,
    organization_id: OrganizationId,
    membership_id: MembershipId,
    in_log: &str,
) -> Result<bool> {
    let modules: BTreeSet<&str> = consumer.types.iter().filter_map(|kind| kind.split('.').next()).collect();
    let newest = |module: &&str| {
        format!(
            "select organization_id, actor, event_type from
             (select * from \"{module}\".outbox order by id desc limit {RECENT_MAX}) newest"
        )
    };
    let delayed = "select organization_id, envelope->'actor', envelope->>'eventType'
                   from core.delayed_event where consumer = $4 and organization_id = $1";
    let all: Vec<_> = modules.iter().map(newest).chain([delayed.to_owned(), in_log.to_owned()]).collect();
    let waiting = all.iter().map(|part| {
        format!(
            "select from ({part}) waiting (organization_id, actor, event_type)
             where organization_id = $1 and actor->>'id' = $2 and event_type = any($3)"
        )
    });
    let any = waiting.collect::<Vec<_>>().join(" union all ");
    let is_waiting = sqlx::query_scalar(AssertSqlSafe(format!("select exists ({any})")))
        .bind(organization_id)
        .bind(membership_id.to_string())
        .bind(consumer.types)
        .bind(consumer.name);
    Ok(is_waiting.fetch_one(database.relay()?).await?)
}
