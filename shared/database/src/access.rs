//! What every request needs to know of its tenant and its session, kept for a moment.
//!
//! The core modules publish it as SQL functions (`tenant.organization_state`, `auth.session_version`), so
//! that each service can ask the database itself, in any process, without asking another service.

use std::sync::Arc;
use std::time::Duration;

use common::{Error, Member, MembershipId, ModuleSet, OrganizationId, Result, SessionId};
use moka::future::Cache;

use crate::Database;

/// An organization as of half a second ago at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationState {
    /// The organization may work: it is neither suspended nor cancelled.
    pub is_active: bool,
    /// What it has switched on, core modules included.
    pub modules: Arc<ModuleSet>,
}

/// The states of organizations and sessions, cached: a switch is seen within half a second, a revoked
/// session or a changed role within two.
#[derive(Clone, Debug)]
pub struct Access {
    database: Database,
    organizations: Cache<OrganizationId, OrganizationState>,
    sessions: Cache<(SessionId, MembershipId), i64>,
    core: Arc<ModuleSet>,
    /// Nothing is looked up: every organization is active and has the core modules on.
    is_fixed: bool,
}

impl Access {
    /// How old an organization's state may be.
    pub const ORGANIZATION_AGE_MAX: Duration = Duration::from_millis(500);
    /// How old a session's state may be.
    pub const SESSION_AGE_MAX: Duration = Duration::from_secs(2);

    /// Access to the states in `database`; `core` are the modules that are always on.
    #[must_use]
    pub fn new(database: Database, core: ModuleSet) -> Self {
        Self {
            database,
            organizations: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(Self::ORGANIZATION_AGE_MAX)
                .build(),
            sessions: Cache::builder().max_capacity(100_000).time_to_live(Self::SESSION_AGE_MAX).build(),
            core: Arc::new(core),
            is_fixed: false,
        }
    }

    /// An access for which every organization is active and has exactly `modules` on: for a module alone,
    /// without the ones that know organizations and sessions.
    #[must_use]
    pub fn fixed(database: Database, modules: ModuleSet) -> Self {
        Self { is_fixed: true, ..Self::new(database, modules) }
    }

    /// The modules that are always on: what anonymous callers see.
    #[must_use]
    pub fn core(&self) -> &Arc<ModuleSet> {
        &self.core
    }

    /// The state of an organization.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when it does not exist; `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn organization(&self, id: OrganizationId) -> Result<OrganizationState> {
        if self.is_fixed {
            return Ok(OrganizationState { is_active: true, modules: self.core.clone() });
        }
        self.organizations
            .try_get_with(id, self.load_organization(id))
            .await
            .map_err(|shared| (*shared).clone())
    }

    /// Confirms that a member's session, membership and roles still are what the token says.
    ///
    /// `version` is the token's: it falls behind when the roles change, the membership ends, the password
    /// changes or the session is revoked.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when they are not; `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn confirm(&self, member: &Member, version: i64) -> Result<()> {
        if self.is_fixed {
            return Ok(());
        }
        let key = (member.session_id, member.membership_id);
        let mut current = self.session(key, member).await?;
        if current < version {
            // The token is younger than what we remember: somebody's roles changed, and they logged in again.
            self.sessions.invalidate(&key).await;
            current = self.session(key, member).await?;
        }
        if current == version { Ok(()) } else { Err(Error::Unauthenticated) }
    }

    async fn session(&self, key: (SessionId, MembershipId), member: &Member) -> Result<i64> {
        let loaded = self.sessions.try_get_with(key, self.load_session(member)).await;
        loaded.map_err(|shared| (*shared).clone())
    }

    async fn load_organization(&self, id: OrganizationId) -> Result<OrganizationState> {
        let found: Option<(bool, Vec<String>)> = self
            .database
            .app
            .ask(move |conn| {
                let state = sqlx::query_as("select is_active, modules from tenant.organization_state($1)");
                Box::pin(state.bind(id).fetch_optional(conn))
            })
            .await?;
        let (is_active, modules) = found.ok_or(Error::Unauthenticated)?;
        let modules = self.core.iter().cloned().chain(modules).collect();
        Ok(OrganizationState { is_active, modules: Arc::new(modules) })
    }

    async fn load_session(&self, member: &Member) -> Result<i64> {
        let (session, identity, membership) = (member.session_id, member.identity_id, member.membership_id);
        let version: Option<i64> = self
            .database
            .app
            .ask(move |conn| {
                let version = sqlx::query_scalar("select auth.session_version($1, $2, $3)");
                Box::pin(version.bind(session).bind(identity).bind(membership).fetch_one(conn))
            })
            .await?;
        Ok(version.unwrap_or(-1))
    }
}
