//! What the nouns of this module share: the lock that writers take first, and what holds for an employee after
//! inheritance, written into the directory and announced whenever it changes.

use std::collections::HashSet;

use chrono::NaiveDate;
use common::{Event as _, MembershipId, Refusal, Result};
use database::Tx;
use people::{Period, Person};
use serde_json::Value;
use sqlx::types::Json;

use crate::events::{
    EmployeeHired, EmployeeRehired, EmployeeReinstated, EmployeeState, EmployeeTerminated, EmployeeUpdated,
};
use crate::ids::EmployeeId;

/// What holds for everybody without one of their own is not archived.
pub(crate) const DEFAULT_STAYS: Refusal =
    Refusal::whole("DEFAULT_STAYS", "this is the organization's default; make another one the default first");

/// What happened to an employee; each is an event of its own, with the state that they are in now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Hired,
    Updated,
    Terminated,
    Reinstated,
    Rehired,
}

impl Change {
    const fn event(self) -> &'static str {
        match self {
            Self::Hired => EmployeeHired::TYPE,
            Self::Updated => EmployeeUpdated::TYPE,
            Self::Terminated => EmployeeTerminated::TYPE,
            Self::Reinstated => EmployeeReinstated::TYPE,
            Self::Rehired => EmployeeRehired::TYPE,
        }
    }
}

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
           from employee.employee_in_effect where status = 'ACTIVE' order by employee_id"#,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Writes down and announces those for whom something else holds than in `before`.
pub(crate) async fn announce_since(tx: &mut Tx, before: &[Person]) -> Result<()> {
    let after = snapshot(tx).await?;
    announce(tx, &changed(before, after), |_| Change::Updated).await
}

/// The calendar day that it is where an employee works.
pub(crate) async fn today(tx: &mut Tx, id: EmployeeId) -> Result<NaiveDate> {
    let now = tx.now();
    let state = in_effect(tx, &[id]).await?.pop();
    Ok(state.map_or_else(|| now.date_naive(), |state| state.day_at(now)))
}

/// Announces those who have not left and whose days belong to the organization's own time zone, which has changed. The
/// directory followed in the transaction that changed it.
pub(crate) async fn announce_time_zone(tx: &mut Tx) -> Result<()> {
    lock(tx).await?;
    let ids = sqlx::query_scalar!(
        r#"select e.id as "id: EmployeeId" from employee.employee e
           left join employee.work_location l on l.id = e.work_location_id
           where l.time_zone is null and not employee.has_left(e) order by e.id"#
    );
    let ids = ids.fetch_all(tx.conn()).await?;
    announce_many(tx, &ids, Change::Updated).await
}

/// Writes down the present state of these employees, and announces what happened to them.
pub(crate) async fn announce_many(tx: &mut Tx, ids: &[EmployeeId], change: Change) -> Result<()> {
    let states = in_effect(tx, ids).await?;
    announce(tx, &states, |_| change).await
}

/// Writes down and announces those who were hired, and the present state of those who changed.
pub(crate) async fn announce_hired(tx: &mut Tx, hired: &[EmployeeId], changed: &[EmployeeId]) -> Result<()> {
    let states = in_effect(tx, &[hired, changed].concat()).await?;
    let hired: HashSet<EmployeeId> = hired.iter().copied().collect();
    let change = |id| if hired.contains(&id) { Change::Hired } else { Change::Updated };
    announce(tx, &states, change).await
}

/// In two statements, however many they are.
async fn announce(tx: &mut Tx, states: &[Person], change_of: impl Fn(EmployeeId) -> Change) -> Result<()> {
    if states.is_empty() {
        return Ok(());
    }
    people::write::employees(tx, states).await?;
    let ids: Vec<EmployeeId> = states.iter().map(|state| state.id).collect();
    let types: Vec<String> = states.iter().map(|state| change_of(state.id).event().to_owned()).collect();
    let payloads = states.iter().map(|state| serde_json::to_value(EmployeeState::from(state)));
    let payloads: Vec<Value> = payloads.collect::<Result<_, _>>()?;
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
