//! What a request is, what it may become, and why not. Pure.

use async_graphql::Enum;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use common::{MembershipId, Refuse, id};
use rust_decimal::Decimal;

use super::calendar::{DayPart, HalfDay, Range, WorkPattern};
use crate::balance::Movement;
use crate::directory::{Employee, EmployeeId};
use crate::leave_type::{LeaveType, LeaveTypeId, LeaveUnit};

id!(
    /// One request for leave.
    RequestId
);

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, sqlx::Type)]
#[graphql(name = "LeaveRequestStatus")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Somebody is to decide.
    Pending,
    /// It was granted.
    Approved,
    /// It was not.
    Rejected,
    /// It was called off.
    Cancelled,
}

impl Status {
    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A request for leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The request.
    pub id: RequestId,
    /// Whose leave it is.
    pub employee_id: EmployeeId,
    /// Of what kind.
    pub leave_type_id: LeaveTypeId,
    /// From which day.
    pub first_day: NaiveDate,
    /// To which day.
    pub last_day: NaiveDate,
    /// What of the first day.
    pub first_part: DayPart,
    /// What of the last day.
    pub last_part: DayPart,
    /// What it takes from the balance, or would have taken.
    pub days: Decimal,
    /// Why, in the requester's words.
    pub reason: Option<String>,
    /// How far it has come.
    pub status: Status,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// Who decided.
    pub decided_by: Option<MembershipId>,
    /// What they said.
    pub decision_note: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Who asked.
    pub created_by: Option<MembershipId>,
    /// The employee's membership at that time.
    pub requester_membership_id: Option<MembershipId>,
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
    /// Whether it is this member's own: they asked, or it is, or was, their leave.
    #[must_use]
    pub fn is_of(&self, member: MembershipId, employee: &Employee) -> bool {
        [self.created_by, self.requester_membership_id, employee.membership_id].contains(&Some(member))
    }

    /// Grants it.
    ///
    /// # Errors
    /// [`Refused::Transition`] unless it is pending.
    pub fn approve(&mut self, decision: Decision) -> Result<(), Refused> {
        self.decide(Status::Approved, decision)
    }

    /// Declines it.
    ///
    /// # Errors
    /// [`Refused::Transition`] unless it is pending.
    pub fn reject(&mut self, decision: Decision) -> Result<(), Refused> {
        self.decide(Status::Rejected, decision)
    }

    fn decide(&mut self, to: Status, decision: Decision) -> Result<(), Refused> {
        if self.status != Status::Pending {
            return Err(Refused::Transition { from: self.status });
        }
        self.status = to;
        self.decided_by = Some(decision.by);
        self.decided_at = Some(decision.at);
        self.decision_note = decision.note;
        Ok(())
    }

    /// Calls off what lies on or after `from`; what was taken before it stays taken.
    ///
    /// `halves` are its active halves. Answers those that are given back.
    ///
    /// # Errors
    /// [`Refused::Transition`] unless it is pending or approved, [`Refused::Taken`] when nothing is left.
    pub fn cancel(&mut self, halves: &[HalfDay], from: NaiveDate) -> Result<Vec<HalfDay>, Refused> {
        let is_approved = match self.status {
            Status::Pending => false,
            Status::Approved => true,
            from => return Err(Refused::Transition { from }),
        };
        let (kept, released): (Vec<_>, Vec<_>) =
            halves.iter().cloned().partition(|half| is_approved && half.day < from);
        if released.is_empty() {
            return Err(Refused::Taken);
        }
        match kept.last() {
            None => self.status = Status::Cancelled,
            Some(last) => {
                self.last_day = last.day;
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
    halves.iter().map(|half| half.portion).sum()
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
    pub employee: Employee,
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
/// [`Refused::Range`] or [`Refused::Parts`].
pub fn check_range(range: Range) -> Result<(), Refused> {
    let length = (range.last_day - range.first_day).num_days();
    if !(0..RANGE_DAYS_MAX).contains(&length) {
        return Err(Refused::Range);
    }
    // Leaving the afternoon of the first of several days out would leave a hole.
    let has_hole = length > 0 && (range.first_part == DayPart::Am || range.last_part == DayPart::Pm);
    if has_hole || range.halves().next().is_none() {
        return Err(Refused::Parts);
    }
    Ok(())
}

impl Draft {
    /// Counts the halves of a range by an employee's working time.
    #[must_use]
    pub fn new(employee: Employee, leave_type: LeaveType, range: Range, pattern: &WorkPattern) -> Self {
        let portion = |(day, half)| HalfDay {
            day,
            half,
            portion: pattern.portion(day, half, leave_type.counts_weekends, leave_type.counts_holidays),
        };
        let halves = range.halves().map(portion).collect();
        Self { employee, leave_type, range, halves }
    }

    /// What it would take.
    #[must_use]
    pub fn days(&self) -> Decimal {
        total(&self.halves)
    }

    /// Every rule of the leave type that it breaks; the balance and other requests aside.
    #[must_use]
    pub fn problems(&self, today: NaiveDate) -> Vec<Refused> {
        let (range, rules) = (self.range, &self.leave_type);
        let ahead = (range.first_day - today).num_days();
        let days = self.days();
        let since_joining = (range.first_day - self.employee.joined_on).num_days();
        let is_employed =
            since_joining >= 0 && self.employee.left_on.is_none_or(|left_on| range.last_day <= left_on);
        let in_halves = range.first_part != DayPart::Full || range.last_part != DayPart::Full;
        let rules_broken = [
            (!is_employed, Refused::NotEmployed),
            (days.is_zero(), Refused::NothingToTake),
            (in_halves && rules.unit == LeaveUnit::Day, Refused::WholeDaysOnly),
            (ahead > AHEAD_DAYS_MAX, Refused::TooFarAhead),
            (ahead >= 0 && ahead < i64::from(rules.notice_days_min), Refused::Notice(rules.notice_days_min)),
            (
                ahead < 0 && -ahead > i64::from(rules.backdate_days_max),
                Refused::Backdated(rules.backdate_days_max),
            ),
            (
                is_employed && since_joining < i64::from(rules.applicable_after_days),
                Refused::TooEarly(rules.applicable_after_days),
            ),
            (
                rules.consecutive_days_max.is_some_and(|max| days > Decimal::from(max)),
                Refused::TooLong(rules.consecutive_days_max.unwrap_or_default()),
            ),
        ];
        rules_broken.into_iter().filter(|(broken, _)| *broken).map(|(_, refused)| refused).collect()
    }
}

/// Whether an account that would fall to `lowest` may.
///
/// # Errors
/// [`Refused::Balance`] when it would fall below its floor (LEV-1).
pub fn check_floor(floor: Option<Decimal>, lowest: Option<Decimal>) -> Result<(), Refused> {
    match floor.zip(lowest) {
        Some((floor, lowest)) if lowest < floor => {
            Err(Refused::Balance { missing: (floor - lowest).normalize() })
        }
        _ => Ok(()),
    }
}

/// Why leave is not asked for, granted or called off.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The last day is before the first, or more than a year after it.
    #[error("the last day must be the first day or one of the 365 after it")]
    Range,
    /// Half days that leave a hole, or nothing.
    #[error("only the afternoon of the first day and the morning of the last can be taken by half")]
    Parts,
    /// The caller is not linked to an employee.
    #[error("your membership is not linked to an employee")]
    NotAnEmployee,
    /// An employee who is not there.
    #[error("there is no such employee")]
    EmployeeUnknown,
    /// A leave type that is not there.
    #[error("there is no such leave type")]
    LeaveTypeUnknown,
    /// Outside the employment.
    #[error("the employee does not work here on all of these days")]
    NotEmployed,
    /// Nothing is worked on these days.
    #[error("nothing is worked on these days")]
    NothingToTake,
    /// Whole days only.
    #[error("leave of this type is taken in whole days")]
    WholeDaysOnly,
    /// Too late.
    #[error("leave of this type is asked for {0} days ahead")]
    Notice(i32),
    /// Too far ahead.
    #[error("leave can be asked for three years ahead at most")]
    TooFarAhead,
    /// Too far back.
    #[error("leave of this type can be entered {0} days back at most")]
    Backdated(i32),
    /// Too early in the employment.
    #[error("leave of this type can be taken {0} days after joining")]
    TooEarly(i32),
    /// Too many days at once.
    #[error("leave of this type is {0} days at most")]
    TooLong(i32),
    /// The reason or the note is too long.
    #[error("write 2,000 characters at most")]
    Text,
    /// The balance does not suffice.
    #[error("the balance is {missing} days short")]
    Balance {
        /// How many days are missing.
        missing: Decimal,
    },
    /// Another request covers part of it.
    #[error("another request covers part of these days")]
    Overlaps,
    /// It was decided already.
    #[error("the request is {} already", .from.as_str().to_lowercase())]
    Transition {
        /// What it is.
        from: Status,
    },
    /// Nothing is left to call off.
    #[error("the leave has been taken")]
    Taken,
    /// One's own.
    #[error("nobody decides on their own leave")]
    OwnRequest,
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Range => "RANGE_INVALID",
            Self::Parts => "PARTS_INVALID",
            Self::NotAnEmployee => "NOT_AN_EMPLOYEE",
            Self::EmployeeUnknown => "EMPLOYEE_UNKNOWN",
            Self::LeaveTypeUnknown => "LEAVE_TYPE_UNKNOWN",
            Self::NotEmployed => "NOT_EMPLOYED",
            Self::NothingToTake => "NOTHING_TO_TAKE",
            Self::WholeDaysOnly => "WHOLE_DAYS_ONLY",
            Self::Notice(_) => "NOTICE_TOO_SHORT",
            Self::TooFarAhead => "TOO_FAR_AHEAD",
            Self::Backdated(_) => "BACKDATED_TOO_FAR",
            Self::TooEarly(_) => "NOT_APPLICABLE_YET",
            Self::TooLong(_) => "TOO_MANY_DAYS",
            Self::Text => "TEXT_TOO_LONG",
            Self::Balance { .. } => "BALANCE_TOO_LOW",
            Self::Overlaps => "OVERLAPS",
            Self::Transition { .. } => "INVALID_TRANSITION",
            Self::Taken => "ALREADY_TAKEN",
            Self::OwnRequest => "OWN_REQUEST",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Range => Some("lastDay"),
            Self::Parts | Self::WholeDaysOnly => Some("firstPart"),
            Self::EmployeeUnknown => Some("employeeId"),
            Self::LeaveTypeUnknown => Some("leaveTypeId"),
            Self::NotEmployed
            | Self::Notice(_)
            | Self::TooFarAhead
            | Self::Backdated(_)
            | Self::TooEarly(_) => Some("firstDay"),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
