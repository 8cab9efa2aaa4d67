//! Holiday calendars, and the holidays in them.

mod holiday;

use std::collections::HashSet;

use async_graphql::{Context, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Error, Form, PEOPLE_OFFICE, Page, Permission, Refusal, Result, STAFF, Slice};
use database::{Ctx, Record, Tx, page};
use graphql::{App as _, inputs, mutations, noun, queries, sorts};

pub use self::holiday::{Holiday, HolidayMutation};
use self::holiday::{HolidayInput, HolidaysOfYear};
use crate::events::CalendarChanged;
use crate::ids::HolidayCalendarId;
use crate::structure::{self, DEFAULT_STAYS};

/// The days of a place on which nobody works.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("holiday calendar", table = "employee.holiday_calendar", read = READ, parts = "holidays")]
pub struct HolidayCalendar {
    /// The id of the holiday calendar; opaque to clients.
    pub id: HolidayCalendarId,
    /// The name that people know it by.
    pub name: String,
    /// Whether it holds for everybody without a calendar of their own or of their location.
    pub is_default: bool,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
}

pub(crate) const READ: Permission =
    Permission::new("employee.calendar.read", "See the holiday calendars.", STAFF);
pub(crate) const MANAGE: Permission = Permission::new(
    "employee.calendar.manage",
    "Create, change and archive holiday calendars.",
    PEOPLE_OFFICE,
);

// Use-cases.

/// Creates a calendar with its holidays; as the default, it takes the place of the one before.
pub async fn create(ctx: &Ctx, input: HolidayCalendarCreateInput) -> Result<HolidayCalendar> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut calendar = HolidayCalendar::blank(tx.now());
    let mut holidays = fill_in(&mut calendar, input.into())?;
    put_in_effect(&mut tx, &mut calendar, false).await?;
    tx.save_all(&mut holidays).await?;
    announce(&mut tx, calendar.id).await?;
    tx.commit(calendar).await
}

/// Renames a calendar, makes it the default or no longer so, or replaces its holidays.
pub async fn update(
    ctx: &Ctx,
    id: HolidayCalendarId,
    input: HolidayCalendarUpdateInput,
) -> Result<HolidayCalendar> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut calendar: HolidayCalendar = tx.lock_at(id, input.version).await?;
    let replaces_holidays = input.holidays.is_value();
    let wanted = fill_in(&mut calendar, input)?;
    let mut are_changed = false;
    if replaces_holidays {
        let there = holiday::select_all(&mut tx, id).await?;
        are_changed = tx.replace_parts(there, wanted, |holiday| holiday.date).await?;
    }
    put_in_effect(&mut tx, &mut calendar, are_changed).await?;
    if are_changed {
        announce(&mut tx, id).await?;
    }
    tx.commit(calendar).await
}

/// Archives a calendar; whoever keeps it still does. The default is archived once another one has its place.
pub async fn archive(ctx: &Ctx, id: HolidayCalendarId) -> Result<HolidayCalendar> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut calendar: HolidayCalendar = tx.lock(id).await?;
    if calendar.is_default {
        return Err(DEFAULT_STAYS.into());
    }
    calendar.archived_at.get_or_insert(tx.now());
    tx.save(&mut calendar).await?;
    tx.commit(calendar).await
}

async fn restore(ctx: &Ctx, id: HolidayCalendarId) -> Result<HolidayCalendar> {
    database::restore(ctx, &MANAGE, id).await
}

async fn put_in_effect(tx: &mut Tx, calendar: &mut HolidayCalendar, are_days_changed: bool) -> Result<()> {
    let before = structure::snapshot(tx).await?;
    if calendar.is_default {
        clear_default(tx, calendar.id).await?;
    }
    tx.save_with_parts(calendar, are_days_changed).await?;
    structure::announce_since(tx, &before).await
}

/// The calendars that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: HolidayCalendarFilter,
    sort: HolidayCalendarSort,
    page: Page,
) -> Result<Slice<HolidayCalendar>> {
    let mut tx = ctx.read_list(&READ).await?;
    let search = tx.search::<HolidayCalendar>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, HolidayCalendar, page, sort: HolidayCalendarSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

/// Writes a calendar's days into the directory, and announces them.
async fn announce(tx: &mut Tx, id: HolidayCalendarId) -> Result<()> {
    let holidays = holiday::select_days(tx, id).await?;
    let days: Vec<_> = holidays.iter().map(|day| (day.date, day.is_half_day)).collect();
    people::write::holidays(tx, id.into(), &days).await?;
    tx.emit(&CalendarChanged { holiday_calendar_id: id, holidays }).await
}

// Rules.

/// A calendar is announced whole; decades of holidays fit.
const HOLIDAYS_MAX: usize = 1_000;

const DEFAULT_ARCHIVED: Refusal = Refusal::of(
    "isDefault",
    "ARCHIVED",
    "an archived holiday calendar cannot be the default; restore it first",
);

fn fill_in(calendar: &mut HolidayCalendar, input: HolidayCalendarUpdateInput) -> Result<Vec<Holiday>> {
    let (mut form, mut holidays, id) = (Form::default(), Vec::new(), calendar.id);
    form.name("name", input.name, &mut calendar.name);
    form.set("isDefault", input.is_default, &mut calendar.is_default);
    form.each("holidays", input.holidays, 0..=HOLIDAYS_MAX, &mut holidays, |form, input: HolidayInput| {
        Holiday::filled_in(form, id, input)
    });
    let mut days = HashSet::new();
    for (at, holiday) in holidays.iter().enumerate() {
        if !days.insert(holiday.date) {
            form.refuse(holiday::DAY_TAKEN.below("holidays", at));
        }
    }
    if calendar.is_default && calendar.archived_at.is_some() {
        form.refuse(DEFAULT_ARCHIVED);
    }
    form.check()?;
    Ok(holidays)
}

// SQL.

/// Takes the default's place from another one.
async fn clear_default(tx: &mut Tx, id: HolidayCalendarId) -> Result<()> {
    let mut others =
        select_holiday_calendar!("where is_default and id <> $1 for update", id as HolidayCalendarId)
            .fetch_all(tx.conn())
            .await?;
    for other in &mut others {
        other.is_default = false;
    }
    tx.save_all(&mut others).await.map(|_| ())
}

// GraphQL.

/// The years that a calendar is asked for.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

#[noun]
impl HolidayCalendar {
    /// The holidays of one year, by day.
    #[graphql(directive = graphql::cost::apply(2))]
    async fn holidays(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The year, 1900 to 2200.")] year: i32,
    ) -> Result<Vec<Holiday>> {
        if !YEARS.contains(&year) {
            return Err(Error::validation("year must be 1900 to 2200"));
        }
        Ok(gql.load::<HolidaysOfYear>((self.id, year)).await?.unwrap_or_default())
    }
}

inputs! {
    /// The fields of a new holiday calendar.
    HolidayCalendarCreateInput,
    /// The fields of a holiday calendar to change; those that are absent stay as they are.
    HolidayCalendarUpdateInput {
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// Whether it holds for everybody without a calendar of their own or of their location, in place of the
        /// default before; false when absent from a new one.
        defaulted is_default: bool,
        /// All its holidays, 1,000 at most, each day once; they take the place of those before.
        defaulted holidays: Vec<HolidayInput>,
    }
}

/// Which holiday calendars a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct HolidayCalendarFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of holiday calendars is ordered.
    HolidayCalendarSort {
        /// By the name of the holiday calendar.
        Name,
    }
}

queries! {
    HolidayCalendar;
    /// The holiday calendars; those in use, by name, unless the arguments say otherwise.
    holiday_calendars(HolidayCalendarFilter, HolidayCalendarSort) = list;
    /// One holiday calendar, archived or not; null when there is none of that id.
    holiday_calendar;
}

mutations! {
    HolidayCalendar as holiday_calendar;
    /// Creates a holiday calendar.
    holiday_calendar_create(input: HolidayCalendarCreateInput) = create for MANAGE;
    /// Changes a holiday calendar, for everybody who keeps it.
    holiday_calendar_update(id: HolidayCalendarId, input: HolidayCalendarUpdateInput) = update for MANAGE;
    /// Archives a holiday calendar that is not the default: it is offered no more, and whoever keeps it still does.
    holiday_calendar_archive(id: HolidayCalendarId) = archive for MANAGE
        if |calendar| !calendar.is_default && !calendar.is_archived();
    /// Restores an archived holiday calendar: it is offered again.
    holiday_calendar_restore(id: HolidayCalendarId) = restore for MANAGE if |calendar| calendar.is_archived();
}

#[cfg(test)]
mod tests {
    use async_graphql::MaybeUndefined;
    use graphql::Date;

    use super::*;

    fn filled_in(days: &[String]) -> Result<Vec<Holiday>> {
        let input = |day: &String| HolidayInput {
            date: Date(day.parse().unwrap()),
            name: "May Day".into(),
            is_half_day: None,
        };
        let mut calendar = HolidayCalendar::blank(DateTime::UNIX_EPOCH);
        let holidays = MaybeUndefined::Value(days.iter().map(input).collect());
        let name = MaybeUndefined::Value("Berlin".into());
        let input =
            HolidayCalendarUpdateInput { version: 0, name, is_default: MaybeUndefined::Undefined, holidays };
        fill_in(&mut calendar, input)
    }

    fn refusals(done: Result<Vec<Holiday>>) -> Vec<String> {
        let Err(Error::Refused(refusals)) = done else { panic!("it was taken") };
        refusals
            .iter()
            .map(|refusal| format!("{} {}", refusal.field.as_deref().unwrap_or_default(), refusal.code))
            .collect()
    }

    #[test]
    fn a_day_is_in_a_calendar_once() {
        let day = |day: &str| day.to_owned();
        assert_eq!(filled_in(&[day("2026-05-01"), day("2027-05-01")]).unwrap().len(), 2);
        let twice = filled_in(&[day("2026-05-01"), day("2026-05-01")]);
        assert_eq!(refusals(twice), ["holidays.1.date DAY_TAKEN"]);
        assert!(filled_in(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_calendar_does_not_grow_without_bound() {
        let days: Vec<_> = (0..=HOLIDAYS_MAX)
            .map(|n| (chrono::NaiveDate::default() + chrono::Duration::days(n as i64)).to_string())
            .collect();
        assert!(filled_in(&days[1..]).is_ok());
        assert_eq!(refusals(filled_in(&days)), ["holidays OUT_OF_RANGE"]);
    }
}
