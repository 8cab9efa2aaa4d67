//! Forecasts: what may be expected, by the time in which it is to be decided and by who looks after it. They are worked out from
//! what became of deals, entry by entry, and from nothing else: so the forecast of an earlier moment is what it was then.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::{DateTime, Datelike as _, Months, NaiveDate, Utc};
use common::{Error, MembershipId, Result};
use database::Ctx;
use graphql::{App as _, Date, Money, cost};
use rust_decimal::Decimal;

use crate::Membership;
use crate::board::rounded;
use crate::ids::PipelineId;
use crate::rights::REPORT;
use crate::words::count;

/// By what a forecast is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum ForecastPeriod {
    /// By months.
    #[default]
    Month,
    /// By quarters.
    Quarter,
}

/// What is looked at.
#[derive(Clone, Debug, InputObject)]
pub struct ForecastInput {
    /// The first day; the beginning of its month or quarter counts.
    pub from: Date,
    /// The last day, at most five years later; the end of its month or quarter counts.
    pub to: Date,
    /// By what it is divided.
    #[graphql(default)]
    pub period: ForecastPeriod,
    /// Whether each owner stands for themselves.
    #[graphql(default)]
    pub by_owner: bool,
    /// The id of the pipeline; all when absent.
    pub pipeline_id: Option<PipelineId>,
    /// The moment whose forecast it is; now when absent.
    pub as_of: Option<DateTime<Utc>>,
}

/// What may be expected in one time, or at a time that nobody has said, of one owner if asked for, in one currency.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ForecastEntry {
    /// The first day of the time; null for open deals of which nobody has said a day.
    pub from: Option<Date>,
    /// The last day of the time; null for open deals of which nobody has said a day.
    pub to: Option<Date>,
    #[graphql(skip)]
    owner_membership_id: Option<MembershipId>,
    /// What was won in it.
    pub won: Money,
    /// What is expected that its owners stand for.
    pub commit: Money,
    /// What is expected if all goes well.
    pub best_case: Money,
    /// What is expected of all others.
    pub pipeline: Money,
    /// What is expected, each as far as it is likely to be won, what was won included.
    pub weighted: Money,
    /// The number of deals that are expected in it, or were won.
    pub deal_count: i32,
    /// What was to be won in it, of targets that lie in the time as a whole; null where nobody has said, and without a time.
    pub target: Option<Money>,
}

#[async_graphql::ComplexObject]
impl ForecastEntry {
    /// The member who looks after the deals; null when the entry is of all, or of those that nobody looks after.
    async fn owner(&self) -> Option<Membership> {
        self.owner_membership_id.map(|id| Membership { id })
    }
}

fn begins(day: NaiveDate, period: ForecastPeriod) -> NaiveDate {
    let month = match period {
        ForecastPeriod::Month => day.month(),
        ForecastPeriod::Quarter => (day.month() - 1) / 3 * 3 + 1,
    };
    NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day)
}

fn ends(first: NaiveDate, period: ForecastPeriod) -> NaiveDate {
    let months = match period {
        ForecastPeriod::Month => 1,
        ForecastPeriod::Quarter => 3,
    };
    first.checked_add_months(Months::new(months)).and_then(|next| next.pred_opt()).unwrap_or(first)
}

/// What may be expected.
///
/// # Errors
/// `VALIDATION_FAILED` for days that are turned or too far apart.
pub async fn forecast(ctx: &Ctx, input: ForecastInput) -> Result<Vec<ForecastEntry>> {
    ctx.scope(&REPORT)?;
    let (from, to) =
        (begins(input.from.0, input.period), ends(begins(input.to.0, input.period), input.period));
    if input.to < input.from || (to - from).num_days() > 5 * 366 {
        return Err(Error::validation("to must come after from, by five years at most"));
    }
    let mut tx = ctx.read(&REPORT).await?;
    let as_of = input.as_of.unwrap_or(tx.now());
    let unit = if input.period == ForecastPeriod::Month { "month" } else { "quarter" };
    let rows = sqlx::query!(
        r#"with latest as (
               select distinct on (c.deal_id) c.* from crm.stage_change c
               where c.occurred_at <= $1 and ($2::uuid is null or c.pipeline_id = $2) order by c.deal_id, c.seq desc),
           placed as (
               select l.*, case l.status when 'WON'
                   then (crm.moved_at(l.deal_id, $1) at time zone people.time_zone(core.organization_id()))::date
                   else l.expected_close end as day
               from latest l where l.status = 'WON'
                   or l.status = 'OPEN' and not l.is_archived and l.forecast_category <> 'OMITTED')
           select date_trunc($5::text, p.day)::date as "first?", case when $6 then p.owner_membership_id end as "owner: MembershipId",
               p.currency as "currency!", count(*) as "count!",
               coalesce(sum(p.amount) filter (where p.status = 'WON'), 0) as "won!",
               coalesce(sum(p.amount) filter (where p.status = 'OPEN' and p.forecast_category = 'COMMIT'), 0) as "commit!",
               coalesce(sum(p.amount) filter (where p.status = 'OPEN' and p.forecast_category = 'BEST_CASE'), 0) as "best!",
               coalesce(sum(p.amount) filter (where p.status = 'OPEN' and p.forecast_category = 'PIPELINE'), 0) as "pipeline!",
               sum(p.amount * p.probability / 100) as "weighted!"
           from placed p where p.day is null or p.day between $3 and $4 group by 1, 2, 3 order by 1, 3, 2"#,
        as_of,
        input.pipeline_id as Option<PipelineId>,
        from,
        to,
        unit,
        input.by_owner,
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let money = |amount: Decimal| Money::new(amount, &row.currency);
        let days = row.first.map(|first| (first, ends(first, input.period)));
        let owner = if input.by_owner { row.owner } else { None };
        let target = match days {
            Some(days) => select_target(&mut tx, days, owner, input.by_owner, &row.currency).await?,
            None => None,
        };
        entries.push(ForecastEntry {
            from: days.map(|(first, _)| first.into()),
            to: days.map(|(_, last)| last.into()),
            owner_membership_id: owner,
            won: money(row.won),
            commit: money(row.commit),
            best_case: money(row.best),
            pipeline: money(row.pipeline),
            weighted: money(rounded(row.weighted)),
            deal_count: count(row.count),
            target: target.map(money),
        });
    }
    Ok(entries)
}

async fn select_target(
    tx: &mut database::Tx,
    (first, last): (NaiveDate, NaiveDate),
    owner: Option<MembershipId>,
    by_owner: bool,
    currency: &str,
) -> Result<Option<Decimal>> {
    if by_owner && owner.is_none() {
        return Ok(None);
    }
    Ok(sqlx::query_scalar!(
        "select sum(amount) from crm.sales_target where archived_at is null and first_day >= $1 and last_day <= $2
           and currency = $3 and owner_membership_id is not distinct from $4",
        first,
        last,
        currency,
        owner as Option<MembershipId>,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Forecasts.
#[derive(Default)]
pub struct ForecastQuery;

#[Object]
impl ForecastQuery {
    /// What may be expected of the deals that the caller sees: time by time, owner by owner if asked for, an entry for each
    /// currency. What is open and nobody has said a day of comes last, without a time: so the entries of all times come to what
    /// the open deals do, those aside that are left out of forecasts, and what was won.
    #[graphql(directive = cost::apply(250))]
    async fn forecast(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What is looked at.")] input: ForecastInput,
    ) -> Result<Vec<ForecastEntry>> {
        forecast(gql.app(), input).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_from_its_first_to_its_last_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(begins(day("2026-05-17"), ForecastPeriod::Quarter), day("2026-04-01"));
        assert_eq!(ends(day("2026-04-01"), ForecastPeriod::Quarter), day("2026-06-30"));
        assert_eq!(begins(day("2026-02-17"), ForecastPeriod::Month), day("2026-02-01"));
        assert_eq!(ends(day("2028-02-01"), ForecastPeriod::Month), day("2028-02-29"));
    }
}
