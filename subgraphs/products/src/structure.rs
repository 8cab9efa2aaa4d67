//! One writer at a time where two changes that are fine one by one would be wrong together: trees, and what is made of what.

use common::Result;
use database::Tx;

/// Lets one writer at a time change which categories and products are part of which; the others wait here.
pub(crate) async fn lock(tx: &mut Tx) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('products.structure ' || core.organization_id(), 0))"
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
