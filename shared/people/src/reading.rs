//! How members read what they are told: in which language, and by which clock.

use std::collections::HashMap;

use chrono_tz::Tz;
use common::{MembershipId, Result};
use database::Tx;

/// How a member reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The tag of their language (BCP 47); `None` while they have not said.
    pub locale: Option<String>,
    /// The time zone of where they work; of those who are no employees the organization's.
    pub zone: Tz,
}

/// How each of these members reads. Whoever is not in the directory is left out.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
pub async fn readings(tx: &mut Tx, ids: &[MembershipId]) -> Result<HashMap<MembershipId, Reading>> {
    let rows = sqlx::query!(
        r#"select m.id as "id: MembershipId", m.locale, coalesce((
               select e.time_zone from people.employee e where e.membership_id = m.id
               order by e.left_on desc nulls first limit 1), people.time_zone(m.organization_id)) as "time_zone!"
           from people.member m where m.id = any($1)"#,
        ids as &[MembershipId],
    )
    .fetch_all(tx.conn())
    .await?;
    let reading = |locale, zone: &str| Reading { locale, zone: zone.parse().unwrap_or_default() };
    Ok(rows.into_iter().map(|row| (row.id, reading(row.locale, &row.time_zone))).collect())
}
