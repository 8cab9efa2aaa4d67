//! Reports: how many contacts there are, how well they are known, and whom nobody has talked to.

use async_graphql::{Context, Object, SimpleObject};
use chrono::{Datelike as _, Duration, NaiveDate};
use common::{Error, Result};
use database::Ctx;
use graphql::{App as _, Date, cost};

use crate::consent_key::ConsentChannel;
use crate::rights::REPORT;

/// Reports on the contacts in use that the caller sees.
pub struct ContactReport;

/// How many contacts came in a month.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactGrowth {
    /// The first day of the month, in UTC.
    pub month: Date,
    /// The number of people that were made in it.
    pub people: i32,
    /// The number of companies that were made in it.
    pub companies: i32,
    /// The number of contacts at its end, of those in use now.
    pub total: i32,
}

/// How well contacts are known.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct ContactCompleteness {
    /// The number of contacts.
    pub total: i32,
    /// The number of those with a mail address.
    pub with_email: i32,
    /// The number of those with a phone number.
    pub with_phone: i32,
    /// The number of those with a postal address.
    pub with_address: i32,
    /// The number of those whom somebody looks after.
    pub with_owner: i32,
    /// The number of those of whom it is said what they are to the organization.
    pub with_role: i32,
    /// The number of companies.
    pub companies: i32,
    /// The number of companies with a tax id.
    pub companies_with_tax_id: i32,
}

/// What contacts have allowed of one purpose.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactConsentCoverage {
    /// The way to reach them.
    pub channel: ConsentChannel,
    /// What for.
    pub purpose: String,
    /// The number of contacts that allow it now and may be sent it.
    pub granted: i32,
    /// The number of contacts that have taken it back, want to hear nothing, or are blocked.
    pub withdrawn: i32,
    /// The number of contacts that have never said anything of it.
    pub unknown: i32,
}

fn count(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

async fn growth(ctx: &Ctx, months: i32) -> Result<Vec<ContactGrowth>> {
    const MONTHS_MAX: i32 = 60;
    if !(1..=MONTHS_MAX).contains(&months) {
        return Err(Error::validation(format!("months must be 1 to {MONTHS_MAX}")));
    }
    let mut tx = ctx.read(&REPORT).await?;
    let today = tx.now().date_naive();
    let first = u32::try_from(months - 1)
        .ok()
        .and_then(|back| today.with_day(1)?.checked_sub_months(chrono::Months::new(back)))
        .unwrap_or(NaiveDate::MIN);
    let rows = sqlx::query!(
        r#"select (m.month at time zone 'UTC')::date as "month!",
               count(c.id) filter (where c.kind = 'PERSON' and c.created_at >= m.month) as "people!",
               count(c.id) filter (where c.kind = 'COMPANY' and c.created_at >= m.month) as "companies!",
               count(c.id) as "total!"
           from (select (($1::date + n * interval '1 month')::timestamp at time zone 'UTC') as month,
                        (($1::date + (n + 1) * interval '1 month')::timestamp at time zone 'UTC') as next
                 from generate_series(0, $2 - 1) n) m
           left join contact.contact c on c.created_at < m.next and c.merged_into_id is null and c.archived_at is null
           group by m.month order by m.month"#,
        first,
        months,
    );
    let growth = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| ContactGrowth {
        month: row.month.into(),
        people: count(row.people),
        companies: count(row.companies),
        total: count(row.total),
    });
    Ok(growth.collect())
}

async fn completeness(ctx: &Ctx) -> Result<ContactCompleteness> {
    let mut tx = ctx.read(&REPORT).await?;
    let row = sqlx::query!(
        r#"select count(*) as "total!", count(*) filter (where emails <> '[]') as "with_email!",
               count(*) filter (where phones <> '[]') as "with_phone!",
               count(*) filter (where addresses <> '[]') as "with_address!",
               count(owner_membership_id) as "with_owner!", count(*) filter (where roles <> '{}') as "with_role!",
               count(*) filter (where kind = 'COMPANY') as "companies!",
               count(tax_id) filter (where kind = 'COMPANY') as "companies_with_tax_id!"
           from contact.contact where merged_into_id is null and archived_at is null and erased_at is null"#,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(ContactCompleteness {
        total: count(row.total),
        with_email: count(row.with_email),
        with_phone: count(row.with_phone),
        with_address: count(row.with_address),
        with_owner: count(row.with_owner),
        with_role: count(row.with_role),
        companies: count(row.companies),
        companies_with_tax_id: count(row.companies_with_tax_id),
    })
}

async fn coverage(ctx: &Ctx) -> Result<Vec<ContactConsentCoverage>> {
    let mut tx = ctx.read(&REPORT).await?;
    let rows = sqlx::query!(
        r#"with living as (
               select id, granted, not is_do_not_contact and status <> 'BLOCKED' as is_open from contact.contact
               where merged_into_id is null and archived_at is null and erased_at is null),
           said as (select distinct contact.current_id(s.contact_id) as id, s.channel, s.purpose from contact.consent s)
           select s.channel as "channel!: ConsentChannel", s.purpose as "purpose!",
               count(*) filter (where l.is_open and l.granted @> array[s.channel || ':' || s.purpose]) as "granted!",
               count(*) as "said!", (select count(*) from living) as "total!"
           from said s join living l on l.id = s.id group by s.channel, s.purpose order by s.channel, s.purpose"#,
    );
    let coverage = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| ContactConsentCoverage {
        channel: row.channel,
        purpose: row.purpose,
        granted: count(row.granted),
        withdrawn: count(row.said - row.granted),
        unknown: count(row.total - row.said),
    });
    Ok(coverage.collect())
}

async fn dormant(ctx: &Ctx, days: i32) -> Result<i32> {
    if !(1..=3_650).contains(&days) {
        return Err(Error::validation("days must be 1 to 3650"));
    }
    let mut tx = ctx.read(&REPORT).await?;
    let since = tx.now() - Duration::days(days.into());
    let row = sqlx::query_scalar!(
        r#"select count(*) as "count!" from contact.contact where merged_into_id is null and archived_at is null
               and roles @> array['CUSTOMER'] and status = 'ACTIVE'
               and coalesce(last_contacted_at, created_at) < $1"#,
        since,
    );
    Ok(count(row.fetch_one(tx.conn()).await?))
}

/// Reports on the contacts in use that the caller sees.
#[Object]
impl ContactReport {
    /// How many contacts came, month by month, up to the present one.
    #[graphql(directive = cost::apply(500))]
    async fn growth(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of months, 1 to 60.", default = 12)] months: i32,
    ) -> Result<Vec<ContactGrowth>> {
        growth(gql.app(), months).await
    }

    /// How well the contacts are known.
    #[graphql(directive = cost::apply(200))]
    async fn completeness(&self, gql: &Context<'_>) -> Result<ContactCompleteness> {
        completeness(gql.app()).await
    }

    /// What contacts have allowed, by channel and purpose.
    #[graphql(directive = cost::apply(300))]
    async fn consent_coverage(&self, gql: &Context<'_>) -> Result<Vec<ContactConsentCoverage>> {
        coverage(gql.app()).await
    }

    /// The number of active customers to whom nobody has talked or written for so many days; contacts, filtered by
    /// contactedBefore, says who they are.
    #[graphql(directive = cost::apply(200))]
    async fn dormant_customers(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The number of days, 1 to 3650.", default = 180)] days: i32,
    ) -> Result<i32> {
        dormant(gql.app(), days).await
    }
}

/// Reports on contacts.
#[derive(Default)]
pub struct ContactReportQuery;

#[Object]
impl ContactReportQuery {
    /// Reports on the contacts in use that the caller sees.
    async fn contact_report(&self, gql: &Context<'_>) -> Result<ContactReport> {
        gql.app().scope(&REPORT)?;
        Ok(ContactReport)
    }
}
