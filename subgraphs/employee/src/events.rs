//! What this module announces: full states, so that others can keep a copy. Ids and days, no names.

use chrono::NaiveDate;
use common::{MembershipId, event};
use people::Person;
use rust_decimal::Decimal;

use crate::ids::{DepartmentId, EmployeeId, HolidayCalendarId, WorkScheduleId};

event! {
    /// Somebody was hired.
    EmployeeHired = "employee.employee.hired", of employee_id {
        /// The employee.
        employee_id: EmployeeId,
        /// Their membership, once they can log in.
        membership_id: Option<MembershipId>,
        /// The employee whom they report to.
        manager_id: Option<EmployeeId>,
        /// Their department.
        department_id: Option<DepartmentId>,
        /// Their first day.
        joined_on: NaiveDate,
        /// The IANA time zone that their days belong to: their location's, else UTC.
        time_zone: String,
        /// The work schedule in effect; null means Monday to Friday.
        work_schedule_id: Option<WorkScheduleId>,
        /// The holiday calendar in effect; null means no holidays.
        holiday_calendar_id: Option<HolidayCalendarId>,
    }

    /// An employee changed, or what they inherit from a location or from the organization did.
    EmployeeUpdated = "employee.employee.updated", of employee_id {
        /// The employee.
        employee_id: EmployeeId,
        /// Their membership, once they can log in.
        membership_id: Option<MembershipId>,
        /// The employee whom they report to.
        manager_id: Option<EmployeeId>,
        /// Their department.
        department_id: Option<DepartmentId>,
        /// Their first day.
        joined_on: NaiveDate,
        /// The IANA time zone that their days belong to: their location's, else UTC.
        time_zone: String,
        /// The work schedule in effect; null means Monday to Friday.
        work_schedule_id: Option<WorkScheduleId>,
        /// The holiday calendar in effect; null means no holidays.
        holiday_calendar_id: Option<HolidayCalendarId>,
    }

    /// An employment was ended.
    EmployeeTerminated = "employee.employee.terminated", of employee_id {
        /// The employee.
        employee_id: EmployeeId,
        /// Their last day at work; it may lie ahead.
        last_working_day: NaiveDate,
    }

    /// A work schedule was made or changed.
    ScheduleChanged = "employee.schedule.changed", of work_schedule_id {
        /// The work schedule.
        work_schedule_id: WorkScheduleId,
        /// How much of each of the seven days is worked, 0, 0.5 or 1, Monday first.
        day_fractions: Vec<Decimal>,
    }

    /// A holiday calendar was made, or its holidays changed.
    CalendarChanged = "employee.calendar.changed", of holiday_calendar_id {
        /// The holiday calendar.
        holiday_calendar_id: HolidayCalendarId,
        /// All its holidays, by day.
        holidays: Vec<CalendarDay>,
    }
}

/// One holiday of a calendar.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalendarDay {
    /// The day.
    pub date: NaiveDate,
    /// Only half of it is free.
    pub is_half_day: bool,
}

impl From<&Person> for EmployeeUpdated {
    fn from(person: &Person) -> Self {
        Self {
            employee_id: person.id,
            membership_id: person.membership_id,
            manager_id: person.manager_id,
            department_id: person.department_id.map(Into::into),
            joined_on: person.joined_on,
            time_zone: person.time_zone.clone(),
            work_schedule_id: person.work_schedule_id.map(Into::into),
            holiday_calendar_id: person.holiday_calendar_id.map(Into::into),
        }
    }
}

impl From<&Person> for EmployeeHired {
    fn from(person: &Person) -> Self {
        let state = EmployeeUpdated::from(person);
        Self {
            employee_id: state.employee_id,
            membership_id: state.membership_id,
            manager_id: state.manager_id,
            department_id: state.department_id,
            joined_on: state.joined_on,
            time_zone: state.time_zone,
            work_schedule_id: state.work_schedule_id,
            holiday_calendar_id: state.holiday_calendar_id,
        }
    }
}
