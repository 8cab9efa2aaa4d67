//! What roles allow: the catalogue of rights, and the modules that the organization has on. Both are known to the
//! process already, or kept for a minute, so that asking costs no query.

use std::sync::Arc;
use std::time::Duration;

use common::{Error, ModuleSet, Result, Role};
use database::{Access, Ctx};
use moka::future::Cache;
use serde::Deserialize;
use sqlx::types::Json;

use crate::user::READ_OWN;

/// How long the catalogue is relied on: a newer version of the program may renew it at any time.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// The rights that roles give, for the whole process.
pub(crate) struct Rights {
    access: Access,
    catalogue: Cache<(), Arc<Vec<Catalogued>>>,
}

/// A right in the catalogue, with the roles that it is granted to.
struct Catalogued {
    key: String,
    module_id: String,
    grants: Json<Vec<Grant>>,
}

/// One entry of `core.permission.grants`.
#[derive(Deserialize)]
struct Grant {
    role: String,
}

impl Rights {
    pub(crate) fn new(access: Access) -> Self {
        Self { access, catalogue: Cache::builder().time_to_live(KNOWN_FOR).build() }
    }

    /// The modules that the caller's organization has on.
    pub(crate) async fn modules(&self, ctx: &Ctx) -> Result<Arc<ModuleSet>> {
        let organization_id = ctx.organization_id().ok_or(Error::Unauthenticated)?;
        Ok(self.access.organization(organization_id).await?.modules)
    }

    /// The keys of the rights that roles give, in the modules that the caller's organization has on.
    pub(crate) async fn of(&self, ctx: &Ctx, roles: &[Role]) -> Result<Vec<String>> {
        let modules = self.modules(ctx).await?;
        let catalogue = self.catalogue.try_get_with((), select(ctx)).await;
        let catalogue = catalogue.map_err(|shared| (*shared).clone())?;
        let held =
            catalogue.iter().filter(|right| modules.contains(&right.module_id) && right.is_granted_to(roles));
        Ok(held.map(|right| right.key.clone()).collect())
    }
}

impl Catalogued {
    fn is_granted_to(&self, roles: &[Role]) -> bool {
        let is_granted = |role: &Role| self.grants.iter().any(|grant| grant.role == role.as_str());
        roles.contains(&Role::Owner) || roles.iter().any(is_granted)
    }
}

async fn select(ctx: &Ctx) -> Result<Arc<Vec<Catalogued>>> {
    let mut tx = ctx.read(&READ_OWN).await?;
    let catalogue = sqlx::query_as!(
        Catalogued,
        r#"select key, module_id, grants as "grants: Json<Vec<Grant>>" from core.permission order by key"#
    );
    Ok(Arc::new(catalogue.fetch_all(tx.conn()).await?))
}
