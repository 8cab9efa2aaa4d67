//! The ids of this module's nouns.

use common::id;

pub use common::EmployeeId;

id!(
    /// One department.
    DepartmentId
);
id!(
    /// One work location.
    WorkLocationId
);
id!(
    /// One work schedule.
    WorkScheduleId
);
id!(
    /// One holiday calendar.
    HolidayCalendarId
);
id!(
    /// One holiday of one calendar.
    HolidayId
);
