//! What the nouns of this module share: the lock that writers take first, and what holds for an employee after
//! inheritance, written into the directory and announced whenever it changes.

use std::collections::HashSet;

use common::{Event as _, MembershipId, Refusal, Result};
use database::Tx;
use people::{Period, Person};
use serde_json::Value;
use sqlx::types::Json;

use crate::events::{EmployeeHired, EmployeeUpdated};
use crate::ids::EmployeeId;

/// What holds for everybody without one of their own is not archived.
pub(crate) const DEFAULT_STAYS: Refusal =
    Refusal::whole("DEFAULT_STAYS", "this is the organization's default; make another one the default first");

/// Lets one writer at a time change an organization's structure; the others wait here.
///
/// Two moves that are fine one by one can make a circle together, and two new defaults can take each other's
/// place. Taken before the first write, it also makes the order of transaction ids, which the outbox is
/// relayed in, the order of the changes: a copy of full states never ends with an older one.
pub(crate) async fn lock(tx: &mut Tx) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('employee.structure ' || core.organization_id(), 0))"
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What holds for these employees after inheritance, in the order of their ids.
pub(crate) async fn in_effect(tx: &mut Tx, ids: &[EmployeeId]) -> Result<Vec<Person>> {
    Ok(sqlx::query_as!(
        Person,
        r#"select employee_id as "id!: EmployeeId", membership_id as "membership_id: MembershipId",
               manager_id as "manager_id: EmployeeId", department_id, joined_on as "joined_on!",
               last_working_day as left_on, time_zone as "time_zone!", work_schedule_id, holiday_calendar_id,
               former as "former!: Json<Vec<Period>>"
           from employee.employee_in_effect where employee_id = any($1) order by employee_id"#,
        ids as &[EmployeeId],
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What holds for everybody who has not left, before a change to what they inherit.
pub(crate) async fn snapshot(tx: &mut Tx) -> Result<Vec<Person>> {
    Ok(sqlx::query_as!(
        Person,
        r#"select employee_id as "id!: EmployeeId", membership_id as "membership_id: MembershipId",
               manager_id as "manager_id: EmployeeId", department_id, joined_on as "joined_on!",
               last_working_day as left_on, time_zone as "time_zone!", work_schedule_id, holiday_calendar_id,
               former as "former!: Json<Vec<Period>>"
           from employee.employee_in_effect where status <> 'TERMINATED' order by employee_id"#,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Writes down and announces those for whom something else holds than in `before`.
pub(crate) async fn announce_since(tx: &mut Tx, before: &[Person]) -> Result<()> {
    let after = snapshot(tx).await?;
    announce(tx, &changed(before, after), &HashSet::new()).await
}

/// Writes down and announces the present state of these employees.
pub(crate) async fn announce_many(tx: &mut Tx, ids: &[EmployeeId]) -> Result<()> {
    let states = in_effect(tx, ids).await?;
    announce(tx, &states, &HashSet::new()).await
}

/// Writes down and announces those who were hired, and the present state of those who changed.
pub(crate) async fn announce_hired(tx: &mut Tx, hired: &[EmployeeId], changed: &[EmployeeId]) -> Result<()> {
    let states = in_effect(tx, &[hired, changed].concat()).await?;
    announce(tx, &states, &hired.iter().copied().collect()).await
}

/// In two statements, however many they are.
async fn announce(tx: &mut Tx, states: &[Person], hired: &HashSet<EmployeeId>) -> Result<()> {
    if states.is_empty() {
        return Ok(());
    }
    people::write::employees(tx, states).await?;
    let ids: Vec<EmployeeId> = states.iter().map(|state| state.id).collect();
    let events = states.iter().map(|state| match hired.contains(&state.id) {
        true => serde_json::to_value(EmployeeHired::from(state))
            .map(|payload| (EmployeeHired::TYPE.to_owned(), payload)),
        false => serde_json::to_value(EmployeeUpdated::from(state))
            .map(|payload| (EmployeeUpdated::TYPE.to_owned(), payload)),
    });
    let (types, payloads): (Vec<String>, Vec<Value>) =
        events.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let now = tx.now();
    sqlx::query!(
        "insert into employee.outbox (event_id, event_type, occurred_at, actor, aggregate_id, correlation_id, payload)
         select core.uuid_v7(), state.type, $1,
                case when core.actor_id() is null then jsonb_build_object('type', 'system', 'id', 'employee')
                     else jsonb_build_object('type', 'member', 'id', core.actor_id()) end,
                state.id, coalesce(core.request_id(), ''), state.payload
         from unnest($2::text[], $3::uuid[], $4::jsonb[]) as state (type, id, payload)",
        now,
        &types,
        &ids as &[EmployeeId],
        &payloads,
    )
    .execute(tx.conn())
    .await?;
    tx.announce();
    Ok(())
}

/// What is in `after` and was not so in `before`; both in the order of their ids.
fn changed(before: &[Person], after: Vec<Person>) -> Vec<Person> {
    let was = |state: &Person| {
        before.binary_search_by_key(&state.id, |old| old.id).ok().map(|index| &before[index])
    };
    after.into_iter().filter(|state| was(state) != Some(state)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(id: u128, time_zone: &str) -> Person {
        Person {
            id: EmployeeId(uuid::Uuid::from_u128(id)),
            membership_id: None,
            manager_id: None,
            department_id: None,
            joined_on: chrono::NaiveDate::default(),
            left_on: None,
            time_zone: time_zone.to_owned(),
            work_schedule_id: None,
            holiday_calendar_id: None,
            former: Json(Vec::new()),
        }
    }

    #[test]
    fn only_those_for_whom_something_else_holds_are_announced() {
        let before = [state(1, "UTC"), state(3, "UTC"), state(5, "UTC")];
        let after = vec![state(1, "UTC"), state(3, "Asia/Tokyo"), state(4, "UTC")];
        assert_eq!(changed(&before, after), [state(3, "Asia/Tokyo"), state(4, "UTC")]);
        assert_eq!(changed(&[], vec![]), []);
    }
}
