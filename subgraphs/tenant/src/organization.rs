//! The organization: a tenant, and what its members call it.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use chrono::{DateTime, Utc};
use common::{ADMINISTRATION, EVERYBODY, Error, Form, Permission, Result};
use database::{Ctx, Record};
use graphql::choices;

use crate::events::OrganizationUpdated;
use crate::ids::OrganizationId;

choices! {
    /// Whether an organization may work.
    OrganizationStatus {
        /// The organization may work.
        Active,
        /// The organization may not work for the time being.
        Suspended,
    }
}

/// An organization: a tenant.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("organization", table = "tenant.organization", read = READ)]
pub struct Organization {
    /// The id of the organization; opaque to clients.
    pub id: OrganizationId,
    /// The name that its members know it by.
    pub name: String,
    /// The first part of its host name, unique among all organizations.
    #[record(once)]
    pub subdomain: String,
    /// Whether the organization may work.
    #[record(once)]
    pub status: OrganizationStatus,
    /// Its line of business, as chosen at sign-up; null when none was.
    #[record(once)]
    pub industry_code: Option<String>,
    /// Its IANA time zone; null until somebody sets it.
    pub timezone: Option<String>,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When the organization was made.
    pub created_at: DateTime<Utc>,
}

pub(crate) const READ: Permission =
    Permission::new("tenant.organization.read", "See the organization and its modules.", EVERYBODY);
pub(crate) const MANAGE: Permission = Permission::new(
    "tenant.organization.manage",
    "Change the organization's name and time zone.",
    ADMINISTRATION,
);

/// Changes the organization's name or time zone.
pub async fn update(ctx: &Ctx, input: OrganizationUpdateInput) -> Result<Organization> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut organization: Organization = tx.lock_at(own_id(ctx)?, input.version).await?;
    let before = organization.timezone.clone();
    organization.fill_in(input)?;
    tx.save(&mut organization).await?;
    if organization.timezone != before {
        let timezone = organization.timezone.clone();
        tx.emit(&OrganizationUpdated { organization_id: organization.id, timezone }).await?;
    }
    tx.commit(organization).await
}

/// The organization that the caller is logged in to.
pub(crate) fn own_id(ctx: &Ctx) -> Result<OrganizationId> {
    ctx.organization_id().ok_or(Error::Unauthenticated)
}

impl Organization {
    /// Whether the organization may work.
    pub(crate) fn is_active(&self) -> bool {
        self.status == OrganizationStatus::Active
    }

    fn fill_in(&mut self, input: OrganizationUpdateInput) -> Result<()> {
        let mut form = Form::default();
        form.name("name", input.name, &mut self.name);
        form.optional_time_zone("timezone", input.timezone, &mut self.timezone);
        form.check()
    }
}

/// The fields of an organization to change; those that are absent stay as they are.
#[derive(Clone, Debug, InputObject)]
pub struct OrganizationUpdateInput {
    /// The version that the change was made from; refused with VERSION_CONFLICT when there is a later one.
    pub version: i32,
    /// The name that its members know it by: 1 to 100 characters.
    pub name: MaybeUndefined<String>,
    /// Its IANA time zone, such as Europe/Berlin; null for none.
    pub timezone: MaybeUndefined<String>,
}
