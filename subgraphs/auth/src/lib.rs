//! Auth: signing up, logging in, sessions and their tokens, and the keys that tokens are verified with.

pub mod identity;
pub mod invitation;
pub mod organization;
mod password;
pub mod session;
pub mod sign_up;
mod signing_key;
mod throttle;
mod vault;

pub use vault::Vault;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{EmptySubscription, MergedObject, SchemaBuilder};
use common::{Caller, Permission, RequestContext, Result};
use database::Ctx;
use futures::future::BoxFuture;
use service::{Job, Runtime, Subgraph};

/// Everything that auth can be asked.
#[derive(MergedObject, Default)]
pub struct Query(session::graphql::SessionQuery);

/// Everything that auth can be told.
#[derive(MergedObject, Default)]
pub struct Mutation(
    sign_up::SignUpMutation,
    session::graphql::SessionMutation,
    identity::IdentityMutation,
    invitation::InvitationMutation,
);

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
        permissions: &[&session::READ, &session::REVOKE, &identity::CHANGE_PASSWORD],
        migrator: &MIGRATOR,
        events: vec![],
        consumers: &[],
        jobs: &[FORGET],
        sdl: || service::sdl(&schema().finish()),
        executable: |runtime| {
            service::guard("auth", schema().data(Vault::new(&runtime.secret_key)).finish(), runtime)
        },
        routes: Some(signing_key::routes),
    }
}

fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    service::schema(Query::default(), Mutation::default(), EmptySubscription)
}

/// The same request as if it had come without a token: whoever signs up or logs in may be logged in elsewhere,
/// and one transaction never serves two organizations.
fn as_nobody(ctx: &Ctx) -> Ctx {
    let request = RequestContext { caller: Caller::Anonymous, token: None, ..ctx.request().clone() };
    Ctx::new(ctx.database().clone(), "auth", Arc::new(request))
}

fn forget(runtime: Runtime) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let request = Arc::new(RequestContext::anonymous("auth.forget"));
        let mut tx = Ctx::new(runtime.database, "auth", request).begin(&Permission::PUBLIC).await?;
        session::repo::forget(&mut tx).await?;
        throttle::forget(&mut tx).await?;
        signing_key::forget(&mut tx).await?;
        tx.commit().await
    })
}
