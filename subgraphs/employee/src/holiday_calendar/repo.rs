//! The SQL of holiday calendars.

use chrono::NaiveDate;
use common::{Page, Result};
use database::Tx;

use super::{Holiday, HolidayCalendar, HolidayCalendarId, HolidayId};
use crate::events::CalendarDay;

pub(super) async fn insert(tx: &mut Tx, calendar: &HolidayCalendar) -> Result<()> {
    sqlx::query!(
        "insert into employee.holiday_calendar (id, name, is_default) values ($1, $2, $3)",
        calendar.id as HolidayCalendarId,
        calendar.name,
        calendar.is_default,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn save(tx: &mut Tx, calendar: &HolidayCalendar) -> Result<()> {
    sqlx::query!(
        "update employee.holiday_calendar set name = $2, is_default = $3 where id = $1",
        calendar.id as HolidayCalendarId,
        calendar.name,
        calendar.is_default,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn clear_default(tx: &mut Tx) -> Result<()> {
    sqlx::query!("update employee.holiday_calendar set is_default = false where is_default")
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn insert_holidays(
    tx: &mut Tx,
    calendar_id: HolidayCalendarId,
    holidays: &[Holiday],
) -> Result<()> {
    let ids: Vec<HolidayId> = holidays.iter().map(|holiday| holiday.id).collect();
    let dates: Vec<NaiveDate> = holidays.iter().map(|holiday| holiday.date).collect();
    let names: Vec<String> = holidays.iter().map(|holiday| holiday.name.clone()).collect();
    let half_days: Vec<bool> = holidays.iter().map(|holiday| holiday.is_half_day).collect();
    sqlx::query!(
        "insert into employee.holiday (id, calendar_id, date, name, is_half_day)
         select new.id, $1, new.date, new.name, new.is_half_day
         from unnest($2::uuid[], $3::date[], $4::text[], $5::boolean[]) as new (id, date, name, is_half_day)",
        calendar_id as HolidayCalendarId,
        &ids as &[HolidayId],
        &dates,
        &names,
        &half_days,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes a holiday; answers the calendar that it was in.
pub(super) async fn delete_holiday(tx: &mut Tx, id: HolidayId) -> Result<Option<HolidayCalendarId>> {
    Ok(sqlx::query_scalar!(
        r#"delete from employee.holiday where id = $1 returning calendar_id as "calendar_id: HolidayCalendarId""#,
        id as HolidayId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub(super) async fn count_holidays(tx: &mut Tx, id: HolidayCalendarId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from employee.holiday where calendar_id = $1"#,
        id as HolidayCalendarId,
    )
    .fetch_one(tx.conn())
    .await?)
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

/// The holidays of these calendars in these years, pair by pair, by day.
pub(super) async fn select_holidays(
    tx: &mut Tx,
    keys: &[(HolidayCalendarId, i32)],
) -> Result<Vec<((HolidayCalendarId, i32), Holiday)>> {
    let (ids, years): (Vec<HolidayCalendarId>, Vec<i32>) = keys.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"select h.id as "id: HolidayId", h.calendar_id as "calendar_id: HolidayCalendarId", h.date, h.name,
               h.is_half_day, wanted.year as "year!"
           from unnest($1::uuid[], $2::int[]) as wanted (calendar_id, year)
           join employee.holiday h on h.calendar_id = wanted.calendar_id
               and h.date between make_date(wanted.year, 1, 1) and make_date(wanted.year, 12, 31)
           order by h.date"#,
        &ids as &[HolidayCalendarId],
        &years,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let holiday =
                Holiday { id: row.id, date: row.date, name: row.name, is_half_day: row.is_half_day };
            ((row.calendar_id, row.year), holiday)
        })
        .collect())
}

pub(super) async fn select_page(tx: &mut Tx, page: &Page<String>) -> Result<Vec<HolidayCalendar>> {
    Ok(sqlx::query_as!(
        HolidayCalendar,
        "select id, name, is_default
         from employee.holiday_calendar
         where $1::text is null or (name, id) > ($1, $2)
         order by name, id limit $3",
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

pub(super) async fn select_many(tx: &mut Tx, ids: &[HolidayCalendarId]) -> Result<Vec<HolidayCalendar>> {
    Ok(sqlx::query_as!(
        HolidayCalendar,
        "select id, name, is_default from employee.holiday_calendar where id = any($1)",
        ids as &[HolidayCalendarId],
    )
    .fetch_all(tx.conn())
    .await?)
}
