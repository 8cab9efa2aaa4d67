//! What this module does when others tell something: contacts that are one, who was erased, who may not come in any more, prices
//! that have changed, and an organization that begins to sell.

use common::{Envelope, MembershipId, Result};
use database::Tx;
use futures::future::BoxFuture;
use kafka::Consumer;
use serde::Deserialize;
use uuid::Uuid;

use crate::ids::{ContactId, ProductId};
use crate::{lead, lost_reason, pipeline, quote};

const MODULE: &str = "crm";

/// The consumers of this module.
pub static CONSUMERS: &[Consumer] = &[Consumer {
    name: MODULE,
    module: MODULE,
    types: &[
        "contact.contact.merged",
        "contact.contact.unmerged",
        "contact.contact.erased",
        "products.price.changed",
        "user.member.suspended",
        "user.member.removed",
        "tenant.organization.created",
        "tenant.module.enabled",
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
struct OfPrice {
    product_id: ProductId,
    /// Older events do not say it.
    currency: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfMember {
    membership_id: MembershipId,
}

#[derive(Deserialize)]
struct OfOrganization {
    modules: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfModule {
    module_id: String,
}

/// What an organization finds there that has this module from now on, unless it has made its own.
async fn furnish(tx: &mut Tx) -> Result<()> {
    pipeline::furnish(tx).await?;
    lost_reason::furnish(tx).await
}

fn handle<'a>(tx: &'a mut Tx, envelope: &'a Envelope) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        match envelope.event_type.as_str() {
            "contact.contact.merged" => {
                let two = OfTwo::deserialize(&envelope.payload)?;
                sqlx::query!(
                    "insert into crm.contact_merge (loser_id, winner_id) values ($1, $2)
                     on conflict on constraint contact_merge_loser_key do nothing",
                    two.loser_id as ContactId,
                    two.contact_id as ContactId,
                )
                .execute(tx.conn())
                .await?;
            }
            "contact.contact.unmerged" => {
                let two = OfTwo::deserialize(&envelope.payload)?;
                sqlx::query!("delete from crm.contact_merge where loser_id = $1", two.loser_id as ContactId)
                    .execute(tx.conn())
                    .await?;
            }
            "contact.contact.erased" => {
                let erased = Erased::deserialize(&envelope.payload)?;
                let ids: Vec<Uuid> =
                    erased.merged_ids.iter().chain([&erased.contact_id]).map(|id| (*id).into()).collect();
                sqlx::query!("select crm.forget($1, $2)", &ids, tx.now()).execute(tx.conn()).await?;
            }
            "products.price.changed" => {
                let price = OfPrice::deserialize(&envelope.payload)?;
                let (product, currency) = (price.product_id, price.currency.as_deref());
                quote::note_changed_prices(tx, product, currency, envelope.occurred_at).await?;
            }
            "tenant.organization.created" => {
                if OfOrganization::deserialize(&envelope.payload)?.modules.iter().any(|id| id == MODULE) {
                    furnish(tx).await?;
                }
            }
            "tenant.module.enabled" => {
                if OfModule::deserialize(&envelope.payload)?.module_id == MODULE {
                    furnish(tx).await?;
                }
            }
            // Whoever was given something in the very moment is found here, too.
            _ => lead::reassign_all(tx, OfMember::deserialize(&envelope.payload)?.membership_id).await?,
        }
        Ok(())
    })
}
