//! Drafts of quotes whose prices have changed: they stay as they were written, and whoever looks after them is told.

use chrono::{DateTime, Utc};
use common::Result;
use database::Tx;

use super::model::{Quote, select_quote};
use crate::deal::Deal;
use crate::events::QuotePricesChanged;
use crate::ids::{DealId, ProductId, QuoteId};

/// A price of a product was changed at some moment, in a currency or in any. Each draft from before that offers it is marked and
/// told of once, until somebody writes its lines anew; no amount is touched.
pub(crate) async fn note_changed_prices(
    tx: &mut Tx,
    product: ProductId,
    currency: Option<&str>,
    at: DateTime<Utc>,
) -> Result<()> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id!: QuoteId" from crm.drafts_offering($1, $2, $3) id"#,
        product as ProductId,
        currency,
        at,
    );
    let ids = ids.fetch_all(tx.conn()).await?;
    if ids.is_empty() {
        return Ok(());
    }
    // Somebody may have sent one meanwhile, or looked at its prices.
    let mut drafts = select_quote!(
        "where id = any($1) and status = 'DRAFT' and prices_changed_at is null order by id for update",
        &ids as &[QuoteId],
    )
    .fetch_all(tx.conn())
    .await?;
    for draft in &mut drafts {
        draft.prices_changed_at = Some(at);
    }
    tx.save_all(&mut drafts).await?;
    let deals: Vec<DealId> = drafts.iter().map(|draft| draft.deal_id).collect();
    let deals = tx.find_many::<Deal>(&deals).await?;
    let events = drafts.iter().map(|draft| QuotePricesChanged {
        quote_id: draft.id,
        deal_id: draft.deal_id,
        number: draft.number.clone(),
        owner_membership_id: deals.get(&draft.deal_id).and_then(|deal| deal.owner_membership_id),
    });
    tx.emit_all(&Vec::from_iter(events)).await
}
