//! The stages that a pipeline begins with.

use async_graphql::{InputObject, MaybeUndefined};
use chrono::{DateTime, Utc};
use common::{Form, Refusal, Result};
use rust_decimal::Decimal;

use super::stage::{NAME_TAKEN, STAGES_MAX, Stage, StageCategory, StageRequirement, StageUpdateInput};
use crate::ids::PipelineId;

const WHOLE: Refusal = Refusal::of(
    "stages",
    "STAGES_INCOMPLETE",
    "a pipeline has at least one stage that is open, one that is won and one that is lost",
);

/// A stage of a new pipeline.
#[derive(Clone, Debug, InputObject)]
pub struct PipelineStageInput {
    /// The name that people know it by: 1 to 100 characters, unique in the pipeline.
    pub name: String,
    /// What it means that a deal is in it.
    pub category: StageCategory,
    /// How likely deals in it are won, in per cent, of two decimals at most; 50 when absent from one that is open.
    pub probability: Option<Decimal>,
    /// After how many days in it a deal rots: 1 to 1,000; never when absent.
    pub rotting_days: Option<i32>,
    /// What must be known of a deal that is in it.
    #[graphql(default)]
    pub required_fields: Vec<StageRequirement>,
}

/// The stages of a pipeline whose maker names none.
pub(super) fn usual() -> Vec<PipelineStageInput> {
    let open = |name: &str, probability: i64| PipelineStageInput {
        name: name.to_owned(),
        category: StageCategory::Open,
        probability: Some(Decimal::from(probability)),
        rotting_days: Some(30),
        required_fields: Vec::new(),
    };
    let end = |name: &str, category| PipelineStageInput {
        category,
        probability: None,
        rotting_days: None,
        ..open(name, 0)
    };
    vec![
        open("Qualification", 10),
        open("Proposal", 40),
        open("Negotiation", 70),
        end("Won", StageCategory::Won),
        end("Lost", StageCategory::Lost),
    ]
}

/// The stages of a new pipeline, as its form has them.
pub(super) fn filled_in(
    pipeline: PipelineId,
    now: DateTime<Utc>,
    given: MaybeUndefined<Vec<PipelineStageInput>>,
    otherwise: Vec<PipelineStageInput>,
) -> Result<Vec<Stage>> {
    let (mut form, mut stages, mut position) = (Form::default(), Vec::new(), 0);
    let given = MaybeUndefined::Value(given.take().unwrap_or(otherwise));
    form.each("stages", given, 3..=STAGES_MAX, &mut stages, |form, input: PipelineStageInput| {
        position += 1;
        let mut stage = Stage { category: input.category, position, ..Stage::blank(now, pipeline) };
        stage.probability = input.probability.unwrap_or_else(|| stage.usual_probability());
        let fields = StageUpdateInput {
            name: MaybeUndefined::Value(input.name),
            probability: MaybeUndefined::Value(stage.probability),
            rotting_days: input.rotting_days.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value),
            required_fields: MaybeUndefined::Value(input.required_fields),
            ..StageUpdateInput::default()
        };
        if let Err(common::Error::Refused(refusals)) = stage.fill_in(fields) {
            refusals.into_iter().for_each(|refusal| form.refuse(refusal));
        }
        stage
    });
    let count = |category| stages.iter().filter(|stage: &&Stage| stage.category == category).count();
    let ends = (count(StageCategory::Won), count(StageCategory::Lost));
    if ends != (1, 1) || count(StageCategory::Open) == 0 {
        form.refuse(WHOLE);
    }
    let is_twice = |at: usize| stages[..at].iter().any(|other| other.name == stages[at].name);
    for at in (1..stages.len()).filter(|at| is_twice(*at)) {
        form.refuse(NAME_TAKEN.below("stages", at));
    }
    form.check()?;
    Ok(stages)
}
