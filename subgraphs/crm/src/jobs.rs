//! What this module does by the clock.

use std::time::Duration;

use common::{Permission, Result};
use database::Ctx;
use futures::future::BoxFuture;
use service::{Job, Runtime};

use crate::{activity, clock, operation, quote};

/// The jobs of this module.
pub(crate) const JOBS: &[Job] = &[
    operation::GO_ON,
    Job {
        name: "crm: activities that are due",
        every: Duration::from_secs(60),
        run: |runtime| Box::pin(tell_due(runtime)) as BoxFuture<_>,
    },
    Job {
        name: "crm: quotes that are over",
        every: Duration::from_secs(3600),
        run: |runtime| Box::pin(expire(runtime)) as BoxFuture<_>,
    },
];

/// Tells of activities that have fallen due.
async fn tell_due(runtime: Runtime) -> Result<()> {
    let now = runtime.database.clock().now();
    for organization_id in clock::organizations_to_tell(&runtime.database, now).await? {
        let ctx = Ctx::system(runtime.database.clone(), "crm", organization_id, "activities");
        // What goes wrong in one organization is its own affair; the next run tries again.
        if let Err(error) = tell_due_in(&ctx).await {
            tracing::warn!(%organization_id, ?error, "nobody was told of activities that are due");
        }
    }
    Ok(())
}

async fn tell_due_in(ctx: &Ctx) -> Result<()> {
    let mut tx = ctx.begin(&Permission::SYSTEM).await?;
    activity::tell_due(&mut tx).await?;
    tx.commit(()).await
}

/// Ends quotes that nobody has decided on in time.
async fn expire(runtime: Runtime) -> Result<()> {
    let now = runtime.database.clock().now();
    for organization_id in clock::organizations_to_expire(&runtime.database, now).await? {
        let ctx = Ctx::system(runtime.database.clone(), "crm", organization_id, "quotes");
        // What goes wrong in one organization is its own affair; the next run tries again.
        if let Err(error) = expire_in(&ctx).await {
            tracing::warn!(%organization_id, ?error, "quotes that are over were not ended");
        }
    }
    Ok(())
}

async fn expire_in(ctx: &Ctx) -> Result<()> {
    let mut tx = ctx.begin(&Permission::SYSTEM).await?;
    quote::expire(&mut tx).await?;
    tx.commit(()).await
}
