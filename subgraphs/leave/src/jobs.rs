//! What leave does by the clock.

use std::time::Duration;

use common::{Permission, Result};
use database::Ctx;
use futures::future::BoxFuture;
use service::{Job, Runtime};

use crate::{due, ledger, policy};

/// The jobs of this module.
pub static JOBS: &[Job] = &[Job {
    name: "leave: accrual",
    every: Duration::from_secs(3600),
    run: |runtime| Box::pin(accrue(runtime)) as BoxFuture<_>,
}];

/// Writes down what everybody is due by today. Running it twice writes nothing twice (LEV-6).
async fn accrue(runtime: Runtime) -> Result<()> {
    for organization_id in policy::organizations(&runtime.database).await? {
        let ctx = Ctx::system(runtime.database.clone(), "leave", organization_id, "accrual");
        // What goes wrong in one organization is its own affair; the next run tries again.
        if let Err(error) = accrue_in(&ctx).await {
            tracing::warn!(%organization_id, ?error, "an accrual was not finished");
        }
    }
    Ok(())
}

async fn accrue_in(ctx: &Ctx) -> Result<()> {
    let mut tx = ctx.begin(&Permission::SYSTEM).await?;
    let ids = due::employees_with_policies(&mut tx).await?;
    drop(tx);
    // One transaction for each employee: nobody's lock is held for long.
    for id in ids {
        let mut tx = ctx.begin(&Permission::SYSTEM).await?;
        for employee in people::select_many(&mut tx, &[id]).await? {
            ledger::post(&mut tx, &employee, None).await?;
        }
        tx.commit(()).await?;
    }
    Ok(())
}
