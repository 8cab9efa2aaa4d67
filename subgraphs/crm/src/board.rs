//! The board of a pipeline: its stages side by side, the deals in each, and what they come to. And what changes on it.

use std::collections::HashMap;

use async_graphql::{Context, InputObject, Object, SimpleObject, Subscription};
use common::{Error, MembershipId, Result};
use database::{Ctx, Tx};
use futures::{Stream, StreamExt as _};
use graphql::{App as _, Date, Money, cost};
use kafka::Changes;
use rust_decimal::Decimal;
use service::look_at;

use crate::deal::{Deal, select_deal};
use crate::ids::{CampaignId, ContactId, DealId, PipelineId, StageId};
use crate::pipeline::{Pipeline, Stage, stages_of};
use crate::rights::DEAL_READ;
use crate::words::count;

/// The board of a pipeline.
#[derive(Clone, Debug, SimpleObject)]
pub struct PipelineBoard {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// Its stages in use, in their order; 50 at most.
    pub columns: Vec<PipelineBoardColumn>,
}

/// A stage on a board.
#[derive(Clone, Debug, SimpleObject)]
pub struct PipelineBoardColumn {
    /// The stage.
    pub stage: Stage,
    /// The number of deals in it.
    pub count: i32,
    /// What they come to, in each currency that there is.
    pub sums: Vec<PipelineBoardSum>,
    /// How many of them have been in it for longer than it allows.
    pub rotting_count: i32,
    /// The deals in it, the ones that have been there longest first, as many as were asked for.
    pub deals: Vec<Deal>,
}

/// What deals come to in one currency.
#[derive(Clone, Debug, SimpleObject)]
pub struct PipelineBoardSum {
    /// The number of deals in it.
    pub count: i32,
    /// What they are worth.
    pub amount: Money,
    /// What they are worth, each as far as it is likely to be won.
    pub weighted: Money,
}

/// Which deals a board has; every condition holds.
#[derive(Clone, Debug, Default, InputObject)]
pub struct PipelineBoardFilter {
    /// The id of the membership that looks after them.
    pub owner_id: Option<MembershipId>,
    /// The id of the company that buys, or of one that is one with it.
    pub company_id: Option<ContactId>,
    /// The id of the campaign that brought them.
    pub campaign_id: Option<CampaignId>,
    /// A day on which, or after which, they are expected to be decided.
    pub closes_from: Option<Date>,
    /// A day on which, or before which, they are expected to be decided.
    pub closes_to: Option<Date>,
    /// A tag that they carry, as it is spelt.
    pub tag: Option<String>,
}

/// How many deals a board shows in all, and how many in a stage.
const DEALS_MAX: i64 = 5_000;
const EACH_MAX: i32 = 2_000;
/// For how long closed deals stand on a board.
const CLOSED_DAYS: i32 = 30;

/// The board of a pipeline.
///
/// # Errors
/// `NOT_FOUND` when there is no such pipeline; `VALIDATION_FAILED` for more deals in a stage than may be asked for.
pub async fn board(
    ctx: &Ctx,
    id: PipelineId,
    filter: PipelineBoardFilter,
    each: i32,
) -> Result<PipelineBoard> {
    ctx.scope(&DEAL_READ)?;
    if !(0..=EACH_MAX).contains(&each) {
        return Err(Error::validation(format!("dealsPerStage must be 0 to {EACH_MAX}")));
    }
    let mut tx = ctx.read_list(&DEAL_READ).await?;
    let pipeline: Pipeline = tx.find(id).await?;
    let stages = stages_of(&mut tx, id).await?;
    let mut sums = select_sums(&mut tx, id, &filter).await?;
    let mut deals: HashMap<StageId, Vec<Deal>> = HashMap::new();
    if each > 0 {
        for deal in select_deals(&mut tx, id, &filter, each).await? {
            deals.entry(deal.stage_id).or_default().push(deal);
        }
    }
    let column = |stage: Stage| {
        let (rotting_count, sums) = sums.remove(&stage.id).unwrap_or_default();
        let deals = deals.remove(&stage.id).unwrap_or_default();
        PipelineBoardColumn {
            count: sums.iter().map(|sum| sum.count).sum(),
            sums,
            rotting_count,
            deals,
            stage,
        }
    };
    Ok(PipelineBoard { pipeline, columns: stages.into_iter().map(column).collect() })
}

type Sums = HashMap<StageId, (i32, Vec<PipelineBoardSum>)>;

/// What the deals of each stage come to, by currency.
async fn select_sums(tx: &mut Tx, id: PipelineId, filter: &PipelineBoardFilter) -> Result<Sums> {
    let now = tx.now();
    let rows = sqlx::query!(
        r#"select d.stage_id as "stage_id!: StageId", d.currency, count(*) as "count!", sum(d.amount) as "amount!",
               sum(d.amount * case d.status when 'WON' then 100 when 'OPEN' then coalesce(d.probability_override, s.probability)
                   else 0 end / 100) as "weighted!",
               count(*) filter (where d.status = 'OPEN' and d.entered_stage_at < $2::timestamptz - make_interval(days => s.rotting_days))
                   as "rotting!"
           from crm.deal d join crm.stage s on s.id = d.stage_id
           where d.pipeline_id = $1 and d.archived_at is null
             and (d.status = 'OPEN' or d.status <> 'ABANDONED' and d.closed_at >= $2::timestamptz - make_interval(days => $9))
             and ($3::uuid is null or d.owner_membership_id = $3)
             and ($4::uuid is null or d.company_id in (select f.id from crm.contact_family($4) f))
             and ($5::uuid is null or d.campaign_id = $5) and ($6::date is null or d.expected_close >= $6)
             and ($7::date is null or d.expected_close <= $7) and ($8::text is null or d.tags @> array[$8])
           group by d.stage_id, d.currency order by d.stage_id, d.currency"#,
        id as PipelineId,
        now,
        filter.owner_id as Option<MembershipId>,
        filter.company_id as Option<ContactId>,
        filter.campaign_id as Option<CampaignId>,
        filter.closes_from.map(|day| day.0),
        filter.closes_to.map(|day| day.0),
        filter.tag.as_deref(),
        CLOSED_DAYS,
    );
    let mut sums = Sums::new();
    for row in rows.fetch_all(tx.conn()).await? {
        let (rotting, of_stage) = sums.entry(row.stage_id).or_default();
        *rotting += count(row.rotting);
        of_stage.push(PipelineBoardSum {
            count: count(row.count),
            amount: Money::new(row.amount, &row.currency),
            weighted: Money::new(rounded(row.weighted), &row.currency),
        });
    }
    Ok(sums)
}

/// What is only likely is no finer than what is paid.
pub(crate) fn rounded(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}

/// The deals of each stage that have been there longest.
async fn select_deals(
    tx: &mut Tx,
    id: PipelineId,
    filter: &PipelineBoardFilter,
    each: i32,
) -> Result<Vec<Deal>> {
    let now = tx.now();
    Ok(select_deal!(
        "where id in (select r.id from (
             select d.id, row_number() over (partition by d.stage_id order by d.entered_stage_at, d.id) as n
             from crm.deal d where d.pipeline_id = $1 and d.archived_at is null
               and (d.status = 'OPEN' or d.status <> 'ABANDONED' and d.closed_at >= $2::timestamptz - make_interval(days => $9))
               and ($3::uuid is null or d.owner_membership_id = $3)
               and ($4::uuid is null or d.company_id in (select f.id from crm.contact_family($4) f))
               and ($5::uuid is null or d.campaign_id = $5) and ($6::date is null or d.expected_close >= $6)
               and ($7::date is null or d.expected_close <= $7) and ($8::text is null or d.tags @> array[$8])) r
             where r.n <= $10)
         order by entered_stage_at, id limit $11",
        id as PipelineId,
        now,
        filter.owner_id as Option<MembershipId>,
        filter.company_id as Option<ContactId>,
        filter.campaign_id as Option<CampaignId>,
        filter.closes_from.map(|day| day.0),
        filter.closes_to.map(|day| day.0),
        filter.tag.as_deref(),
        CLOSED_DAYS,
        i64::from(each),
        DEALS_MAX,
    )
    .fetch_all(tx.conn())
    .await?)
}

// GraphQL.

/// Boards.
#[derive(Default)]
pub struct PipelineBoardQuery;

#[Object]
impl PipelineBoardQuery {
    /// The board of a pipeline: its stages side by side, the deals in each, and what they come to. Deals that were won or lost
    /// stand on it for 30 days.
    #[graphql(directive = cost::apply(500))]
    async fn pipeline_board(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the pipeline.")] pipeline_id: PipelineId,
        #[graphql(desc = "The conditions that every deal must meet.")] filter: Option<PipelineBoardFilter>,
        #[graphql(
            desc = "How many deals of each stage are shown, 0 to 2,000; 5,000 in all at most. Sums are of all deals in any case.",
            default = 50
        )]
        deals_per_stage: i32,
    ) -> Result<PipelineBoard> {
        board(gql.app(), pipeline_id, filter.unwrap_or_default(), deals_per_stage).await
    }
}

service::change! {
    /// A deal that has changed a moment ago, or, without an id, the news that many have.
    DealChange of Deal {
        /// The id of the deal that has changed. Null where many changed at once or a moment was missed: whoever shows a board
        /// loads it again.
        id: DealId,
        /// The deal as it is now; null where it is in another pipeline or archived: it is on this board no more.
        deal,
    }
}

/// Subscriptions to boards.
#[derive(Default)]
pub struct PipelineBoardSubscription;

#[Subscription]
impl PipelineBoardSubscription {
    /// The deals of a pipeline that the caller may see, each when it was created, changed, moved or closed. It does not say
    /// what happened before: first subscribe, then load.
    async fn board_changed(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the pipeline.")] pipeline_id: PipelineId,
    ) -> Result<impl Stream<Item = Result<DealChange>> + use<>> {
        let seen = look_at::<Deal>(gql.app(), gql.data_unchecked::<Changes>(), None).await?;
        Ok(seen.map(move |seen| {
            seen.map(|seen| {
                let mut change = DealChange::from(seen);
                change.deal =
                    change.deal.filter(|deal| deal.pipeline_id == pipeline_id && deal.archived_at.is_none());
                change
            })
        }))
    }
}
