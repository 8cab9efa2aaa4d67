//! What an employee may be, and what may happen to one.

use async_graphql::SimpleObject;
use chrono::{DateTime, Datelike as _, Utc};
use common::{Form, MembershipId, Refusal, Result};
use custom::{CustomFieldInput, Definitions};
use database::{Record, Series};
use graphql::{Date, choices, inputs};
use people::Period;
use sqlx::types::Json;

use super::READ;
use super::employment::TerminationType;
use crate::ids::{DepartmentId, EmployeeId, HolidayCalendarId, WorkLocationId, WorkScheduleId};

choices! {
    /// The terms on which somebody works.
    EmploymentType {
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
}

choices! {
    /// Where an employment stands: it follows from its days, by the clock of the place where the employee works.
    EmployeeStatus {
        /// The employee works here, or will; a last working day may lie ahead.
        Active,
        /// The last working day is over.
        Terminated,
    }
}

/// Somebody who works here, or did.
#[derive(Clone, Debug, PartialEq, SimpleObject, Record)]
#[graphql(complex)]
#[record("employee", table = "employee.employee", read = READ, owner = id)]
pub struct Employee {
    /// The id of the employee; opaque to clients.
    pub id: EmployeeId,
    /// The number that the organization knows them by, such as E-00001.
    #[record(once)]
    pub number: String,
    /// Their first name.
    pub first_name: String,
    /// Their last name.
    pub last_name: String,
    /// Their mail address at work, in lower case.
    pub work_email: String,
    /// Where the employment stands.
    #[record(read, column = "employee.status_of(employee)")]
    pub status: EmployeeStatus,
    /// The terms on which they work.
    pub employment_type: EmploymentType,
    /// Their first day at work; of somebody who came back, that of the present employment.
    pub joined_on: Date,
    /// Their last day at work; null while none is set. Until it is over they work here.
    pub last_working_day: Option<Date>,
    /// The first day of their next employment, where one follows that was entered before the present one was over; null
    /// where none does.
    pub next_joined_on: Option<Date>,
    #[graphql(skip)]
    #[record(right = super::TERMINATION_READ)]
    pub(crate) termination_type: Option<TerminationType>,
    #[graphql(skip)]
    #[record(column = "former")]
    pub(crate) former_employments: Json<Vec<Period>>,
    /// Why each of the former ones ended; shorter than these where nobody said.
    #[graphql(skip)]
    #[record(right = super::TERMINATION_READ)]
    pub(crate) former_termination_types: Json<Vec<Option<TerminationType>>>,
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
    pub(crate) custom_fields: custom::Values,
    /// The words that people find them by.
    pub tags: Vec<String>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
    /// When the record was last changed.
    pub updated_at: DateTime<Utc>,
    #[graphql(skip)]
    #[record(read)]
    pub(crate) sort_name: String,
}

inputs! {
    /// The fields of a new employee.
    EmployeeCreateInput,
    /// The fields of an employee to change; those that are absent stay as they are.
    EmployeeUpdateInput {
        /// Their first name: 1 to 80 characters.
        required first_name: String,
        /// Their last name: 1 to 80 characters.
        required last_name: String,
        /// Their mail address at work, unique among those who have not left.
        required work_email: String,
        /// The terms on which they work; full time when absent from a new one.
        defaulted employment_type: EmploymentType,
        /// Their first day at work, from 1930 to 2100; not after the last one, and after every employment before.
        required joined_on: Date,
        /// The id of their membership, with which they log in, unique among those who have not left; null for none.
        nullable membership_id: MembershipId,
        /// The id of their department; null for none.
        nullable department_id: DepartmentId,
        /// The id of the employee whom they report to; null for nobody.
        nullable manager_id: EmployeeId,
        /// The id of the place where they work; null for nowhere in particular.
        nullable work_location_id: WorkLocationId,
        /// The id of a schedule of their own; null for the organization's default.
        nullable work_schedule_id: WorkScheduleId,
        /// The id of a holiday calendar of their own; null for the location's, else the organization's default.
        nullable holiday_calendar_id: HolidayCalendarId,
        /// The values of custom fields to set or to clear, each field once; those that are not named stay as they are.
        defaulted custom_fields: Vec<CustomFieldInput>,
        /// The words that people find them by, in place of those before: 20 at most, each of 1 to 40 characters without
        /// a comma.
        defaulted tags: Vec<String>,
    }
}

/// The numbers of employees, until the organization chooses another pattern.
pub(super) const NUMBERS: Series = Series {
    key: "employee.employee",
    pattern: "E-{number:5}",
    is_yearly: false,
    place: ("employee.employee", "number"),
};

/// Days of employment lie in these years.
const FIRST_YEAR: i32 = 1930;
pub(super) const LAST_YEAR: i32 = 2100;

pub(super) const WORK_EMAIL_TAKEN: Refusal =
    Refusal::of("workEmail", "WORK_EMAIL_TAKEN", "another employee has this mail address");
pub(super) const NUMBER_TAKEN: Refusal =
    Refusal::of("number", "NUMBER_TAKEN", "another employee has this number");
pub(super) const MEMBER_NOT_FOUND: Refusal =
    Refusal::of("membershipId", "MEMBER_NOT_FOUND", "there is no such active member who works here");
pub(super) const MEMBERSHIP_TAKEN: Refusal =
    Refusal::of("membershipId", "MEMBERSHIP_TAKEN", "this membership belongs to another employee");
const JOINED_ON: Refusal =
    Refusal::of("joinedOn", "DATE_OUT_OF_RANGE", "give a first day between 1930 and 2100");
const JOINED_AFTER_LEAVING: Refusal = Refusal::of("joinedOn", "DATE_OUT_OF_RANGE", "");
const TERMINATED: Refusal = Refusal::whole("EMPLOYEE_TERMINATED", "this employee has left");
pub(super) const MANAGER_NOT_FOUND: Refusal =
    Refusal::of("managerId", "EMPLOYEE_NOT_FOUND", "there is no such active employee to report to");
const OWN_MANAGER: Refusal = Refusal::of("managerId", "OWN_MANAGER", "nobody reports to themselves");
const CYCLE: Refusal = Refusal::of(
    "managerId",
    "MANAGER_CYCLE",
    "this manager reports to the employee, directly or through others",
);

impl Employee {
    /// Takes in a form: a new one into a blank, a changed one into what there was.
    pub(super) fn fill_in(&mut self, input: EmployeeUpdateInput, fields: &Definitions) -> Result<()> {
        const NAME_MAX: usize = 80;
        self.check_active()?;
        let mut form = Form::default();
        form.name_within("firstName", input.first_name, NAME_MAX, &mut self.first_name);
        form.name_within("lastName", input.last_name, NAME_MAX, &mut self.last_name);
        form.email("workEmail", input.work_email, &mut self.work_email);
        form.set("employmentType", input.employment_type, &mut self.employment_type);
        form.checked("joinedOn", input.joined_on, joined_on, &mut self.joined_on);
        if let Err(refusal) = self.check_first_day() {
            form.refuse(refusal);
        }
        form.optional(input.membership_id, &mut self.membership_id);
        form.optional(input.department_id, &mut self.department_id);
        form.optional(input.manager_id, &mut self.manager_id);
        form.optional(input.work_location_id, &mut self.work_location_id);
        form.optional(input.work_schedule_id, &mut self.work_schedule_id);
        form.optional(input.holiday_calendar_id, &mut self.holiday_calendar_id);
        fields.fill_in(&mut form, input.custom_fields, self.version == 0, &mut self.custom_fields);
        custom::tags(&mut form, "tags", input.tags, &mut self.tags);
        form.check()
    }

    /// As [`Employee::fill_in`], for a row of a file: of somebody who has left, it may say what is so already.
    pub(super) fn fill_in_row(&mut self, input: EmployeeUpdateInput, fields: &Definitions) -> Result<()> {
        if self.is_active() {
            return self.fill_in(input, fields);
        }
        let mut as_if = Self { status: EmployeeStatus::Active, ..self.clone() };
        as_if.fill_in(input, fields)?;
        as_if.status = self.status;
        if as_if == *self { Ok(()) } else { Err(TERMINATED.into()) }
    }

    /// Whether the first day is not after the last, and after the employments before.
    fn check_first_day(&self) -> Result<(), Refusal> {
        if let Some(last) = self.last_working_day.filter(|last| *last < self.joined_on) {
            let message = format!("the first day may not be after the last working day, {}", last.0);
            return Err(JOINED_AFTER_LEAVING.saying(message));
        }
        self.check_after_former(self.joined_on)
    }

    /// Whether they have not left: they work here, or will.
    pub(super) fn is_active(&self) -> bool {
        self.status == EmployeeStatus::Active
    }

    fn check_active(&self) -> Result<(), Refusal> {
        if self.is_active() { Ok(()) } else { Err(TERMINATED) }
    }
}

pub(super) fn joined_on(day: Date) -> Result<Date, Refusal> {
    if (FIRST_YEAR..=LAST_YEAR).contains(&day.0.year()) { Ok(day) } else { Err(JOINED_ON) }
}

/// Whether somebody may report to the first of `line`, an active employee and all whom they report to.
pub(super) fn check_manager(id: EmployeeId, line: &[EmployeeId]) -> Result<(), Refusal> {
    match line {
        [] => Err(MANAGER_NOT_FOUND),
        [manager, ..] if *manager == id => Err(OWN_MANAGER),
        _ if line.contains(&id) => Err(CYCLE),
        _ => Ok(()),
    }
}

#[cfg(test)]
pub(super) mod tests;
