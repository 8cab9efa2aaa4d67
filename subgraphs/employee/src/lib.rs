//! Core HR: employees and whom they report to, departments, locations, work schedules, holiday calendars.

mod department;
mod employee;
pub mod events;
mod holiday_calendar;
mod membership;
mod structure;
mod work_location;
mod work_schedule;

use async_graphql::{EmptySubscription, MergedObject, Schema};
use common::{Role, Scope};
use service::{EventType, Subgraph};

pub use department::DepartmentId;
pub use employee::EmployeeId;
pub use holiday_calendar::HolidayCalendarId;
pub use work_location::WorkLocationId;
pub use work_schedule::WorkScheduleId;

/// Everything that employee can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    employee::EmployeeQuery,
    department::DepartmentQuery,
    work_location::WorkLocationQuery,
    work_schedule::WorkScheduleQuery,
    holiday_calendar::HolidayCalendarQuery,
);

/// Everything that employee can be told.
#[derive(MergedObject, Default)]
pub struct Mutation(
    employee::EmployeeMutation,
    department::DepartmentMutation,
    work_location::WorkLocationMutation,
    work_schedule::WorkScheduleMutation,
    holiday_calendar::HolidayCalendarMutation,
);

/// The directory is open to every role.
const EVERYBODY: &[(Role, Scope)] = &[
    (Role::Admin, Scope::All),
    (Role::Hr, Scope::All),
    (Role::Manager, Scope::All),
    (Role::Member, Scope::All),
];

/// Those who keep the directory.
const PEOPLE_OFFICE: &[(Role, Scope)] = &[(Role::Admin, Scope::All), (Role::Hr, Scope::All)];

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
        permissions: &[
            &employee::READ,
            &employee::MANAGE,
            &department::READ,
            &department::MANAGE,
            &work_location::READ,
            &work_location::MANAGE,
            &work_schedule::READ,
            &work_schedule::MANAGE,
            &holiday_calendar::READ,
            &holiday_calendar::MANAGE,
        ],
        migrator: &MIGRATOR,
        events: vec![
            EventType::of::<events::EmployeeHired>(),
            EventType::of::<events::EmployeeUpdated>(),
            EventType::of::<events::EmployeeTerminated>(),
            EventType::of::<events::ScheduleChanged>(),
            EventType::of::<events::CalendarChanged>(),
        ],
        consumers: &[],
        jobs: &[],
        sdl: || service::sdl(&schema()),
        executable: |runtime| service::guard("employee", schema(), runtime),
        routes: None,
    }
}

fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    service::schema(Query::default(), Mutation::default(), EmptySubscription).finish()
}

/// A name without the blanks around it; `None` when it is empty, too long, or has control characters.
fn name(text: &str, characters_max: usize) -> Option<String> {
    let text = text.trim();
    let fits = (1..=characters_max).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}
