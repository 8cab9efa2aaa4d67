//! What follows from the clock: steps that fall due, delegations that begin and end, managers whose last day is over.

use common::{OrganizationId, Permission, Result};
use database::{Ctx, Database};

use crate::engine;

/// Brings what waits for whom up to the present moment, in every organization where that takes something, and tells those
/// for whom something has come to wait. For a job of `module`, through whose outbox it announces; who runs it at the same
/// time waits, and finds nothing more to do.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database does not answer. What one organization could not have, the next run does.
pub async fn follow(database: &Database, module: &'static str) -> Result<()> {
    let now = database.clock().now();
    let organizations =
        sqlx::query_scalar!(r#"select approval.organizations_to_follow($1) as "id!: OrganizationId""#, now)
            .fetch_all(database.relay()?)
            .await?;
    for organization_id in organizations {
        let ctx = Ctx::system(database.clone(), module, organization_id, "approval.follow");
        let mut tx = ctx.begin(&Permission::SYSTEM).await?;
        sqlx::query!("select approval.follow_clock()").execute(tx.conn()).await?;
        engine::tell(&mut tx, None).await?;
        tx.commit(()).await?;
    }
    Ok(())
}

/// Tells those for whom something has come to wait because the directory or a delegation has changed, in every
/// organization. For a job of `module` that runs every few seconds: where there is nobody to tell it is one look into a
/// small index.
///
/// # Errors
/// As [`follow`].
pub async fn tell(database: &Database, module: &'static str) -> Result<()> {
    let organizations =
        sqlx::query_scalar!(r#"select approval.organizations_to_tell() as "id!: OrganizationId""#)
            .fetch_all(database.relay()?)
            .await?;
    for organization_id in organizations {
        let ctx = Ctx::system(database.clone(), module, organization_id, "approval.tell");
        let mut tx = ctx.begin(&Permission::SYSTEM).await?;
        engine::tell(&mut tx, None).await?;
        tx.commit(()).await?;
    }
    Ok(())
}
