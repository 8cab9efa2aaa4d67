//! Stages: how far a deal has come, how likely it is then, and what must be known of it by then.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, Page, Refusal, Result, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{choices, inputs, mutations, noun, queries, sorts};
use rust_decimal::{Decimal, dec};

use super::Pipeline;
use crate::events::DealStageChanged;
use crate::ids::{DealId, PipelineId, StageId};
use crate::rights::{PIPELINE_MANAGE, PIPELINE_READ};

choices! {
    /// What it means that a deal is in a stage.
    StageCategory {
        /// It goes on.
        Open,
        /// It was won.
        Won,
        /// It was lost.
        Lost,
    }
}

choices! {
    /// What must be known of a deal.
    StageRequirement {
        /// The company that buys.
        Company,
        /// A contact to talk to.
        Contact,
        /// Who looks after it.
        Owner,
        /// What it is worth, above 0.
        Amount,
        /// When it is expected to be decided.
        ExpectedClose,
        /// What is to be done next.
        NextStep,
        /// What is to be sold, line by line.
        Lines,
        /// Who else wants to sell.
        Competitor,
    }
}

/// A stage of a pipeline.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("stage", table = "crm.stage", read = PIPELINE_READ)]
pub struct Stage {
    /// The id of the stage; opaque to clients.
    pub id: StageId,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) pipeline_id: PipelineId,
    /// The name that people know it by.
    pub name: String,
    /// Where it stands among the stages of its pipeline: 1 to 1,000.
    pub position: i32,
    /// How likely deals in it are won, in per cent.
    pub probability: Decimal,
    /// What it means that a deal is in it.
    #[record(once)]
    pub category: StageCategory,
    /// After how many days in it a deal rots; null for never.
    pub rotting_days: Option<i32>,
    /// What must be known of a deal that is in it.
    pub required_fields: Vec<StageRequirement>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

// Use-cases.

/// Adds a stage to a pipeline.
pub async fn create(ctx: &Ctx, input: StageCreateInput) -> Result<Stage> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    tx.reference::<Pipeline>("pipelineId", input.pipeline_id).await?;
    let mut stage = Stage { category: input.category, ..Stage::blank(tx.now(), input.pipeline_id) };
    let there = select_of(&mut tx, &[stage.pipeline_id]).await?;
    if there.len() >= STAGES_MAX {
        return Err(TOO_MANY.into());
    }
    stage.position = there.iter().map(|other| other.position).max().unwrap_or_default() + 1;
    stage.probability = stage.usual_probability();
    stage.fill_in(input.into())?;
    save(&mut tx, &mut stage).await?;
    tx.commit(stage).await
}

/// Changes a stage; what is likelier from now on is so for all its deals that say nothing else.
pub async fn update(ctx: &Ctx, id: StageId, input: StageUpdateInput) -> Result<Stage> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut stage: Stage = tx.lock_at(id, input.version).await?;
    stage.fill_in(input)?;
    save(&mut tx, &mut stage).await?;
    tx.commit(stage).await
}

/// Archives a stage; its deals go to another one.
pub async fn archive(ctx: &Ctx, id: StageId, input: StageArchiveInput) -> Result<Stage> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut stage: Stage = tx.lock(id).await?;
    if stage.is_archived() {
        return tx.commit(stage).await;
    }
    if stage.category != StageCategory::Open {
        return Err(END_STAYS.into());
    }
    let there = select_of(&mut tx, &[stage.pipeline_id]).await?;
    if there.iter().filter(|other| other.category == StageCategory::Open).count() < 2 {
        return Err(LAST_STAYS.into());
    }
    match input.move_deals_to_id {
        Some(to) => {
            let goes =
                there.iter().any(|other| other.id == to && to != id && other.category == StageCategory::Open);
            if !goes {
                return Err(NOT_THERE.into());
            }
            move_all(&mut tx, &stage, to).await?;
        }
        None if has_deals(&mut tx, &stage).await? => return Err(HAS_DEALS.into()),
        None => {}
    }
    stage.archived_at = Some(tx.now());
    save(&mut tx, &mut stage).await?;
    tx.commit(stage).await
}

/// Restores an archived stage.
pub async fn restore(ctx: &Ctx, id: StageId) -> Result<Stage> {
    let mut tx = ctx.begin(&PIPELINE_MANAGE).await?;
    let mut stage: Stage = tx.lock(id).await?;
    stage.archived_at = None;
    save(&mut tx, &mut stage).await?;
    tx.commit(stage).await
}

/// The stages that the filter lets through.
pub async fn list(ctx: &Ctx, filter: StageFilter, sort: StageSort, page: Page) -> Result<Slice<Stage>> {
    let mut tx = ctx.read_list(&PIPELINE_READ).await?;
    Ok(page!(
        tx, Stage, page, sort: StageSort { Position => "position" },
        "(archived_at is not null) = $3 and ($4::uuid is null or pipeline_id = $4)
         and ($5::text is null or category = $5)",
        [
            filter.is_archived,
            filter.pipeline_id as Option<PipelineId>,
            filter.category as Option<StageCategory>,
        ],
    ))
}

// Rules.

pub(super) const STAGES_MAX: usize = 50;
const DAYS_MAX: i32 = 1_000;
pub(super) const NAME_TAKEN: Refusal =
    Refusal::of("name", "NAME_TAKEN", "another stage of the pipeline has this name");
const END_TAKEN: Refusal =
    Refusal::of("category", "END_TAKEN", "a pipeline has one stage that is won and one that is lost");
const TOO_MANY: Refusal = Refusal::of("pipelineId", "TOO_MANY_STAGES", "a pipeline has 50 stages at most");
const CERTAIN: Refusal = Refusal::of(
    "probability",
    "PROBABILITY_CERTAIN",
    "what was won is 100 per cent likely, and what was lost not at all",
);
const END_STAYS: Refusal =
    Refusal::whole("STAGE_STAYS", "the stages that are won and lost stay with their pipeline");
const LAST_STAYS: Refusal =
    Refusal::whole("STAGE_STAYS", "this is the pipeline's last open stage; make another one first");
const HAS_DEALS: Refusal =
    Refusal::of("moveDealsToId", "STAGE_HAS_DEALS", "there are deals in it; say to which stage they go");
const NOT_THERE: Refusal =
    Refusal::of("moveDealsToId", "STAGE_NOT_FOUND", "the pipeline has no such open stage in use");

impl Stage {
    pub(super) fn usual_probability(&self) -> Decimal {
        match self.category {
            StageCategory::Open => dec!(50),
            StageCategory::Won => Decimal::ONE_HUNDRED,
            StageCategory::Lost => Decimal::ZERO,
        }
    }

    pub(super) fn fill_in(&mut self, input: StageUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.name("name", input.name, &mut self.name);
        form.number("position", input.position, 1..=1_000, &mut self.position);
        let percents = Decimal::ZERO..=Decimal::ONE_HUNDRED;
        form.decimal("probability", input.probability, percents, 2, &mut self.probability);
        if self.category != StageCategory::Open && self.probability != self.usual_probability() {
            form.refuse(CERTAIN);
        }
        form.optional_number("rottingDays", input.rotting_days, 1..=DAYS_MAX, &mut self.rotting_days);
        form.each_once("requiredFields", input.required_fields, 0..=8, &mut self.required_fields);
        form.check()
    }
}

// SQL.

async fn save(tx: &mut Tx, stage: &mut Stage) -> Result<()> {
    tx.save(stage).await.on_constraint("stage_name_key", NAME_TAKEN).on_constraint("stage_end_key", END_TAKEN)
}

/// The stages in use of pipelines, in their order.
pub(super) async fn select_of(tx: &mut Tx, pipelines: &[PipelineId]) -> Result<Vec<Stage>> {
    Ok(select_stage!(
        "where pipeline_id = any($1) and archived_at is null order by position, id",
        pipelines as &[PipelineId],
    )
    .fetch_all(tx.conn())
    .await?)
}

async fn has_deals(tx: &mut Tx, stage: &Stage) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from crm.deal where pipeline_id = $1 and stage_id = $2 and archived_at is null) as "has!""#,
        stage.pipeline_id as PipelineId,
        stage.id as StageId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Moves all deals of a stage to another one of its pipeline.
async fn move_all(tx: &mut Tx, from: &Stage, to: StageId) -> Result<()> {
    let moved = sqlx::query_scalar!(
        r#"update crm.deal set stage_id = $3, entered_stage_at = $4, version = version + 1, updated_at = $4
           where pipeline_id = $1 and stage_id = $2 returning id as "id!: DealId""#,
        from.pipeline_id as PipelineId,
        from.id as StageId,
        to as StageId,
        tx.now(),
    );
    let moved = moved.fetch_all(tx.conn()).await?.into_iter().map(|deal_id| DealStageChanged {
        deal_id,
        pipeline_id: from.pipeline_id,
        from_stage_id: from.id,
        stage_id: to,
    });
    tx.emit_all(&moved.collect::<Vec<_>>()).await
}

// GraphQL.

#[noun]
impl Stage {}

inputs! {
    /// The fields of a new stage.
    StageCreateInput,
    /// The fields of a stage to change; those that are absent stay as they are.
    StageUpdateInput {
        /// The id of the pipeline; it stays so.
        once pipeline_id: PipelineId,
        /// What it means that a deal is in it; it stays so.
        once category: StageCategory,
        /// The name that people know it by: 1 to 100 characters, unique in the pipeline.
        required name: String,
        /// Where it stands among the stages of its pipeline: 1 to 1,000; behind all others when absent from a new one.
        defaulted position: i32,
        /// How likely deals in it are won, in per cent, of two decimals at most; 50 when absent from a new one.
        defaulted probability: Decimal,
        /// After how many days in it a deal rots: 1 to 1,000; null for never.
        nullable rotting_days: i32,
        /// What must be known of a deal that is in it, in place of what had to be.
        defaulted required_fields: Vec<StageRequirement>,
    }
}

/// Where the deals of an archived stage go.
#[derive(Clone, Debug, InputObject)]
pub struct StageArchiveInput {
    /// The id of the stage of the same pipeline that its deals go to; absent where there are none.
    pub move_deals_to_id: Option<StageId>,
}

/// Which stages a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct StageFilter {
    /// The id of the pipeline that they are of.
    pub pipeline_id: Option<PipelineId>,
    /// What it means that a deal is in them.
    pub category: Option<StageCategory>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of stages is ordered.
    StageSort {
        /// By where they stand.
        Position,
    }
}

queries! {
    Stage;
    /// The stages; those in use, in their order, unless the arguments say otherwise.
    stages(StageFilter, StageSort) = list;
    /// One stage, archived or not; null when there is none of that id.
    stage;
}

mutations! {
    Stage as stage;
    /// Adds a stage to a pipeline.
    stage_create(input: StageCreateInput) = create for PIPELINE_MANAGE;
    /// Changes a stage.
    stage_update(id: StageId, input: StageUpdateInput) = update for PIPELINE_MANAGE;
    /// Archives a stage: it is offered no more, and its deals go to another one.
    stage_archive(
        /// The id of the stage.
        id: StageId,
        /// Where its deals go.
        input: StageArchiveInput
    ) = archive for PIPELINE_MANAGE if |stage| !stage.is_archived();
    /// Restores an archived stage: it is offered again.
    stage_restore(id: StageId) = restore for PIPELINE_MANAGE if |stage| stage.is_archived();
}
