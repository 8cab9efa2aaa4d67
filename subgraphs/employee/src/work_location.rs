//! Work locations: the places where people work, with the time zone that their days belong to.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, InputObject, MaybeUndefined, Object, SimpleObject};
use common::{Cursor, Error, Page, Permission, Refuse, Result, Slice, id};
use database::{Ctx, OnConstraint as _, Tx};
use graphql::{App as _, Batch, payload};

use crate::holiday_calendar::{HolidayCalendar, HolidayCalendarById, HolidayCalendarId};
use crate::{EVERYBODY, PEOPLE_OFFICE, structure};

id!(
    /// One work location.
    WorkLocationId
);

pub(crate) const READ: Permission =
    Permission { key: "employee.location.read", description: "See the work locations.", grants: EVERYBODY };
pub(crate) const MANAGE: Permission = Permission {
    key: "employee.location.manage",
    description: "Create and change work locations.",
    grants: PEOPLE_OFFICE,
};

// Use-cases.

/// Creates a work location.
pub async fn create(ctx: &Ctx, input: WorkLocationCreateInput) -> Result<WorkLocation> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let location = WorkLocation::try_new(input)?;
    insert(&mut tx, &location)
        .await
        .on_constraint("work_location_holiday_calendar_fkey", Refused::HolidayCalendarNotFound)?;
    tx.commit().await?;
    Ok(location)
}

/// Changes a work location, and with it what its people inherit.
pub async fn update(ctx: &Ctx, id: WorkLocationId, input: WorkLocationUpdateInput) -> Result<WorkLocation> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut location = select_many(&mut tx, &[id]).await?.pop().ok_or(Error::NotFound("work location"))?;
    location.apply(input)?;
    let before = structure::snapshot(&mut tx).await?;
    save(&mut tx, &location)
        .await
        .on_constraint("work_location_holiday_calendar_fkey", Refused::HolidayCalendarNotFound)?;
    structure::announce_since(&mut tx, &before).await?;
    tx.commit().await?;
    Ok(location)
}

/// The work locations, by name.
pub async fn list(ctx: &Ctx, page: Page<String>) -> Result<Slice<WorkLocation>> {
    let mut tx = ctx.begin(&READ).await?;
    let rows = select_page(&mut tx, &page).await?;
    Ok(page.slice(rows, |row| Cursor { key: row.name.clone(), id: row.id.0 }))
}

// Rules.

/// Why a work location cannot be as asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The name is empty or too long.
    #[error("give it a name of 1 to 100 characters")]
    Name,
    /// No such time zone.
    #[error("give a time zone of the IANA database, such as Europe/Berlin")]
    TimeZone,
    /// No such calendar.
    #[error("there is no such holiday calendar")]
    HolidayCalendarNotFound,
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "NAME_INVALID",
            Self::TimeZone => "TIME_ZONE_UNKNOWN",
            Self::HolidayCalendarNotFound => "HOLIDAY_CALENDAR_NOT_FOUND",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Name => "name",
            Self::TimeZone => "timeZone",
            Self::HolidayCalendarNotFound => "holidayCalendarId",
        })
    }
}

impl WorkLocation {
    fn try_new(input: WorkLocationCreateInput) -> Result<Self, Refused> {
        Ok(Self {
            id: WorkLocationId::new(),
            name: crate::name(&input.name, 100).ok_or(Refused::Name)?,
            time_zone: time_zone(&input.time_zone)?,
            holiday_calendar_id: input.holiday_calendar_id,
        })
    }

    fn apply(&mut self, input: WorkLocationUpdateInput) -> Result<(), Refused> {
        if let Some(name) = input.name {
            self.name = crate::name(&name, 100).ok_or(Refused::Name)?;
        }
        if let Some(zone) = input.time_zone {
            self.time_zone = time_zone(&zone)?;
        }
        input.holiday_calendar_id.update_to(&mut self.holiday_calendar_id);
        Ok(())
    }
}

fn time_zone(name: &str) -> Result<String, Refused> {
    let zone: chrono_tz::Tz = name.parse().map_err(|_| Refused::TimeZone)?;
    Ok(zone.name().to_owned())
}

// SQL.

async fn insert(tx: &mut Tx, l: &WorkLocation) -> Result<()> {
    sqlx::query!(
        "insert into employee.work_location (id, name, time_zone, holiday_calendar_id) values ($1, $2, $3, $4)",
        l.id as WorkLocationId,
        l.name,
        l.time_zone,
        l.holiday_calendar_id as Option<HolidayCalendarId>,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn save(tx: &mut Tx, l: &WorkLocation) -> Result<()> {
    sqlx::query!(
        "update employee.work_location set name = $2, time_zone = $3, holiday_calendar_id = $4 where id = $1",
        l.id as WorkLocationId,
        l.name,
        l.time_zone,
        l.holiday_calendar_id as Option<HolidayCalendarId>,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn select_page(tx: &mut Tx, page: &Page<String>) -> Result<Vec<WorkLocation>> {
    Ok(sqlx::query_as!(
        WorkLocation,
        r#"select id, name, time_zone, holiday_calendar_id as "holiday_calendar_id: HolidayCalendarId"
           from employee.work_location
           where $1::text is null or (name, id) > ($1, $2)
           order by name, id limit $3"#,
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

async fn select_many(tx: &mut Tx, ids: &[WorkLocationId]) -> Result<Vec<WorkLocation>> {
    Ok(sqlx::query_as!(
        WorkLocation,
        r#"select id, name, time_zone, holiday_calendar_id as "holiday_calendar_id: HolidayCalendarId"
           from employee.work_location where id = any($1)"#,
        ids as &[WorkLocationId],
    )
    .fetch_all(tx.conn())
    .await?)
}

// GraphQL.

/// A place where people work.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct WorkLocation {
    /// Opaque.
    pub id: WorkLocationId,
    /// What people call it.
    pub name: String,
    /// The IANA time zone that its days belong to.
    pub time_zone: String,
    #[graphql(skip)]
    pub(crate) holiday_calendar_id: Option<HolidayCalendarId>,
}

#[ComplexObject]
impl WorkLocation {
    /// Its holidays; null when the organization's default holds.
    async fn holiday_calendar(&self, gql: &Context<'_>) -> Result<Option<HolidayCalendar>> {
        match self.holiday_calendar_id {
            Some(id) => gql.load::<HolidayCalendarById>(id).await,
            None => Ok(None),
        }
    }
}

/// A new work location.
#[derive(Debug, InputObject)]
pub struct WorkLocationCreateInput {
    /// What people call it: 1 to 100 characters.
    pub name: String,
    /// The IANA time zone that its days belong to, such as Europe/Berlin.
    pub time_zone: String,
    /// Its holidays; the organization's default holds when not said.
    pub holiday_calendar_id: Option<HolidayCalendarId>,
}

/// What is to change about a work location; what is not said stays.
#[derive(Debug, InputObject)]
pub struct WorkLocationUpdateInput {
    /// What people call it: 1 to 100 characters.
    pub name: Option<String>,
    /// The IANA time zone that its days belong to, such as Europe/Berlin.
    pub time_zone: Option<String>,
    /// Its holidays; null for the organization's default.
    pub holiday_calendar_id: MaybeUndefined<HolidayCalendarId>,
}

payload!(
    /// What creating a work location answers.
    WorkLocationCreatePayload {
        /// The new work location.
        work_location: WorkLocation
    }
);

payload!(
    /// What changing a work location answers.
    WorkLocationUpdatePayload {
        /// The work location as it is now.
        work_location: WorkLocation
    }
);

/// Work locations, by id.
pub(crate) struct WorkLocationById;

impl Batch for WorkLocationById {
    type Key = WorkLocationId;
    type Value = WorkLocation;

    async fn load(ctx: &Ctx, keys: &[WorkLocationId]) -> Result<HashMap<WorkLocationId, WorkLocation>> {
        let mut tx = ctx.begin(&READ).await?;
        Ok(select_many(&mut tx, keys).await?.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// Work locations: queries.
#[derive(Default)]
pub struct WorkLocationQuery;

#[Object]
impl WorkLocationQuery {
    /// The work locations, by name.
    async fn work_locations(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Result<graphql::Page<WorkLocation>> {
        let page = Page::new(first, after.as_deref())?;
        Ok(graphql::connection(list(gql.app(), page).await?))
    }

    /// One work location, for other subgraphs.
    #[graphql(entity)]
    async fn work_location_by_id(
        &self,
        gql: &Context<'_>,
        id: WorkLocationId,
    ) -> Result<Option<WorkLocation>> {
        gql.load::<WorkLocationById>(id).await
    }
}

/// Work locations: mutations.
#[derive(Default)]
pub struct WorkLocationMutation;

#[Object]
impl WorkLocationMutation {
    /// Creates a work location.
    async fn work_location_create(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What it is to be.")] input: WorkLocationCreateInput,
    ) -> Result<WorkLocationCreatePayload> {
        WorkLocationCreatePayload::of(create(gql.app(), input).await)
    }

    /// Changes a work location; its people inherit the change.
    async fn work_location_update(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which one.")] id: WorkLocationId,
        #[graphql(desc = "What is to change.")] input: WorkLocationUpdateInput,
    ) -> Result<WorkLocationUpdatePayload> {
        WorkLocationUpdatePayload::of(update(gql.app(), id, input).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_has_a_name_of_the_iana_database() {
        assert_eq!(time_zone("Europe/Berlin").unwrap(), "Europe/Berlin");
        for wrong in ["", "Berlin", "+02:00", "Europe/Atlantis"] {
            assert_eq!(time_zone(wrong), Err(Refused::TimeZone), "{wrong}");
        }
    }
}
