//! What this module does when the contact module tells that two contacts are one: what was given to either is given to both.

use common::{Envelope, Result};
use database::Tx;
use futures::future::BoxFuture;
use kafka::Consumer;
use serde::Deserialize;

use crate::ids::ContactId;

/// The consumers of this module.
pub static CONSUMERS: &[Consumer] = &[Consumer {
    name: "products",
    module: "products",
    types: &["contact.contact.merged", "contact.contact.unmerged"],
    handle,
}];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfTwo {
    contact_id: ContactId,
    loser_id: ContactId,
}

fn handle<'a>(tx: &'a mut Tx, envelope: &'a Envelope) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let two = OfTwo::deserialize(&envelope.payload)?;
        match envelope.event_type.as_str() {
            "contact.contact.merged" => {
                sqlx::query!(
                    "insert into products.contact_merge (loser_id, winner_id) values ($1, $2)
                     on conflict on constraint contact_merge_loser_key do nothing",
                    two.loser_id as ContactId,
                    two.contact_id as ContactId,
                )
                .execute(tx.conn())
                .await?;
            }
            _ => {
                sqlx::query!(
                    "delete from products.contact_merge where loser_id = $1",
                    two.loser_id as ContactId
                )
                .execute(tx.conn())
                .await?;
            }
        }
        Ok(())
    })
}
