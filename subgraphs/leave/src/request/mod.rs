//! Requests for leave: asked for, decided, called off, and counted again when working time changes.

mod calendar;
mod graphql;
mod model;
mod recount;
mod repo;

use std::collections::BTreeSet;

use ::graphql::Date;
use approval::{Approved, Outcome, StepPreview, Subject, Verdict};
use chrono::NaiveDate;
use common::{Error, MembershipId, PEOPLE_MATTERS, Page, Permission, Refusal, Result, Scope, Slice, text};
use database::{Ctx, Tx};
use people::Person;
use rust_decimal::{Decimal, dec};

#[cfg(test)]
pub(crate) use self::calendar::Half;
pub use self::calendar::{HalfDay, WorkPattern};
pub use self::graphql::{LeaveDay, LeaveRequestFilter, PreviewQuery, RequestMutation, RequestQuery, by_day};
use self::graphql::{LeaveRequestRow, LeaveRequestSort, LeaveRequestSubmitInput};
#[cfg(test)]
pub(crate) use self::model::taken;
use self::model::{Decision, Draft, check_floor, check_range, total};
pub use self::model::{Request, Status};
pub(crate) use self::recount::{Recount, recount};
pub(crate) use self::repo::{HalvesOfRequest, away, employees_in_sight, employees_with_open, select_pages};
use crate::employee;
use crate::events::{RequestApproved, RequestCancelled, RequestFacts, RequestRejected, RequestSubmitted};
use crate::ids::RequestId;
use crate::leave_type::LeaveType;
use crate::ledger::{self, Account};

pub(crate) const READ: Permission =
    Permission::new("leave.request.read", "See requests for leave.", PEOPLE_MATTERS);
pub(crate) const SUBMIT: Permission =
    Permission::new("leave.request.submit", "Ask for leave.", PEOPLE_MATTERS);
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

/// How much of one employee may wait for a decision: each is looked at again when who decides changes.
const PENDING_MAX: i64 = 100;

/// Asks for leave.
pub async fn submit(ctx: &Ctx, input: LeaveRequestSubmitInput) -> Result<Request> {
    let mut tx = ctx.begin(&SUBMIT).await?;
    let reason = checked_text("reason", input.reason.clone())?;
    let draft = draft(&mut tx, &input).await?;
    let problems = draft.problems(draft.employee.day_at(tx.now()));
    if !problems.is_empty() {
        return Err(Error::Refused(problems));
    }
    ledger::lock(&mut tx, draft.employee.id).await?;
    problems_of_pending(&mut tx, &draft).await?.map_or(Ok(()), Err)?;
    check_balance(&mut tx, &draft.employee, &draft.leave_type, &draft.halves, None).await?;
    let mut request = Request { reason, ..draft.request(tx.now()) };
    tx.save(&mut request).await?;
    if !repo::insert_halves(&mut tx, &request, &draft.halves).await? {
        return Err(model::OVERLAPS.into());
    }
    let by = tx.membership_id().ok_or(Error::Unauthenticated)?;
    let approvers = approval::begin(&mut tx, subject(&request, by)).await?;
    let facts = facts(&tx, &request, &draft.leave_type, &draft.employee, approvers);
    tx.emit(&RequestSubmitted(facts)).await?;
    tx.commit(request).await
}

/// Why nothing more of an employee may wait for a decision.
async fn problems_of_pending(tx: &mut Tx, draft: &Draft) -> Result<Option<Refusal>> {
    let count = repo::pending_count(tx, draft.employee.id).await?;
    Ok((count >= PENDING_MAX).then_some(model::TOO_MANY_PENDING))
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
    let (account, lowest) =
        account_after(&mut tx, &draft.employee, &draft.leave_type, &draft.halves, None).await?;
    problems.extend(check_floor(&draft.leave_type, &account, lowest).err());
    problems.extend(problems_of_pending(&mut tx, &draft).await?);
    let is_in_hours = draft.hours.is_some();
    let conflicts = repo::in_the_way(&mut tx, draft.employee.id, &draft.halves, is_in_hours).await?;
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
    lock_accounts(&mut tx, &rows).await?;
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
    let leave_type: LeaveType = tx.find(request.leave_type_id).await?;
    let halves = halves_of(tx, id).await?;
    check_balance(tx, &employee, &leave_type, &halves, Some(id)).await?;
    repo::grant(tx, id).await?;
    tx.save(&mut request).await?;
    ledger::post(tx, &employee, Some(leave_type.id)).await?;
    tx.emit(&RequestApproved(facts(tx, &request, &leave_type, &employee, Vec::new()))).await?;
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
    lock_accounts(&mut tx, &rows).await?;
    let done = tx.each(rows, |row| row.id, |tx, row| Box::pin(reject_in(tx, row.id, row.note))).await?;
    tx.commit(done).await
}

async fn reject_in(tx: &mut Tx, id: RequestId, note: Option<String>) -> Result<Request> {
    let (mut request, employee) = lock(tx, id).await?;
    let decision = decision(tx, note)?;
    decide(tx, &request, Verdict::Rejected, &decision).await?;
    request.reject(decision)?;
    let halves = halves_of(tx, id).await?;
    repo::release(tx, id, &halves).await?;
    tx.save(&mut request).await?;
    let leave_type: LeaveType = tx.find(request.leave_type_id).await?;
    tx.emit(&RequestRejected(facts(tx, &request, &leave_type, &employee, Vec::new()))).await?;
    Ok(request)
}

/// Calls leave off, or some days of it. Of leave that was granted, people give back days to come; whoever decides on it,
/// today as well; and the office any day, but for their own where anybody else is there to do it.
pub async fn cancel(ctx: &Ctx, id: RequestId, days: Option<Vec<Date>>) -> Result<Request> {
    let mut tx = ctx.begin(&CANCEL).await?;
    let (mut request, employee) = lock(&mut tx, id).await?;
    let was_pending = request.status == Status::Pending;
    let from = first_day_to_cancel(&mut tx, &request, &employee).await?;
    let days = days.map(|days| days.into_iter().map(|day| day.0).collect::<BTreeSet<_>>());
    let is_given_back =
        |half: &HalfDay| half.day >= from && days.as_ref().is_none_or(|days| days.contains(&half.day));
    let halves = halves_of(&mut tx, id).await?;
    let is_none = |days: &BTreeSet<_>| days.is_empty();
    let is_foreign = |day: &NaiveDate| halves.iter().all(|half| half.day != *day);
    if days.as_ref().is_some_and(|days| is_none(days) || days.iter().any(is_foreign)) {
        return Err(model::NOT_OF_THESE_DAYS.into());
    }
    let released = request.cancel(&halves, is_given_back)?;
    let mut approvers = Vec::new();
    if was_pending {
        approvers = approval::assignees::<Request>(&mut tx, id).await?;
        if request.status == Status::Cancelled {
            approval::withdraw::<Request>(&mut tx, id).await?;
        }
    }
    repo::release(&mut tx, id, &released).await?;
    tx.save(&mut request).await?;
    ledger::post(&mut tx, &employee, Some(request.leave_type_id)).await?;
    let leave_type: LeaveType = tx.find(request.leave_type_id).await?;
    let mut facts = facts(&tx, &request, &leave_type, &employee, approvers);
    if let (Some(first), Some(last)) = (released.first(), released.last()) {
        (facts.first_day, facts.last_day, facts.days) = (first.day, last.day, total(&released));
    }
    tx.emit(&RequestCancelled(facts)).await?;
    tx.commit(request).await
}

/// The first day of a request that the caller may give back. Where nobody else of the office is there, it does for itself
/// what it does for others.
async fn first_day_to_cancel(tx: &mut Tx, request: &Request, employee: &Person) -> Result<NaiveDate> {
    let is_own = match tx.scope() {
        Scope::All => employee::is_left_to_others(tx, employee.id).await?,
        _ => people::relations(tx, &[employee.id]).await?.get(&employee.id) == Some(&Scope::Own),
    };
    Ok(request.first_day_to_cancel(tx.scope(), is_own, employee.day_at(tx.now())))
}

/// The requests that the filter lets through, of those that the caller may see.
pub async fn list(
    ctx: &Ctx,
    filter: LeaveRequestFilter,
    sort: LeaveRequestSort,
    page: Page,
) -> Result<Slice<Request>> {
    let mut tx = ctx.read_list(&READ).await?;
    let employees = employees_in_sight(&mut tx, &READ).await?;
    repo::select_page(&mut tx, &filter, sort, page, employees).await
}

async fn draft(tx: &mut Tx, input: &LeaveRequestSubmitInput) -> Result<Draft> {
    let range = input.range();
    check_range(range)?;
    let hours = input.hours.map(checked_hours).transpose()?;
    let own = people::myself(tx).await?;
    let employee = match input.employee_id {
        None => own.clone().ok_or(model::NOT_AN_EMPLOYEE)?,
        Some(id) => {
            let found = employee::named(tx, id).await?;
            if !people::is_in_scope(tx, &SUBMIT, id).await? {
                return Err(model::NOT_YOURS_TO_ASK.into());
            }
            found
        }
    };
    let is_own = own.is_some_and(|own| own.id == employee.id);
    let is_of_office = !is_own && tx.scope_of(&SUBMIT) == Some(Scope::All);
    let leave_type: LeaveType = tx.reference("leaveTypeId", input.leave_type_id).await?;
    let time = people::working_time(tx, &employee, range.first_day, range.last_day).await?;
    let halves = WorkPattern::of(&employee, time).count(range.halves(), leave_type.counting(), hours);
    Ok(Draft { employee, leave_type, range, hours, is_of_office, halves })
}

fn checked_hours(hours: Decimal) -> Result<Decimal, Refusal> {
    let is_fine = hours > dec!(0) && hours <= dec!(24) && (hours * dec!(4)).fract().is_zero();
    if is_fine { Ok(hours.normalize()) } else { Err(model::HOURS) }
}

/// The account as it would be if these halves were taken as well, in place of what the request that is decided on
/// holds; and how low it would fall from the first of them on. The account must be locked where it counts.
async fn account_after(
    tx: &mut Tx,
    employee: &Person,
    leave_type: &LeaveType,
    halves: &[HalfDay],
    deciding: Option<RequestId>,
) -> Result<(Account, Option<Decimal>)> {
    let mut account = ledger::account_of(tx, employee, leave_type.id).await?;
    account.taken.retain(|taken| deciding.is_none() || taken.request_id != deciding);
    let taken = model::taken(halves, deciding);
    let from = taken.first().map(|taken| taken.day);
    account.taken.extend(taken);
    let lowest = from.and_then(|from| account.lowest_from(from));
    Ok((account, lowest))
}

async fn check_balance(
    tx: &mut Tx,
    employee: &Person,
    leave_type: &LeaveType,
    halves: &[HalfDay],
    deciding: Option<RequestId>,
) -> Result<()> {
    let (account, lowest) = account_after(tx, employee, leave_type, halves, deciding).await?;
    Ok(check_floor(leave_type, &account, lowest)?)
}

/// Locks a request that the caller may act on (any other does not exist), and before it the accounts of whoever it is for:
/// everybody locks accounts first and in the same order, so that no two wait for each other.
async fn lock(tx: &mut Tx, id: RequestId) -> Result<(Request, Person)> {
    ledger::lock_of_requests(tx, &[id]).await?;
    let request: Request = tx.lock(id).await?;
    let employee = people::find(tx, request.employee_id).await?;
    Ok((request, employee))
}

/// Locks the accounts that many requests are about, before the first of them is looked at.
async fn lock_accounts(tx: &mut Tx, rows: &[LeaveRequestRow]) -> Result<()> {
    let ids: Vec<RequestId> = rows.iter().map(|row| row.id).collect();
    ledger::lock_of_requests(tx, &ids).await
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

fn facts(
    tx: &Tx,
    request: &Request,
    leave_type: &LeaveType,
    employee: &Person,
    approvers: Vec<MembershipId>,
) -> RequestFacts {
    RequestFacts {
        request_id: request.id.into(),
        employee_id: request.employee_id.into(),
        requester_membership_id: employee.membership_id,
        approver_membership_ids: approvers,
        decided_by_membership_id: request.decided_by,
        first_day: request.first_day.0,
        last_day: request.last_day.0,
        days: request.days,
        unit: leave_type.amount_unit(),
        leave_type_id: Some(request.leave_type_id.into()),
        actor_membership_id: tx.membership_id(),
    }
}
