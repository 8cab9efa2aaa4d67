//! Reports on what the caller sees of selling. How long deals stay somewhere, and where they end, is taken from what became of
//! them, entry by entry.

mod shapes;

use async_graphql::{Context, Object};
use chrono::NaiveDate;
use common::{Error, MembershipId, Result};
use database::{Ctx, Reading};
use graphql::{App as _, Date, Money, cost};
use rust_decimal::Decimal;

use self::shapes::{
    SalesActivityReport, SalesFirstResponse, SalesFunnelStage, SalesOutcome, SalesSourceReport,
    SalesStageReport, SalesVelocity,
};
use crate::board::rounded;
use crate::deal::DealStatus;
use crate::ids::{LeadSourceId, LostReasonId, PipelineId, StageId};
use crate::rights::REPORT;
use crate::words::count;

/// Reports on the leads, deals and activities that the caller sees.
pub struct SalesReport;

fn days(seconds: Decimal) -> Decimal {
    (seconds / Decimal::from(86_400)).round_dp(2)
}

/// A transaction to look in, and days that are in order.
async fn look(ctx: &Ctx, from: Date, to: Date) -> Result<(Reading, NaiveDate, NaiveDate)> {
    if to < from || (to.0 - from.0).num_days() > 5 * 366 {
        return Err(Error::validation("to must come after from, by five years at most"));
    }
    Ok((ctx.read(&REPORT).await?, from.0, to.0))
}

/// Reports on the leads, deals and activities that the caller sees.
#[Object]
impl SalesReport {
    /// What is in each stage of a pipeline now, an entry for each currency.
    #[graphql(directive = cost::apply(150))]
    async fn pipeline(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the pipeline.")] pipeline_id: PipelineId,
    ) -> Result<Vec<SalesStageReport>> {
        let mut tx = gql.app().read(&REPORT).await?;
        let now = tx.now();
        let rows = sqlx::query!(
            r#"select d.stage_id as "stage_id!: StageId", d.currency as "currency!", count(*) as "count!", sum(d.amount) as "amount!",
                   sum(d.amount * coalesce(d.probability_override, s.probability) / 100) as "weighted!",
                   avg(extract(epoch from $2::timestamptz - d.entered_stage_at)) as "age!",
                   count(*) filter (where d.entered_stage_at < $2::timestamptz - make_interval(days => s.rotting_days)) as "rotting!"
               from crm.deal d join crm.stage s on s.id = d.stage_id
               where d.pipeline_id = $1 and d.status = 'OPEN' and d.archived_at is null
               group by d.stage_id, s.position, d.currency order by s.position, d.currency"#,
            pipeline_id as PipelineId,
            now,
        );
        let entry = |row: (StageId, String, i64, Decimal, Decimal, Decimal, i64)| SalesStageReport {
            stage_id: row.0,
            deal_count: count(row.2),
            amount: Money::new(row.3, &row.1),
            weighted: Money::new(rounded(row.4), &row.1),
            average_days: days(row.5),
            rotting_count: count(row.6),
        };
        let rows = rows.fetch_all(tx.conn()).await?.into_iter();
        let rows = rows.map(|r| (r.stage_id, r.currency, r.count, r.amount, r.weighted, r.age, r.rotting));
        Ok(rows.map(entry).collect())
    }

    /// How many deals have come to each stage of a pipeline in a time, and how they went on.
    #[graphql(directive = cost::apply(250))]
    async fn funnel(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The id of the pipeline.")] pipeline_id: PipelineId,
        #[graphql(desc = "The first day of the time.")] from: Date,
        #[graphql(desc = "The last day of the time.")] to: Date,
    ) -> Result<Vec<SalesFunnelStage>> {
        let (mut tx, from, to) = look(gql.app(), from, to).await?;
        let rows = sqlx::query!(
            r#"select s.id as "stage_id!: StageId",
                   (select count(distinct c.deal_id) from crm.stage_change c where c.is_move and c.pipeline_id = $1
                       and c.stage_id = s.id and (c.occurred_at at time zone people.time_zone(core.organization_id()))::date
                           between $2 and $3) as "entered!",
                   (select count(distinct c.deal_id) from crm.stage_change c where c.is_move and c.pipeline_id = $1
                       and c.stage_id = s.id and (c.occurred_at at time zone people.time_zone(core.organization_id()))::date
                           between $2 and $3
                       and exists (select from crm.stage_change w where w.deal_id = c.deal_id and w.status = 'WON')) as "won!",
                   (select avg(c.seconds_in_stage) from crm.stage_change c where c.is_move and c.from_stage_id = s.id
                       and (c.occurred_at at time zone people.time_zone(core.organization_id()))::date between $2 and $3) as age
               from crm.stage s where s.pipeline_id = $1 and s.archived_at is null order by s.position, s.id"#,
            pipeline_id as PipelineId,
            from,
            to,
        );
        let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| SalesFunnelStage {
            stage_id: row.stage_id,
            entered: count(row.entered),
            won: count(row.won),
            average_days: row.age.map(days),
        });
        Ok(rows.collect())
    }

    /// How deals ended in a time, and why those that were lost were, an entry for each currency.
    #[graphql(directive = cost::apply(150))]
    async fn outcomes(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The first day of the time.")] from: Date,
        #[graphql(desc = "The last day of the time.")] to: Date,
    ) -> Result<Vec<SalesOutcome>> {
        let (mut tx, from, to) = look(gql.app(), from, to).await?;
        let rows = sqlx::query!(
            r#"select c.status as "status!: DealStatus", c.lost_reason_id as "reason_id: LostReasonId", c.currency as "currency!",
                   count(*) as "count!", sum(c.amount) as "amount!"
               from (select distinct on (deal_id) * from crm.stage_change order by deal_id, seq desc) c
               where (c.status = 'WON' or c.status <> 'OPEN' and not c.is_archived)
                 and (crm.moved_at(c.deal_id, 'infinity') at time zone people.time_zone(core.organization_id()))::date between $1 and $2
               group by 1, 2, 3 order by 1, 4 desc, 3"#,
            from,
            to,
        );
        let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| SalesOutcome {
            status: row.status,
            reason_id: row.reason_id,
            deal_count: count(row.count),
            amount: Money::new(row.amount, &row.currency),
        });
        Ok(rows.collect())
    }

    /// How fast deals are won, and how many.
    #[graphql(directive = cost::apply(150))]
    async fn velocity(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The first day of the time.")] from: Date,
        #[graphql(desc = "The last day of the time.")] to: Date,
    ) -> Result<SalesVelocity> {
        let (mut tx, from, to) = look(gql.app(), from, to).await?;
        let row = sqlx::query!(
            r#"select count(*) filter (where c.status = 'WON') as "won!", count(*) filter (where c.status = 'LOST') as "lost!",
                   avg(extract(epoch from crm.moved_at(c.deal_id, 'infinity') - f.occurred_at)) filter (where c.status = 'WON') as age
               from (select distinct on (deal_id) * from crm.stage_change order by deal_id, seq desc) c
               join (select distinct on (deal_id) deal_id, occurred_at from crm.stage_change order by deal_id, seq) f
                   on f.deal_id = c.deal_id
               where (c.status = 'WON' or c.status = 'LOST' and not c.is_archived)
                 and (crm.moved_at(c.deal_id, 'infinity') at time zone people.time_zone(core.organization_id()))::date between $1 and $2"#,
            from,
            to,
        );
        let row = row.fetch_one(tx.conn()).await?;
        let rate = Decimal::from(row.won * 100).checked_div(Decimal::from(row.won + row.lost));
        Ok(SalesVelocity {
            won: count(row.won),
            lost: count(row.lost),
            win_rate: rate.map(|rate| rate.round_dp(2)),
            average_days_to_win: row.age.map(days),
        })
    }

    /// What each source of leads has brought, of leads that came in a time, and what the campaigns behind them have cost.
    #[graphql(directive = cost::apply(250))]
    async fn sources(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The first day of the time.")] from: Date,
        #[graphql(desc = "The last day of the time.")] to: Date,
    ) -> Result<Vec<SalesSourceReport>> {
        let (mut tx, from, to) = look(gql.app(), from, to).await?;
        let rows = sqlx::query!(
            r#"with came as (select l.* from crm.lead l where l.archived_at is null
                   and (l.created_at at time zone people.time_zone(core.organization_id()))::date between $1 and $2)
               select c.source_id as "source_id: LeadSourceId", count(*) as "leads!", count(c.converted_at) as "converted!",
                   array(select w.currency || ' ' || sum(w.amount) from came x join crm.deal w on w.id = x.deal_id
                       where x.source_id is not distinct from c.source_id and w.status = 'WON' group by w.currency order by 1) as "won!",
                   array(select k.currency || ' ' || sum(k.cost) from crm.campaign k where k.id in (
                           select x.campaign_id from came x where x.source_id is not distinct from c.source_id)
                       group by k.currency order by 1) as "cost!"
               from came c group by c.source_id order by 2 desc"#,
            from,
            to,
        );
        let sums = |sums: Vec<String>| -> Vec<Money> {
            let sum = |text: String| {
                let (currency, amount) = text.split_once(' ')?;
                Some(Money::new(amount.parse().ok()?, currency))
            };
            sums.into_iter().filter_map(sum).collect()
        };
        let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| SalesSourceReport {
            source_id: row.source_id,
            lead_count: count(row.leads),
            converted_count: count(row.converted),
            won: sums(row.won),
            cost: sums(row.cost),
        });
        Ok(rows.collect())
    }

    /// How soon leads that came in a time were answered.
    #[graphql(directive = cost::apply(100))]
    async fn first_response(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The first day of the time.")] from: Date,
        #[graphql(desc = "The last day of the time.")] to: Date,
    ) -> Result<SalesFirstResponse> {
        let (mut tx, from, to) = look(gql.app(), from, to).await?;
        let now = tx.now();
        let row = sqlx::query!(
            r#"select count(*) as "leads!", count(l.first_response_at) as "answered!",
                   count(*) filter (where coalesce(l.first_response_at, $3) > l.sla_due_at) as "breached!",
                   avg(extract(epoch from l.first_response_at - l.created_at) / 3600) as hours
               from crm.lead l where l.archived_at is null
                 and (l.created_at at time zone people.time_zone(core.organization_id()))::date between $1 and $2"#,
            from,
            to,
            now,
        );
        let row = row.fetch_one(tx.conn()).await?;
        Ok(SalesFirstResponse {
            lead_count: count(row.leads),
            answered: count(row.answered),
            breached: count(row.breached),
            average_hours: row.hours.map(|hours| hours.round_dp(2)),
        })
    }

    /// What everybody has done in a time, the most first; 100 members at most.
    #[graphql(directive = cost::apply(150))]
    async fn activities(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The first day of the time.")] from: Date,
        #[graphql(desc = "The last day of the time.")] to: Date,
    ) -> Result<Vec<SalesActivityReport>> {
        let (mut tx, from, to) = look(gql.app(), from, to).await?;
        let now = tx.now();
        let rows = sqlx::query!(
            r#"with looked as (select a.*, (a.done_at at time zone people.time_zone(core.organization_id()))::date as day
                   from crm.activity a where a.archived_at is null)
               select assignee_membership_id as "assignee: MembershipId", count(*) filter (where day between $1 and $2) as "done!",
                   count(*) filter (where day between $1 and $2 and kind in ('CALL', 'MEETING', 'EMAIL')) as "talks!",
                   count(*) filter (where done_at is null and due_at < $3) as "overdue!"
               from looked group by 1 order by 2 desc, 4 desc limit 100"#,
            from,
            to,
            now,
        );
        let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| SalesActivityReport {
            assignee_membership_id: row.assignee,
            done: count(row.done),
            talks: count(row.talks),
            overdue: count(row.overdue),
        });
        Ok(rows.collect())
    }
}

/// Reports.
#[derive(Default)]
pub struct SalesReportQuery;

#[Object]
impl SalesReportQuery {
    /// Reports on the leads, deals and activities that the caller sees.
    async fn sales_report(&self, gql: &Context<'_>) -> Result<SalesReport> {
        gql.app().scope(&REPORT)?;
        Ok(SalesReport)
    }
}
