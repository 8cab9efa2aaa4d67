//! Pipelines: the ways in which the organization sells, each with its stages.

mod new_stages;
mod stage;

use std::collections::HashMap;

use async_graphql::{Context, InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Page, Permission, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{App as _, Batch, cost, inputs, mutations, noun, queries, sorts};

pub use self::new_stages::PipelineStageInput;
pub use self::stage::{Stage, StageCategory, StageMutation, StageQuery, StageRequirement};
use crate::ids::PipelineId;
use crate::rights::{PIPELINE_MANAGE, PIPELINE_READ};

/// A way in which the organization sells.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("pipeline", table = "crm.pipeline", read = PIPELINE_READ, archive = check_archive)]
pub struct Pipeline {
    /// The id of the pipeline; opaque to clients.
    pub id: PipelineId,
    /// The name that people know it by.
    pub name: String,
    /// The ISO 4217 code of the currency that its deals have unless they say otherwise.
    pub currency: String,
    /// Whether deals of which nobody says otherwise are in it; one pipeline at most is so.
    pub is_default: bool,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

// Use-cases.

/// Creates a pipeline with its stages.
pub async fn create(ctx: &Ctx, input: PipelineCreateInput) -> Result<Pipeline> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    lock(&mut tx).await?;
    let mut pipeline = Pipeline::blank(tx.now());
    let given = input.stages.clone().map_or(MaybeUndefined::Undefined, MaybeUndefined::Value);
    pipeline.fill_in(input.into())?;
    let mut stages = new_stages::filled_in(pipeline.id, tx.now(), given, new_stages::usual())?;
    yield_default(&mut tx, &pipeline).await?;
    save(&mut tx, &mut pipeline).await?;
    tx.save_all(&mut stages).await?;
    tx.commit(pipeline).await
}

/// Makes the pipeline that an organization begins with, the default one, with the stages of one whose maker names none. Whoever
/// has ever made one needs none: then nothing is done.
pub(crate) async fn furnish(tx: &mut Tx) -> Result<()> {
    lock(tx).await?;
    let is_there = sqlx::query_scalar!(r#"select exists (select from crm.pipeline) as "is_there!""#);
    if is_there.fetch_one(tx.conn()).await? {
        return Ok(());
    }
    let (name, currency) = (FIRST_NAME.to_owned(), FIRST_CURRENCY.to_owned());
    let mut pipeline = Pipeline { name, currency, is_default: true, ..Pipeline::blank(tx.now()) };
    let usual = new_stages::usual();
    let mut stages = new_stages::filled_in(pipeline.id, tx.now(), MaybeUndefined::Undefined, usual)?;
    save(tx, &mut pipeline).await?;
    tx.save_all(&mut stages).await.map(|_| ())
}

/// One is made at a time: of two that are to be the default the later one is.
async fn lock(tx: &mut Tx) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('crm.pipeline ' || core.organization_id(), 0))"
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Changes a pipeline.
pub async fn update(ctx: &Ctx, id: PipelineId, input: PipelineUpdateInput) -> Result<Pipeline> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut pipeline: Pipeline = tx.lock_at(id, input.version).await?;
    pipeline.fill_in(input)?;
    yield_default(&mut tx, &pipeline).await?;
    save(&mut tx, &mut pipeline).await?;
    tx.commit(pipeline).await
}

/// The pipelines that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: PipelineFilter,
    sort: PipelineSort,
    page: Page,
) -> Result<Slice<Pipeline>> {
    let mut tx = ctx.read_list(&PIPELINE_READ).await?;
    let search = tx.search::<Pipeline>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, Pipeline, page, sort: PipelineSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

/// The pipeline that a deal is in when nobody says: the default one, or else the only one.
pub(crate) async fn usual_pipeline(tx: &mut Tx) -> Result<Pipeline> {
    let mut found = select_pipeline!("where archived_at is null order by is_default desc, name, id limit 2")
        .fetch_all(tx.conn())
        .await?;
    match found.len() {
        1 => Ok(found.remove(0)),
        2 if found[0].is_default => Ok(found.remove(0)),
        _ => Err(PIPELINE_REQUIRED.into()),
    }
}

/// The stages in use of a pipeline, in their order.
pub(crate) async fn stages_of(tx: &mut Tx, id: PipelineId) -> Result<Vec<Stage>> {
    Ok(StagesOf::load(tx, &[id]).await?.remove(&id).unwrap_or_default())
}

// Rules.

/// The pipeline that an organization begins with. Nobody has said in which currency it sells: whoever runs it changes this one,
/// and deals say their own.
const FIRST_NAME: &str = "Standard";
const FIRST_CURRENCY: &str = "EUR";

const NAME_TAKEN: Refusal = Refusal::of("name", "NAME_TAKEN", "another pipeline in use has this name");
const PIPELINE_REQUIRED: Refusal =
    Refusal::of("pipelineId", "REQUIRED", "name the pipeline; there is none that is the default");

impl Pipeline {
    fn fill_in(&mut self, input: PipelineUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.name("name", input.name, &mut self.name);
        form.currency("currency", input.currency, &mut self.currency);
        form.set("isDefault", input.is_default, &mut self.is_default);
        form.check()
    }
}

const HAS_DEALS: Refusal = Refusal::whole(
    "PIPELINE_HAS_DEALS",
    "open deals are in this pipeline; decide on them, or make them anew in another one, first",
);
const IS_DEFAULT: Refusal =
    Refusal::whole("PIPELINE_IS_DEFAULT", "new deals go here; make another pipeline the default first");

/// The one that new deals go to stays, and so does one in which something goes on.
async fn check_archive(tx: &mut Tx, pipeline: &Pipeline) -> Result<()> {
    if pipeline.is_default {
        return Err(IS_DEFAULT.into());
    }
    let has_deals = sqlx::query_scalar!(
        r#"select exists (select from crm.deal where pipeline_id = $1 and status = 'OPEN' and archived_at is null)
           as "has_deals!""#,
        pipeline.id as PipelineId,
    );
    if has_deals.fetch_one(tx.conn()).await? { Err(HAS_DEALS.into()) } else { Ok(()) }
}

/// Another one that is the default is it no more.
async fn yield_default(tx: &mut Tx, pipeline: &Pipeline) -> Result<()> {
    if !pipeline.is_default {
        return Ok(());
    }
    let others = select_pipeline!("where is_default and id <> $1 for update", pipeline.id as PipelineId);
    let mut others = others.fetch_all(tx.conn()).await?;
    for other in &mut others {
        other.is_default = false;
    }
    tx.save_all(&mut others).await.map(|_| ())
}

async fn save(tx: &mut Tx, pipeline: &mut Pipeline) -> Result<()> {
    tx.save(pipeline).await.on_constraint("pipeline_name_key", NAME_TAKEN)
}

/// The stages in use of pipelines.
pub(crate) struct StagesOf;

impl Batch for StagesOf {
    type Key = PipelineId;
    type Value = Vec<Stage>;
    const READ: &'static Permission = &PIPELINE_READ;

    async fn load(tx: &mut Tx, keys: &[PipelineId]) -> Result<HashMap<PipelineId, Vec<Stage>>> {
        let mut found: HashMap<PipelineId, Vec<Stage>> = HashMap::new();
        for stage in stage::select_of(tx, keys).await? {
            found.entry(stage.pipeline_id).or_default().push(stage);
        }
        Ok(found)
    }
}

// GraphQL.

#[noun]
impl Pipeline {
    /// Its stages in use, in their order; 50 at most.
    #[graphql(directive = cost::apply(2))]
    async fn stages(&self, gql: &Context<'_>) -> Result<Vec<Stage>> {
        Ok(gql.load::<StagesOf>(self.id).await?.unwrap_or_default())
    }
}

inputs! {
    /// The fields of a new pipeline.
    PipelineCreateInput,
    /// The fields of a pipeline to change; those that are absent stay as they are.
    PipelineUpdateInput {
        /// The name that people know it by: 1 to 100 characters, unique among those in use.
        required name: String,
        /// The ISO 4217 code of the currency that its deals have unless they say otherwise.
        required currency: String,
        /// Whether deals of which nobody says otherwise are in it; the one that was so is no more. False when absent from a
        /// new one.
        defaulted is_default: bool,
        /// Its stages, in their order, 3 to 50: at least one that is open, one that is won and one that is lost. When absent:
        /// Qualification, Proposal, Negotiation, Won, Lost. Later each is changed by itself.
        once stages: Option<Vec<PipelineStageInput>>,
    }
}

/// Which pipelines a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct PipelineFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of pipelines is ordered.
    PipelineSort {
        /// By the name of the pipeline.
        Name,
    }
}

queries! {
    Pipeline;
    /// The pipelines; those in use, by name, unless the arguments say otherwise.
    pipelines(PipelineFilter, PipelineSort) = list;
    /// One pipeline, archived or not; null when there is none of that id.
    pipeline;
}

mutations! {
    Pipeline as pipeline;
    /// Creates a pipeline with its stages.
    pipeline_create(input: PipelineCreateInput) = create for PIPELINE_MANAGE;
    /// Changes a pipeline.
    pipeline_update(id: PipelineId, input: PipelineUpdateInput) = update for PIPELINE_MANAGE;
    archive and restore for PIPELINE_MANAGE;
}
