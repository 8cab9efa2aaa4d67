//! The SQL of leads.

use async_graphql::InputObject;
use common::{MembershipId, Page, Result, Slice};
use custom::CustomFieldCondition;
use database::{Tx, page};
use graphql::sorts;

use super::model::{Lead, LeadStatus, select_lead};
use crate::ids::{CampaignId, ContactId, LeadSourceId, ProductId};

/// Which leads a list has; every condition holds.
#[derive(Clone, Debug, Default, InputObject)]
pub struct LeadFilter {
    /// Part of a name, the number, the mail address or the phone number: 1 to 100 characters.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// How far they have come.
    pub status: Option<LeadStatus>,
    /// Whether they are still to buy or to say no: neither lost, nor not qualified, nor converted.
    pub is_open: Option<bool>,
    /// The id of the membership that looks after them.
    pub owner_id: Option<MembershipId>,
    /// Whether anybody looks after them.
    pub is_owned: Option<bool>,
    /// The id of the source that they came from.
    pub source_id: Option<LeadSourceId>,
    /// The id of the campaign that brought them.
    pub campaign_id: Option<CampaignId>,
    /// The id of a product that they are interested in.
    pub product_id: Option<ProductId>,
    /// The id of the contact that they have become, or of one that is one with it.
    pub contact_id: Option<ContactId>,
    /// The two letters of the country that they are in.
    pub country: Option<String>,
    /// How many points they have at least.
    pub score_min: Option<i32>,
    /// How many points of spam they have at most.
    pub spam_max: Option<i32>,
    /// Whether somebody should have answered by now, or has answered too late.
    pub sla_breached: Option<bool>,
    /// A tag that they carry, as it is spelt.
    pub tag: Option<String>,
    /// A value of a custom field that they have.
    pub custom_field: Option<CustomFieldCondition>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of leads is ordered.
    LeadSort {
        /// By when the record was made, the latest first.
        desc CreatedAt,
        /// By last name, first name and company.
        Name,
        /// By how likely it seems that they buy.
        Score,
    }
}

/// A page of leads.
pub(crate) async fn select_page(
    tx: &mut Tx,
    filter: &LeadFilter,
    sort: LeadSort,
    page: Page,
) -> Result<Slice<Lead>> {
    let search = tx.search::<Lead>(filter.search.as_deref()).await?;
    let carrying = custom::carrying::<Lead>(tx, filter.tag.as_deref(), filter.custom_field.as_ref()).await?;
    let now = tx.now();
    Ok(page!(
        tx, Lead, page, sort: LeadSort { CreatedAt => "created_at", Name => "sort_name", Score => "score" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5)) and ($6::text is null or status = $6)
         and ($7::boolean is null or $7 = (status in ('NEW', 'CONTACTED', 'QUALIFIED', 'NURTURING')))
         and ($8::uuid is null or owner_membership_id = $8)
         and ($9::boolean is null or (owner_membership_id is not null) = $9)
         and ($10::uuid is null or source_id = $10) and ($11::uuid is null or campaign_id = $11)
         and ($12::uuid is null or product_ids @> array[$12])
         and ($13::uuid is null or contact_id in (select f.id from crm.contact_family($13) f)
             or company_id in (select f.id from crm.contact_family($13) f))
         and ($14::text is null or country = $14) and ($15::integer is null or score >= $15)
         and ($16::integer is null or spam_points <= $16)
         and ($17::boolean is null or $17 = coalesce(coalesce(first_response_at, $18::timestamptz) > sla_due_at, false))
         and ($19::uuid[] is null or id = any($19)) and ($20::text[] is null or tags @> $20)
         and ($21::jsonb is null or custom_fields @> $21)",
        [
            filter.is_archived,
            search.ids.as_deref(),
            search.patterns.as_deref(),
            filter.status as Option<LeadStatus>,
            filter.is_open,
            filter.owner_id as Option<MembershipId>,
            filter.is_owned,
            filter.source_id as Option<LeadSourceId>,
            filter.campaign_id as Option<CampaignId>,
            filter.product_id as Option<ProductId>,
            filter.contact_id as Option<ContactId>,
            filter.country.as_deref(),
            filter.score_min,
            filter.spam_max,
            filter.sla_breached,
            now,
            carrying.ids.as_deref(),
            carrying.tags.as_deref(),
            carrying.fields.clone(),
        ],
    ))
}

/// The open leads of a member that nobody has answered, locked.
pub(super) async fn select_unanswered_of(tx: &mut Tx, member: MembershipId) -> Result<Vec<Lead>> {
    Ok(select_lead!(
        "where owner_membership_id = $1 and archived_at is null and first_response_at is null
           and status in ('NEW', 'CONTACTED', 'QUALIFIED', 'NURTURING') order by id for update",
        member as MembershipId,
    )
    .fetch_all(tx.conn())
    .await?)
}
