//! What the nouns of this module share: the lock that writers take first, and what holds for an employee
//! after inheritance, announced whenever it changes.

use common::{MembershipId, Result};
use database::Tx;

use crate::department::DepartmentId;
use crate::employee::EmployeeId;
use crate::events::EmployeeUpdated;
use crate::holiday_calendar::HolidayCalendarId;
use crate::work_schedule::WorkScheduleId;

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
pub(crate) async fn in_effect(tx: &mut Tx, ids: &[EmployeeId]) -> Result<Vec<EmployeeUpdated>> {
    Ok(sqlx::query_as!(
        EmployeeUpdated,
        r#"select employee_id as "employee_id!: EmployeeId", membership_id as "membership_id: MembershipId",
               manager_id as "manager_id: EmployeeId", department_id as "department_id: DepartmentId",
               joined_on as "joined_on!", time_zone as "time_zone!",
               work_schedule_id as "work_schedule_id: WorkScheduleId",
               holiday_calendar_id as "holiday_calendar_id: HolidayCalendarId"
           from employee.employee_in_effect where employee_id = any($1) order by employee_id"#,
        ids as &[EmployeeId],
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What holds for everybody who has not left, before a change to what they inherit.
pub(crate) async fn snapshot(tx: &mut Tx) -> Result<Vec<EmployeeUpdated>> {
    Ok(sqlx::query_as!(
        EmployeeUpdated,
        r#"select employee_id as "employee_id!: EmployeeId", membership_id as "membership_id: MembershipId",
               manager_id as "manager_id: EmployeeId", department_id as "department_id: DepartmentId",
               joined_on as "joined_on!", time_zone as "time_zone!",
               work_schedule_id as "work_schedule_id: WorkScheduleId",
               holiday_calendar_id as "holiday_calendar_id: HolidayCalendarId"
           from employee.employee_in_effect where status <> 'TERMINATED' order by employee_id"#,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Announces those for whom something else holds than in `before`.
pub(crate) async fn announce_since(tx: &mut Tx, before: &[EmployeeUpdated]) -> Result<()> {
    let after = snapshot(tx).await?;
    announce(tx, &changed(before, after)).await
}

/// Announces these states, in one statement however many they are.
pub(crate) async fn announce(tx: &mut Tx, states: &[EmployeeUpdated]) -> Result<()> {
    if states.is_empty() {
        return Ok(());
    }
    let ids: Vec<EmployeeId> = states.iter().map(|state| state.employee_id).collect();
    let payloads = states.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
    let now = tx.now();
    sqlx::query!(
        "insert into employee.outbox (event_id, event_type, occurred_at, actor, aggregate_id, correlation_id, payload)
         select core.uuid_v7(), $1, $2,
                case when core.actor_id() is null then jsonb_build_object('type', 'system', 'id', 'employee')
                     else jsonb_build_object('type', 'member', 'id', core.actor_id()) end,
                state.id, coalesce(core.request_id(), ''), state.payload
         from unnest($3::uuid[], $4::jsonb[]) as state (id, payload)",
        <EmployeeUpdated as common::Event>::TYPE,
        now,
        &ids as &[EmployeeId],
        &payloads,
    )
    .execute(tx.conn())
    .await?;
    tx.announce();
    Ok(())
}

/// What is in `after` and was not so in `before`; both in the order of their ids.
fn changed(before: &[EmployeeUpdated], after: Vec<EmployeeUpdated>) -> Vec<EmployeeUpdated> {
    let was = |state: &EmployeeUpdated| {
        before
            .binary_search_by_key(&state.employee_id, |old| old.employee_id)
            .ok()
            .map(|index| &before[index])
    };
    after.into_iter().filter(|state| was(state) != Some(state)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(id: u128, time_zone: &str) -> EmployeeUpdated {
        EmployeeUpdated {
            employee_id: EmployeeId(uuid::Uuid::from_u128(id)),
            membership_id: None,
            manager_id: None,
            department_id: None,
            joined_on: chrono::NaiveDate::default(),
            time_zone: time_zone.to_owned(),
            work_schedule_id: None,
            holiday_calendar_id: None,
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
