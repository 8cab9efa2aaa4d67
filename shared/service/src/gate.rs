//! From a token to a caller: signature, then whether session, membership and organization still stand.

use std::sync::Arc;

use common::{Caller, Error, ModuleSet, Result};
use database::{Access, Host};

use crate::KeySet;
use crate::token::refused;

/// The check that the router makes on every request, and every subgraph again on every call over HTTP.
#[derive(Clone)]
pub struct Gate {
    keys: KeySet,
    access: Access,
}

impl Gate {
    /// A gate that verifies with `keys` and asks `access` what still stands.
    #[must_use]
    pub fn new(keys: KeySet, access: Access) -> Self {
        Self { keys, access }
    }

    /// The caller that a bearer token names; anonymous without one.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, one and the same for every token that is not good; `TENANT_SUSPENDED`;
    /// `DEPENDENCY_UNAVAILABLE`.
    pub async fn authenticate(&self, token: Option<&str>) -> Result<Caller> {
        let Some(token) = token else { return Ok(Caller::Anonymous) };
        let (member, version) = self.keys.verify(token).await?;
        self.access.confirm(&member, version).await.map_err(|error| match error {
            Error::Unauthenticated => refused("its session or membership stands no longer"),
            error => error,
        })?;
        if !self.access.organization(member.organization_id).await?.is_active {
            return Err(Error::TenantSuspended);
        }
        Ok(Caller::Member(member))
    }

    /// Whose host name a subdomain is; `None` when it is nobody's.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE`.
    pub async fn host(&self, subdomain: &str) -> Result<Option<Host>> {
        self.access.host(subdomain).await
    }

    /// Whether a good token would be confirmed now: there are keys to verify it with, and the database says what stands.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE`, or what the database refuses.
    pub async fn can_authenticate(&self) -> Result<()> {
        self.keys.are_known().await?;
        self.access.answers().await
    }

    /// Asks anew for the state of the caller's organization, which they may just have changed.
    pub async fn forget(&self, caller: &Caller) {
        if let Caller::Member(member) = caller {
            self.access.forget_organization(member.organization_id).await;
        }
    }

    /// The modules that the caller's organization has on; for anonymous callers the core ones and those that are open to
    /// everybody.
    ///
    /// # Errors
    /// As [`Gate::authenticate`].
    pub async fn modules(&self, caller: &Caller) -> Result<Arc<ModuleSet>> {
        match caller {
            Caller::Anonymous => Ok(self.access.open().clone()),
            Caller::Member(member) => Ok(self.access.organization(member.organization_id).await?.modules),
        }
    }
}
