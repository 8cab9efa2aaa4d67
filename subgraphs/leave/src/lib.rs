//! Leave: kinds of leave, what people are due, and their requests from asking to being back.

mod leave_type;

use async_graphql::{EmptySubscription, MergedObject, Schema};
use service::Subgraph;

/// Everything that leave can be asked.
#[derive(MergedObject, Default)]
pub struct Query(leave_type::LeaveTypeQuery);

/// Everything that leave can be told.
#[derive(MergedObject, Default)]
pub struct Mutation(leave_type::LeaveTypeMutation);

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
        permissions: &[&leave_type::READ, &leave_type::MANAGE],
        migrator: &MIGRATOR,
        events: vec![],
        consumers: &[],
        jobs: &[],
        sdl: || service::sdl(&schema()),
        executable: |runtime| service::guard("leave", schema(), runtime),
        routes: None,
    }
}

fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    service::schema(Query::default(), Mutation::default(), EmptySubscription).finish()
}
