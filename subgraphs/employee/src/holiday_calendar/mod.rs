//! Holiday calendars, and the holidays in them.

mod graphql;
mod model;
mod repo;

use common::{Cursor, Error, Page, Permission, Result, Slice, id};
use database::{Ctx, OnConstraint as _, Tx};

pub(crate) use self::graphql::HolidayCalendarById;
use self::graphql::{HolidayAddInput, HolidayCalendarCreateInput, HolidayCalendarUpdateInput};
pub use self::graphql::{HolidayCalendarMutation, HolidayCalendarQuery};
pub use self::model::{Holiday, HolidayCalendar, HolidayInput, Refused};
use crate::events::CalendarChanged;
use crate::{EVERYBODY, PEOPLE_OFFICE, structure};

id!(
    /// One holiday calendar.
    HolidayCalendarId
);
id!(
    /// One holiday of one calendar.
    HolidayId
);

pub(crate) const READ: Permission = Permission {
    key: "employee.calendar.read",
    description: "See the holiday calendars.",
    grants: EVERYBODY,
};
pub(crate) const MANAGE: Permission = Permission {
    key: "employee.calendar.manage",
    description: "Create and change holiday calendars.",
    grants: PEOPLE_OFFICE,
};

/// Creates a calendar with its holidays; as the default, it takes the place of the one before.
pub async fn create(ctx: &Ctx, input: HolidayCalendarCreateInput) -> Result<HolidayCalendar> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let calendar = HolidayCalendar::try_new(&input.name, input.is_default.unwrap_or(false))?;
    let holidays = model::holidays(input.holidays.unwrap_or_default())?;
    let before = structure::snapshot(&mut tx).await?;
    if calendar.is_default {
        repo::clear_default(&mut tx).await?;
    }
    repo::insert(&mut tx, &calendar).await?;
    repo::insert_holidays(&mut tx, calendar.id, &holidays).await?;
    announce(&mut tx, calendar.id).await?;
    structure::announce_since(&mut tx, &before).await?;
    tx.commit().await?;
    Ok(calendar)
}

/// Renames a calendar, or makes it the default or no longer so.
pub async fn update(
    ctx: &Ctx,
    id: HolidayCalendarId,
    input: HolidayCalendarUpdateInput,
) -> Result<HolidayCalendar> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let old = find(&mut tx, id).await?;
    let name = input.name.unwrap_or(old.name);
    let calendar = HolidayCalendar {
        id,
        ..HolidayCalendar::try_new(&name, input.is_default.unwrap_or(old.is_default))?
    };
    let before = structure::snapshot(&mut tx).await?;
    if calendar.is_default {
        repo::clear_default(&mut tx).await?;
    }
    repo::save(&mut tx, &calendar).await?;
    structure::announce_since(&mut tx, &before).await?;
    tx.commit().await?;
    Ok(calendar)
}

/// Adds a holiday to a calendar.
pub async fn add_holiday(ctx: &Ctx, input: HolidayAddInput) -> Result<Holiday> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let calendar = find(&mut tx, input.calendar_id).await?;
    let day = HolidayInput { date: input.date, name: input.name, is_half_day: input.is_half_day };
    let holiday = Holiday::try_new(day)?;
    model::check_count(repo::count_holidays(&mut tx, calendar.id).await?)?;
    repo::insert_holidays(&mut tx, calendar.id, std::slice::from_ref(&holiday))
        .await
        .on_constraint("holiday_date_key", Refused::DayTaken)?;
    announce(&mut tx, calendar.id).await?;
    tx.commit().await?;
    Ok(holiday)
}

/// Removes a holiday from its calendar.
pub async fn remove_holiday(ctx: &Ctx, id: HolidayId) -> Result<HolidayCalendar> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let calendar_id = repo::delete_holiday(&mut tx, id).await?.ok_or(Error::NotFound("holiday"))?;
    announce(&mut tx, calendar_id).await?;
    let calendar = find(&mut tx, calendar_id).await?;
    tx.commit().await?;
    Ok(calendar)
}

/// The calendars, by name.
pub async fn list(ctx: &Ctx, page: Page<String>) -> Result<Slice<HolidayCalendar>> {
    let mut tx = ctx.begin(&READ).await?;
    let rows = repo::select_page(&mut tx, &page).await?;
    Ok(page.slice(rows, |row| Cursor { key: row.name.clone(), id: row.id.0 }))
}

async fn find(tx: &mut Tx, id: HolidayCalendarId) -> Result<HolidayCalendar> {
    repo::select_many(tx, &[id]).await?.pop().ok_or(Error::NotFound("holiday calendar"))
}

async fn announce(tx: &mut Tx, id: HolidayCalendarId) -> Result<()> {
    let holidays = repo::select_days(tx, id).await?;
    tx.emit(&CalendarChanged { holiday_calendar_id: id, holidays }).await
}
