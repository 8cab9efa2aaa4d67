//! Holidays: the days in a calendar.

use std::collections::HashMap;

use async_graphql::{InputObject, SimpleObject};
use common::{Error, Form, Permission, Refusal, Result};
use database::{Ctx, OnConstraint as _, Record, Tx};
use graphql::{Batch, Date, inputs, mutations};

use super::{HOLIDAYS_MAX, HolidayCalendar, MANAGE, READ};
use crate::events::CalendarDay;
use crate::ids::{HolidayCalendarId, HolidayId};
use crate::structure;

/// A day on which nobody works.
#[derive(Clone, Debug, SimpleObject, Record)]
#[record("holiday", table = "employee.holiday", read = READ)]
pub struct Holiday {
    /// The id of the holiday; opaque to clients.
    pub id: HolidayId,
    /// The day.
    pub date: Date,
    /// The name of the holiday.
    pub name: String,
    /// Whether only half of the day is free.
    pub is_half_day: bool,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    #[graphql(skip)]
    #[record(once)]
    pub(crate) calendar_id: HolidayCalendarId,
}

// Use-cases.

/// Adds a holiday to a calendar.
pub async fn add(ctx: &Ctx, input: HolidayAddInput) -> Result<Holiday> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut calendar: HolidayCalendar = tx.lock(input.calendar_id).await?;
    let mut form = Form::default();
    let input = HolidayInput { date: input.date, name: input.name, is_half_day: input.is_half_day };
    let mut holiday = Holiday::filled_in(&mut form, calendar.id, input);
    if select_days(&mut tx, calendar.id).await?.len() >= HOLIDAYS_MAX {
        form.refuse(TOO_MANY);
    }
    form.check()?;
    save(&mut tx, &mut calendar, &mut holiday).await?;
    tx.commit(holiday).await
}

/// Changes a holiday.
pub async fn update(ctx: &Ctx, id: HolidayId, input: HolidayUpdateInput) -> Result<Holiday> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut holiday: Holiday = tx.lock_at(id, input.version).await?;
    let mut calendar: HolidayCalendar = tx.lock(holiday.calendar_id).await?;
    let mut form = Form::default();
    holiday.fill_in(&mut form, input);
    form.check()?;
    save(&mut tx, &mut calendar, &mut holiday).await?;
    tx.commit(holiday).await
}

/// Removes a holiday from its calendar.
pub async fn remove(ctx: &Ctx, id: HolidayId) -> Result<HolidayCalendar> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let calendar_id = delete(&mut tx, id).await?.ok_or(Error::NotFound("holiday"))?;
    let mut calendar: HolidayCalendar = tx.lock(calendar_id).await?;
    tx.save_with_parts(&mut calendar, true).await?;
    super::announce(&mut tx, calendar_id).await?;
    tx.commit(calendar).await
}

/// A day that changes is a change of its calendar: whoever looks at an older version of that is told.
async fn save(tx: &mut Tx, calendar: &mut HolidayCalendar, holiday: &mut Holiday) -> Result<()> {
    let saved = tx.save_all(std::slice::from_mut(holiday)).await;
    let is_changed = saved.on_constraint("holiday_date_key", DAY_TAKEN)?;
    tx.save_with_parts(calendar, is_changed).await?;
    super::announce(tx, holiday.calendar_id).await
}

// Rules.

pub(super) const DAY_TAKEN: Refusal =
    Refusal::of("date", "DAY_TAKEN", "this calendar already has a holiday on that day");
const TOO_MANY: Refusal = Refusal::whole("TOO_MANY_HOLIDAYS", "a calendar has 1,000 holidays at most");

impl Holiday {
    /// A new holiday of a calendar, as a form has it.
    pub(super) fn filled_in(form: &mut Form, calendar_id: HolidayCalendarId, input: HolidayInput) -> Self {
        let mut holiday = Self::blank(chrono::DateTime::UNIX_EPOCH, calendar_id);
        holiday.fill_in(form, input.into());
        holiday
    }

    fn fill_in(&mut self, form: &mut Form, input: HolidayUpdateInput) {
        form.set("date", input.date, &mut self.date);
        form.name("name", input.name, &mut self.name);
        form.set("isHalfDay", input.is_half_day, &mut self.is_half_day);
    }
}

// SQL.

/// Deletes a holiday; answers the calendar that it was in.
async fn delete(tx: &mut Tx, id: HolidayId) -> Result<Option<HolidayCalendarId>> {
    Ok(sqlx::query_scalar!(
        r#"delete from employee.holiday where id = $1 returning calendar_id as "calendar_id: HolidayCalendarId""#,
        id as HolidayId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// All holidays of a calendar.
pub(super) async fn select_all(tx: &mut Tx, id: HolidayCalendarId) -> Result<Vec<Holiday>> {
    Ok(select_holiday!("where calendar_id = $1", id as HolidayCalendarId).fetch_all(tx.conn()).await?)
}

/// All days of a calendar, as they are announced.
pub(super) async fn select_days(tx: &mut Tx, id: HolidayCalendarId) -> Result<Vec<CalendarDay>> {
    Ok(sqlx::query_as!(
        CalendarDay,
        "select date, is_half_day from employee.holiday where calendar_id = $1 order by date",
        id as HolidayCalendarId,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The holidays of a calendar in a year, by day.
pub(super) struct HolidaysOfYear;

impl Batch for HolidaysOfYear {
    type Key = (HolidayCalendarId, i32);
    type Value = Vec<Holiday>;
    const READ: &'static Permission = &READ;

    async fn load(tx: &mut Tx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<Holiday>>> {
        use chrono::Datelike as _;
        let (ids, years): (Vec<HolidayCalendarId>, Vec<i32>) = keys.iter().copied().unzip();
        let holidays = select_holiday!(
            "where (calendar_id, extract(year from date)::int) in (select * from unnest($1::uuid[], $2::int[]))
             order by date",
            &ids as &[HolidayCalendarId],
            &years,
        )
        .fetch_all(tx.conn())
        .await?;
        let mut found: HashMap<_, Vec<Holiday>> = HashMap::new();
        for holiday in holidays {
            found.entry((holiday.calendar_id, holiday.date.0.year())).or_default().push(holiday);
        }
        Ok(found)
    }
}

// GraphQL.

inputs! {
    /// A holiday of a calendar.
    HolidayInput,
    /// The fields of a holiday to change; those that are absent stay as they are.
    HolidayUpdateInput {
        /// The day; once in a calendar.
        required date: Date,
        /// The name of the holiday: 1 to 100 characters.
        required name: String,
        /// Whether only half of the day is free; false when absent from a new one.
        defaulted is_half_day: bool,
    }
}

/// A new holiday of a calendar.
#[derive(Clone, Debug, InputObject)]
pub struct HolidayAddInput {
    /// The id of the calendar that it goes into.
    pub calendar_id: HolidayCalendarId,
    /// The day; once in a calendar.
    pub date: Date,
    /// The name of the holiday: 1 to 100 characters.
    pub name: String,
    /// Whether only half of the day is free; false when absent.
    pub is_half_day: Option<bool>,
}

mutations! {
    Holiday as holiday;
    /// Adds a holiday to a calendar; it holds at once for everybody who keeps the calendar.
    holiday_add(
        /// The fields of the holiday, and the calendar that it goes into.
        input: HolidayAddInput
    ) = add for MANAGE;
    /// Changes a holiday, for everybody who keeps its calendar.
    holiday_update(id: HolidayId, input: HolidayUpdateInput) = update for MANAGE;
    /// Removes a holiday from its calendar.
    holiday_remove(id: HolidayId) -> holiday_calendar: HolidayCalendar = remove for MANAGE;
}
