//! Where leads come from, how good those are, and how soon they are answered.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, page};
use graphql::{inputs, mutations, noun, queries, sorts};

use crate::ids::LeadSourceId;
use crate::rights::{PIPELINE_MANAGE, PIPELINE_READ};

/// Where leads come from.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("lead source", table = "crm.lead_source", read = PIPELINE_READ)]
pub struct LeadSource {
    /// The id of the source; opaque to clients.
    pub id: LeadSourceId,
    /// The name that people know it by.
    pub name: String,
    /// How many points more, or less, a lead from there has.
    pub points: i32,
    /// Within how many hours a new lead from there is to be answered; null for whenever somebody can.
    pub first_response_hours: Option<i32>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

// Use-cases.

/// Creates a source.
pub async fn create(ctx: &Ctx, input: LeadSourceCreateInput) -> Result<LeadSource> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut source = LeadSource::blank(tx.now());
    source.fill_in(input.into())?;
    tx.save(&mut source).await.on_constraint("lead_source_name_key", NAME_TAKEN)?;
    tx.commit(source).await
}

/// Changes a source.
pub async fn update(ctx: &Ctx, id: LeadSourceId, input: LeadSourceUpdateInput) -> Result<LeadSource> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut source: LeadSource = tx.lock_at(id, input.version).await?;
    source.fill_in(input)?;
    tx.save(&mut source).await.on_constraint("lead_source_name_key", NAME_TAKEN)?;
    tx.commit(source).await
}

/// The sources that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: LeadSourceFilter,
    sort: LeadSourceSort,
    page: Page,
) -> Result<Slice<LeadSource>> {
    let mut tx = ctx.read_list(&PIPELINE_READ).await?;
    let search = tx.search::<LeadSource>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, LeadSource, page, sort: LeadSourceSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

const POINTS_MAX: i32 = 50;
const HOURS_MAX: i32 = 1_000;
const NAME_TAKEN: Refusal = Refusal::of("name", "NAME_TAKEN", "another source in use has this name");

impl LeadSource {
    fn fill_in(&mut self, input: LeadSourceUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.name("name", input.name, &mut self.name);
        form.number("points", input.points, -POINTS_MAX..=POINTS_MAX, &mut self.points);
        form.optional_number(
            "firstResponseHours",
            input.first_response_hours,
            1..=HOURS_MAX,
            &mut self.first_response_hours,
        );
        form.check()
    }
}

// GraphQL.

#[noun]
impl LeadSource {}

inputs! {
    /// The fields of a new source.
    LeadSourceCreateInput,
    /// The fields of a source to change; those that are absent stay as they are.
    LeadSourceUpdateInput {
        /// The name that people know it by: 1 to 100 characters, unique among those in use.
        required name: String,
        /// How many points more, or less, a lead from there has: -50 to 50; 0 when absent from a new one.
        defaulted points: i32,
        /// Within how many hours a new lead from there is to be answered, 1 to 1,000; null for whenever somebody can.
        nullable first_response_hours: i32,
    }
}

/// Which sources a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct LeadSourceFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of sources is ordered.
    LeadSourceSort {
        /// By the name of the lead source.
        Name,
    }
}

queries! {
    LeadSource;
    /// The sources of leads; those in use, by name, unless the arguments say otherwise.
    lead_sources(LeadSourceFilter, LeadSourceSort) = list;
    /// One source, archived or not; null when there is none of that id.
    lead_source;
}

mutations! {
    LeadSource as lead_source;
    /// Creates a source of leads.
    lead_source_create(input: LeadSourceCreateInput) = create for PIPELINE_MANAGE;
    /// Changes a source of leads.
    lead_source_update(id: LeadSourceId, input: LeadSourceUpdateInput) = update for PIPELINE_MANAGE;
    archive and restore for PIPELINE_MANAGE;
}
