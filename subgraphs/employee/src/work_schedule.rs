//! Work schedules: how much of each day of the week is worked.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, PEOPLE_OFFICE, Page, Permission, Refusal, Result, STAFF, Slice};
use database::{Ctx, Record, Tx, page};
use graphql::{inputs, mutations, noun, queries, sorts};
use rust_decimal::Decimal;

use crate::events::ScheduleChanged;
use crate::ids::WorkScheduleId;
use crate::structure::{self, DEFAULT_STAYS};

/// How much of each day of the week is worked.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("work schedule", table = "employee.work_schedule", read = READ)]
pub struct WorkSchedule {
    /// The id of the work schedule; opaque to clients.
    pub id: WorkScheduleId,
    /// The name that people know it by.
    pub name: String,
    /// How much of each of the seven days is worked, Monday first: 0, 0.5 or 1.
    pub day_fractions: Vec<Decimal>,
    /// The working hours of a whole week.
    pub hours_per_week: Decimal,
    /// Whether it holds for everybody without a schedule of their own.
    pub is_default: bool,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

pub(crate) const READ: Permission =
    Permission::new("employee.schedule.read", "See the work schedules.", STAFF);
pub(crate) const MANAGE: Permission =
    Permission::new("employee.schedule.manage", "Create, change and archive work schedules.", PEOPLE_OFFICE);

// Use-cases.

/// Creates a work schedule; as the default, it takes the place of the one before.
pub async fn create(ctx: &Ctx, input: WorkScheduleCreateInput) -> Result<WorkSchedule> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut schedule = WorkSchedule::blank(tx.now());
    fill_in(&mut schedule, input.into())?;
    put_in_effect(&mut tx, &mut schedule).await?;
    tx.commit(schedule).await
}

/// Changes a work schedule, for everybody who works by it.
pub async fn update(ctx: &Ctx, id: WorkScheduleId, input: WorkScheduleUpdateInput) -> Result<WorkSchedule> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut schedule: WorkSchedule = tx.lock_at(id, input.version).await?;
    fill_in(&mut schedule, input)?;
    put_in_effect(&mut tx, &mut schedule).await?;
    tx.commit(schedule).await
}

/// Archives a work schedule; whoever works by it still does. The default is archived once another one has its place.
pub async fn archive(ctx: &Ctx, id: WorkScheduleId) -> Result<WorkSchedule> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut schedule: WorkSchedule = tx.lock(id).await?;
    if schedule.is_default {
        return Err(DEFAULT_STAYS.into());
    }
    schedule.archived_at.get_or_insert(tx.now());
    tx.save(&mut schedule).await?;
    tx.commit(schedule).await
}

async fn restore(ctx: &Ctx, id: WorkScheduleId) -> Result<WorkSchedule> {
    database::restore(ctx, &MANAGE, id).await
}

async fn put_in_effect(tx: &mut Tx, schedule: &mut WorkSchedule) -> Result<()> {
    let before = structure::snapshot(tx).await?;
    if schedule.is_default {
        clear_default(tx, schedule.id).await?;
    }
    tx.save(schedule).await?;
    people::write::work_schedule(tx, schedule.id.into(), &schedule.day_fractions, schedule.hours_per_week)
        .await?;
    let day_fractions = schedule.day_fractions.clone();
    tx.emit(&ScheduleChanged { work_schedule_id: schedule.id, day_fractions }).await?;
    structure::announce_since(tx, &before).await
}

/// The work schedules that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: WorkScheduleFilter,
    sort: WorkScheduleSort,
    page: Page,
) -> Result<Slice<WorkSchedule>> {
    let mut tx = ctx.read_list(&READ).await?;
    let search = tx.search::<WorkSchedule>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, WorkSchedule, page, sort: WorkScheduleSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

const DAY_FRACTIONS: Refusal =
    Refusal::of("dayFractions", "DAY_FRACTIONS_INVALID", "give seven days, Monday first, each 0, 0.5 or 1");
const DEFAULT_ARCHIVED: Refusal =
    Refusal::of("isDefault", "ARCHIVED", "an archived work schedule cannot be the default; restore it first");

fn fill_in(schedule: &mut WorkSchedule, input: WorkScheduleUpdateInput) -> Result<()> {
    let mut form = Form::default();
    form.name("name", input.name, &mut schedule.name);
    form.checked("dayFractions", input.day_fractions, day_fractions, &mut schedule.day_fractions);
    let hours = Decimal::ZERO..=Decimal::from(168);
    form.decimal("hoursPerWeek", input.hours_per_week, hours, 2, &mut schedule.hours_per_week);
    form.set("isDefault", input.is_default, &mut schedule.is_default);
    if schedule.is_default && schedule.archived_at.is_some() {
        form.refuse(DEFAULT_ARCHIVED);
    }
    form.check()
}

fn day_fractions(days: Vec<Decimal>) -> Result<Vec<Decimal>, Refusal> {
    let possible = [Decimal::ZERO, Decimal::new(5, 1), Decimal::ONE];
    if days.len() != 7 || !days.iter().all(|day| possible.contains(day)) {
        return Err(DAY_FRACTIONS);
    }
    // "1.0" and "1" are one number; others read our events as text.
    Ok(days.into_iter().map(|day| day.normalize()).collect())
}

// SQL.

/// Takes the default's place from another one.
async fn clear_default(tx: &mut Tx, id: WorkScheduleId) -> Result<()> {
    let mut others = select_work_schedule!("where is_default and id <> $1 for update", id as WorkScheduleId)
        .fetch_all(tx.conn())
        .await?;
    for other in &mut others {
        other.is_default = false;
    }
    tx.save_all(&mut others).await.map(|_| ())
}

// GraphQL.

#[noun]
impl WorkSchedule {}

inputs! {
    /// The fields of a new work schedule.
    WorkScheduleCreateInput,
    /// The fields of a work schedule to change; those that are absent stay as they are.
    WorkScheduleUpdateInput {
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// How much of each of the seven days is worked, Monday first: 0, 0.5 or 1.
        required day_fractions: Vec<Decimal>,
        /// The working hours of a whole week: 0 to 168, with two decimals at most.
        required hours_per_week: Decimal,
        /// Whether it holds for everybody without a schedule of their own, in place of the default before; false
        /// when absent from a new one.
        defaulted is_default: bool,
    }
}

/// Which work schedules a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct WorkScheduleFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of work schedules is ordered.
    WorkScheduleSort {
        /// By the name of the work schedule.
        Name,
    }
}

queries! {
    WorkSchedule;
    /// The work schedules; those in use, by name, unless the arguments say otherwise.
    work_schedules(WorkScheduleFilter, WorkScheduleSort) = list;
    /// One work schedule, archived or not; null when there is none of that id.
    work_schedule;
}

mutations! {
    WorkSchedule as work_schedule;
    /// Creates a work schedule.
    work_schedule_create(input: WorkScheduleCreateInput) = create for MANAGE;
    /// Changes a work schedule, for everybody who works by it.
    work_schedule_update(id: WorkScheduleId, input: WorkScheduleUpdateInput) = update for MANAGE;
    /// Archives a work schedule that is not the default: it is offered no more, and whoever works by it still does.
    work_schedule_archive(id: WorkScheduleId) = archive for MANAGE if |schedule| !schedule.is_default && !schedule.is_archived();
    /// Restores an archived work schedule: it is offered again.
    work_schedule_restore(id: WorkScheduleId) = restore for MANAGE if |schedule| schedule.is_archived();
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
        assert_eq!(day_fractions(days(&["1"; 6])), Err(DAY_FRACTIONS));
        assert_eq!(day_fractions(days(&["1"; 8])), Err(DAY_FRACTIONS));
        assert_eq!(day_fractions(days(&["1", "1", "1", "1", "0.25", "0", "0"])), Err(DAY_FRACTIONS));
        assert_eq!(day_fractions(days(&["1", "1", "1", "1", "-1", "0", "0"])), Err(DAY_FRACTIONS));
    }
}
