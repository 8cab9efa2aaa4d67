//! Requests for leave: asked for, decided, called off, and counted again when working time changes.

mod calendar;
mod graphql;
mod model;
mod repo;

pub use calendar::{Half, HalfDay, WorkPattern};
pub use graphql::{LeaveRequest, LeaveRequestFilter, RequestMutation, RequestQuery};
pub use model::{Request, RequestId, Status};
pub use repo::Filter;
pub(crate) use repo::{away, select_pages};

use chrono::NaiveDate;
use common::{Cursor, Error, MembershipId, Page, Permission, Refusal, Result, Role, Scope, Slice};
use database::{Ctx, OnConstraint as _, Tx};
use rust_decimal::{Decimal, dec};

use crate::directory::{self, Employee, EmployeeId};
use crate::events::{
    RequestAdjusted, RequestApproved, RequestCancelled, RequestFacts, RequestRejected, RequestSubmitted,
};
use crate::leave_type::{self, LeaveType};
use crate::{balance, events};
use graphql::LeaveRequestSubmitInput;
use model::{Decision, Draft, Refused, by_year, check_floor, check_range, total};

pub(crate) const READ: Permission = Permission {
    key: "leave.request.read",
    description: "See requests for leave.",
    grants: &[
        (Role::Admin, Scope::All),
        (Role::Hr, Scope::All),
        (Role::Manager, Scope::Team),
        (Role::Member, Scope::Own),
    ],
};
pub(crate) const SUBMIT: Permission = Permission {
    key: "leave.request.submit",
    description: "Ask for leave.",
    grants: &[
        (Role::Admin, Scope::All),
        (Role::Hr, Scope::All),
        (Role::Manager, Scope::Own),
        (Role::Member, Scope::Own),
    ],
};
pub(crate) const DECIDE: Permission = Permission {
    key: "leave.request.decide",
    description: "Approve and reject requests for leave.",
    grants: &[(Role::Admin, Scope::All), (Role::Hr, Scope::All), (Role::Manager, Scope::Team)],
};
pub(crate) const CANCEL: Permission = Permission {
    key: "leave.request.cancel",
    description: "Call leave off.",
    grants: &[
        (Role::Admin, Scope::All),
        (Role::Hr, Scope::All),
        (Role::Manager, Scope::Team),
        (Role::Member, Scope::Own),
    ],
};

/// The most characters in a reason or a note.
const TEXT_MAX: usize = 2000;

/// Asks for leave.
pub async fn submit(
    ctx: &Ctx,
    input: LeaveRequestSubmitInput,
    idempotency_key: Option<&str>,
) -> Result<Request> {
    let mut tx = ctx.begin(&SUBMIT).await?;
    if let Some(answer) = tx.idempotent(idempotency_key, &input.fingerprint()).await? {
        return find(&mut tx, answer.into()).await;
    }
    let reason = checked_text(input.reason.clone())?;
    let draft = draft(ctx, &mut tx, &input).await?;
    let problems = draft.problems(draft.employee.day_at(ctx.now()));
    if !problems.is_empty() {
        return Err(Error::Refused(problems.into_iter().map(Into::into).collect()));
    }
    balance::lock(&mut tx, draft.employee.id, draft.leave_type.id).await?;
    check_balance(&mut tx, &draft.employee, &draft.leave_type, &draft.halves, None).await?;
    let request = Request {
        id: RequestId::new(),
        employee_id: draft.employee.id,
        leave_type_id: draft.leave_type.id,
        first_day: draft.range.first_day,
        last_day: draft.range.last_day,
        first_part: draft.range.first_part,
        last_part: draft.range.last_part,
        days: draft.days(),
        reason,
        status: Status::Pending,
        decided_at: None,
        decided_by: None,
        decision_note: None,
        created_at: tx.now(),
        created_by: ctx.member().ok().map(|member| member.membership_id),
        requester_membership_id: draft.employee.membership_id,
    };
    repo::insert(&mut tx, &request, &draft.halves)
        .await
        .on_constraint("request_half_day_overlap_key", Refused::Overlaps)?;
    let facts = facts(&mut tx, &request, &draft.employee).await?;
    tx.emit(&RequestSubmitted(facts)).await?;
    tx.answered(request.id.0).await?;
    tx.commit().await?;
    Ok(request)
}

/// What asking would come to.
pub struct Preview {
    /// The request as it would be.
    pub draft: Draft,
    /// What the balance would fall to.
    pub balance_after: Option<Decimal>,
    /// Why it would be refused.
    pub problems: Vec<Refusal>,
    /// The requests that cover part of it.
    pub conflicts: Vec<Request>,
    /// Who would decide; whoever looks after people when empty.
    pub approvers: Vec<MembershipId>,
}

/// Says what asking for leave would come to, and does nothing.
pub async fn preview(ctx: &Ctx, input: &LeaveRequestSubmitInput) -> Result<Preview> {
    let mut tx = ctx.begin(&SUBMIT).await?;
    let draft = draft(ctx, &mut tx, input).await?;
    let mut problems = draft.problems(draft.employee.day_at(ctx.now()));
    let taken = by_year(&draft.halves, dec!(-1));
    let lowest = balance::lowest_after(&mut tx, &draft.employee, draft.leave_type.id, &taken, None).await?;
    problems.extend(check_floor(draft.leave_type.floor(), lowest).err());
    let ids = repo::overlapping(&mut tx, draft.employee.id, &draft.halves).await?;
    if !ids.is_empty() {
        problems.push(Refused::Overlaps);
    }
    Ok(Preview {
        balance_after: lowest.filter(|_| draft.leave_type.requires_balance),
        problems: problems.into_iter().map(Into::into).collect(),
        conflicts: repo::select_many(&mut tx, &ids).await?,
        approvers: directory::approvers(&mut tx, &draft.employee).await?,
        draft,
    })
}

/// Grants a request: what was held is taken.
pub async fn approve(ctx: &Ctx, id: RequestId, note: Option<String>, key: Option<&str>) -> Result<Request> {
    let mut tx = ctx.begin(&DECIDE).await?;
    if let Some(answer) = tx.idempotent(key, &("approve", id, &note)).await? {
        return find(&mut tx, answer.into()).await;
    }
    let (mut request, employee) = lock(ctx, &mut tx, id).await?;
    let decision = decision(ctx, &mut tx, &request, &employee, note).await?;
    request.approve(decision)?;
    balance::lock(&mut tx, request.employee_id, request.leave_type_id).await?;
    let leave_type = known_type(&mut tx, &request).await?;
    let halves = halves_of(&mut tx, id).await?;
    check_balance(&mut tx, &employee, &leave_type, &halves, Some(id)).await?;
    let taken = by_year(&halves, dec!(-1));
    balance::post_for_request(&mut tx, employee.id, leave_type.id, id.0, "TAKE", &taken).await?;
    repo::save(&mut tx, &request).await?;
    let facts = facts(&mut tx, &request, &employee).await?;
    tx.emit(&RequestApproved(facts)).await?;
    tx.answered(id.0).await?;
    tx.commit().await?;
    Ok(request)
}

/// Declines a request: what was held is free again.
pub async fn reject(ctx: &Ctx, id: RequestId, note: Option<String>, key: Option<&str>) -> Result<Request> {
    let mut tx = ctx.begin(&DECIDE).await?;
    if let Some(answer) = tx.idempotent(key, &("reject", id, &note)).await? {
        return find(&mut tx, answer.into()).await;
    }
    let (mut request, employee) = lock(ctx, &mut tx, id).await?;
    let decision = decision(ctx, &mut tx, &request, &employee, note).await?;
    request.reject(decision)?;
    repo::release(&mut tx, id, request.first_day).await?;
    repo::save(&mut tx, &request).await?;
    let facts = facts(&mut tx, &request, &employee).await?;
    tx.emit(&RequestRejected(facts)).await?;
    tx.answered(id.0).await?;
    tx.commit().await?;
    Ok(request)
}

/// Calls leave off. Of one that was granted and has begun, the days from tomorrow on; who decides on leave
/// can call off today as well.
pub async fn cancel(ctx: &Ctx, id: RequestId, key: Option<&str>) -> Result<Request> {
    let mut tx = ctx.begin(&CANCEL).await?;
    if let Some(answer) = tx.idempotent(key, &("cancel", id)).await? {
        return find(&mut tx, answer.into()).await;
    }
    let (mut request, employee) = lock(ctx, &mut tx, id).await?;
    let was_approved = request.status == Status::Approved;
    let today = employee.day_at(ctx.now());
    let from = if tx.scope() == Scope::Own { today.succ_opt().unwrap_or(today) } else { today };
    let released = request.cancel(&halves_of(&mut tx, id).await?, from)?;
    if was_approved {
        balance::lock(&mut tx, request.employee_id, request.leave_type_id).await?;
        let restored = by_year(&released, dec!(1));
        balance::post_for_request(&mut tx, employee.id, request.leave_type_id, id.0, "RESTORE", &restored)
            .await?;
    }
    let first_released = released.first().map_or(from, |half| half.day);
    repo::release(&mut tx, id, first_released).await?;
    repo::save(&mut tx, &request).await?;
    let mut facts = facts(&mut tx, &request, &employee).await?;
    facts.first_day = first_released;
    facts.last_day = released.last().map_or(from, |half| half.day);
    facts.days = total(&released);
    tx.emit(&RequestCancelled(facts)).await?;
    tx.answered(id.0).await?;
    tx.commit().await?;
    Ok(request)
}

/// Requests that the caller may see, the latest leave first.
pub async fn list(ctx: &Ctx, mut filter: Filter, page: Page<NaiveDate>) -> Result<Slice<Request>> {
    let mut tx = ctx.begin(&READ).await?;
    if let Some(visible) = directory::in_scope(ctx, &mut tx).await? {
        let wanted = filter.employee_ids.take();
        let is_wanted = |id: &EmployeeId| wanted.as_ref().is_none_or(|wanted| wanted.contains(id));
        filter.employee_ids = Some(visible.into_iter().filter(is_wanted).collect());
    }
    let rows = repo::select_page(&mut tx, &filter, &page).await?;
    Ok(page.slice(rows, |row| Cursor { key: row.first_day, id: row.id.0 }))
}

/// Counts the days from today on again that open requests of these employees take, after their working time
/// changed; what was granted is corrected in the ledger (LEV-4).
pub(crate) async fn recount(tx: &mut Tx, employee_ids: &[EmployeeId]) -> Result<()> {
    for employee in directory::select_many(tx, employee_ids).await? {
        let today = employee.day_at(tx.now());
        for id in repo::lock_open_from(tx, &[employee.id], today).await? {
            recount_one(tx, &employee, id, today).await?;
        }
    }
    Ok(())
}

async fn recount_one(tx: &mut Tx, employee: &Employee, id: RequestId, today: NaiveDate) -> Result<()> {
    let mut request = find(tx, id).await?;
    let leave_type = known_type(tx, &request).await?;
    let before = halves_of(tx, id).await?;
    let pattern = directory::work_pattern(tx, employee, request.first_day, request.last_day).await?;
    let counted = before.iter().map(|half| HalfDay {
        portion: if half.day < today {
            half.portion
        } else {
            pattern.portion(half.day, half.half, leave_type.counts_weekends, leave_type.counts_holidays)
        },
        ..half.clone()
    });
    let after: Vec<_> = counted.collect();
    if after == before {
        return Ok(());
    }
    balance::lock(tx, employee.id, leave_type.id).await?;
    repo::save_portions(tx, id, &after).await?;
    if request.status == Status::Approved {
        let differences = before.iter().zip(&after);
        let differences =
            differences.map(|(old, new)| HalfDay { portion: old.portion - new.portion, ..new.clone() });
        let corrections = by_year(&differences.collect::<Vec<_>>(), dec!(1));
        balance::post_for_request(tx, employee.id, leave_type.id, id.0, "ADJUST", &corrections).await?;
    }
    request.days = total(&after);
    repo::save(tx, &request).await?;
    let facts = facts(tx, &request, employee).await?;
    tx.emit(&RequestAdjusted(facts)).await
}

async fn draft(ctx: &Ctx, tx: &mut Tx, input: &LeaveRequestSubmitInput) -> Result<Draft> {
    let range = input.range();
    check_range(range)?;
    let employee = match input.employee_id {
        None => directory::myself(ctx, tx).await?.ok_or(Refused::NotAnEmployee)?,
        Some(id) => {
            let scope = directory::in_scope(ctx, tx).await?;
            let found = directory::select_many(tx, &[id]).await?.pop();
            found
                .filter(|found| directory::contains(scope.as_ref(), found.id))
                .ok_or(Refused::EmployeeUnknown)?
        }
    };
    let leave_type = leave_type::select_many(tx, &[input.leave_type_id]).await?.pop();
    let leave_type = leave_type.ok_or(Refused::LeaveTypeUnknown)?;
    let pattern = directory::work_pattern(tx, &employee, range.first_day, range.last_day).await?;
    Ok(Draft::new(employee, leave_type, range, &pattern))
}

async fn check_balance(
    tx: &mut Tx,
    employee: &Employee,
    leave_type: &LeaveType,
    halves: &[HalfDay],
    deciding: Option<RequestId>,
) -> Result<()> {
    let taken = by_year(halves, dec!(-1));
    let deciding = deciding.map(|id| id.0);
    let lowest = balance::lowest_after(tx, employee, leave_type.id, &taken, deciding).await?;
    Ok(check_floor(leave_type.floor(), lowest)?)
}

/// Locks a request that the caller may act on; any other does not exist.
async fn lock(ctx: &Ctx, tx: &mut Tx, id: RequestId) -> Result<(Request, Employee)> {
    let request = repo::lock(tx, id).await?.ok_or(Error::NotFound("leave request"))?;
    let scope = directory::in_scope(ctx, tx).await?;
    if !directory::contains(scope.as_ref(), request.employee_id) {
        return Err(Error::NotFound("leave request"));
    }
    let employee = directory::find(tx, request.employee_id).await?;
    Ok((request, employee))
}

/// Nobody decides on their own leave, nor on what they asked for somebody else, unless there is nobody else
/// (LEV-9); the audit trail shows who did.
async fn decision(
    ctx: &Ctx,
    tx: &mut Tx,
    request: &Request,
    employee: &Employee,
    note: Option<String>,
) -> Result<Decision> {
    let by = ctx.member()?.membership_id;
    if request.is_of(by, employee) && !directory::has_single_member(tx).await? {
        return Err(Refused::OwnRequest.into());
    }
    Ok(Decision { by, at: tx.now(), note: checked_text(note)? })
}

fn checked_text(text: Option<String>) -> Result<Option<String>, Refused> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > TEXT_MAX) {
        Err(Refused::Text)
    } else {
        Ok(text)
    }
}

async fn find(tx: &mut Tx, id: RequestId) -> Result<Request> {
    repo::select_many(tx, &[id]).await?.pop().ok_or(Error::NotFound("leave request"))
}

async fn known_type(tx: &mut Tx, request: &Request) -> Result<LeaveType> {
    let found = leave_type::select_many(tx, &[request.leave_type_id]).await?.pop();
    found.ok_or(Error::NotFound("leave type"))
}

async fn halves_of(tx: &mut Tx, id: RequestId) -> Result<Vec<HalfDay>> {
    Ok(repo::halves(tx, &[id]).await?.into_iter().map(|(_, half)| half).collect())
}

async fn facts(tx: &mut Tx, request: &Request, employee: &Employee) -> Result<RequestFacts> {
    Ok(events::RequestFacts {
        request_id: request.id.0,
        employee_id: request.employee_id.0,
        requester_membership_id: employee.membership_id,
        approver_membership_ids: directory::approvers(tx, employee).await?,
        decided_by_membership_id: request.decided_by,
        first_day: request.first_day,
        last_day: request.last_day,
        days: request.days,
    })
}
