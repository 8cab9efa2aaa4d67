//! What the events of products say.

use common::Result;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Audience, NotificationType, Subject, Telling};
use crate::ids::MembershipId;

/// Something is to be ordered again.
pub(super) const RUN_LOW: NotificationType = NotificationType {
    key: "products.stock.run_low",
    recurs: true,
    subject: run_low,
    tellings: &[Telling {
        audience: Audience::Keepers,
        words: |it| ("Stock is low", format!("{} and is to be ordered again.", it.named())),
    }],
};

/// What it says that little is left of something, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StockLow {
    product_id: Uuid,
    sku: String,
    available: Decimal,
    /// Earlier versions do not say where, nor who keeps it.
    warehouse_code: Option<String>,
    #[serde(default)]
    keeper_membership_ids: Vec<MembershipId>,
}

fn run_low(payload: &Value) -> Result<Subject> {
    let low = StockLow::deserialize(payload)?;
    let place = low.warehouse_code.map(|code| format!(" in {code}")).unwrap_or_default();
    Ok(Subject {
        link_type: "Product".to_owned(),
        link_id: low.product_id,
        topic: Some(format!("product {} has {} left{place}", low.sku, low.available.normalize())),
        approvers: low.keeper_membership_ids,
        ..Subject::default()
    })
}
