//! The default policy: of whoever was assigned none, the one that was the default on the first day of their employment.
//! Worked out from what was entered, so that it does not matter what was entered first.

use std::collections::HashMap;

use chrono::NaiveDate;
use common::{Permission, Result};
use database::Tx;
use graphql::Batch;
use people::Person;

use super::assignment::{Held, Span};
use super::year::{LeaveYear, YearRule};
use crate::ids::{EmployeeId, PolicyId};

/// The defaults of employments, by their first day.
pub(super) struct Defaults(HashMap<NaiveDate, (PolicyId, YearRule)>);

impl Defaults {
    /// Those of these employees, as far as anybody has the default.
    pub(super) async fn of(tx: &mut Tx, employees: &[Person], held: &[Held]) -> Result<Self> {
        let has_default = |id: EmployeeId| {
            held.iter().any(|held| held.employee_id == id && held.is_by_default && held.policy_id.is_none())
        };
        let mut days: Vec<NaiveDate> = employees
            .iter()
            .filter(|person| has_default(person.id))
            .flat_map(|person| person.employments().map(|(first_day, _)| first_day))
            .collect();
        days.sort_unstable();
        days.dedup();
        if days.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let rows = sqlx::query!(
            r#"select t.day as "day!", p.id as "id: PolicyId", p.leave_year as "leave_year: LeaveYear",
                   p.year_start_month, p.year_start_day
               from unnest($1::date[]) as t (day) join leave.policy p on p.id = leave.default_policy_on(t.day)"#,
            &days,
        )
        .fetch_all(tx.conn())
        .await?;
        let default = |leave_year, month, day| YearRule { leave_year, month, day };
        let rows = rows.into_iter().map(|row| {
            (row.day, (row.id, default(row.leave_year, row.year_start_month, row.year_start_day)))
        });
        Ok(Self(rows.collect()))
    }

    /// The times in which the default holds for somebody, by employment: from the leave year on in which they were entered,
    /// for who has been here for longer took the leave of earlier years elsewhere, until the first policy that they were
    /// assigned themselves. Where that begins no later, never.
    pub(super) fn spans(
        &self,
        person: &Person,
        held: &Held,
        first_own: Option<Option<NaiveDate>>,
    ) -> Vec<Span> {
        let entered_on = person.day_at(held.created_at);
        let of = |employment: (NaiveDate, Option<NaiveDate>)| {
            let (policy_id, years, first_day) = match held.policy_id {
                // As it was written down once.
                Some(policy_id) => (policy_id, held.years, held.first_day),
                None => {
                    let (policy_id, years) = *self.0.get(&employment.0)?;
                    (policy_id, years, Some(years.of(employment.0).first_day(entered_on)))
                }
            };
            let yields = first_own.is_some_and(|own| own <= first_day);
            (!yields).then_some(Span {
                policy_id: Some(policy_id),
                first_day,
                last_day: first_own.and_then(|own| own?.pred_opt()),
                years,
                only: Some(employment),
            })
        };
        person.employments().filter_map(of).collect()
    }
}

/// The first day from which on a new default would hold when nobody says one: today, or since ever where it is the first.
pub(crate) async fn usual_first_day(tx: &mut Tx, today: NaiveDate) -> Result<Option<NaiveDate>> {
    let is_first =
        sqlx::query_scalar!(r#"select not exists (select from leave.default_policy) as "is_first!""#);
    Ok(if is_first.fetch_one(tx.conn()).await? { None } else { Some(today) })
}

/// Whether a default that holds from a day on would be the last.
pub(crate) async fn would_be_last(tx: &mut Tx, first_day: Option<NaiveDate>) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select not exists (select from leave.default_policy
               where first_day is not null and ($1::date is null or first_day > $1)) as "is_last!""#,
        first_day,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Makes a policy, or none, the default of the employments that begin on a day or later, until the next one is.
pub(crate) async fn set_default(
    tx: &mut Tx,
    first_day: Option<NaiveDate>,
    policy_id: Option<PolicyId>,
) -> Result<()> {
    sqlx::query!(
        "insert into leave.default_policy (first_day, policy_id) values ($1, $2)
         on conflict (organization_id, first_day) do update set policy_id = excluded.policy_id",
        first_day,
        policy_id as Option<PolicyId>,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The first day of the employments whose default policies are, where they are not the default since ever.
pub(crate) struct DefaultFrom;

impl Batch for DefaultFrom {
    type Key = PolicyId;
    type Value = NaiveDate;
    const READ: &'static Permission = &super::READ;

    async fn load(tx: &mut Tx, keys: &[PolicyId]) -> Result<HashMap<PolicyId, NaiveDate>> {
        let rows = sqlx::query!(
            r#"select policy_id as "policy_id!: PolicyId", max(first_day) as "first_day!" from leave.default_policy
               where policy_id = any($1) and first_day is not null group by policy_id"#,
            keys as &[PolicyId],
        )
        .fetch_all(tx.conn())
        .await?;
        Ok(rows.into_iter().map(|row| (row.policy_id, row.first_day)).collect())
    }
}
