//! User: people, the organizations that they belong to, the roles that they hold there, and invitations.

pub mod events;
mod ids;
mod invitation;
mod me;
mod membership;
mod organization;
mod rights;
mod user;

use std::sync::Arc;
use std::time::Duration;

use approval::graphql::{ApprovalMutation, ApprovalQuery};
use async_graphql::{Context, EmptySubscription, MergedObject, SchemaBuilder};
use common::{ModuleSet, Permission, Result};
use graphql::App as _;
use service::{EventType, Job, Noun, Subgraph};

pub use ids::InvitationId;
pub use invitation::send_invitation;

/// All queries of the user module.
#[derive(MergedObject, Default)]
pub struct Query(
    me::MeQuery,
    user::UserQuery,
    membership::MembershipQuery,
    invitation::InvitationQuery,
    ApprovalQuery<Approvals>,
);

/// All mutations of the user module.
#[derive(MergedObject, Default)]
pub struct Mutation(
    user::UserMutation,
    membership::MembershipMutation,
    invitation::InviteMutation,
    invitation::InvitationMutation,
    ApprovalMutation<Approvals>,
);

/// Who decides on what is asked for, in the graph of members.
struct Approvals;

impl approval::graphql::Graph for Approvals {
    type Membership = membership::Membership;
    type HistoryEntry = HistoryEntry;

    async fn modules(gql: &Context<'_>) -> Result<Arc<ModuleSet>> {
        gql.data_unchecked::<rights::Rights>().modules(gql.app()).await
    }
}

graphql::history_entry!(membership::Membership);

const PERMISSIONS: &[&Permission] = &[
    &user::READ_OWN,
    &user::UPDATE_OWN,
    &user::READ,
    &membership::MANAGE,
    &invitation::INVITE,
    &approval::rule::READ,
    &approval::rule::MANAGE,
    &approval::delegation::MANAGE,
    &approval::approval::READ,
];

/// What waits for whom follows the clock as well: steps fall due, delegations begin and end. Those for whom something has
/// come to wait are told soon after.
static JOBS: &[Job] = &[
    Job {
        name: "user: approvals",
        every: Duration::from_secs(30),
        run: |runtime| Box::pin(async move { approval::follow(&runtime.database, "user").await }),
    },
    Job {
        name: "user: approvals to tell",
        every: Duration::from_secs(2),
        run: |runtime| Box::pin(async move { approval::tell(&runtime.database, "user").await }),
    },
];

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
        permissions: PERMISSIONS,
        nouns: vec![
            Noun::of::<membership::Membership>(),
            Noun::of::<invitation::Invitation>(),
            Noun::of::<approval::Rule>(),
            Noun::of::<approval::Delegation>(),
        ],
        migrator: &MIGRATOR,
        events: vec![
            EventType::of::<events::UserCreated>(),
            EventType::of::<events::MemberJoined>(),
            EventType::of::<events::MemberRolesChanged>(),
            EventType::of::<events::MemberSuspended>(),
            EventType::of::<events::MemberReactivated>(),
            EventType::of::<events::MemberRemoved>(),
            EventType::of::<approval::events::StepAssigned>(),
            EventType::of::<approval::events::ApprovalDecided>(),
        ],
        consumers: &[],
        jobs: JOBS,
        sdl: || service::sdl(&schema().finish()),
        executable: |runtime| {
            let rights = rights::Rights::new(runtime.access.clone());
            let shown = invitation::TokensShown(runtime.shows_invitation_tokens);
            service::guard("user", PERMISSIONS, schema().data(rights).data(shown).finish(), runtime)
        },
        routes: None,
        public: None,
    }
}

fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    service::schema(Query::default(), Mutation::default(), EmptySubscription)
}
