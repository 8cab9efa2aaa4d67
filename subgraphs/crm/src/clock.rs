//! In which organizations something is to be done by the clock: asked of all of them at once, so outside of any.

use chrono::{DateTime, Utc};
use common::{OrganizationId, Result};
use database::Database;

/// Where operations stand still.
pub(crate) async fn organizations_to_go_on(
    database: &Database,
    now: DateTime<Utc>,
) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(r#"select crm.organizations_to_go_on($1) as "id!: OrganizationId""#, now);
    Ok(ids.fetch_all(&mut *database.untenanted().await?).await?)
}

/// Where activities have fallen due that nobody was told of.
pub(crate) async fn organizations_to_tell(
    database: &Database,
    now: DateTime<Utc>,
) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(r#"select crm.organizations_to_tell($1) as "id!: OrganizationId""#, now);
    Ok(ids.fetch_all(&mut *database.untenanted().await?).await?)
}

/// Where quotes may hold no more.
pub(crate) async fn organizations_to_expire(
    database: &Database,
    now: DateTime<Utc>,
) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(r#"select crm.organizations_to_expire($1) as "id!: OrganizationId""#, now);
    Ok(ids.fetch_all(&mut *database.untenanted().await?).await?)
}
