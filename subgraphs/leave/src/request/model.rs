//! What a request is, what it may become, and why not. Pure.

use async_graphql::SimpleObject;
use chrono::{DateTime, NaiveDate, Utc};
use common::{MembershipId, Refusal, Scope};
use database::Record;
use graphql::{Date, choices};
use people::Person;
use rust_decimal::Decimal;

use super::READ;
use super::calendar::{DayPart, Half, HalfDay, Range};
use crate::ids::{EmployeeId, LeaveTypeId, RequestId};
use crate::leave_type::{LeaveType, LeaveUnit};
use crate::ledger::{Account, Taken};

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
    pub first_day: Date,
    /// The last day away; days between may have been given back.
    pub last_day: Date,
    /// The part of the first day that is taken.
    pub first_part: DayPart,
    /// The part of the last day that is taken.
    pub last_part: DayPart,
    /// How many hours of its one day were asked for; null when it is the whole of its days.
    #[record(once)]
    pub hours: Option<Decimal>,
    /// What it takes from the balance, in days, or in hours of a leave type that is taken in hours; of a rejected or
    /// cancelled one, what it would have taken.
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

    /// Calls off those of its halves for which `is_given_back` holds; the others stay as they are. Of one that is not
    /// decided, all of them where `is_whole`.
    ///
    /// `halves` are its active halves. Answers those that are given back.
    ///
    /// # Errors
    /// `INVALID_TRANSITION` unless it is pending or approved, `ALREADY_TAKEN` when nothing is given back.
    pub fn cancel(
        &mut self,
        halves: &[HalfDay],
        is_given_back: impl Fn(&HalfDay) -> bool,
    ) -> Result<Vec<HalfDay>, Refusal> {
        if !matches!(self.status, Status::Pending | Status::Approved) {
            return Err(self.refused_transition());
        }
        let (released, kept): (Vec<_>, Vec<_>) = halves.iter().cloned().partition(is_given_back);
        if released.is_empty() {
            return Err(TAKEN);
        }
        match (kept.first(), kept.last()) {
            (Some(first), Some(last)) if !total(&kept).is_zero() => {
                (self.first_day, self.last_day) = (first.day.into(), last.day.into());
                (self.first_part, self.last_part) = (part_of(&kept, first.day), part_of(&kept, last.day));
                self.days = total(&kept);
                Ok(released)
            }
            // Nothing that is worked would be left of it.
            _ => {
                self.status = Status::Cancelled;
                Ok(halves.to_vec())
            }
        }
    }

    /// The first day that somebody may give back, of those who may call it off: `scope` is that of their right, and
    /// `is_own` says that it is their own leave.
    #[must_use]
    pub fn first_day_to_cancel(&self, scope: Scope, is_own: bool, today: NaiveDate) -> NaiveDate {
        match scope {
            _ if self.status == Status::Pending => NaiveDate::MIN,
            Scope::All if !is_own => NaiveDate::MIN,
            Scope::Team if !is_own => today,
            _ => today.succ_opt().unwrap_or(today),
        }
    }

    /// Takes in what its halves take now; one that takes nothing any more is called off.
    pub fn recounted(&mut self, halves: &[HalfDay]) {
        match total(halves) {
            days if days.is_zero() => self.status = Status::Cancelled,
            days => self.days = days,
        }
    }
}

/// Which part of a day halves cover.
fn part_of(halves: &[HalfDay], day: NaiveDate) -> DayPart {
    let covers = |half: Half| halves.iter().any(|covered| covered.day == day && covered.half == half);
    match (covers(Half::Am), covers(Half::Pm)) {
        (true, false) => DayPart::Am,
        (false, true) => DayPart::Pm,
        _ => DayPart::Full,
    }
}

/// What halves take together.
#[must_use]
pub fn total(halves: &[HalfDay]) -> Decimal {
    halves.iter().map(|half| half.portion).sum::<Decimal>().normalize()
}

/// What would be worked in halves.
#[must_use]
pub fn worked(halves: &[HalfDay]) -> Decimal {
    halves.iter().filter(|half| !half.is_holiday).map(|half| half.worked).sum()
}

/// What halves take, day by day, as an account has it.
#[must_use]
pub fn taken(halves: &[HalfDay], request_id: Option<RequestId>) -> Vec<Taken> {
    let mut days: Vec<Taken> = Vec::new();
    for half in halves.iter().filter(|half| !half.portion.is_zero()) {
        match days.last_mut().filter(|taken| taken.day == half.day) {
            Some(taken) => taken.days += half.portion,
            None => days.push(Taken { request_id, day: half.day, days: half.portion, is_granted: false }),
        }
    }
    days
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
    /// How many hours of one day; `None` for the whole of the days.
    pub hours: Option<Decimal>,
    /// Whether the caller enters it for somebody else, by right of the office: it need not be asked for in time.
    pub is_of_office: bool,
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
    /// The request that it would be.
    #[must_use]
    pub fn request(&self, now: DateTime<Utc>) -> Request {
        Request {
            first_day: self.range.first_day.into(),
            last_day: self.range.last_day.into(),
            first_part: self.range.first_part,
            last_part: self.range.last_part,
            hours: self.hours,
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

    /// How many days it takes, or takes part of in hours.
    fn length(&self) -> Decimal {
        match self.leave_type.unit {
            LeaveUnit::Hour => taken(&self.halves, None).len().into(),
            LeaveUnit::HalfDay | LeaveUnit::Day => self.days(),
        }
    }

    /// Every rule of the leave type that it breaks; the balance and other requests aside.
    #[must_use]
    pub fn problems(&self, today: NaiveDate) -> Vec<Refusal> {
        let (range, rules) = (self.range, &self.leave_type);
        let ahead = (range.first_day - today).num_days();
        let taken = self.days();
        let employments = self.employee.employments();
        let of_first_day = employments.filter(|(joined_on, _)| *joined_on <= range.first_day).last();
        let since_joining = of_first_day.map(|(joined_on, _)| (range.first_day - joined_on).num_days());
        // One employment, or several that follow on one another without a gap.
        let mut each_day = range.first_day.iter_days().take_while(|day| *day <= range.last_day);
        let is_employed = each_day.all(|day| self.employee.is_employed_on(day));
        let in_halves = range.first_part != DayPart::Full || range.last_part != DayPart::Full;
        let (notice, back, after) =
            (rules.notice_days_min, rules.backdate_days_max, rules.applicable_after_days);
        let longest = rules.consecutive_days_max.unwrap_or(i32::MAX);
        let mut problems = Vec::new();
        let mut refuse = |is_broken: bool, refusal: Refusal| problems.extend(is_broken.then_some(refusal));
        refuse(!is_employed, NOT_EMPLOYED);
        refuse(is_employed && taken.is_zero(), NOTHING_TO_TAKE);
        refuse(in_halves && rules.unit == LeaveUnit::Day, WHOLE_DAYS_ONLY);
        refuse(ahead > AHEAD_DAYS_MAX, TOO_FAR_AHEAD);
        let message = format!("leave of this type is asked for {} ahead", days(notice));
        let in_time = self.is_of_office;
        refuse(!in_time && ahead >= 0 && ahead < notice.into(), NOTICE.saying(message));
        let message = format!("leave of this type can be entered {} back at most", days(back));
        refuse(!in_time && ahead < 0 && -ahead > back.into(), BACKDATED.saying(message));
        let message = format!("leave of this type can be taken {} after joining", days(after));
        refuse(
            is_employed && since_joining.is_some_and(|since| since < after.into()),
            TOO_EARLY.saying(message),
        );
        let message = format!("leave of this type is {} at most", days(longest));
        refuse(self.length() > longest.into(), TOO_LONG.saying(message));
        let worked = worked(&self.halves);
        refuse(self.hours.is_some() && rules.unit != LeaveUnit::Hour, DAYS_ONLY);
        refuse(self.hours.is_some() && range.first_day != range.last_day, HOURS_OF_ONE_DAY);
        let is_in_hours = rules.unit == LeaveUnit::Hour;
        refuse(self.hours.is_some_and(|hours| is_in_hours && hours > worked && !worked.is_zero()), {
            TOO_MANY_HOURS.saying(format!("{} hours are worked then", worked.normalize()))
        });
        problems
    }
}

/// Whether an account that would fall to `lowest` may.
///
/// # Errors
/// `BALANCE_TOO_LOW` when it would fall below its floor (LEV-1).
pub fn check_floor(
    leave_type: &LeaveType,
    account: &Account,
    lowest: Option<Decimal>,
) -> Result<(), Refusal> {
    match leave_type.floor().zip(lowest) {
        Some((floor, lowest)) if lowest < floor => Err(BALANCE.saying(match account.is_due_anything() {
            true => format!("the balance is {} short", leave_type.amount(floor - lowest)),
            false => "the employee is due no leave of this type: no policy gives any".to_owned(),
        })),
        _ => Ok(()),
    }
}

pub(super) const TOO_MANY_PENDING: Refusal = Refusal::whole(
    "TOO_MANY_PENDING",
    "100 requests of this employee wait for a decision already; have some decided, or call them off",
);
pub(super) const OVERLAPS: Refusal = Refusal::whole("OVERLAPS", "another request covers part of these days");
pub(super) const NOT_AN_EMPLOYEE: Refusal =
    Refusal::whole("NOT_AN_EMPLOYEE", "your membership is not linked to an employee");
pub(super) const NOT_YOURS_TO_ASK: Refusal = Refusal::of(
    "employeeId",
    "EMPLOYEE_OUT_OF_REACH",
    "you can ask for yourself, and for people who report to you; HR can ask for everybody",
);
pub(super) const HOURS: Refusal =
    Refusal::of("hours", "NUMBER_OUT_OF_RANGE", "give 0.25 to 24 hours, in quarters of an hour");
const TRANSITION: Refusal = Refusal::whole("INVALID_TRANSITION", "");
const TAKEN: Refusal = Refusal::whole("ALREADY_TAKEN", "the leave has been taken");
pub(super) const NOT_OF_THESE_DAYS: Refusal = Refusal::of(
    "days",
    "DAY_NOT_IN_REQUEST",
    "name days that the request covers, and that were not given back",
);
const RANGE: Refusal =
    Refusal::of("lastDay", "RANGE_INVALID", "the last day must be the first day or one of the 365 after it");
const PARTS: Refusal = Refusal::of("firstPart", "PARTS_INVALID", "");
const NOT_EMPLOYED: Refusal =
    Refusal::of("firstDay", "NOT_EMPLOYED", "the employee does not work here on all of these days");
const NOTHING_TO_TAKE: Refusal = Refusal::whole("NOTHING_TO_TAKE", "nothing is worked on these days");
const WHOLE_DAYS_ONLY: Refusal =
    Refusal::of("firstPart", "WHOLE_DAYS_ONLY", "leave of this type is taken in whole days");
const DAYS_ONLY: Refusal = Refusal::of("hours", "DAYS_ONLY", "leave of this type is not taken in hours");
const HOURS_OF_ONE_DAY: Refusal =
    Refusal::of("hours", "HOURS_OF_ONE_DAY", "hours are those of one day: give the same first and last day");
const TOO_MANY_HOURS: Refusal = Refusal::of("hours", "TOO_MANY_HOURS", "");
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
