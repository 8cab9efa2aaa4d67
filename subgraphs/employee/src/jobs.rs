//! What this module does by the clock.

use std::time::Duration;

use common::{Permission, Result};
use database::Ctx;
use futures::future::BoxFuture;
use service::{Job, Runtime};

use crate::employee;

/// The jobs of this module.
pub(crate) const JOBS: &[Job] = &[Job {
    name: "employee: next employments",
    every: Duration::from_secs(15 * 60),
    run: |runtime| Box::pin(begin_next(runtime)) as BoxFuture<_>,
}];

/// Makes next employments that have begun the present ones.
async fn begin_next(runtime: Runtime) -> Result<()> {
    let now = runtime.database.clock().now();
    for organization_id in employee::organizations_with_beginnings(&runtime.database, now).await? {
        let ctx = Ctx::system(runtime.database.clone(), "employee", organization_id, "next employments");
        // What goes wrong in one organization is its own affair; the next run tries again.
        if let Err(error) = begin_next_in(&ctx).await {
            tracing::warn!(%organization_id, ?error, "next employments were not begun");
        }
    }
    Ok(())
}

async fn begin_next_in(ctx: &Ctx) -> Result<()> {
    let mut tx = ctx.begin(&Permission::SYSTEM).await?;
    employee::begin_next(&mut tx).await?;
    tx.commit(()).await
}
