//! Who is asking, and which modules they see: the two questions that the router's user answers for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use common::{Caller, Error, ModuleSet, OrganizationId};
use moka::sync::Cache;

/// Whose a host name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// A tenant's own: its members are served there, and guests of its own.
    Tenant(OrganizationId),
    /// For everybody.
    Everybodys,
}

/// Answers who is asking and what they see. Asked at every request and before every event of a subscription,
/// so implementations cache: for at most 0.5 s where an answer may change.
#[async_trait]
pub trait Tenancy: Send + Sync + 'static {
    /// Verifies a bearer token; `None` is an anonymous caller.
    ///
    /// Signature and claims hold, the session is not revoked, the membership is current and the organization
    /// active.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for every token that does not count, whatever the reason;
    /// [`Error::TenantSuspended`] for a good one of a suspended organization.
    async fn authenticate(&self, token: Option<&str>) -> Result<Caller, Error>;

    /// The modules that the caller's organization has enabled; for anonymous callers the core modules.
    ///
    /// # Errors
    /// When the set cannot be known: [`Error::Unavailable`] or [`Error::Internal`].
    async fn modules(&self, caller: &Caller) -> Result<Arc<ModuleSet>, Error>;

    /// Whose host name a subdomain of the base domain is; `None` when it is nobody's. Asked when a base domain is set.
    ///
    /// # Errors
    /// When it cannot be known: [`Error::Unavailable`] or [`Error::Internal`].
    async fn host(&self, subdomain: &str) -> Result<Option<Host>, Error> {
        let _ = subdomain;
        Ok(Some(Host::Everybodys))
    }

    /// The caller changed something a moment ago: what is known of their organization is asked for anew.
    async fn forget(&self, _caller: &Caller) {}

    /// Whether a good token would be confirmed now. While it would not, the router is not ready. Asked once a second at
    /// the most.
    ///
    /// # Errors
    /// When what it takes does not answer: [`Error::Unavailable`] or [`Error::Internal`].
    async fn can_authenticate(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Whether everybody sees every subgraph, so that [`Tenancy::modules`] need not be asked.
    fn shows_everything(&self) -> bool {
        false
    }

    /// Whether a token can make a caller more than anonymous.
    fn knows_callers(&self) -> bool {
        true
    }
}

/// No tenants: every caller is anonymous and sees every subgraph. For federations that are not innoERP's.
///
/// Tokens are passed on to the subgraphs, which judge them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Open;

#[async_trait]
impl Tenancy for Open {
    async fn authenticate(&self, _token: Option<&str>) -> Result<Caller, Error> {
        Ok(Caller::Anonymous)
    }

    async fn modules(&self, _caller: &Caller) -> Result<Arc<ModuleSet>, Error> {
        Ok(Arc::default())
    }

    fn shows_everything(&self) -> bool {
        true
    }

    fn knows_callers(&self) -> bool {
        false
    }
}

/// Another tenancy over subgraphs that belong to modules of other names: several to one module, for instance.
pub struct ByModule {
    tenancy: Arc<dyn Tenancy>,
    /// The module of each subgraph.
    modules: BTreeMap<String, String>,
    /// The subgraphs of sets of modules that were seen before.
    seen: Cache<Arc<ModuleSet>, Arc<ModuleSet>>,
}

impl ByModule {
    /// `modules` names the module of each subgraph.
    #[must_use]
    pub fn new(tenancy: Arc<dyn Tenancy>, modules: BTreeMap<String, String>) -> Self {
        Self { tenancy, modules, seen: Cache::new(1_024) }
    }
}

#[async_trait]
impl Tenancy for ByModule {
    async fn authenticate(&self, token: Option<&str>) -> Result<Caller, Error> {
        self.tenancy.authenticate(token).await
    }

    async fn modules(&self, caller: &Caller) -> Result<Arc<ModuleSet>, Error> {
        let enabled = self.tenancy.modules(caller).await?;
        if let Some(subgraphs) = self.seen.get(&enabled) {
            return Ok(subgraphs);
        }
        let seen = self.modules.iter().filter(|(_, module)| enabled.contains(*module));
        let subgraphs: Arc<ModuleSet> = Arc::new(seen.map(|(subgraph, _)| subgraph.clone()).collect());
        self.seen.insert(enabled, subgraphs.clone());
        Ok(subgraphs)
    }

    async fn host(&self, subdomain: &str) -> Result<Option<Host>, Error> {
        self.tenancy.host(subdomain).await
    }

    async fn can_authenticate(&self) -> Result<(), Error> {
        self.tenancy.can_authenticate().await
    }

    fn shows_everything(&self) -> bool {
        self.tenancy.shows_everything()
    }

    fn knows_callers(&self) -> bool {
        self.tenancy.knows_callers()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Arc<ModuleSet>);

    #[async_trait]
    impl Tenancy for Fixed {
        async fn authenticate(&self, _: Option<&str>) -> Result<Caller, Error> {
            Ok(Caller::Anonymous)
        }
        async fn modules(&self, _: &Caller) -> Result<Arc<ModuleSet>, Error> {
            Ok(self.0.clone())
        }
    }

    #[tokio::test]
    async fn a_module_shows_all_of_its_subgraphs_and_no_other() {
        let pairs = [("employee", "employee"), ("badges", "employee"), ("leave", "leave")];
        let modules = pairs.map(|(name, module)| (name.to_owned(), module.to_owned())).into();
        let enabled = ["employee".to_owned(), "unknown".to_owned()].into();
        let tenancy = ByModule::new(Arc::new(Fixed(Arc::new(enabled))), modules);
        for _ in 0..2 {
            let seen = tenancy.modules(&Caller::Anonymous).await.expect("known");
            assert_eq!(*seen, ["badges".to_owned(), "employee".to_owned()].into());
        }
    }
}
