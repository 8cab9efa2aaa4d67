//! What this module adds to products and employees.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use chrono::{DateTime, Datelike as _, Months, NaiveDate, Utc};
use common::{EmployeeId, Error, MembershipId, Permission, Result};
use database::Tx;
use graphql::{App as _, Batch, Date, Money, cost};

use crate::board::rounded;
use crate::deal::DealStatus;
use crate::ids::ProductId;
use crate::others::{Employee, Product};
use crate::rights::{DEAL_READ, REPORT};
use crate::words::count;

/// What a product has brought in a month.
#[derive(Clone, Debug, SimpleObject)]
pub struct ProductPipelineMonth {
    /// The first day of the month, in the organization's time zone.
    pub month: Date,
    /// The number of deals that were made in it and have lines of the product.
    pub deal_count: i32,
    /// What these lines come to.
    pub amount: Money,
    /// What they come to, each as far as its deal is likely to be won.
    pub weighted: Money,
    /// What the lines of deals that were won come to.
    pub won: Money,
}

#[ComplexObject]
impl Product {
    /// What it has brought into the pipeline, month by month, by when the deals were made, an entry for each currency; null to
    /// whoever may see no reports.
    #[graphql(directive = cost::apply(20))]
    async fn pipeline_by_month(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of months up to the present one, 1 to 60.", default = 12)] months: i32,
    ) -> Result<Option<Vec<ProductPipelineMonth>>> {
        if gql.app().scope(&REPORT).is_err() {
            return Ok(None);
        }
        if !(1..=60).contains(&months) {
            return Err(Error::validation("months must be 1 to 60"));
        }
        Ok(Some(gql.load::<MonthsOf>((self.id, months)).await?.unwrap_or_default()))
    }
}

/// What products have brought, month by month.
struct MonthsOf;

impl Batch for MonthsOf {
    type Key = (ProductId, i32);
    type Value = Vec<ProductPipelineMonth>;
    const READ: &'static Permission = &DEAL_READ;

    async fn load(tx: &mut Tx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<ProductPipelineMonth>>> {
        let ids: Vec<ProductId> = keys.iter().map(|(id, _)| *id).collect();
        let months = keys.iter().map(|(_, months)| *months).max().unwrap_or(1);
        let first = first_of(tx.now(), months);
        let rows = sqlx::query!(
            r#"select l.product_id as "product_id!: ProductId", d.currency as "currency!",
                   date_trunc('month', d.created_at at time zone people.time_zone(core.organization_id()))::date as "month!",
                   count(distinct d.id) as "deals!", sum(l.amount) as "amount!",
                   sum(l.amount * case d.status when 'WON' then 100 when 'OPEN' then coalesce(d.probability_override, s.probability)
                       else 0 end / 100) as "weighted!",
                   coalesce(sum(l.amount) filter (where d.status = 'WON'), 0) as "won!"
               from crm.deal_line l join crm.deal d on d.id = l.deal_id join crm.stage s on s.id = d.stage_id
               where l.product_id = any($1) and d.archived_at is null
                 and d.created_at >= ($2::date)::timestamp at time zone people.time_zone(core.organization_id())
               group by 1, 2, 3 order by 3, 2"#,
            &ids as &[ProductId],
            first,
        );
        let mut found: HashMap<Self::Key, Vec<ProductPipelineMonth>> = HashMap::new();
        for row in rows.fetch_all(tx.conn()).await? {
            for key in keys.iter().filter(|(id, _)| *id == row.product_id) {
                if row.month < first_of(tx.now(), key.1) {
                    continue;
                }
                found.entry(*key).or_default().push(ProductPipelineMonth {
                    month: row.month.into(),
                    deal_count: count(row.deals),
                    amount: Money::new(row.amount, &row.currency),
                    weighted: Money::new(rounded(row.weighted), &row.currency),
                    won: Money::new(row.won, &row.currency),
                });
            }
        }
        Ok(found)
    }
}

/// The first day of the month that is so many months back, the present one included.
fn first_of(now: DateTime<Utc>, months: i32) -> NaiveDate {
    let back = u32::try_from(months - 1).unwrap_or_default();
    let first = now.date_naive().with_day(1);
    first.and_then(|first| first.checked_sub_months(Months::new(back))).unwrap_or(NaiveDate::MIN)
}

/// What somebody has sold.
#[derive(Clone, Debug, SimpleObject)]
pub struct SalesPerformance {
    /// The number of deals that they have won.
    pub won_count: i32,
    /// What these are worth, in each currency that there is.
    pub won: Vec<Money>,
    /// The number of deals that they have lost.
    pub lost_count: i32,
    /// The number of their deals that go on now.
    pub open_count: i32,
    /// What these are worth, in each currency that there is.
    pub open: Vec<Money>,
}

#[ComplexObject]
impl Employee {
    /// What they have sold in a time; null to whoever may see no reports, and of those who have no account. Only deals that
    /// the caller sees are counted.
    #[graphql(directive = cost::apply(10))]
    async fn sales_performance(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The first day of the time.")] from: Date,
        #[graphql(desc = "The last day of the time.")] to: Date,
    ) -> Result<Option<SalesPerformance>> {
        if gql.app().scope(&REPORT).is_err() {
            return Ok(None);
        }
        gql.load::<PerformanceOf>((self.id, from, to)).await
    }
}

/// What employees have sold in a time.
struct PerformanceOf;

impl Batch for PerformanceOf {
    type Key = (EmployeeId, Date, Date);
    type Value = SalesPerformance;
    const READ: &'static Permission = &DEAL_READ;

    async fn load(tx: &mut Tx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, SalesPerformance>> {
        let ids: Vec<EmployeeId> = keys.iter().map(|(id, ..)| *id).collect();
        let people = people::select_many(tx, &ids).await?;
        let mut found = HashMap::new();
        for key in keys {
            let person = people.iter().find(|person| person.id == key.0);
            if let Some(member) = person.and_then(|person| person.membership_id) {
                found.insert(*key, performance(tx, member, (key.1.0, key.2.0)).await?);
            }
        }
        Ok(found)
    }
}

async fn performance(
    tx: &mut Tx,
    member: MembershipId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<SalesPerformance> {
    let rows = sqlx::query!(
        r#"select d.status as "status!: DealStatus", d.currency, count(*) as "count!", sum(d.amount) as "amount!" from crm.deal d
           where d.owner_membership_id = $1 and (d.archived_at is null or d.status = 'WON') and (d.status = 'OPEN' or
               (d.closed_at at time zone people.time_zone(core.organization_id()))::date between $2 and $3)
           group by d.status, d.currency order by d.currency"#,
        member as MembershipId,
        from,
        to,
    );
    let mut done =
        SalesPerformance { won_count: 0, won: Vec::new(), lost_count: 0, open_count: 0, open: Vec::new() };
    for row in rows.fetch_all(tx.conn()).await? {
        let (number, amount) = (count(row.count), Money::new(row.amount, &row.currency));
        match row.status {
            DealStatus::Won => {
                done.won_count += number;
                done.won.push(amount);
            }
            DealStatus::Open => {
                done.open_count += number;
                done.open.push(amount);
            }
            DealStatus::Lost | DealStatus::Abandoned => done.lost_count += number,
        }
    }
    Ok(done)
}

/// Products and employees, as far as crm answers for them.
#[derive(Default)]
pub struct ProductQuery;

#[Object]
impl ProductQuery {
    /// One product, for what crm adds to it: one that some deal has a line of.
    #[graphql(entity)]
    async fn product_by_id(&self, gql: &Context<'_>, id: ProductId) -> Result<Option<Product>> {
        if gql.app().scope(&DEAL_READ).is_err() {
            return Ok(None);
        }
        Ok(gql.load::<KnownProduct>(id).await?.map(|()| Product { id }))
    }

    /// One employee, for what crm adds to them.
    #[graphql(entity)]
    async fn employee_by_id(&self, gql: &Context<'_>, id: EmployeeId) -> Result<Option<Employee>> {
        if gql.app().scope(&DEAL_READ).is_err() {
            return Ok(None);
        }
        Ok(gql.load::<KnownEmployee>(id).await?.map(|()| Employee { id }))
    }
}

/// Which products deals have lines of.
struct KnownProduct;

impl Batch for KnownProduct {
    type Key = ProductId;
    type Value = ();
    const READ: &'static Permission = &DEAL_READ;

    async fn load(tx: &mut Tx, keys: &[ProductId]) -> Result<HashMap<ProductId, ()>> {
        let known = sqlx::query_scalar!(
            r#"select w.id as "id!: ProductId" from unnest($1::uuid[]) w (id)
               where exists (select from crm.deal_line l where l.product_id = w.id)"#,
            keys as &[ProductId],
        );
        Ok(known.fetch_all(tx.conn()).await?.into_iter().map(|id| (id, ())).collect())
    }
}

/// Which employees there are.
struct KnownEmployee;

impl Batch for KnownEmployee {
    type Key = EmployeeId;
    type Value = ();
    const READ: &'static Permission = &DEAL_READ;

    async fn load(tx: &mut Tx, keys: &[EmployeeId]) -> Result<HashMap<EmployeeId, ()>> {
        Ok(people::select_many(tx, keys).await?.into_iter().map(|person| (person.id, ())).collect())
    }
}
