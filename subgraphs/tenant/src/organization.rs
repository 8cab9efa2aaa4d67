//! The organization: a tenant, and what its members call it.

use async_graphql::{ComplexObject, Context, Enum, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Error, OrganizationId, Permission, Refuse, Result, Role, Scope};
use database::{Ctx, Tx};
use graphql::{App as _, payload};

use crate::organization_module::{self, Module};

pub(crate) const READ: Permission = Permission {
    key: "tenant.organization.read",
    description: "See the organization and its modules.",
    grants: &[
        (Role::Admin, Scope::All),
        (Role::Manager, Scope::All),
        (Role::Hr, Scope::All),
        (Role::Member, Scope::All),
    ],
};
pub(crate) const MANAGE: Permission = Permission {
    key: "tenant.organization.manage",
    description: "Change the organization's name and time zone.",
    grants: &[(Role::Admin, Scope::All)],
};

// Use-cases.

/// The caller's organization.
///
/// # Errors
/// `NOT_FOUND` when it is not there any more.
pub async fn mine(ctx: &Ctx) -> Result<Organization> {
    let mut tx = ctx.begin(&READ).await?;
    select(&mut tx).await
}

/// The organization with this id, when it is the caller's; every other one is unknown.
///
/// # Errors
/// As [`Ctx::begin`].
pub async fn find(ctx: &Ctx, id: OrganizationId) -> Result<Option<Organization>> {
    let mut tx = ctx.begin(&READ).await?;
    match select(&mut tx).await {
        Ok(organization) => Ok(Some(organization).filter(|found| found.id == id)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Changes the organization's name or time zone.
///
/// # Errors
/// Refuses a name or a time zone that is none.
pub async fn update(ctx: &Ctx, input: OrganizationUpdateInput) -> Result<Organization> {
    let mut tx = ctx.begin(&MANAGE).await?;
    let mut organization = lock(&mut tx).await?;
    organization.change(input)?;
    save(&mut tx, &organization).await?;
    tx.commit().await?;
    Ok(organization)
}

// Rules.

/// Why an organization cannot be as asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The name is empty, too long, or has characters that cannot be seen.
    #[error("give it a name of 1 to 100 visible characters")]
    Name,
    /// The time zone is not one of the IANA database.
    #[error("give a time zone by its IANA name, such as Europe/Berlin")]
    Timezone,
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "NAME_INVALID",
            Self::Timezone => "TIMEZONE_INVALID",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Name => "name",
            Self::Timezone => "timezone",
        })
    }
}

impl Organization {
    fn change(&mut self, input: OrganizationUpdateInput) -> Result<(), Refused> {
        if let Some(name) = input.name {
            let name = name.trim();
            if !(1..=100).contains(&name.chars().count()) || name.chars().any(char::is_control) {
                return Err(Refused::Name);
            }
            name.clone_into(&mut self.name);
        }
        match input.timezone {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => self.timezone = None,
            MaybeUndefined::Value(zone) => {
                let zone: chrono_tz::Tz = zone.parse().map_err(|_| Refused::Timezone)?;
                self.timezone = Some(zone.name().to_owned());
            }
        }
        Ok(())
    }
}

/// Whether an organization may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrganizationStatus {
    /// It may.
    Active,
    /// It may not, for the time being.
    Suspended,
}

// SQL. Row-level security leaves one row in sight: the caller's own organization.

pub(crate) async fn select(tx: &mut Tx) -> Result<Organization> {
    sqlx::query_as!(
        Organization,
        r#"select id as "id: OrganizationId", name, subdomain, status as "status: OrganizationStatus",
               industry_code, timezone, created_at
           from tenant.organization"#
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound("organization"))
}

/// Locked, so that of two changes or two switches of modules one waits for the other.
pub(crate) async fn lock(tx: &mut Tx) -> Result<Organization> {
    sqlx::query_as!(
        Organization,
        r#"select id as "id: OrganizationId", name, subdomain, status as "status: OrganizationStatus",
               industry_code, timezone, created_at
           from tenant.organization for update"#
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound("organization"))
}

async fn save(tx: &mut Tx, organization: &Organization) -> Result<()> {
    sqlx::query!(
        "update tenant.organization set name = $2, timezone = $3 where id = $1",
        organization.id as OrganizationId,
        organization.name,
        organization.timezone,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

// GraphQL.

/// An organization: a tenant.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Organization {
    /// Opaque.
    pub id: OrganizationId,
    /// What its members call it.
    pub name: String,
    /// The first part of its host name; unique.
    pub subdomain: String,
    /// Whether it may work.
    pub status: OrganizationStatus,
    /// Its line of business, as chosen at sign-up.
    pub industry_code: Option<String>,
    /// Its IANA time zone; null until somebody sets it.
    pub timezone: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

#[ComplexObject]
impl Organization {
    /// Every module that there is, core modules first, and whether the organization has it on.
    async fn modules(&self, gql: &Context<'_>) -> Result<Vec<Module>> {
        organization_module::list(gql.app()).await
    }
}

/// What is to change of an organization; what is absent stays.
#[derive(Debug, InputObject)]
pub struct OrganizationUpdateInput {
    /// What its members call it: 1 to 100 characters.
    pub name: Option<String>,
    /// Its IANA time zone, such as Europe/Berlin; null clears it.
    pub timezone: MaybeUndefined<String>,
}

payload!(
    /// What changing the organization answers.
    OrganizationUpdatePayload {
        /// The organization as it is now.
        organization: Organization
    }
);

/// The organization: queries.
#[derive(Default)]
pub struct OrganizationQuery;

#[Object]
impl OrganizationQuery {
    /// The organization that the caller is logged in to.
    async fn organization(&self, gql: &Context<'_>) -> Result<Organization> {
        mine(gql.app()).await
    }

    /// One organization, for other subgraphs: the caller's, and no other.
    #[graphql(entity)]
    async fn organization_by_id(
        &self,
        gql: &Context<'_>,
        id: OrganizationId,
    ) -> Result<Option<Organization>> {
        find(gql.app(), id).await
    }
}

/// The organization: mutations.
#[derive(Default)]
pub struct OrganizationMutation;

#[Object]
impl OrganizationMutation {
    /// Changes the organization's name or time zone.
    async fn organization_update(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: OrganizationUpdateInput,
    ) -> Result<OrganizationUpdatePayload> {
        OrganizationUpdatePayload::of(update(gql.app(), input).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization() -> Organization {
        Organization {
            id: OrganizationId::new(),
            name: "Acme".into(),
            subdomain: "acme".into(),
            status: OrganizationStatus::Active,
            industry_code: None,
            timezone: Some("Europe/Berlin".into()),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_is_absent_stays_and_null_clears() {
        let mut changed = organization();
        let input =
            OrganizationUpdateInput { name: Some(" New ".into()), timezone: MaybeUndefined::Undefined };
        assert_eq!(changed.change(input), Ok(()));
        assert_eq!((changed.name.as_str(), changed.timezone.as_deref()), ("New", Some("Europe/Berlin")));
        let input = OrganizationUpdateInput { name: None, timezone: MaybeUndefined::Null };
        assert_eq!(changed.change(input), Ok(()));
        assert_eq!((changed.name.as_str(), changed.timezone), ("New", None));
    }

    #[test]
    fn names_and_zones_that_are_none_are_refused() {
        for name in [String::new(), "  ".into(), "x".repeat(101), "a\0b".into(), "a\nb".into()] {
            let input = OrganizationUpdateInput { name: Some(name), timezone: MaybeUndefined::Undefined };
            assert_eq!(organization().change(input), Err(Refused::Name));
        }
        for zone in ["", "Berlin", "Europe/Berlin'", "UTC+1"] {
            let input = OrganizationUpdateInput { name: None, timezone: MaybeUndefined::Value(zone.into()) };
            assert_eq!(organization().change(input), Err(Refused::Timezone), "{zone}");
        }
    }
}
