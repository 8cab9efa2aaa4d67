//! What this module announces: full states, so that others can keep a copy. Ids and days, no names.

use chrono::NaiveDate;
use common::{Event, MembershipId};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::department::DepartmentId;
use crate::employee::EmployeeId;
use crate::holiday_calendar::HolidayCalendarId;
use crate::work_schedule::WorkScheduleId;

/// Somebody was hired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmployeeHired {
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
    /// The IANA time zone that their days belong to: their location's, else UTC.
    pub time_zone: String,
    /// The work schedule in effect; null means Monday to Friday.
    pub work_schedule_id: Option<WorkScheduleId>,
    /// The holiday calendar in effect; null means no holidays.
    pub holiday_calendar_id: Option<HolidayCalendarId>,
}

impl Event for EmployeeHired {
    const TYPE: &'static str = "employee.employee.hired";

    fn aggregate_id(&self) -> Uuid {
        self.employee_id.0
    }
}

/// An employee changed, or what they inherit from a location or from the organization did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmployeeUpdated {
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
    /// The IANA time zone that their days belong to: their location's, else UTC.
    pub time_zone: String,
    /// The work schedule in effect; null means Monday to Friday.
    pub work_schedule_id: Option<WorkScheduleId>,
    /// The holiday calendar in effect; null means no holidays.
    pub holiday_calendar_id: Option<HolidayCalendarId>,
}

impl Event for EmployeeUpdated {
    const TYPE: &'static str = "employee.employee.updated";

    fn aggregate_id(&self) -> Uuid {
        self.employee_id.0
    }
}

impl From<EmployeeUpdated> for EmployeeHired {
    fn from(state: EmployeeUpdated) -> Self {
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

/// An employment was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmployeeTerminated {
    /// The employee.
    pub employee_id: EmployeeId,
    /// Their last day at work; it may lie ahead.
    pub last_working_day: NaiveDate,
}

impl Event for EmployeeTerminated {
    const TYPE: &'static str = "employee.employee.terminated";

    fn aggregate_id(&self) -> Uuid {
        self.employee_id.0
    }
}

/// A work schedule was made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleChanged {
    /// The work schedule.
    pub work_schedule_id: WorkScheduleId,
    /// How much of each of the seven days is worked, 0, 0.5 or 1, Monday first.
    pub day_fractions: Vec<Decimal>,
}

impl Event for ScheduleChanged {
    const TYPE: &'static str = "employee.schedule.changed";

    fn aggregate_id(&self) -> Uuid {
        self.work_schedule_id.0
    }
}

/// A holiday calendar was made, or its holidays changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalendarChanged {
    /// The holiday calendar.
    pub holiday_calendar_id: HolidayCalendarId,
    /// All its holidays, by day.
    pub holidays: Vec<CalendarDay>,
}

/// One holiday of a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalendarDay {
    /// The day.
    pub date: NaiveDate,
    /// Only half of it is free.
    pub is_half_day: bool,
}

impl Event for CalendarChanged {
    const TYPE: &'static str = "employee.calendar.changed";

    fn aggregate_id(&self) -> Uuid {
        self.holiday_calendar_id.0
    }
}
