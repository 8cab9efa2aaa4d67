//! Open requests, counted again when somebody's working time, holidays or employment change.

use chrono::NaiveDate;
use common::Result;
use database::Tx;
use people::Person;

use super::calendar::WorkPattern;
use super::model::{Request, Status, total};
use super::{facts, halves_of, repo};
use crate::events::{RequestAdjusted, RequestCancelled, RequestFacts};
use crate::ids::EmployeeId;
use crate::leave_type::LeaveType;
use crate::ledger;

/// What is to be looked at again of open requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recount {
    /// When somebody works: from today on, for nobody says since when it is so; and from when to when they do at all.
    WorkingTime,
    /// The holidays of a calendar, each of which is a day of its own, past ones as well.
    Holidays,
}

/// Counts again what open requests of these employees take (LEV-4); one that takes nothing any more is called off, and one
/// that was granted comes back once it takes something again. What follows for the balance is written down.
pub(crate) async fn recount(tx: &mut Tx, employee_ids: &[EmployeeId], why: Recount) -> Result<()> {
    ledger::lock_many(tx, employee_ids).await?;
    for employee in people::select_many(tx, employee_ids).await? {
        let today = employee.day_at(tx.now());
        let requests = match why {
            Recount::WorkingTime => repo::lock_open(tx, &employee, today).await?,
            Recount::Holidays => repo::lock_by_holidays(tx, &employee).await?,
        };
        for request in requests {
            recount_one(tx, &employee, request, why, today).await?;
        }
        for request in repo::lock_called_off(tx, employee.id).await? {
            bring_back(tx, &employee, request, today).await?;
        }
        ledger::post(tx, &employee, None).await?;
    }
    Ok(())
}

async fn recount_one(
    tx: &mut Tx,
    employee: &Person,
    mut request: Request,
    why: Recount,
    today: NaiveDate,
) -> Result<()> {
    let id = request.id;
    let leave_type: LeaveType = tx.find(request.leave_type_id).await?;
    let before = halves_of(tx, id).await?;
    let time = people::working_time(tx, employee, request.first_day.0, request.last_day.0).await?;
    let holidays_from = if why == Recount::Holidays { NaiveDate::MIN } else { today };
    let after = WorkPattern::of(employee, time).recount(
        &before,
        leave_type.counting(),
        request.hours,
        (today, holidays_from),
    );
    if after == before {
        return Ok(());
    }
    repo::save_portions(tx, id, &after).await?;
    let (was, days) = (request.status, request.days);
    request.recounted(&after);
    if (was, days) == (request.status, request.days) {
        return Ok(());
    }
    let approvers = approval::assignees::<Request>(tx, id).await?;
    if request.status == Status::Cancelled {
        if was == Status::Pending {
            approval::withdraw::<Request>(tx, id).await?;
        }
        repo::call_off(tx, id, was == Status::Approved, employee.employments().count()).await?;
    }
    tx.save(&mut request).await?;
    let facts = of_nobody(facts(tx, &request, &leave_type, employee, approvers));
    match request.status {
        Status::Cancelled => tx.emit(&RequestCancelled(facts)).await,
        _ => tx.emit(&RequestAdjusted(facts)).await,
    }
}

/// Nobody did this to the request: it followed from something else.
fn of_nobody(facts: RequestFacts) -> RequestFacts {
    RequestFacts { actor_membership_id: None, ..facts }
}

/// Leave that was granted and called off by facts, if these were put right: it takes something again within the employments
/// that there were then, and nobody has asked for the same days in the meantime.
async fn bring_back(tx: &mut Tx, employee: &Person, mut request: Request, today: NaiveDate) -> Result<()> {
    let id = request.id;
    let (before, employments) = repo::called_off(tx, id).await?;
    let leave_type: LeaveType = tx.find(request.leave_type_id).await?;
    let time = people::working_time(tx, employee, request.first_day.0, request.last_day.0).await?;
    let pattern = WorkPattern::of(employee, time);
    let mut of_then = pattern.clone();
    of_then.employments.truncate(employments);
    let [of_then, after] = [of_then, pattern].map(|pattern| {
        pattern.recount(&before, leave_type.counting(), request.hours, (today, NaiveDate::MIN))
    });
    let is_in_hours = request.hours.is_some();
    if total(&of_then).is_zero() || !repo::in_the_way(tx, employee.id, &after, is_in_hours).await?.is_empty()
    {
        return Ok(());
    }
    repo::save_portions(tx, id, &after).await?;
    repo::bring_back(tx, id).await?;
    request.status = Status::Approved;
    request.recounted(&after);
    tx.save(&mut request).await?;
    let facts = of_nobody(facts(tx, &request, &leave_type, employee, Vec::new()));
    tx.emit(&RequestAdjusted(facts)).await
}
