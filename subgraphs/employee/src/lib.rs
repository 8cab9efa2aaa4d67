//! Core HR: employees and whom they report to, departments, locations, work schedules, holiday calendars.

mod consumers;
mod department;
mod employee;
pub mod events;
mod holiday_calendar;
mod ids;
mod jobs;
mod links;
mod member;
mod structure;
mod work_location;
mod work_schedule;

use async_graphql::{EmptySubscription, MergedObject, Schema};
use common::Permission;
use service::{EventType, Noun, Subgraph};

pub(crate) use member::{Attachment, HistoryEntry, Membership};

pub use ids::{DepartmentId, EmployeeId, HolidayCalendarId, WorkLocationId, WorkScheduleId};

/// All queries of the employee module.
#[derive(MergedObject, Default)]
pub struct Query(
    employee::EmployeeQuery,
    employee::MyEmployeeQuery,
    employee::EmployeeExportQuery,
    department::DepartmentQuery,
    work_location::WorkLocationQuery,
    work_schedule::WorkScheduleQuery,
    holiday_calendar::HolidayCalendarQuery,
);

/// All mutations of the employee module.
#[derive(MergedObject, Default)]
pub struct Mutation(
    employee::EmployeeMutation,
    department::DepartmentMutation,
    work_location::WorkLocationMutation,
    work_schedule::WorkScheduleMutation,
    holiday_calendar::HolidayCalendarMutation,
    holiday_calendar::HolidayMutation,
);

const PERMISSIONS: &[&Permission] = &[
    &employee::READ,
    &employee::MANAGE,
    &employee::EXPORT,
    &employee::TERMINATION_READ,
    &employee::DOCUMENTS_READ,
    &employee::DOCUMENTS_MANAGE,
    &department::READ,
    &department::MANAGE,
    &work_location::READ,
    &work_location::MANAGE,
    &work_schedule::READ,
    &work_schedule::MANAGE,
    &holiday_calendar::READ,
    &holiday_calendar::MANAGE,
];

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The module, as it describes itself.
#[must_use]
pub fn subgraph() -> Subgraph {
    Subgraph {
        id: "employee",
        name: "Employees",
        description: "Who works here: departments, managers, locations, work schedules and holidays.",
        is_core: false,
        requires: &[],
        port: 8005,
        permissions: PERMISSIONS,
        nouns: vec![
            Noun::of::<employee::Employee>(),
            Noun::of::<department::Department>(),
            Noun::of::<work_location::WorkLocation>(),
            Noun::of::<work_schedule::WorkSchedule>(),
            Noun::of::<holiday_calendar::HolidayCalendar>(),
            Noun::of::<holiday_calendar::Holiday>(),
        ],
        migrator: &MIGRATOR,
        events: vec![
            EventType::of::<events::EmployeeHired>(),
            EventType::of::<events::EmployeeUpdated>(),
            EventType::of::<events::EmployeeTerminated>(),
            EventType::of::<events::EmployeeReinstated>(),
            EventType::of::<events::EmployeeRehired>(),
            EventType::of::<events::ScheduleChanged>(),
            EventType::of::<events::CalendarChanged>(),
        ],
        consumers: consumers::CONSUMERS,
        jobs: jobs::JOBS,
        sdl: || service::sdl(&schema()),
        executable: |runtime| service::guard("employee", PERMISSIONS, schema(), runtime),
        routes: None,
        public: None,
    }
}

fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    service::schema(Query::default(), Mutation::default(), EmptySubscription).finish()
}
