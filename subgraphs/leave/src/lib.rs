//! Leave: kinds of leave, what people are due, and their requests from asking to being back.

mod adjustment;
mod balance;
mod consumers;
mod due;
mod employee;
pub mod events;
mod ids;
mod jobs;
mod leave_type;
mod ledger;
mod links;
mod member;
mod policy;
mod request;
#[cfg(test)]
mod sequences;
mod statement;

use async_graphql::{EmptySubscription, MergedObject, Schema};
use common::Permission;
use service::{EventType, Noun, Subgraph};

pub(crate) use member::{Attachment, HistoryEntry, Membership};

/// All queries of the leave module.
#[derive(MergedObject, Default)]
pub struct Query(
    leave_type::LeaveTypeQuery,
    policy::PolicyQuery,
    adjustment::AdjustmentQuery,
    request::RequestQuery,
    request::PreviewQuery,
    statement::StatementQuery,
    links::EmployeeQuery,
);

/// All mutations of the leave module.
#[derive(MergedObject, Default)]
pub struct Mutation(
    leave_type::LeaveTypeMutation,
    policy::PolicyMutation,
    policy::PolicyAssignmentMutation,
    adjustment::AdjustmentMutation,
    request::RequestMutation,
);

const PERMISSIONS: &[&Permission] = &[
    &leave_type::READ,
    &leave_type::MANAGE,
    &policy::READ,
    &policy::MANAGE,
    &balance::READ,
    &adjustment::MANAGE,
    &request::READ,
    &request::SUBMIT,
    &request::DECIDE,
    &request::CANCEL,
    &links::READ_ABSENCE,
];

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
        permissions: PERMISSIONS,
        nouns: vec![
            Noun::of::<leave_type::LeaveType>(),
            Noun::of::<policy::Policy>(),
            Noun::of::<due::PolicyLine>(),
            Noun::of::<due::PolicyAssignment>(),
            Noun::of::<adjustment::Adjustment>(),
            Noun::of::<request::Request>(),
        ],
        migrator: &MIGRATOR,
        events: vec![
            EventType::of::<events::RequestSubmitted>(),
            EventType::of::<events::RequestApproved>(),
            EventType::of::<events::RequestRejected>(),
            EventType::of::<events::RequestCancelled>(),
            EventType::of::<events::RequestAdjusted>(),
            EventType::of::<events::BalanceAdjusted>(),
            EventType::of::<events::BalanceOverdrawn>(),
            EventType::of::<events::PolicyChanged>(),
            EventType::of::<events::TypeChanged>(),
        ],
        consumers: consumers::CONSUMERS,
        jobs: jobs::JOBS,
        sdl: || service::sdl(&schema()),
        executable: |runtime| service::guard("leave", PERMISSIONS, schema(), runtime),
        routes: None,
        public: None,
    }
}

fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    service::schema(Query::default(), Mutation::default(), EmptySubscription).finish()
}
