//! One caller in one module: what use-cases take.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use common::{Caller, Clock, Error, Member, OrganizationId, Permission, RequestContext, Result, Scope};

use crate::{Database, Tx};

/// Who a use-case acts for.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Nobody yet: only [`Permission::PUBLIC`] is open.
    Anonymous,
    /// A member, with the rights of their roles.
    Member(Arc<Member>),
    /// The module itself, in one organization: a consumer or a job. Every right, logged as the system.
    System(OrganizationId),
}

/// One caller in one module. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ctx {
    pub(crate) database: Database,
    pub(crate) module: &'static str,
    pub(crate) actor: Actor,
    pub(crate) request: Arc<RequestContext>,
}

impl Ctx {
    /// The context of a request to `module`.
    #[must_use]
    pub fn new(database: Database, module: &'static str, request: Arc<RequestContext>) -> Self {
        let actor = match &request.caller {
            Caller::Anonymous => Actor::Anonymous,
            Caller::Member(member) => Actor::Member(member.clone()),
        };
        Self { database, module, actor, request }
    }

    /// The context of `module`'s own consumer or job in one organization. `correlation_id` names the cause.
    #[must_use]
    pub fn system(
        database: Database,
        module: &'static str,
        organization_id: OrganizationId,
        correlation_id: &str,
    ) -> Self {
        Self {
            database,
            module,
            actor: Actor::System(organization_id),
            request: Arc::new(RequestContext::anonymous(correlation_id)),
        }
    }

    /// Checks the right, opens a transaction and sets the tenant: the only way to a [`Tx`].
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a caller, `FORBIDDEN` without the right, `DEPENDENCY_UNAVAILABLE` when no
    /// connection is free in time.
    pub async fn begin(&self, permission: &Permission) -> Result<Tx> {
        let scope = self.scope(permission)?;
        Tx::begin(self, scope).await
    }

    /// On whose records the caller holds the right.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a caller, `FORBIDDEN` without the right.
    pub fn scope(&self, permission: &Permission) -> Result<Scope> {
        match &self.actor {
            Actor::System(_) => Ok(Scope::All),
            _ if *permission == Permission::PUBLIC => Ok(Scope::Own),
            Actor::Anonymous => Err(Error::Unauthenticated),
            Actor::Member(member) => permission.scope(&member.roles).ok_or(Error::Forbidden),
        }
    }

    /// The member who asks.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when nobody, or the system, asks.
    pub fn member(&self) -> Result<&Member> {
        match &self.actor {
            Actor::Member(member) => Ok(member),
            _ => Err(Error::Unauthenticated),
        }
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The tenant; `None` while nobody is logged in.
    #[must_use]
    pub fn organization_id(&self) -> Option<OrganizationId> {
        match &self.actor {
            Actor::Anonymous => None,
            Actor::Member(member) => Some(member.organization_id),
            Actor::System(organization_id) => Some(*organization_id),
        }
    }

    /// What came with the request.
    #[must_use]
    pub fn request(&self) -> &RequestContext {
        &self.request
    }

    /// The clock that the rules go by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.database.clock
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.database.clock.now()
    }

    /// The calendar day that it is now in a time zone. A working day is never taken from UTC.
    #[must_use]
    pub fn today(&self, zone: chrono_tz::Tz) -> NaiveDate {
        self.now().with_timezone(&zone).date_naive()
    }

    /// The connections of this process, for a listener or another context.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }
}
