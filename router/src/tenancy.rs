//! Who is asking, and which modules they see: the two questions that the router's user answers for it.

use std::sync::Arc;

use async_trait::async_trait;
use common::{Caller, Error, ModuleSet};

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

    /// Whether everybody sees every subgraph, so that [`Tenancy::modules`] need not be asked.
    fn shows_everything(&self) -> bool {
        false
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
}
