//! Requests for leave: asked for, decided, called off, and counted again when working time changes.

mod calendar;
mod graphql;
mod model;
mod repo;

use approval::{Approved, Outcome, StepPreview, Subject, Verdict};
use chrono::NaiveDate;
use common::{
    Error, MembershipId, OWN_OR_OFFICE, PEOPLE_MATTERS, Page, Permission, Refusal, Result, Scope, Slice, text,
};
use database::{Ctx, OnConstraint as _, Tx};
use people::Person;
use rust_decimal::{Decimal, dec};

pub use self::calendar::{HalfDay, WorkPattern};
pub use self::graphql::{LeaveDay, LeaveRequestFilter, PreviewQuery, RequestMutation, RequestQuery, by_day};
use self::graphql::{LeaveRequestRow, LeaveRequestSort, LeaveRequestSubmitInput};
use self::model::{Decision, Draft, by_year, check_floor, check_range, total};
pub use self::model::{Request, Status};
pub(crate) use self::repo::{HalvesOfRequest, away, select_pages};
use crate::balance;
use crate::events::{
    RequestAdjusted, RequestApproved, RequestCancelled, RequestFacts, RequestRejected, RequestSubmitted,
};
use crate::ids::{EmployeeId, RequestId};
use crate::leave_type::LeaveType;
use crate::ledger;

pub(crate) const READ: Permission =
    Permission::new("leave.request.read", "See requests for leave.", PEOPLE_MATTERS);
pub(crate) const SUBMIT: Permission =
    Permission::new("leave.request.submit", "Ask for leave.", OWN_OR_OFFICE);
/// What waits for somebody, they decide on whatever their roles are.
pub(crate) const DECIDE: Permission =
    Permission::new("leave.request.decide", "Approve and reject requests for leave.", PEOPLE_MATTERS);
pub(crate) const CANCEL: Permission =
    Permission::new("leave.request.cancel", "Call leave off.", PEOPLE_MATTERS);

impl Approved for Request {
    const DECIDE: &'static Permission = &DECIDE;
}

/// The most characters in a reason or a note.
const TEXT_MAX: usize = 2000;

/// Asks for leave.
pub async fn submit(ctx: &Ctx, input: LeaveRequestSubmitInput) -> Result<Request> {
    let mut tx = ctx.begin(&SUBMIT).await?;
    let reason = checked_text("reason", input.reason.clone())?;
    let draft = draft(&mut tx, &input).await?;
    let problems = draft.problems(draft.employee.day_at(tx.now()));
    if !problems.is_empty() {
        return Err(Error::Refused(problems));
    }
    ledger::lock(&mut tx, draft.employee.id, draft.leave_type.id).await?;
    check_balance(&mut tx, &draft.employee, &draft.leave_type, &draft.halves, None).await?;
    let mut request = Request { reason, ..draft.request(tx.now()) };
    tx.save(&mut request).await?;
    repo::insert_halves(&mut tx, &request, &draft.halves)
        .await
        .on_constraint("request_half_day_overlap_key", model::OVERLAPS)?;
    let by = tx.membership_id().ok_or(Error::Unauthenticated)?;
    let approvers = approval::begin(&mut tx, subject(&request, by)).await?;
    let facts = facts(&request, &draft.employee, approvers);
    tx.emit(&RequestSubmitted(facts)).await?;
    tx.commit(request).await
}

/// A request as what is asked for: rules may go by its leave type and its days.
fn subject(request: &Request, by: MembershipId) -> Subject<Request> {
    Subject {
        id: request.id,
        requester: by,
        employee_id: Some(request.employee_id),
        amount: Some(request.days),
        category_id: Some(request.leave_type_id.into()),
    }
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
    /// Who would decide, step by step.
    pub approval_steps: Vec<StepPreview>,
}

/// Says what asking for leave would come to, and does nothing.
pub async fn preview(ctx: &Ctx, input: &LeaveRequestSubmitInput) -> Result<Preview> {
    let mut tx = ctx.read(&SUBMIT).await?;
    let draft = draft(&mut tx, input).await?;
    let mut problems = draft.problems(draft.employee.day_at(tx.now()));
    let taken = by_year(&draft.halves, dec!(-1));
    let lowest = balance::lowest_after(&mut tx, &draft.employee, draft.leave_type.id, &taken, None).await?;
    problems.extend(check_floor(draft.leave_type.floor(), lowest).err());
    let conflicts = repo::overlapping(&mut tx, draft.employee.id, &draft.halves).await?;
    if !conflicts.is_empty() {
        problems.push(model::OVERLAPS);
    }
    let by = tx.membership_id().ok_or(Error::Unauthenticated)?;
    let subject = subject(&draft.request(tx.now()), by);
    let approval_steps = approval::preview(&mut tx, &subject).await?;
    Ok(Preview {
        balance_after: lowest.filter(|_| draft.leave_type.requires_balance),
        problems,
        conflicts,
        approval_steps,
        draft,
    })
}

/// Grants a request: what was held is taken.
pub async fn approve(ctx: &Ctx, id: RequestId, note: Option<String>) -> Result<Request> {
    let mut tx = ctx.begin(&DECIDE).await?;
    let request = approve_in(&mut tx, id, note).await?;
    tx.commit(request).await
}

/// Grants many requests; what is refused of one, the others are not.
pub async fn approve_bulk(ctx: &Ctx, rows: Vec<LeaveRequestRow>) -> Result<Vec<Result<Request>>> {
    let mut tx = ctx.begin(&DECIDE).await?;
    let done = tx.each(rows, |row| row.id, |tx, row| Box::pin(approve_in(tx, row.id, row.note))).await?;
    tx.commit(done).await
}

async fn approve_in(tx: &mut Tx, id: RequestId, note: Option<String>) -> Result<Request> {
    let (mut request, employee) = lock(tx, id).await?;
    let decision = decision(tx, note)?;
    let outcome = decide(tx, &request, Verdict::Approved, &decision).await?;
    if let Outcome::Waiting(_) = outcome {
        return Ok(request);
    }
    request.approve(decision)?;
    ledger::lock(tx, request.employee_id, request.leave_type_id).await?;
    let leave_type: LeaveType = tx.find(request.leave_type_id).await?;
    let halves = halves_of(tx, id).await?;
    check_balance(tx, &employee, &leave_type, &halves, Some(id)).await?;
    let taken = by_year(&halves, dec!(-1));
    ledger::post_for_request(tx, employee.id, leave_type.id, id, "TAKE", &taken).await?;
    repo::grant(tx, id).await?;
    tx.save(&mut request).await?;
    tx.emit(&RequestApproved(facts(&request, &employee, Vec::new()))).await?;
    Ok(request)
}

/// Takes a verdict on the present step. The transaction then sees what it takes to do what follows.
async fn decide(tx: &mut Tx, request: &Request, verdict: Verdict, decision: &Decision) -> Result<Outcome> {
    request.check_pending()?;
    approval::decide::<Request>(tx, request.id, decision.by, verdict, decision.note.clone()).await
}

/// Declines a request: what was held is free again.
pub async fn reject(ctx: &Ctx, id: RequestId, note: Option<String>) -> Result<Request> {
    let mut tx = ctx.begin(&DECIDE).await?;
    let request = reject_in(&mut tx, id, note).await?;
    tx.commit(request).await
}

/// Declines many requests; what is refused of one, the others are not.
pub async fn reject_bulk(ctx: &Ctx, rows: Vec<LeaveRequestRow>) -> Result<Vec<Result<Request>>> {
    let mut tx = ctx.begin(&DECIDE).await?;
    let done = tx.each(rows, |row| row.id, |tx, row| Box::pin(reject_in(tx, row.id, row.note))).await?;
    tx.commit(done).await
}

async fn reject_in(tx: &mut Tx, id: RequestId, note: Option<String>) -> Result<Request> {
    let (mut request, employee) = lock(tx, id).await?;
    let decision = decision(tx, note)?;
    decide(tx, &request, Verdict::Rejected, &decision).await?;
    request.reject(decision)?;
    repo::release(tx, id, request.first_day.0).await?;
    tx.save(&mut request).await?;
    tx.emit(&RequestRejected(facts(&request, &employee, Vec::new()))).await?;
    Ok(request)
}

/// Calls leave off. Of one that was granted and has begun, the days from tomorrow on; who decides on leave
/// can call off today as well.
pub async fn cancel(ctx: &Ctx, id: RequestId) -> Result<Request> {
    let mut tx = ctx.begin(&CANCEL).await?;
    let (mut request, employee) = lock(&mut tx, id).await?;
    let was_approved = request.status == Status::Approved;
    let today = employee.day_at(tx.now());
    let from = if tx.scope() == Scope::Own { today.succ_opt().unwrap_or(today) } else { today };
    let released = request.cancel(&halves_of(&mut tx, id).await?, from)?;
    let mut approvers = Vec::new();
    if was_approved {
        ledger::lock(&mut tx, request.employee_id, request.leave_type_id).await?;
        let restored = by_year(&released, dec!(1));
        ledger::post_for_request(&mut tx, employee.id, request.leave_type_id, id, "RESTORE", &restored)
            .await?;
    } else {
        approvers = approval::assignees::<Request>(&mut tx, id).await?;
        approval::withdraw::<Request>(&mut tx, id).await?;
    }
    let first_released = released.first().map_or(from, |half| half.day);
    repo::release(&mut tx, id, first_released).await?;
    tx.save(&mut request).await?;
    let mut facts = facts(&request, &employee, approvers);
    facts.first_day = first_released;
    facts.last_day = released.last().map_or(from, |half| half.day);
    facts.days = total(&released);
    tx.emit(&RequestCancelled(facts)).await?;
    tx.commit(request).await
}

/// The requests that the filter lets through, of those that the caller may see.
pub async fn list(
    ctx: &Ctx,
    filter: LeaveRequestFilter,
    sort: LeaveRequestSort,
    page: Page,
) -> Result<Slice<Request>> {
    let mut tx = ctx.read_list(&READ).await?;
    let employees = repo::employees_in_sight(&mut tx).await?;
    repo::select_page(&mut tx, &filter, sort, page, employees).await
}

/// Counts the days from today on again that open requests of these employees take, after their working time
/// changed; what was granted is corrected in the ledger (LEV-4).
pub(crate) async fn recount(tx: &mut Tx, employee_ids: &[EmployeeId]) -> Result<()> {
    for employee in people::select_many(tx, employee_ids).await? {
        let today = employee.day_at(tx.now());
        for request in repo::lock_open_from(tx, &[employee.id], today).await? {
            recount_one(tx, &employee, request, today).await?;
        }
    }
    Ok(())
}

async fn recount_one(tx: &mut Tx, employee: &Person, mut request: Request, today: NaiveDate) -> Result<()> {
    let id = request.id;
    let leave_type: LeaveType = tx.find(request.leave_type_id).await?;
    let before = halves_of(tx, id).await?;
    let time = people::working_time(tx, employee, request.first_day.0, request.last_day.0).await?;
    let pattern = WorkPattern::of(employee, time);
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
    ledger::lock(tx, employee.id, leave_type.id).await?;
    repo::save_portions(tx, id, &after).await?;
    if request.status == Status::Approved {
        let differences = before.iter().zip(&after);
        let differences =
            differences.map(|(old, new)| HalfDay { portion: old.portion - new.portion, ..new.clone() });
        let corrections = by_year(&differences.collect::<Vec<_>>(), dec!(1));
        ledger::post_for_request(tx, employee.id, leave_type.id, id, "ADJUST", &corrections).await?;
    }
    request.days = total(&after);
    tx.save(&mut request).await?;
    let approvers = approval::assignees::<Request>(tx, id).await?;
    tx.emit(&RequestAdjusted(facts(&request, employee, approvers))).await
}

async fn draft(tx: &mut Tx, input: &LeaveRequestSubmitInput) -> Result<Draft> {
    let range = input.range();
    check_range(range)?;
    let employee = match input.employee_id {
        None => people::myself(tx).await?.ok_or(model::NOT_AN_EMPLOYEE)?,
        Some(id) if people::is_in_scope(tx, &SUBMIT, id).await? => people::find(tx, id).await?,
        Some(_) => return Err(model::EMPLOYEE_NOT_FOUND.into()),
    };
    let leave_type: LeaveType = tx.reference("leaveTypeId", input.leave_type_id).await?;
    let time = people::working_time(tx, &employee, range.first_day, range.last_day).await?;
    let pattern = WorkPattern::of(&employee, time);
    Ok(Draft::new(employee, leave_type, range, &pattern))
}

async fn check_balance(
    tx: &mut Tx,
    employee: &Person,
    leave_type: &LeaveType,
    halves: &[HalfDay],
    deciding: Option<RequestId>,
) -> Result<()> {
    let taken = by_year(halves, dec!(-1));
    let lowest = balance::lowest_after(tx, employee, leave_type.id, &taken, deciding).await?;
    Ok(check_floor(leave_type.floor(), lowest)?)
}

/// Locks a request that the caller may act on; any other does not exist.
async fn lock(tx: &mut Tx, id: RequestId) -> Result<(Request, Person)> {
    let request: Request = tx.lock(id).await?;
    let employee = people::find(tx, request.employee_id).await?;
    Ok((request, employee))
}

/// The caller's decision.
fn decision(tx: &Tx, note: Option<String>) -> Result<Decision> {
    let by = tx.membership_id().ok_or(Error::Unauthenticated)?;
    Ok(Decision { by, at: tx.now(), note: checked_text("note", note)? })
}

/// A reason or a note; nothing when it is blank.
fn checked_text(field: &'static str, given: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(given) = given.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let message = format!("write {TEXT_MAX} characters at most");
    text::text(&given, TEXT_MAX)
        .map(Some)
        .ok_or_else(|| Refusal::of(field, "TEXT_INVALID", "").saying(message))
}

async fn halves_of(tx: &mut Tx, id: RequestId) -> Result<Vec<HalfDay>> {
    Ok(repo::halves(tx, &[id]).await?.into_iter().map(|(_, half)| half).collect())
}

fn facts(request: &Request, employee: &Person, approvers: Vec<MembershipId>) -> RequestFacts {
    RequestFacts {
        request_id: request.id.into(),
        employee_id: request.employee_id.into(),
        requester_membership_id: employee.membership_id,
        approver_membership_ids: approvers,
        decided_by_membership_id: request.decided_by,
        first_day: request.first_day.0,
        last_day: request.last_day.0,
        days: request.days,
    }
}
