//! Leave: kinds of leave, what people are due, and their requests from asking to being back.

mod balance;
mod consumers;
mod directory;
mod employee;
pub mod events;
mod jobs;
mod leave_type;
mod policy;
mod request;

use async_graphql::{EmptySubscription, MergedObject, Schema};
use service::{EventType, Subgraph};

/// Everything that leave can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    leave_type::LeaveTypeQuery,
    policy::PolicyQuery,
    request::RequestQuery,
    employee::EmployeeQuery,
);

/// Everything that leave can be told.
#[derive(MergedObject, Default)]
pub struct Mutation(leave_type::LeaveTypeMutation, policy::PolicyMutation, request::RequestMutation);

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The module, as it describes itself.
#[must_use]
pub fn subgraph() -> Subgraph {
    Subgraph {
        id: "leave",
        name: "Leave",
        description: "Kinds of leave, balances, and requests with their approval.",
        is_core: false,
        requires: &["employee"],
        port: 8007,
        permissions: &[
            &leave_type::READ,
            &leave_type::MANAGE,
            &policy::READ,
            &policy::MANAGE,
            &balance::READ,
            &request::READ,
            &request::SUBMIT,
            &request::DECIDE,
            &request::CANCEL,
            &employee::READ_ABSENCE,
        ],
        migrator: &MIGRATOR,
        events: vec![
            EventType::of::<events::RequestSubmitted>(),
            EventType::of::<events::RequestApproved>(),
            EventType::of::<events::RequestRejected>(),
            EventType::of::<events::RequestCancelled>(),
            EventType::of::<events::RequestAdjusted>(),
        ],
        consumers: consumers::CONSUMERS,
        jobs: jobs::JOBS,
        sdl: || service::sdl(&schema()),
        executable: |runtime| service::guard("leave", schema(), runtime),
        routes: None,
    }
}

fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    service::schema(Query::default(), Mutation::default(), EmptySubscription).finish()
}
