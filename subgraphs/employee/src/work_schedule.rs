//! Work schedules: how much of each day of the week is worked.

use std::collections::HashMap;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use common::{Cursor, Error, Page, Permission, Refuse, Result, Slice, id};
use database::{Ctx, Tx};
use graphql::{App as _, Batch, payload};
use rust_decimal::Decimal;

use crate::events::ScheduleChanged;
use crate::{EVERYBODY, PEOPLE_OFFICE, structure};

id!(
    /// One work schedule.
    WorkScheduleId
);

pub(crate) const READ: Permission =
    Permission { key: "employee.schedule.read", description: "See the work schedules.", grants: EVERYBODY };
pub(crate) const MANAGE: Permission = Permission {
    key: "employee.schedule.manage",
    description: "Create and change work schedules.",
    grants: PEOPLE_OFFICE,
};

// Use-cases.

/// Creates a work schedule; as the default, it takes the place of the one before.
pub async fn create(ctx: &Ctx, input: WorkScheduleCreateInput) -> Result<WorkSchedule> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let schedule = WorkSchedule::try_new(input)?;
    let before = structure::snapshot(&mut tx).await?;
    if schedule.is_default {
        clear_default(&mut tx).await?;
    }
    insert(&mut tx, &schedule).await?;
    tx.emit(&ScheduleChanged::from(&schedule)).await?;
    structure::announce_since(&mut tx, &before).await?;
    tx.commit().await?;
    Ok(schedule)
}

/// Changes a work schedule.
pub async fn update(ctx: &Ctx, id: WorkScheduleId, input: WorkScheduleUpdateInput) -> Result<WorkSchedule> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut schedule = select_many(&mut tx, &[id]).await?.pop().ok_or(Error::NotFound("work schedule"))?;
    schedule.apply(input)?;
    let before = structure::snapshot(&mut tx).await?;
    if schedule.is_default {
        clear_default(&mut tx).await?;
    }
    save(&mut tx, &schedule).await?;
    tx.emit(&ScheduleChanged::from(&schedule)).await?;
    structure::announce_since(&mut tx, &before).await?;
    tx.commit().await?;
    Ok(schedule)
}

/// The work schedules, by name.
pub async fn list(ctx: &Ctx, page: Page<String>) -> Result<Slice<WorkSchedule>> {
    let mut tx = ctx.begin(&READ).await?;
    let rows = select_page(&mut tx, &page).await?;
    Ok(page.slice(rows, |row| Cursor { key: row.name.clone(), id: row.id.0 }))
}

// Rules.

/// Why a work schedule cannot be as asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The name is empty or too long.
    #[error("give it a name of 1 to 100 characters")]
    Name,
    /// There are not seven days, or one is neither free, half nor whole.
    #[error("give seven days, Monday first, each 0, 0.5 or 1")]
    DayFractions,
    /// A week has 168 hours.
    #[error("a week has 0 to 168 hours, in hundredths at most")]
    HoursPerWeek,
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "NAME_INVALID",
            Self::DayFractions => "DAY_FRACTIONS_INVALID",
            Self::HoursPerWeek => "OUT_OF_RANGE",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Name => "name",
            Self::DayFractions => "dayFractions",
            Self::HoursPerWeek => "hoursPerWeek",
        })
    }
}

impl WorkSchedule {
    fn try_new(input: WorkScheduleCreateInput) -> Result<Self, Refused> {
        Ok(Self {
            id: WorkScheduleId::new(),
            name: crate::name(&input.name, 100).ok_or(Refused::Name)?,
            day_fractions: day_fractions(input.day_fractions)?,
            hours_per_week: hours_per_week(input.hours_per_week)?,
            is_default: input.is_default.unwrap_or(false),
        })
    }

    fn apply(&mut self, input: WorkScheduleUpdateInput) -> Result<(), Refused> {
        if let Some(name) = input.name {
            self.name = crate::name(&name, 100).ok_or(Refused::Name)?;
        }
        if let Some(days) = input.day_fractions {
            self.day_fractions = day_fractions(days)?;
        }
        if let Some(hours) = input.hours_per_week {
            self.hours_per_week = hours_per_week(hours)?;
        }
        self.is_default = input.is_default.unwrap_or(self.is_default);
        Ok(())
    }
}

fn day_fractions(days: Vec<Decimal>) -> Result<Vec<Decimal>, Refused> {
    let possible = [Decimal::ZERO, Decimal::new(5, 1), Decimal::ONE];
    if days.len() != 7 || !days.iter().all(|day| possible.contains(day)) {
        return Err(Refused::DayFractions);
    }
    // "1.0" and "1" are one number; others read our events as text.
    Ok(days.into_iter().map(|day| day.normalize()).collect())
}

fn hours_per_week(hours: Decimal) -> Result<Decimal, Refused> {
    let hours = hours.normalize();
    let in_range = hours >= Decimal::ZERO && hours <= Decimal::from(168) && hours.scale() <= 2;
    if in_range { Ok(hours) } else { Err(Refused::HoursPerWeek) }
}

impl From<&WorkSchedule> for ScheduleChanged {
    fn from(schedule: &WorkSchedule) -> Self {
        Self { work_schedule_id: schedule.id, day_fractions: schedule.day_fractions.clone() }
    }
}

// SQL.

async fn insert(tx: &mut Tx, s: &WorkSchedule) -> Result<()> {
    sqlx::query!(
        "insert into employee.work_schedule (id, name, day_fractions, hours_per_week, is_default)
         values ($1, $2, $3, $4, $5)",
        s.id as WorkScheduleId,
        s.name,
        &s.day_fractions,
        s.hours_per_week,
        s.is_default,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn save(tx: &mut Tx, s: &WorkSchedule) -> Result<()> {
    sqlx::query!(
        "update employee.work_schedule set name = $2, day_fractions = $3, hours_per_week = $4, is_default = $5
         where id = $1",
        s.id as WorkScheduleId,
        s.name,
        &s.day_fractions,
        s.hours_per_week,
        s.is_default,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn clear_default(tx: &mut Tx) -> Result<()> {
    sqlx::query!("update employee.work_schedule set is_default = false where is_default")
        .execute(tx.conn())
        .await?;
    Ok(())
}

async fn select_page(tx: &mut Tx, page: &Page<String>) -> Result<Vec<WorkSchedule>> {
    Ok(sqlx::query_as!(
        WorkSchedule,
        r#"select id, name, day_fractions as "day_fractions: Vec<Decimal>", hours_per_week, is_default
           from employee.work_schedule
           where $1::text is null or (name, id) > ($1, $2)
           order by name, id limit $3"#,
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

async fn select_many(tx: &mut Tx, ids: &[WorkScheduleId]) -> Result<Vec<WorkSchedule>> {
    Ok(sqlx::query_as!(
        WorkSchedule,
        r#"select id, name, day_fractions as "day_fractions: Vec<Decimal>", hours_per_week, is_default
           from employee.work_schedule where id = any($1)"#,
        ids as &[WorkScheduleId],
    )
    .fetch_all(tx.conn())
    .await?)
}

// GraphQL.

/// How much of each day of the week is worked.
#[derive(Clone, Debug, SimpleObject)]
pub struct WorkSchedule {
    /// Opaque.
    pub id: WorkScheduleId,
    /// What people call it.
    pub name: String,
    /// How much of each of the seven days is worked, Monday first: 0, 0.5 or 1.
    pub day_fractions: Vec<Decimal>,
    /// The hours of a full week.
    pub hours_per_week: Decimal,
    /// It holds for everybody without a schedule of their own.
    pub is_default: bool,
}

/// A new work schedule.
#[derive(Debug, InputObject)]
pub struct WorkScheduleCreateInput {
    /// What people call it: 1 to 100 characters.
    pub name: String,
    /// How much of each of the seven days is worked, Monday first: 0, 0.5 or 1.
    pub day_fractions: Vec<Decimal>,
    /// The hours of a full week: 0 to 168, in hundredths at most.
    pub hours_per_week: Decimal,
    /// It holds for everybody without a schedule of their own, in place of the default before; false when not
    /// said.
    pub is_default: Option<bool>,
}

/// What is to change about a work schedule; what is not said stays.
#[derive(Debug, InputObject)]
pub struct WorkScheduleUpdateInput {
    /// What people call it: 1 to 100 characters.
    pub name: Option<String>,
    /// How much of each of the seven days is worked, Monday first: 0, 0.5 or 1.
    pub day_fractions: Option<Vec<Decimal>>,
    /// The hours of a full week: 0 to 168, in hundredths at most.
    pub hours_per_week: Option<Decimal>,
    /// It holds for everybody without a schedule of their own, in place of the default before.
    pub is_default: Option<bool>,
}

payload!(
    /// What creating a work schedule answers.
    WorkScheduleCreatePayload {
        /// The new work schedule.
        work_schedule: WorkSchedule
    }
);

payload!(
    /// What changing a work schedule answers.
    WorkScheduleUpdatePayload {
        /// The work schedule as it is now.
        work_schedule: WorkSchedule
    }
);

/// Work schedules, by id.
pub(crate) struct WorkScheduleById;

impl Batch for WorkScheduleById {
    type Key = WorkScheduleId;
    type Value = WorkSchedule;

    async fn load(ctx: &Ctx, keys: &[WorkScheduleId]) -> Result<HashMap<WorkScheduleId, WorkSchedule>> {
        let mut tx = ctx.begin(&READ).await?;
        Ok(select_many(&mut tx, keys).await?.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// Work schedules: queries.
#[derive(Default)]
pub struct WorkScheduleQuery;

#[Object]
impl WorkScheduleQuery {
    /// The work schedules, by name.
    async fn work_schedules(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Result<graphql::Page<WorkSchedule>> {
        let page = Page::new(first, after.as_deref())?;
        Ok(graphql::connection(list(gql.app(), page).await?))
    }

    /// One work schedule, for other subgraphs.
    #[graphql(entity)]
    async fn work_schedule_by_id(
        &self,
        gql: &Context<'_>,
        id: WorkScheduleId,
    ) -> Result<Option<WorkSchedule>> {
        gql.load::<WorkScheduleById>(id).await
    }
}

/// Work schedules: mutations.
#[derive(Default)]
pub struct WorkScheduleMutation;

#[Object]
impl WorkScheduleMutation {
    /// Creates a work schedule.
    async fn work_schedule_create(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What it is to be.")] input: WorkScheduleCreateInput,
    ) -> Result<WorkScheduleCreatePayload> {
        WorkScheduleCreatePayload::of(create(gql.app(), input).await)
    }

    /// Changes a work schedule; everybody who works by it is affected.
    async fn work_schedule_update(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which one.")] id: WorkScheduleId,
        #[graphql(desc = "What is to change.")] input: WorkScheduleUpdateInput,
    ) -> Result<WorkScheduleUpdatePayload> {
        WorkScheduleUpdatePayload::of(update(gql.app(), id, input).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(of: &[&str]) -> Vec<Decimal> {
        of.iter().map(|day| day.parse().unwrap()).collect()
    }

    #[test]
    fn a_week_has_seven_days_of_none_half_or_whole() {
        let week = day_fractions(days(&["1", "1.0", "1.00", "0.50", "0", "0.0", "1"])).unwrap();
        assert_eq!(
            week.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["1", "1", "1", "0.5", "0", "0", "1"]
        );
        assert_eq!(day_fractions(days(&["1"; 6])), Err(Refused::DayFractions));
        assert_eq!(day_fractions(days(&["1"; 8])), Err(Refused::DayFractions));
        assert_eq!(day_fractions(days(&["1", "1", "1", "1", "0.25", "0", "0"])), Err(Refused::DayFractions));
        assert_eq!(day_fractions(days(&["1", "1", "1", "1", "-1", "0", "0"])), Err(Refused::DayFractions));
    }

    #[test]
    fn a_week_has_168_hours_at_most() {
        assert!(hours_per_week("37.50".parse().unwrap()).is_ok());
        for wrong in ["-1", "168.01", "40.125"] {
            assert_eq!(hours_per_week(wrong.parse().unwrap()), Err(Refused::HoursPerWeek), "{wrong}");
        }
    }
}
