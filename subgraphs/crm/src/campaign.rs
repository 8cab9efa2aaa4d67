//! Campaigns: what was done so that people come, what it cost, from a day to a day.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Currency, Form, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, page};
use graphql::{Date, Money, inputs, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

use crate::ids::CampaignId;
use crate::rights::{CAMPAIGN_MANAGE, PIPELINE_READ};

/// What was done so that people come.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("campaign", table = "crm.campaign", read = PIPELINE_READ)]
pub struct Campaign {
    /// The id of the campaign; opaque to clients.
    pub id: CampaignId,
    /// The name that people know it by.
    pub name: String,
    /// What there is to say of it.
    pub description: Option<String>,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) currency: String,
    #[graphql(skip)]
    pub(crate) budget: Option<Decimal>,
    #[graphql(skip)]
    pub(crate) cost: Decimal,
    /// The first day of it; null for since ever.
    pub first_day: Option<Date>,
    /// The last day of it; null for good.
    pub last_day: Option<Date>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

// Use-cases.

/// Creates a campaign.
pub async fn create(ctx: &Ctx, input: CampaignCreateInput) -> Result<Campaign> {
    let mut tx = ctx.begin(&CAMPAIGN_MANAGE).await?;
    let mut campaign = Campaign::blank(tx.now());
    let mut form = Form::default();
    form.currency("currency", MaybeUndefined::Value(input.currency.clone()), &mut campaign.currency);
    campaign.fill_in(form, input.into())?;
    tx.save(&mut campaign).await.on_constraint("campaign_name_key", NAME_TAKEN)?;
    tx.commit(campaign).await
}

/// Changes a campaign.
pub async fn update(ctx: &Ctx, id: CampaignId, input: CampaignUpdateInput) -> Result<Campaign> {
    let mut tx = ctx.begin(&CAMPAIGN_MANAGE).await?;
    let mut campaign: Campaign = tx.lock_at(id, input.version).await?;
    campaign.fill_in(Form::default(), input)?;
    tx.save(&mut campaign).await.on_constraint("campaign_name_key", NAME_TAKEN)?;
    tx.commit(campaign).await
}

/// The campaigns that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: CampaignFilter,
    sort: CampaignSort,
    page: Page,
) -> Result<Slice<Campaign>> {
    let mut tx = ctx.read_list(&PIPELINE_READ).await?;
    let search = tx.search::<Campaign>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, Campaign, page, sort: CampaignSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

const DAYS_TURNED: Refusal =
    Refusal::of("lastDay", "DATE_OUT_OF_RANGE", "the last day comes before the first");
const NAME_TAKEN: Refusal = Refusal::of("name", "NAME_TAKEN", "another campaign in use has this name");

impl Campaign {
    fn fill_in(&mut self, mut form: Form, input: CampaignUpdateInput) -> Result<()> {
        form.name("name", input.name, &mut self.name);
        form.optional_text("description", input.description, Form::TEXT_MAX, &mut self.description);
        let amounts = Decimal::ZERO..=Decimal::from(Currency::AMOUNT_MAX);
        let decimals =
            Currency::parse(&self.currency).map_or(Currency::DECIMALS_MAX, |known| known.decimals());
        form.optional_decimal("budget", input.budget, amounts.clone(), decimals, &mut self.budget);
        form.amount("cost", input.cost, &self.currency, amounts, &mut self.cost);
        form.optional(input.first_day, &mut self.first_day);
        form.optional(input.last_day, &mut self.last_day);
        if self.first_day.is_some_and(|first| self.last_day.is_some_and(|last| last < first)) {
            form.refuse(DAYS_TURNED);
        }
        form.check()
    }
}

// GraphQL.

#[noun]
impl Campaign {
    /// What it may cost; null when nobody has said.
    async fn budget(&self) -> Option<Money> {
        self.budget.map(|budget| Money::new(budget, &self.currency))
    }

    /// What it has cost so far.
    async fn cost(&self) -> Money {
        Money::new(self.cost, &self.currency)
    }
}

inputs! {
    /// The fields of a new campaign.
    CampaignCreateInput,
    /// The fields of a campaign to change; those that are absent stay as they are.
    CampaignUpdateInput {
        /// The name that people know it by: 1 to 100 characters, unique among those in use.
        required name: String,
        /// The ISO 4217 code of the currency that it is paid in; it stays so.
        once currency: String,
        /// What there is to say of it: 1 to 2,000 characters.
        nullable description: String,
        /// What it may cost, no finer than its currency.
        nullable budget: Decimal,
        /// What it has cost so far, no finer than its currency; 0 when absent from a new one.
        defaulted cost: Decimal,
        /// The first day of it; null for since ever.
        nullable first_day: Date,
        /// The last day of it; null for good.
        nullable last_day: Date,
    }
}

/// Which campaigns a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct CampaignFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of campaigns is ordered.
    CampaignSort {
        /// By the name of the campaign.
        Name,
    }
}

queries! {
    Campaign;
    /// The campaigns; those in use, by name, unless the arguments say otherwise.
    campaigns(CampaignFilter, CampaignSort) = list;
    /// One campaign, archived or not; null when there is none of that id.
    campaign;
}

mutations! {
    Campaign as campaign;
    /// Creates a campaign.
    campaign_create(input: CampaignCreateInput) = create for CAMPAIGN_MANAGE;
    /// Changes a campaign.
    campaign_update(id: CampaignId, input: CampaignUpdateInput) = update for CAMPAIGN_MANAGE;
    archive and restore for CAMPAIGN_MANAGE;
}
