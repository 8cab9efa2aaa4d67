//! What this module does when others tell something: of two contacts that are one, what was given to either is given to both;
//! nothing names somebody who was erased; and what customers have agreed on is kept for them.

use common::{Envelope, Result};
use database::Tx;
use futures::future::BoxFuture;
use kafka::Consumer;
use serde::Deserialize;

use crate::ids::{ContactId, DealId};
use crate::{price_list, product, stock};

/// The consumers of this module.
pub static CONSUMERS: &[Consumer] = &[Consumer {
    name: "products",
    module: "products",
    types: &[
        "contact.contact.merged",
        "contact.contact.unmerged",
        "contact.contact.erased",
        "crm.quote.accepted",
        "crm.deal.won",
        "crm.deal.lost",
        "crm.deal.reopened",
        "crm.deal.updated",
    ],
    handle,
}];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfTwo {
    contact_id: ContactId,
    loser_id: ContactId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Erased {
    contact_id: ContactId,
    merged_ids: Vec<ContactId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfDeal {
    deal_id: DealId,
    #[serde(default)]
    is_archived: bool,
}

fn handle<'a>(tx: &'a mut Tx, envelope: &'a Envelope) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        match envelope.event_type.as_str() {
            "contact.contact.merged" => {
                let two = OfTwo::deserialize(&envelope.payload)?;
                sqlx::query!(
                    "insert into products.contact_merge (loser_id, winner_id) values ($1, $2)
                     on conflict on constraint contact_merge_loser_key do nothing",
                    two.loser_id as ContactId,
                    two.contact_id as ContactId,
                )
                .execute(tx.conn())
                .await?;
            }
            "contact.contact.unmerged" => {
                let two = OfTwo::deserialize(&envelope.payload)?;
                sqlx::query!(
                    "delete from products.contact_merge where loser_id = $1",
                    two.loser_id as ContactId
                )
                .execute(tx.conn())
                .await?;
            }
            "contact.contact.erased" => {
                let erased = Erased::deserialize(&envelope.payload)?;
                let ids: Vec<ContactId> = erased.merged_ids.into_iter().chain([erased.contact_id]).collect();
                product::forget_vendors(tx, &ids).await?;
                price_list::forget_customers(tx, &ids).await?;
            }
            kind => {
                let of = OfDeal::deserialize(&envelope.payload)?;
                // Of other changes of a deal that is agreed on, those count that it is won with.
                if kind != "crm.deal.updated" || of.is_archived {
                    stock::follow_deal(tx, of.deal_id).await?;
                }
            }
        }
        Ok(())
    })
}
