//! Contacts and what was merged into them: what was written down of any of them is the winner's.

use std::collections::HashMap;

use common::Result;
use database::Tx;

use crate::ids::ContactId;

/// The ids of contacts and of all that were merged into them, each with the contact that was asked for.
pub(crate) async fn select(tx: &mut Tx, ids: &[ContactId]) -> Result<HashMap<ContactId, ContactId>> {
    let rows = sqlx::query!(
        r#"select root as "root!: ContactId", id as "id!: ContactId" from contact.family($1)"#,
        ids as &[ContactId],
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.root)).collect())
}

/// The ids of one contact and of all that were merged into it.
pub(crate) async fn ids(tx: &mut Tx, id: ContactId) -> Result<Vec<ContactId>> {
    Ok(select(tx, &[id]).await?.into_keys().collect())
}

/// Lets one writer at a time change which companies belong to which, and which contacts are one; the others wait here.
///
/// Two moves that are fine one by one can make a circle together.
pub(crate) async fn lock(tx: &mut Tx) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('contact.structure ' || core.organization_id(), 0))"
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
