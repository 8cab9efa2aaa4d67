//! What an employee may be, and what may happen to one.

use async_graphql::{Enum, InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use common::{Error, MembershipId};
use graphql::Date;
use serde::{Deserialize, Serialize};

use super::{EmployeeId, Refused};
use crate::department::DepartmentId;
use crate::holiday_calendar::HolidayCalendarId;
use crate::work_location::WorkLocationId;
use crate::work_schedule::WorkScheduleId;

/// On what terms somebody works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type, Serialize)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EmploymentType {
    /// For good, the whole week.
    FullTime,
    /// For good, a part of the week.
    PartTime,
    /// For a limited time or task.
    Contract,
    /// To learn.
    Intern,
    /// Through an agency, or for a season.
    Temp,
}

/// Where an employment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EmployeeStatus {
    /// Works here.
    Active,
    /// Left, or has a last working day.
    Terminated,
}

/// Why an employment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type, Serialize)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TerminationType {
    /// They gave notice.
    Resignation,
    /// They were given notice, for what they did.
    Dismissal,
    /// Their position is no more.
    Redundancy,
    /// They retire.
    Retirement,
    /// It was for a limited time.
    EndOfContract,
    /// They died.
    Death,
}

/// How a list of employees is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize)]
pub enum EmployeeSort {
    /// By last name, then first name.
    Name,
    /// By last name, then first name, from the end.
    NameDesc,
    /// Who joined first comes first.
    JoinedOn,
    /// Who joined last comes first.
    JoinedOnDesc,
}

/// Somebody who works here, or did.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Employee {
    /// Opaque.
    pub id: EmployeeId,
    /// The number that the organization knows them by, such as E-00001.
    pub number: String,
    /// Their first name.
    pub first_name: String,
    /// Their last name.
    pub last_name: String,
    /// Their address at work, in lower case.
    pub work_email: String,
    /// Where the employment stands.
    pub status: EmployeeStatus,
    /// On what terms they work.
    pub employment_type: EmploymentType,
    #[graphql(skip)]
    pub(crate) joined_on: NaiveDate,
    #[graphql(skip)]
    pub(crate) last_working_day: Option<NaiveDate>,
    /// Why the employment ends; null while it does not.
    pub termination_type: Option<TerminationType>,
    #[graphql(skip)]
    pub(crate) membership_id: Option<MembershipId>,
    #[graphql(skip)]
    pub(crate) department_id: Option<DepartmentId>,
    #[graphql(skip)]
    pub(crate) manager_id: Option<EmployeeId>,
    #[graphql(skip)]
    pub(crate) work_location_id: Option<WorkLocationId>,
    #[graphql(skip)]
    pub(crate) work_schedule_id: Option<WorkScheduleId>,
    #[graphql(skip)]
    pub(crate) holiday_calendar_id: Option<HolidayCalendarId>,
    #[graphql(skip)]
    pub(crate) sort_name: String,
    /// Counts the changes; an update must name the one that it was made from.
    pub version: i32,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
    /// When the record was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A new employee.
#[derive(Debug, InputObject, Serialize)]
pub struct EmployeeCreateInput {
    /// Their first name: 1 to 80 characters.
    pub first_name: String,
    /// Their last name: 1 to 80 characters.
    pub last_name: String,
    /// Their address at work, unique among those who have not left.
    pub work_email: String,
    /// On what terms they work; full time when not said.
    pub employment_type: Option<EmploymentType>,
    /// Their first day.
    pub joined_on: Date,
    /// Their membership, so that they can log in; unique among those who have not left.
    pub membership_id: Option<MembershipId>,
    /// Their department.
    pub department_id: Option<DepartmentId>,
    /// The employee whom they report to.
    pub manager_id: Option<EmployeeId>,
    /// Where they work.
    pub work_location_id: Option<WorkLocationId>,
    /// A schedule of their own; the organization's default holds when not said.
    pub work_schedule_id: Option<WorkScheduleId>,
    /// A holiday calendar of their own; the location's, else the organization's default holds when not said.
    pub holiday_calendar_id: Option<HolidayCalendarId>,
}

/// What is to change about an employee; what is not said stays.
#[derive(Debug, InputObject)]
pub struct EmployeeUpdateInput {
    /// The version that the change was made from.
    pub version: i32,
    /// Their first name: 1 to 80 characters.
    pub first_name: Option<String>,
    /// Their last name: 1 to 80 characters.
    pub last_name: Option<String>,
    /// Their address at work, unique among those who have not left.
    pub work_email: Option<String>,
    /// On what terms they work.
    pub employment_type: Option<EmploymentType>,
    /// Their first day.
    pub joined_on: Option<Date>,
    /// Their membership, unique among those who have not left; null for none.
    pub membership_id: MaybeUndefined<MembershipId>,
    /// Their department; null for none.
    pub department_id: MaybeUndefined<DepartmentId>,
    /// The employee whom they report to; null for nobody.
    pub manager_id: MaybeUndefined<EmployeeId>,
    /// Where they work; null for nowhere in particular.
    pub work_location_id: MaybeUndefined<WorkLocationId>,
    /// A schedule of their own; null for the organization's default.
    pub work_schedule_id: MaybeUndefined<WorkScheduleId>,
    /// A holiday calendar of their own; null for the location's, else the organization's default.
    pub holiday_calendar_id: MaybeUndefined<HolidayCalendarId>,
}

/// How an employment ends.
#[derive(Debug, InputObject, Serialize)]
pub struct EmployeeTerminateInput {
    /// The last day at work, not before the first; it may lie ahead.
    pub last_working_day: Date,
    /// Why it ends.
    pub termination_type: TerminationType,
    /// Who takes over the people who report to them and the departments that they head. Required while anybody
    /// reports to them.
    pub reassign_reports_to: Option<EmployeeId>,
}

impl Employee {
    /// Somebody new, before the number is known.
    pub(super) fn try_new(input: EmployeeCreateInput, now: DateTime<Utc>) -> Result<Self, Refused> {
        Ok(Self {
            id: EmployeeId::new(),
            number: String::new(),
            first_name: name(&input.first_name, "firstName")?,
            last_name: name(&input.last_name, "lastName")?,
            work_email: work_email(&input.work_email)?,
            status: EmployeeStatus::Active,
            employment_type: input.employment_type.unwrap_or(EmploymentType::FullTime),
            joined_on: joined_on(input.joined_on)?,
            last_working_day: None,
            termination_type: None,
            membership_id: input.membership_id,
            department_id: input.department_id,
            manager_id: input.manager_id,
            work_location_id: input.work_location_id,
            work_schedule_id: input.work_schedule_id,
            holiday_calendar_id: input.holiday_calendar_id,
            sort_name: String::new(),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// Changes what is said, if nobody else did in the meantime.
    pub(super) fn apply(&mut self, input: EmployeeUpdateInput) -> Result<(), Error> {
        if input.version != self.version {
            return Err(Error::VersionConflict);
        }
        self.check_active()?;
        if let Some(new) = input.first_name {
            self.first_name = name(&new, "firstName")?;
        }
        if let Some(new) = input.last_name {
            self.last_name = name(&new, "lastName")?;
        }
        if let Some(new) = input.work_email {
            self.work_email = work_email(&new)?;
        }
        if let Some(new) = input.joined_on {
            self.joined_on = joined_on(new)?;
        }
        self.employment_type = input.employment_type.unwrap_or(self.employment_type);
        input.membership_id.update_to(&mut self.membership_id);
        input.department_id.update_to(&mut self.department_id);
        input.manager_id.update_to(&mut self.manager_id);
        input.work_location_id.update_to(&mut self.work_location_id);
        input.work_schedule_id.update_to(&mut self.work_schedule_id);
        input.holiday_calendar_id.update_to(&mut self.holiday_calendar_id);
        Ok(())
    }

    /// Ends the employment.
    pub(super) fn terminate(&mut self, input: &EmployeeTerminateInput) -> Result<(), Refused> {
        self.check_active()?;
        let day = input.last_working_day.0;
        if day < self.joined_on || day.year() > LAST_YEAR {
            return Err(Refused::LastWorkingDay { joined_on: self.joined_on });
        }
        self.status = EmployeeStatus::Terminated;
        self.last_working_day = Some(day);
        self.termination_type = Some(input.termination_type);
        Ok(())
    }

    fn check_active(&self) -> Result<(), Refused> {
        match self.status {
            EmployeeStatus::Active => Ok(()),
            EmployeeStatus::Terminated => Err(Refused::Terminated),
        }
    }
}

/// Days of employment lie in these years.
const FIRST_YEAR: i32 = 1930;
const LAST_YEAR: i32 = 2100;

/// The number that the organization knows its `n`-th employee by.
pub(super) fn number(n: i32) -> String {
    format!("E-{n:05}")
}

fn name(text: &str, field: &'static str) -> Result<String, Refused> {
    crate::name(text, 80).ok_or(Refused::Name(field))
}

fn work_email(text: &str) -> Result<String, Refused> {
    let email = text.trim().to_lowercase();
    let is_plain = email.len() <= 254 && !email.chars().any(|c| c.is_whitespace() || c.is_control());
    match email.split_once('@') {
        Some((who, place)) if is_plain && !who.is_empty() && !place.is_empty() && !place.contains('@') => {
            Ok(email)
        }
        _ => Err(Refused::WorkEmail),
    }
}

fn joined_on(day: Date) -> Result<NaiveDate, Refused> {
    if (FIRST_YEAR..=LAST_YEAR).contains(&day.0.year()) { Ok(day.0) } else { Err(Refused::JoinedOn) }
}

/// Whether somebody may report to the first of `line`, an active employee and all whom they report to.
pub(super) fn check_manager(id: EmployeeId, line: &[EmployeeId]) -> Result<(), Refused> {
    match line {
        [] => Err(Refused::ManagerNotFound),
        [manager, ..] if *manager == id => Err(Refused::OwnManager),
        _ if line.contains(&id) => Err(Refused::Cycle),
        _ => Ok(()),
    }
}

/// Whether the first of `line` may take over the `reports` of somebody who leaves.
///
/// One of those very reports may: they then report to whom the leaver reported. Somebody further below may
/// not: they would report to their own people.
pub(super) fn check_heir(id: EmployeeId, line: &[EmployeeId], reports: &[EmployeeId]) -> Result<(), Refused> {
    match line {
        [] => Err(Refused::HeirNotFound),
        [heir, ..] if *heir == id => Err(Refused::HeirNotFound),
        [heir, ..] if reports.contains(heir) => Ok(()),
        _ if line.contains(&id) => Err(Refused::HeirBelow),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
