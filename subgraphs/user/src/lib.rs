//! User: people, the organizations that they belong to, the roles that they hold there, and invitations.

pub mod events;
pub mod invitation;
pub mod me;
pub mod membership;
pub mod organization;
pub mod user;

use async_graphql::{EmptySubscription, MergedObject, Schema};
use service::{EventType, Subgraph};

/// Everything that user can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    me::MeQuery,
    user::UserQuery,
    membership::graphql::MembershipQuery,
    invitation::graphql::InvitationQuery,
);

/// Everything that user can be told.
#[derive(MergedObject, Default)]
pub struct Mutation(
    user::UserMutation,
    membership::graphql::MembershipMutation,
    invitation::graphql::InvitationMutation,
);

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The module, as it describes itself.
#[must_use]
pub fn subgraph() -> Subgraph {
    Subgraph {
        id: "user",
        name: "People",
        description: "Members, their roles, and invitations.",
        is_core: true,
        requires: &[],
        port: 8003,
        permissions: &[
            &user::READ_OWN,
            &user::UPDATE_OWN,
            &membership::READ,
            &membership::MANAGE,
            &invitation::INVITE,
        ],
        migrator: &MIGRATOR,
        events: vec![
            EventType::of::<events::UserCreated>(),
            EventType::of::<events::MemberJoined>(),
            EventType::of::<events::MemberRolesChanged>(),
            EventType::of::<events::MemberSuspended>(),
            EventType::of::<events::MemberReactivated>(),
            EventType::of::<events::MemberRemoved>(),
        ],
        consumers: &[],
        jobs: &[],
        sdl: || service::sdl(&schema()),
        executable: |runtime| service::guard("user", schema(), runtime),
        routes: None,
    }
}

fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    service::schema(Query::default(), Mutation::default(), EmptySubscription).finish()
}
