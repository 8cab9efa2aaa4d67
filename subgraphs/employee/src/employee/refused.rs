//! Why something about an employee is not done.

use chrono::NaiveDate;
use common::Refuse;

/// Why something about an employee is not done.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A name is empty or too long.
    #[error("give a name of 1 to 80 characters")]
    Name(&'static str),
    /// Not an address.
    #[error("give an e-mail address, such as ada@example.com")]
    WorkEmail,
    /// Somebody else has the address.
    #[error("another employee has this e-mail address")]
    WorkEmailTaken,
    /// Somebody else has the membership.
    #[error("this membership belongs to another employee")]
    MembershipTaken,
    /// The first day is out of range.
    #[error("give a first day between 1930 and 2100")]
    JoinedOn,
    /// The last day is out of range.
    #[error("the last working day must be between {joined_on}, the first day, and 2100")]
    LastWorkingDay {
        /// The first day.
        joined_on: NaiveDate,
    },
    /// The employment has ended.
    #[error("this employee has left")]
    Terminated,
    /// No such manager.
    #[error("there is no such active employee to report to")]
    ManagerNotFound,
    /// Nobody reports to themselves.
    #[error("nobody reports to themselves")]
    OwnManager,
    /// They would report to themselves, through others.
    #[error("this manager reports to the employee, directly or through others")]
    Cycle,
    /// No such department.
    #[error("there is no such department")]
    DepartmentNotFound,
    /// No such location.
    #[error("there is no such work location")]
    WorkLocationNotFound,
    /// No such schedule.
    #[error("there is no such work schedule")]
    WorkScheduleNotFound,
    /// No such calendar.
    #[error("there is no such holiday calendar")]
    HolidayCalendarNotFound,
    /// Nobody would lead those who report to them.
    #[error("{count} people report to this employee; say who takes over")]
    HasReports {
        /// How many.
        count: usize,
    },
    /// No such successor.
    #[error("there is no such other active employee to take over")]
    HeirNotFound,
    /// The successor would report to their own people.
    #[error("this employee reports to one of the people to be taken over")]
    HeirBelow,
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "NAME_INVALID",
            Self::WorkEmail => "WORK_EMAIL_INVALID",
            Self::WorkEmailTaken => "WORK_EMAIL_TAKEN",
            Self::MembershipTaken => "MEMBERSHIP_TAKEN",
            Self::JoinedOn | Self::LastWorkingDay { .. } => "DATE_OUT_OF_RANGE",
            Self::Terminated => "EMPLOYEE_TERMINATED",
            Self::ManagerNotFound => "MANAGER_NOT_FOUND",
            Self::OwnManager => "OWN_MANAGER",
            Self::Cycle => "MANAGER_CYCLE",
            Self::DepartmentNotFound => "DEPARTMENT_NOT_FOUND",
            Self::WorkLocationNotFound => "WORK_LOCATION_NOT_FOUND",
            Self::WorkScheduleNotFound => "WORK_SCHEDULE_NOT_FOUND",
            Self::HolidayCalendarNotFound => "HOLIDAY_CALENDAR_NOT_FOUND",
            Self::HasReports { .. } => "HAS_REPORTS",
            Self::HeirNotFound => "REASSIGN_NOT_FOUND",
            Self::HeirBelow => "REASSIGN_CYCLE",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Name(field) => Some(field),
            Self::WorkEmail | Self::WorkEmailTaken => Some("workEmail"),
            Self::MembershipTaken => Some("membershipId"),
            Self::JoinedOn => Some("joinedOn"),
            Self::LastWorkingDay { .. } => Some("lastWorkingDay"),
            Self::Terminated => None,
            Self::ManagerNotFound | Self::OwnManager | Self::Cycle => Some("managerId"),
            Self::DepartmentNotFound => Some("departmentId"),
            Self::WorkLocationNotFound => Some("workLocationId"),
            Self::WorkScheduleNotFound => Some("workScheduleId"),
            Self::HolidayCalendarNotFound => Some("holidayCalendarId"),
            Self::HasReports { .. } | Self::HeirNotFound | Self::HeirBelow => Some("reassignReportsTo"),
        }
    }
}
