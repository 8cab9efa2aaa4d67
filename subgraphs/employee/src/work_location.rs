//! Work locations: the places where people work, with the time zone that their days belong to.

use async_graphql::{Context, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, PEOPLE_OFFICE, Page, Permission, Result, STAFF, Slice};
use database::{Ctx, Record, Tx, page};
use graphql::{App as _, inputs, mutations, noun, queries, sorts};

use crate::holiday_calendar::HolidayCalendar;
use crate::ids::{HolidayCalendarId, WorkLocationId};
use crate::structure;

/// A place where people work.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("work location", table = "employee.work_location", read = READ)]
pub struct WorkLocation {
    /// The id of the work location; opaque to clients.
    pub id: WorkLocationId,
    /// The name that people know it by.
    pub name: String,
    /// The IANA time zone that its days belong to.
    pub time_zone: String,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    pub(crate) holiday_calendar_id: Option<HolidayCalendarId>,
}

pub(crate) const READ: Permission =
    Permission::new("employee.location.read", "See the work locations.", STAFF);
pub(crate) const MANAGE: Permission =
    Permission::new("employee.location.manage", "Create, change and archive work locations.", PEOPLE_OFFICE);

// Use-cases.

/// Creates a work location.
pub async fn create(ctx: &Ctx, input: WorkLocationCreateInput) -> Result<WorkLocation> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut location = WorkLocation::blank(tx.now());
    fill_in(&mut tx, &mut location, input.into()).await?;
    tx.save(&mut location).await?;
    tx.commit(location).await
}

/// Changes a work location, and with it what its people inherit.
pub async fn update(ctx: &Ctx, id: WorkLocationId, input: WorkLocationUpdateInput) -> Result<WorkLocation> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut location: WorkLocation = tx.lock_at(id, input.version).await?;
    let before = structure::snapshot(&mut tx).await?;
    fill_in(&mut tx, &mut location, input).await?;
    tx.save(&mut location).await?;
    structure::announce_since(&mut tx, &before).await?;
    tx.commit(location).await
}

/// The work locations that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: WorkLocationFilter,
    sort: WorkLocationSort,
    page: Page,
) -> Result<Slice<WorkLocation>> {
    let mut tx = ctx.read_list(&READ).await?;
    let search = tx.search::<WorkLocation>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, WorkLocation, page, sort: WorkLocationSort { Name => "name" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5))",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref()],
    ))
}

// Rules.

async fn fill_in(tx: &mut Tx, location: &mut WorkLocation, input: WorkLocationUpdateInput) -> Result<()> {
    let calendar_before = location.holiday_calendar_id;
    let mut form = Form::default();
    form.name("name", input.name, &mut location.name);
    form.time_zone("timeZone", input.time_zone, &mut location.time_zone);
    form.optional(input.holiday_calendar_id, &mut location.holiday_calendar_id);
    form.check()?;
    let calendar = location.holiday_calendar_id;
    tx.check_reference::<HolidayCalendar>("holidayCalendarId", calendar_before, calendar).await
}

// GraphQL.

#[noun]
impl WorkLocation {
    /// The holidays of the place; null when the organization's default calendar holds.
    async fn holiday_calendar(&self, gql: &Context<'_>) -> Result<Option<HolidayCalendar>> {
        gql.find(self.holiday_calendar_id).await
    }
}

inputs! {
    /// The fields of a new work location.
    WorkLocationCreateInput,
    /// The fields of a work location to change; those that are absent stay as they are.
    WorkLocationUpdateInput {
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// The IANA time zone that its days belong to, such as Europe/Berlin.
        required time_zone: String,
        /// The id of its holiday calendar; null for the organization's default.
        nullable holiday_calendar_id: HolidayCalendarId,
    }
}

/// Which work locations a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct WorkLocationFilter {
    /// Part of the name.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of work locations is ordered.
    WorkLocationSort {
        /// By the name of the work location.
        Name,
    }
}

queries! {
    WorkLocation;
    /// The work locations; those in use, by name, unless the arguments say otherwise.
    work_locations(WorkLocationFilter, WorkLocationSort) = list;
    /// One work location, archived or not; null when there is none of that id.
    work_location;
}

mutations! {
    WorkLocation as work_location;
    /// Creates a work location.
    work_location_create(input: WorkLocationCreateInput) = create for MANAGE;
    /// Changes a work location; the people who work there inherit the change.
    work_location_update(id: WorkLocationId, input: WorkLocationUpdateInput) = update for MANAGE;
    archive and restore for MANAGE;
}
