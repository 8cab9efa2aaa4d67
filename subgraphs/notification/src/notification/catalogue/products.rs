//! What the events of products say.

use common::Result;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value as Json;
use uuid::Uuid;
use words::{Value, Values};

use super::{Audience, NotificationType, Subject, Telling};
use crate::ids::MembershipId;

/// Something is to be ordered again.
pub(super) const RUN_LOW: NotificationType = NotificationType {
    key: "products.stock.run_low",
    recurs: true,
    subject: run_low,
    tellings: &[Telling {
        audience: Audience::Keepers,
        message: |it| match it.values.get("warehouse") {
            Some(_) => "stock-low-in",
            None => "stock-low",
        },
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

fn run_low(payload: &Json) -> Result<Subject> {
    let low = StockLow::deserialize(payload)?;
    let values = Values::default()
        .with("product", Value::text(low.sku))
        .with("available", Value::Number { number: low.available });
    let values = match low.warehouse_code {
        Some(code) => values.with("warehouse", Value::text(code)),
        None => values,
    };
    Ok(Subject {
        link_type: "Product".to_owned(),
        link_id: low.product_id,
        values,
        approvers: low.keeper_membership_ids,
        ..Subject::default()
    })
}
