//! What this module announces: full states, so that others can keep a copy. Ids and days, no names.

use chrono::NaiveDate;
use common::{Event, MembershipId, event};
use people::Person;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{DepartmentId, EmployeeId, HolidayCalendarId, WorkScheduleId};

/// What every event about an employee says: what holds for them now, after inheritance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmployeeState {
    /// The employee.
    pub employee_id: EmployeeId,
    /// Their membership, once they can log in.
    pub membership_id: Option<MembershipId>,
    /// The employee whom they report to.
    pub manager_id: Option<EmployeeId>,
    /// Their department.
    pub department_id: Option<DepartmentId>,
    /// Their first day.
    pub joined_on: NaiveDate,
    /// Their last day at work, once it is known; until it is over they work here.
    pub last_working_day: Option<NaiveDate>,
    /// Their employments before the present one, oldest first.
    pub former_employments: Vec<FormerPeriod>,
    /// The IANA time zone that their days belong to: their location's, else the organization's, else UTC.
    pub time_zone: String,
    /// The work schedule in effect; null means Monday to Friday.
    pub work_schedule_id: Option<WorkScheduleId>,
    /// The holiday calendar in effect; null means no holidays.
    pub holiday_calendar_id: Option<HolidayCalendarId>,
}

/// An employment that has ended, of somebody who came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FormerPeriod {
    /// The first day.
    pub joined_on: NaiveDate,
    /// The last day.
    pub last_working_day: NaiveDate,
}

macro_rules! employee_event {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub EmployeeState);

        impl Event for $name {
            const TYPE: &'static str = $kind;
            fn aggregate_id(&self) -> Uuid {
                self.0.employee_id.into()
            }
        }
    };
}

employee_event!(
    /// Somebody was hired.
    EmployeeHired,
    "employee.employee.hired"
);
employee_event!(
    /// An employee changed, or what they inherit from a location or from the organization did.
    EmployeeUpdated,
    "employee.employee.updated"
);
employee_event!(
    /// An employment got a last day, or another one.
    EmployeeTerminated,
    "employee.employee.terminated"
);
employee_event!(
    /// A termination was taken back: the employment goes on.
    EmployeeReinstated,
    "employee.employee.reinstated"
);
employee_event!(
    /// Somebody who had a last day begins another employment.
    EmployeeRehired,
    "employee.employee.rehired"
);

event! {
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

impl From<&Person> for EmployeeState {
    fn from(person: &Person) -> Self {
        let former = person
            .former
            .iter()
            .map(|period| FormerPeriod { joined_on: period.first_day, last_working_day: period.last_day });
        Self {
            employee_id: person.id,
            membership_id: person.membership_id,
            manager_id: person.manager_id,
            department_id: person.department_id.map(Into::into),
            joined_on: person.joined_on,
            last_working_day: person.left_on,
            former_employments: former.collect(),
            time_zone: person.time_zone.clone(),
            work_schedule_id: person.work_schedule_id.map(Into::into),
            holiday_calendar_id: person.holiday_calendar_id.map(Into::into),
        }
    }
}
