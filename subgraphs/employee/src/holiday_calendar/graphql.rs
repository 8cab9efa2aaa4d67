//! Holiday calendars in GraphQL.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, InputObject, Object};
use common::{Error, Page, Result};
use database::Ctx;
use graphql::{App as _, Batch, Date, payload};

use super::{Holiday, HolidayCalendar, HolidayCalendarId, HolidayId, HolidayInput, READ, repo};

/// The years that a calendar is asked for.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

#[ComplexObject]
impl HolidayCalendar {
    /// The holidays of one year, by day.
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

/// A new holiday calendar.
#[derive(Debug, InputObject)]
pub struct HolidayCalendarCreateInput {
    /// What people call it: 1 to 100 characters.
    pub name: String,
    /// It holds for everybody without a calendar of their own or of their location, in place of the default
    /// before; false when not said.
    pub is_default: Option<bool>,
    /// Its first holidays; none when not said.
    pub holidays: Option<Vec<HolidayInput>>,
}

/// What is to change about a holiday calendar; what is not said stays.
#[derive(Debug, InputObject)]
pub struct HolidayCalendarUpdateInput {
    /// What people call it: 1 to 100 characters.
    pub name: Option<String>,
    /// It holds for everybody without a calendar of their own or of their location, in place of the default
    /// before.
    pub is_default: Option<bool>,
}

/// A new holiday of a calendar.
#[derive(Debug, InputObject)]
pub struct HolidayAddInput {
    /// The calendar that it goes into.
    pub calendar_id: HolidayCalendarId,
    /// The day; once in a calendar.
    pub date: Date,
    /// What it is called: 1 to 100 characters.
    pub name: String,
    /// Only half of the day is free; false when not said.
    pub is_half_day: Option<bool>,
}

payload!(
    /// What creating a holiday calendar answers.
    HolidayCalendarCreatePayload {
        /// The new calendar.
        holiday_calendar: HolidayCalendar
    }
);

payload!(
    /// What changing a holiday calendar answers.
    HolidayCalendarUpdatePayload {
        /// The calendar as it is now.
        holiday_calendar: HolidayCalendar
    }
);

payload!(
    /// What adding a holiday answers.
    HolidayAddPayload {
        /// The new holiday.
        holiday: Holiday
    }
);

payload!(
    /// What removing a holiday answers.
    HolidayRemovePayload {
        /// The calendar that it was in.
        holiday_calendar: HolidayCalendar
    }
);

/// Holiday calendars, by id.
pub(crate) struct HolidayCalendarById;

impl Batch for HolidayCalendarById {
    type Key = HolidayCalendarId;
    type Value = HolidayCalendar;

    async fn load(
        ctx: &Ctx,
        keys: &[HolidayCalendarId],
    ) -> Result<HashMap<HolidayCalendarId, HolidayCalendar>> {
        let mut tx = ctx.begin(&READ).await?;
        Ok(repo::select_many(&mut tx, keys).await?.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// The holidays of a calendar in a year.
struct HolidaysOfYear;

impl Batch for HolidaysOfYear {
    type Key = (HolidayCalendarId, i32);
    type Value = Vec<Holiday>;

    async fn load(ctx: &Ctx, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<Holiday>>> {
        let mut tx = ctx.begin(&READ).await?;
        let mut found: HashMap<_, Vec<Holiday>> = HashMap::new();
        for (key, holiday) in repo::select_holidays(&mut tx, keys).await? {
            found.entry(key).or_default().push(holiday);
        }
        Ok(found)
    }
}

/// Holiday calendars: queries.
#[derive(Default)]
pub struct HolidayCalendarQuery;

#[Object]
impl HolidayCalendarQuery {
    /// The holiday calendars, by name.
    async fn holiday_calendars(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Result<graphql::Page<HolidayCalendar>> {
        let page = Page::new(first, after.as_deref())?;
        Ok(graphql::connection(super::list(gql.app(), page).await?))
    }

    /// One holiday calendar, for other subgraphs.
    #[graphql(entity)]
    async fn holiday_calendar_by_id(
        &self,
        gql: &Context<'_>,
        id: HolidayCalendarId,
    ) -> Result<Option<HolidayCalendar>> {
        gql.load::<HolidayCalendarById>(id).await
    }
}

/// Holiday calendars: mutations.
#[derive(Default)]
pub struct HolidayCalendarMutation;

#[Object]
impl HolidayCalendarMutation {
    /// Creates a holiday calendar.
    async fn holiday_calendar_create(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What it is to be.")] input: HolidayCalendarCreateInput,
    ) -> Result<HolidayCalendarCreatePayload> {
        HolidayCalendarCreatePayload::of(super::create(gql.app(), input).await)
    }

    /// Renames a holiday calendar, or makes it the default.
    async fn holiday_calendar_update(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which one.")] id: HolidayCalendarId,
        #[graphql(desc = "What is to change.")] input: HolidayCalendarUpdateInput,
    ) -> Result<HolidayCalendarUpdatePayload> {
        HolidayCalendarUpdatePayload::of(super::update(gql.app(), id, input).await)
    }

    /// Adds a holiday to a calendar; it holds at once for everybody who has the calendar.
    async fn holiday_add(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "The holiday.")] input: HolidayAddInput,
    ) -> Result<HolidayAddPayload> {
        HolidayAddPayload::of(super::add_holiday(gql.app(), input).await)
    }

    /// Removes a holiday from its calendar.
    async fn holiday_remove(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which one.")] id: HolidayId,
    ) -> Result<HolidayRemovePayload> {
        HolidayRemovePayload::of(super::remove_holiday(gql.app(), id).await)
    }
}
