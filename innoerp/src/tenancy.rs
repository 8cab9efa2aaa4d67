//! Plugs the gate that every service shares into the router.

use std::sync::Arc;

use async_trait::async_trait;
use common::{Caller, Error, ModuleSet};
use router::Host;
use service::Gate;

/// The router's questions, answered by the same gate that subgraphs use.
pub struct GateTenancy(pub Gate);

#[async_trait]
impl router::Tenancy for GateTenancy {
    async fn authenticate(&self, token: Option<&str>) -> Result<Caller, Error> {
        self.0.authenticate(token).await
    }

    async fn host(&self, subdomain: &str) -> Result<Option<Host>, Error> {
        Ok(self.0.host(subdomain).await?.map(|host| match host {
            database::Host::Organization(id) => Host::Tenant(id),
            database::Host::Everybodys => Host::Everybodys,
        }))
    }

    async fn can_authenticate(&self) -> Result<(), Error> {
        self.0.can_authenticate().await
    }

    async fn forget(&self, caller: &Caller) {
        self.0.forget(caller).await;
    }

    async fn modules(&self, caller: &Caller) -> Result<Arc<ModuleSet>, Error> {
        self.0.modules(caller).await
    }
}
