//! The SQL of deals.

use async_graphql::InputObject;
use common::{MembershipId, Page, Result, Slice};
use custom::CustomFieldCondition;
use database::{Tx, page};
use graphql::{Date, sorts};

use super::model::{Deal, DealForecastCategory, DealStatus, select_deal};
use crate::ids::{CampaignId, ContactId, DealId, LeadSourceId, PipelineId, ProductId, StageId};

/// Which deals a list has; every condition holds.
#[derive(Clone, Debug, Default, InputObject)]
pub struct DealFilter {
    /// Part of the title, the number or the competitor: 1 to 100 characters.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// Whether they go on.
    pub status: Option<DealStatus>,
    /// The id of the pipeline that they go through.
    pub pipeline_id: Option<PipelineId>,
    /// The id of the stage that they are in.
    pub stage_id: Option<StageId>,
    /// The id of the membership that looks after them.
    pub owner_id: Option<MembershipId>,
    /// Whether anybody looks after them.
    pub is_owned: Option<bool>,
    /// The id of the company that buys, or of one that is one with it.
    pub company_id: Option<ContactId>,
    /// The id of a contact that has to do with them, or of one that is one with it; the company included.
    pub contact_id: Option<ContactId>,
    /// The id of a product that one of their lines is for.
    pub product_id: Option<ProductId>,
    /// The id of the source that they came from.
    pub source_id: Option<LeadSourceId>,
    /// The id of the campaign that brought them.
    pub campaign_id: Option<CampaignId>,
    /// How much a forecast counts on them.
    pub forecast_category: Option<DealForecastCategory>,
    /// A day on which, or after which, they are expected to be decided.
    pub closes_from: Option<Date>,
    /// A day on which, or before which, they are expected to be decided.
    pub closes_to: Option<Date>,
    /// Whether they have been in their stage for longer than it allows.
    pub is_rotting: Option<bool>,
    /// A tag that they carry, as it is spelt.
    pub tag: Option<String>,
    /// A value of a custom field that they have.
    pub custom_field: Option<CustomFieldCondition>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of deals is ordered.
    DealSort {
        /// By when the record was made, the latest first.
        desc CreatedAt,
        /// By title.
        Title,
        /// By what they are worth, whatever the currency.
        Amount,
        /// By how long they have been in their stage, the longest first.
        EnteredStageAt,
    }
}

/// A page of deals.
pub(super) async fn select_page(
    tx: &mut Tx,
    filter: &DealFilter,
    sort: DealSort,
    page: Page,
) -> Result<Slice<Deal>> {
    let search = tx.search::<Deal>(filter.search.as_deref()).await?;
    let carrying = custom::carrying::<Deal>(tx, filter.tag.as_deref(), filter.custom_field.as_ref()).await?;
    let now = tx.now();
    Ok(page!(
        tx, Deal, page,
        sort: DealSort {
            CreatedAt => "created_at", Title => "title", Amount => "amount", EnteredStageAt => "entered_stage_at"
        },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5)) and ($6::text is null or status = $6)
         and ($7::uuid is null or pipeline_id = $7) and ($8::uuid is null or stage_id = $8)
         and ($9::uuid is null or owner_membership_id = $9)
         and ($10::boolean is null or (owner_membership_id is not null) = $10)
         and ($11::uuid is null or company_id in (select f.id from crm.contact_family($11) f))
         and ($12::uuid is null or company_id in (select f.id from crm.contact_family($12) f) or id in (
                 select c.deal_id from crm.deal_contact c where c.contact_id in (select f.id from crm.contact_family($12) f)))
         and ($13::uuid is null or id in (select l.deal_id from crm.deal_line l where l.product_id = $13))
         and ($14::uuid is null or source_id = $14) and ($15::uuid is null or campaign_id = $15)
         and ($16::text is null or forecast_category = $16)
         and ($17::date is null or expected_close >= $17) and ($18::date is null or expected_close <= $18)
         and ($19::boolean is null or $19 = (status = 'OPEN' and exists (select from crm.stage s
                 where s.id = stage_id and entered_stage_at < $20::timestamptz - make_interval(days => s.rotting_days))))
         and ($21::uuid[] is null or id = any($21)) and ($22::text[] is null or tags @> $22)
         and ($23::jsonb is null or custom_fields @> $23)",
        [
            filter.is_archived,
            search.ids.as_deref(),
            search.patterns.as_deref(),
            filter.status as Option<DealStatus>,
            filter.pipeline_id as Option<PipelineId>,
            filter.stage_id as Option<StageId>,
            filter.owner_id as Option<MembershipId>,
            filter.is_owned,
            filter.company_id as Option<ContactId>,
            filter.contact_id as Option<ContactId>,
            filter.product_id as Option<ProductId>,
            filter.source_id as Option<LeadSourceId>,
            filter.campaign_id as Option<CampaignId>,
            filter.forecast_category as Option<DealForecastCategory>,
            filter.closes_from.map(|day| day.0),
            filter.closes_to.map(|day| day.0),
            filter.is_rotting,
            now,
            carrying.ids.as_deref(),
            carrying.tags.as_deref(),
            carrying.fields.clone(),
        ],
    ))
}

/// The open stage that a deal was in last, before it was closed.
pub(super) async fn select_stage_before(tx: &mut Tx, id: DealId) -> Result<Option<StageId>> {
    Ok(sqlx::query_scalar!(
        r#"select stage_id as "id!: StageId" from crm.stage_change where deal_id = $1 and status = 'OPEN'
           order by seq desc limit 1"#,
        id as DealId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// What was won in some days, by a member or by anybody, in one currency: by what became of deals and of nothing else.
pub(crate) async fn won_between(
    tx: &mut Tx,
    member: Option<MembershipId>,
    (first, last): (chrono::NaiveDate, chrono::NaiveDate),
    currency: &str,
) -> Result<rust_decimal::Decimal> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(sum(l.amount), 0) as "sum!" from (
               select distinct on (deal_id) deal_id, status, owner_membership_id, amount, currency
               from crm.stage_change order by deal_id, seq desc) l
           where l.status = 'WON' and l.currency = $3 and ($4::uuid is null or l.owner_membership_id = $4)
             and (crm.moved_at(l.deal_id, 'infinity') at time zone people.time_zone(core.organization_id()))::date between $1 and $2"#,
        first,
        last,
        currency,
        member as Option<MembershipId>,
    )
    .fetch_one(tx.conn())
    .await?)
}
