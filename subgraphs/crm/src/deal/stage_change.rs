//! What became of deals: entries that are only ever added, by the database itself.

use std::collections::HashMap;

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use common::{MembershipId, Permission, Result};
use database::{Record, Tx};
use graphql::{Batch, Date};
use rust_decimal::Decimal;

use super::model::{DealForecastCategory, DealStatus};
use crate::ids::{DealId, LostReasonId, PipelineId, StageChangeId, StageId};
use crate::rights::DEAL_READ;

/// What a deal was from some moment on: each time that it went to another stage or state, and each time that it was worth, or
/// expected, something else.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(name = "DealStageChange", complex)]
#[record("deal stage change", table = "crm.stage_change", read = DEAL_READ, graphql = "DealStageChange")]
pub struct StageChange {
    /// The id of the entry; opaque to clients.
    pub id: StageChangeId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) seq: i64,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) deal_id: DealId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) pipeline_id: PipelineId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) from_stage_id: Option<StageId>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) stage_id: StageId,
    /// Whether the deal went on.
    #[record(once)]
    pub status: DealStatus,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) owner_membership_id: Option<MembershipId>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) amount: Decimal,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) currency: String,
    /// How likely it was to be won, in per cent.
    #[record(once)]
    pub probability: Decimal,
    /// How much a forecast counted on it.
    #[record(once)]
    pub forecast_category: DealForecastCategory,
    /// The day on which it was expected to be decided.
    #[record(once)]
    pub expected_close: Option<Date>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) lost_reason_id: Option<LostReasonId>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) is_archived: bool,
    /// Whether the deal went to another stage or state; otherwise only what is expected of it is another.
    #[record(once)]
    pub is_move: bool,
    /// How many seconds it had been in the stage that it left; null where it left none.
    #[record(once)]
    pub seconds_in_stage: Option<i64>,
    /// From when on it was so.
    #[record(once)]
    pub occurred_at: DateTime<Utc>,
    #[graphql(skip)]
    #[record(read)]
    pub(crate) created_by: Option<MembershipId>,
}

/// What became of deals, the latest first.
pub(crate) struct ChangesOf;

impl Batch for ChangesOf {
    type Key = DealId;
    type Value = Vec<StageChange>;
    const READ: &'static Permission = &DEAL_READ;

    async fn load(tx: &mut Tx, keys: &[DealId]) -> Result<HashMap<DealId, Vec<StageChange>>> {
        const EACH_MAX: i64 = 200;
        let rows = select_stage_change!(
            "where id in (select c.id from unnest($1::uuid[]) w (id) cross join lateral (
                 select s.id from crm.stage_change s where s.deal_id = w.id order by s.seq desc limit $2) c)
             order by deal_id, seq desc",
            keys as &[DealId],
            EACH_MAX,
        );
        let mut found: HashMap<DealId, Vec<StageChange>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            found.entry(row.deal_id).or_default().push(row);
        }
        Ok(found)
    }
}
