//! Auth: signing up, logging in, sessions and their tokens, and the keys that tokens are verified with.

mod account;
mod answered;
mod device;
mod identity;
mod invitation;
mod jwks;
mod line;
mod one_a_request;
mod organization;
mod password;
mod password_change;
mod password_reset;
mod processors;
mod proof;
mod session;
mod session_end;
mod sign_up;
mod signing_key;
mod throttle;
mod vault;

use std::time::Duration;

use async_graphql::{EmptySubscription, MergedObject, SchemaBuilder};
use common::{OrganizationId, Permission, Result};
use database::Ctx;
use futures::future::BoxFuture;
use service::{Job, Runtime, Subgraph};
use uuid::Uuid;

pub use password_reset::send_reset;
pub use signing_key::{SigningKeys, signing_keys};
pub use vault::Vault;

/// All queries of the auth module.
#[derive(MergedObject, Default)]
pub struct Query(session::SessionQuery);

/// All mutations of the auth module.
#[derive(MergedObject, Default)]
pub struct Mutation(
    sign_up::SignUpMutation,
    session::LogInMutation,
    session::SessionMutation,
    session::SessionRevokeAllMutation,
    password_change::PasswordChangeMutation,
    password_reset::PasswordResetMutation,
    invitation::InvitationMutation,
);

const PERMISSIONS: &[&Permission] = &[&session::READ, &session::REVOKE, &password_change::CHANGE_PASSWORD];

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Deletes what nothing looks at any more. Deleting twice does no harm: every process may do it.
const FORGET: Job = Job { name: "auth.forget", every: Duration::from_secs(3600), run: forget };

/// The module, as it describes itself.
#[must_use]
pub fn subgraph() -> Subgraph {
    Subgraph {
        id: "auth",
        name: "Log-in",
        description: "Signing up, logging in, and sessions.",
        is_core: true,
        requires: &[],
        port: 8002,
        permissions: PERMISSIONS,
        // Sessions belong to a person and to no tenant, so that no trail tells of them.
        nouns: vec![],
        migrator: &MIGRATOR,
        events: vec![],
        consumers: &[],
        jobs: &[FORGET],
        sdl: || service::sdl(&schema().finish()),
        executable: |runtime| {
            let schema =
                schema().data(Vault::new(&runtime.secret_key).sharing(runtime.database.store())).finish();
            service::guard("auth", PERMISSIONS, schema, runtime)
        },
        routes: Some(jwks::routes),
        public: None,
    }
}

fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    service::schema(Query::default(), Mutation::default(), EmptySubscription)
        .extension(one_a_request::OneARequest)
}

fn forget(runtime: Runtime) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        // What it deletes belongs to no tenant: it acts in one that there is not.
        let nowhere = OrganizationId(Uuid::nil());
        let mut tx =
            Ctx::system(runtime.database, "auth", nowhere, FORGET.name).begin(&Permission::SYSTEM).await?;
        session::forget(&mut tx).await?;
        throttle::forget(&mut tx).await?;
        device::forget(&mut tx).await?;
        password_reset::forget(&mut tx).await?;
        signing_key::forget(&mut tx).await?;
        tx.commit(()).await
    })
}
