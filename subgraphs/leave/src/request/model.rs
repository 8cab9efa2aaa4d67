//! What a request is, what it may become, and why not. Pure.

use async_graphql::SimpleObject;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use common::{MembershipId, Refusal};
use database::Record;
use graphql::{Date, choices};
use people::Person;
use rust_decimal::Decimal;

use super::READ;
use super::calendar::{DayPart, HalfDay, Range, WorkPattern};
use crate::ids::{EmployeeId, LeaveTypeId, RequestId};
use crate::leave_type::{LeaveType, LeaveUnit};
use crate::ledger::Movement;

choices! {
    /// How far a request for leave has come.
    Status "LeaveRequestStatus" {
        /// Somebody is to decide.
        Pending,
        /// It was granted.
        Approved,
        /// It was declined.
        Rejected,
        /// It was called off.
        Cancelled,
    }
}

/// A request for leave.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "LeaveRequest", complex)]
#[record("leave request", table = "leave.request", read = READ, graphql = "LeaveRequest", owner = employee_id)]
pub struct Request {
    /// The id of the request; opaque to clients.
    pub id: RequestId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) employee_id: EmployeeId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) leave_type_id: LeaveTypeId,
    /// The first day away.
    #[record(once)]
    pub first_day: Date,
    /// The last day away.
    pub last_day: Date,
    /// The part of the first day that is taken.
    #[record(once)]
    pub first_part: DayPart,
    /// The part of the last day that is taken.
    pub last_part: DayPart,
    /// The days that it takes from the balance; of a rejected or cancelled one, those that it would have taken.
    pub days: Decimal,
    /// The reason, in the requester's words.
    #[record(once)]
    pub reason: Option<String>,
    /// How far it has come.
    pub status: Status,
    /// When it was decided; null while it is not.
    pub decided_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    pub(crate) decided_by: Option<MembershipId>,
    /// What was said of the decision.
    pub decision_note: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) requester_membership_id: Option<MembershipId>,
}

/// Who decided, when, and what they said.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Who.
    pub by: MembershipId,
    /// When.
    pub at: DateTime<Utc>,
    /// What they said.
    pub note: Option<String>,
}

impl Request {
    /// Grants it.
    ///
    /// # Errors
    /// `INVALID_TRANSITION` unless it is pending.
    pub fn approve(&mut self, decision: Decision) -> Result<(), Refusal> {
        self.decide(Status::Approved, decision)
    }

    /// Declines it.
    ///
    /// # Errors
    /// `INVALID_TRANSITION` unless it is pending.
    pub fn reject(&mut self, decision: Decision) -> Result<(), Refusal> {
        self.decide(Status::Rejected, decision)
    }

    /// Whether it waits for a decision.
    ///
    /// # Errors
    /// `INVALID_TRANSITION` when it does not.
    pub fn check_pending(&self) -> Result<(), Refusal> {
        if self.status == Status::Pending { Ok(()) } else { Err(self.refused_transition()) }
    }

    fn decide(&mut self, to: Status, decision: Decision) -> Result<(), Refusal> {
        self.check_pending()?;
        self.status = to;
        self.decided_by = Some(decision.by);
        self.decided_at = Some(decision.at);
        self.decision_note = decision.note;
        Ok(())
    }

    fn refused_transition(&self) -> Refusal {
        let state = match self.status {
            Status::Pending => "not decided",
            Status::Approved => "approved",
            Status::Rejected => "rejected",
            Status::Cancelled => "cancelled",
        };
        TRANSITION.saying(format!("the request is {state} already"))
    }

    /// Calls off what lies on or after `from`; what was taken before it stays taken.
    ///
    /// `halves` are its active halves. Answers those that are given back.
    ///
    /// # Errors
    /// `INVALID_TRANSITION` unless it is pending or approved, `ALREADY_TAKEN` when nothing is left.
    pub fn cancel(&mut self, halves: &[HalfDay], from: NaiveDate) -> Result<Vec<HalfDay>, Refusal> {
        let is_approved = match self.status {
            Status::Pending => false,
            Status::Approved => true,
            _ => return Err(self.refused_transition()),
        };
        let (kept, released): (Vec<_>, Vec<_>) =
            halves.iter().cloned().partition(|half| is_approved && half.day < from);
        if released.is_empty() {
            return Err(TAKEN);
        }
        match kept.last() {
            None => self.status = Status::Cancelled,
            Some(last) => {
                self.last_day = last.day.into();
                self.last_part = DayPart::Full;
                self.days = total(&kept);
            }
        }
        Ok(released)
    }
}

/// What halves take together.
#[must_use]
pub fn total(halves: &[HalfDay]) -> Decimal {
    halves.iter().map(|half| half.portion).sum::<Decimal>().normalize()
}

/// What halves take, a movement for each leave year; `sign` says in which direction (LEV-7).
#[must_use]
pub fn by_year(halves: &[HalfDay], sign: Decimal) -> Vec<Movement> {
    let mut movements: Vec<Movement> = Vec::new();
    for half in halves.iter().filter(|half| !half.portion.is_zero()) {
        match movements.last_mut() {
            Some(movement) if movement.effective_on.year() == half.day.year() => {
                movement.days += sign * half.portion
            }
            _ => movements.push(Movement {
                days: sign * half.portion,
                effective_on: half.day,
                expires_on: None,
            }),
        }
    }
    movements
}

/// A request that is thought through, and not made yet.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Whose leave it would be.
    pub employee: Person,
    /// Of what kind.
    pub leave_type: LeaveType,
    /// From when to when.
    pub range: Range,
    /// What each half day would take.
    pub halves: Vec<HalfDay>,
}

/// How far ahead leave can be asked for, in days: three years.
const AHEAD_DAYS_MAX: i64 = 3 * 366;

/// The longest request, in calendar days.
const RANGE_DAYS_MAX: i64 = 366;

/// Whether a range can be a request at all, before anything is looked up for it.
///
/// # Errors
/// `RANGE_INVALID` or `PARTS_INVALID`.
pub fn check_range(range: Range) -> Result<(), Refusal> {
    let length = (range.last_day - range.first_day).num_days();
    if !(0..RANGE_DAYS_MAX).contains(&length) {
        return Err(RANGE);
    }
    if range.halves().next().is_none() {
        return Err(PARTS.saying("the morning and the afternoon of one day leave nothing of it"));
    }
    // Leaving the afternoon of the first of several days out would leave a hole.
    if length > 0 && (range.first_part == DayPart::Am || range.last_part == DayPart::Pm) {
        return Err(PARTS.saying("of several days, the first can begin at noon and the last can end at noon"));
    }
    Ok(())
}

impl Draft {
    /// Counts the halves of a range by an employee's working time.
    #[must_use]
    pub fn new(employee: Person, leave_type: LeaveType, range: Range, pattern: &WorkPattern) -> Self {
        let portion = |(day, half)| HalfDay {
            day,
            half,
            portion: pattern.portion(day, half, leave_type.counts_weekends, leave_type.counts_holidays),
        };
        let halves = range.halves().map(portion).collect();
        Self { employee, leave_type, range, halves }
    }

    /// The request that it would be.
    #[must_use]
    pub fn request(&self, now: DateTime<Utc>) -> Request {
        Request {
            first_day: self.range.first_day.into(),
            last_day: self.range.last_day.into(),
            first_part: self.range.first_part,
            last_part: self.range.last_part,
            days: self.days(),
            requester_membership_id: self.employee.membership_id,
            ..Request::blank(now, self.employee.id, self.leave_type.id)
        }
    }

    /// What it would take.
    #[must_use]
    pub fn days(&self) -> Decimal {
        total(&self.halves)
    }

    /// Every rule of the leave type that it breaks; the balance and other requests aside.
    #[must_use]
    pub fn problems(&self, today: NaiveDate) -> Vec<Refusal> {
        let (range, rules) = (self.range, &self.leave_type);
        let ahead = (range.first_day - today).num_days();
        let taken = self.days();
        let since_joining = (range.first_day - self.employee.joined_on).num_days();
        let is_employed =
            self.employee.is_employed_on(range.first_day) && self.employee.is_employed_on(range.last_day);
        let in_halves = range.first_part != DayPart::Full || range.last_part != DayPart::Full;
        let (notice, back, after) =
            (rules.notice_days_min, rules.backdate_days_max, rules.applicable_after_days);
        let longest = rules.consecutive_days_max.unwrap_or(i32::MAX);
        let mut problems = Vec::new();
        let mut refuse = |is_broken: bool, refusal: Refusal| problems.extend(is_broken.then_some(refusal));
        refuse(!is_employed, NOT_EMPLOYED);
        refuse(taken.is_zero(), NOTHING_TO_TAKE);
        refuse(in_halves && rules.unit == LeaveUnit::Day, WHOLE_DAYS_ONLY);
        refuse(ahead > AHEAD_DAYS_MAX, TOO_FAR_AHEAD);
        let message = format!("leave of this type is asked for {} ahead", days(notice));
        refuse(ahead >= 0 && ahead < notice.into(), NOTICE.saying(message));
        let message = format!("leave of this type can be entered {} back at most", days(back));
        refuse(ahead < 0 && -ahead > back.into(), BACKDATED.saying(message));
        let message = format!("leave of this type can be taken {} after joining", days(after));
        refuse(is_employed && since_joining < after.into(), TOO_EARLY.saying(message));
        let message = format!("leave of this type is {} at most", days(longest));
        refuse(taken > longest.into(), TOO_LONG.saying(message));
        problems
    }
}

/// Whether an account that would fall to `lowest` may.
///
/// # Errors
/// `BALANCE_TOO_LOW` when it would fall below its floor (LEV-1).
pub fn check_floor(floor: Option<Decimal>, lowest: Option<Decimal>) -> Result<(), Refusal> {
    match floor.zip(lowest) {
        Some((floor, lowest)) if lowest < floor => {
            Err(BALANCE.saying(format!("the balance is {} short", days(floor - lowest))))
        }
        _ => Ok(()),
    }
}

pub(super) const OVERLAPS: Refusal = Refusal::whole("OVERLAPS", "another request covers part of these days");
pub(super) const NOT_AN_EMPLOYEE: Refusal =
    Refusal::whole("NOT_AN_EMPLOYEE", "your membership is not linked to an employee");
pub(super) const EMPLOYEE_NOT_FOUND: Refusal =
    Refusal::of("employeeId", "EMPLOYEE_NOT_FOUND", "there is no such employee whom you may ask for");
const TRANSITION: Refusal = Refusal::whole("INVALID_TRANSITION", "");
const TAKEN: Refusal = Refusal::whole("ALREADY_TAKEN", "the leave has been taken");
const RANGE: Refusal =
    Refusal::of("lastDay", "RANGE_INVALID", "the last day must be the first day or one of the 365 after it");
const PARTS: Refusal = Refusal::of("firstPart", "PARTS_INVALID", "");
const NOT_EMPLOYED: Refusal =
    Refusal::of("firstDay", "NOT_EMPLOYED", "the employee does not work here on all of these days");
const NOTHING_TO_TAKE: Refusal = Refusal::whole("NOTHING_TO_TAKE", "nothing is worked on these days");
const WHOLE_DAYS_ONLY: Refusal =
    Refusal::of("firstPart", "WHOLE_DAYS_ONLY", "leave of this type is taken in whole days");
const TOO_FAR_AHEAD: Refusal =
    Refusal::of("firstDay", "TOO_FAR_AHEAD", "leave can be asked for three years ahead at most");
const NOTICE: Refusal = Refusal::of("firstDay", "NOTICE_TOO_SHORT", "");
const BACKDATED: Refusal = Refusal::of("firstDay", "BACKDATED_TOO_FAR", "");
const TOO_EARLY: Refusal = Refusal::of("firstDay", "NOT_APPLICABLE_YET", "");
const TOO_LONG: Refusal = Refusal::whole("TOO_MANY_DAYS", "");
const BALANCE: Refusal = Refusal::whole("BALANCE_TOO_LOW", "");

/// `1 day`, `2 days`.
fn days(count: impl Into<Decimal>) -> String {
    let count = count.into().normalize();
    if count == Decimal::ONE { "1 day".to_owned() } else { format!("{count} days") }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
