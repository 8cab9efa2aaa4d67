//! What every request needs to know of its tenant and its session, kept for a moment.
//!
//! The core modules publish it as SQL functions (`tenant.organization_state`, `auth.session_standing`), so
//! that each service can ask the database itself, in any process, without asking another service. Where processes share a
//! store, one asks for all; how old an answer is counts from when PostgreSQL was asked, whoever passes it on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Error, Member, MembershipId, ModuleSet, OrganizationId, Result, Role, SessionId};
use moka::future::Cache;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Asked, Found};

use crate::Database;
use crate::aged::{Aged, ByAge};

/// An organization as of half a second ago at most.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct OrganizationState {
    /// The organization may work: it is neither suspended nor cancelled.
    pub is_active: bool,
    /// What it has switched on, core modules included.
    pub modules: Arc<ModuleSet>,
}

/// Whose a host name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// An organization's own.
    Organization(OrganizationId),
    /// The installation's: for everybody.
    Everybodys,
}

/// What the tokens of a session may say.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Standing {
    version: i64,
    organization_id: OrganizationId,
    roles: Vec<Role>,
}

impl Standing {
    /// Whether a token of this version says of its member what is so.
    fn is_told_by(&self, member: &Member, version: i64) -> bool {
        let has_roles = self.roles.len() == member.roles.len()
            && self.roles.iter().all(|role| member.roles.contains(role));
        has_roles && (self.version, self.organization_id) == (version, member.organization_id)
    }
}

/// What other processes know of something.
enum Others<T> {
    Know(Aged<T>),
    /// PostgreSQL is to be asked, and they are to be told if it is known when that was.
    KnowNothing(Option<Asked>),
    KnowItHasEnded,
}

/// A session, in the membership that a token names.
type SessionKey = (SessionId, MembershipId);

/// The states of organizations and sessions, cached: a switch is seen within half a second, a revoked
/// session or a changed role within two, and the end of a session at once where it is told of.
#[derive(Clone, Debug)]
pub struct Access {
    database: Database,
    organizations: Cache<OrganizationId, Aged<OrganizationState>>,
    sessions: Cache<SessionKey, Aged<Option<Standing>>>,
    /// Those that were changed so short a while ago that what others know of them may be from before.
    changed: Cache<OrganizationId, ()>,
    hosts: Cache<Arc<str>, Option<Host>>,
    core: Arc<ModuleSet>,
    open: Arc<ModuleSet>,
    /// Nothing is looked up: every organization is active and has the core modules on.
    is_fixed: bool,
}

impl Access {
    /// How old an organization's state may be.
    pub const ORGANIZATION_AGE_MAX: Duration = Duration::from_millis(500);
    /// How old a session's state may be.
    pub const SESSION_AGE_MAX: Duration = Duration::from_secs(2);
    /// How old an answer to whose a host name is may be.
    pub const HOST_AGE_MAX: Duration = Duration::from_secs(10);

    /// Access to the states in `database`; `core` are the modules that are always on.
    #[must_use]
    pub fn new(database: Database, core: ModuleSet) -> Self {
        Self {
            database,
            organizations: Cache::builder().max_capacity(100_000).expire_after(ByAge).build(),
            sessions: Cache::builder().max_capacity(100_000).expire_after(ByAge).build(),
            changed: Cache::builder().max_capacity(100_000).time_to_live(Self::ORGANIZATION_AGE_MAX).build(),
            hosts: Cache::builder().max_capacity(100_000).time_to_live(Self::HOST_AGE_MAX).build(),
            open: Arc::new(core.clone()),
            core: Arc::new(core),
            is_fixed: false,
        }
    }

    /// The same, with modules beside the core ones of which also those see something who are not logged in.
    #[must_use]
    pub fn open_to_everybody(self, modules: ModuleSet) -> Self {
        Self { open: Arc::new(self.core.iter().cloned().chain(modules).collect()), ..self }
    }

    /// An access for which every organization is active and has exactly `modules` on: for a module alone,
    /// without the ones that know organizations and sessions.
    #[must_use]
    pub fn fixed(database: Database, modules: ModuleSet) -> Self {
        Self { is_fixed: true, ..Self::new(database, modules) }
    }

    /// The modules that anonymous callers see: the core ones, and those that are open to everybody.
    #[must_use]
    pub fn open(&self) -> &Arc<ModuleSet> {
        &self.open
    }

    /// Asks anew for the state of an organization, which was just changed.
    pub async fn forget_organization(&self, id: OrganizationId) {
        self.changed.insert(id, ()).await;
        self.organizations.invalidate(&id).await;
    }

    /// The state of an organization.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when it does not exist; `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn organization(&self, id: OrganizationId) -> Result<OrganizationState> {
        if self.is_fixed {
            return Ok(OrganizationState { is_active: true, modules: self.core.clone() });
        }
        if let Some(known) = self.organizations.get(&id).await {
            return Ok(known.value);
        }
        // On the heap: most requests never come here, and need not carry it along.
        let loaded = Box::pin(self.organizations.try_get_with(id, self.find_organization(id))).await;
        loaded.map(|aged| aged.value).map_err(|shared| (*shared).clone())
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
        if self.database.store.has_ended(member.session_id) {
            return Err(Error::Unauthenticated);
        }
        let key = (member.session_id, member.membership_id);
        let mut current = match self.sessions.get(&key).await {
            Some(known) => known.value,
            None => {
                let loaded = Box::pin(self.sessions.try_get_with(key, self.find_session(member))).await;
                loaded.map_err(|shared| (*shared).clone())?.value
            }
        };
        if current.as_ref().is_some_and(|current| current.version < version) {
            // The token is younger than what we remember: somebody's roles changed, and they logged in again.
            let fresh = Box::pin(Aged::now(Self::SESSION_AGE_MAX, self.load_session(member))).await?;
            current = fresh.value.clone();
            self.sessions.insert(key, fresh).await;
        }
        let is_told = current.is_some_and(|current| current.is_told_by(member, version));
        if is_told { Ok(()) } else { Err(Error::Unauthenticated) }
    }

    /// Whether the database says at present what stands; nothing of what is remembered counts.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when it does not answer; what it refuses.
    pub async fn answers(&self) -> Result<()> {
        if self.is_fixed {
            return Ok(());
        }
        let nobody = uuid::Uuid::nil();
        self.database
            .app
            .ask(move |conn| {
                // What every token is confirmed by.
                let standing = sqlx::query("select from auth.session_standing($1, $1, $1)").bind(nobody);
                Box::pin(standing.execute(conn))
            })
            .await?;
        Ok(())
    }

    /// Whose host name a subdomain is; `None` when it is nobody's.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn host(&self, subdomain: &str) -> Result<Option<Host>> {
        let loaded = self.hosts.try_get_with(subdomain.into(), self.load_host(subdomain)).await;
        loaded.map_err(|shared| (*shared).clone())
    }

    async fn load_host(&self, subdomain: &str) -> Result<Option<Host>> {
        let subdomain: Arc<str> = subdomain.into();
        let found: Option<Option<OrganizationId>> = self
            .database
            .app
            .ask(move |conn| {
                let host = sqlx::query_scalar("select organization_id from tenant.host($1)");
                Box::pin(host.bind(subdomain.to_string()).fetch_optional(conn))
            })
            .await?;
        Ok(found.map(|id| id.map_or(Host::Everybodys, Host::Organization)))
    }

    /// What another process knows of an organization, or PostgreSQL.
    async fn find_organization(&self, id: OrganizationId) -> Result<Aged<OrganizationState>> {
        let (name, age_max) = (format!("organization:{id}"), Self::ORGANIZATION_AGE_MAX);
        let others = match self.changed.contains_key(&id) {
            true => Others::KnowNothing(None),
            false => self.ask_others(&name, None, age_max).await,
        };
        let asked = match others {
            Others::Know(known) => return Ok(known),
            Others::KnowNothing(asked) => asked,
            Others::KnowItHasEnded => None,
        };
        let loaded = Aged::now(age_max, self.load_organization(id)).await?;
        self.tell_others(name, asked, age_max, &loaded.value);
        Ok(loaded)
    }

    /// What another process knows of a session, or PostgreSQL.
    async fn find_session(&self, member: &Member) -> Result<Aged<Option<Standing>>> {
        let (session, age_max) = (member.session_id, Self::SESSION_AGE_MAX);
        let name = format!("session:{session}:{}:{}", member.identity_id, member.membership_id);
        let asked = match self.ask_others(&name, Some(session), age_max).await {
            Others::Know(known) => return Ok(known.map(Some)),
            Others::KnowNothing(asked) => asked,
            Others::KnowItHasEnded => return Ok(Aged::until(Instant::now() + age_max, None)),
        };
        let loaded = Aged::now(age_max, self.load_session(member)).await?;
        if let Some(standing) = &loaded.value {
            self.tell_others(name, asked, age_max, standing);
        }
        Ok(loaded)
    }

    async fn ask_others<T: DeserializeOwned>(
        &self,
        name: &str,
        session: Option<SessionId>,
        age_max: Duration,
    ) -> Others<T> {
        if self.database.store.is_up() != Some(true) {
            return Others::KnowNothing(None);
        }
        let begun = Instant::now();
        match self.database.store.find(name, session).await {
            Found::Value { value, left } => match serde_json::from_slice(&value) {
                Ok(value) => Others::Know(Aged::until(begun + left.min(age_max), value)),
                Err(_) => Others::KnowNothing(None),
            },
            Found::Nothing(asked) => Others::KnowNothing(asked),
            Found::Ended => Others::KnowItHasEnded,
        }
    }

    fn tell_others(&self, name: String, asked: Option<Asked>, age_max: Duration, value: &impl Serialize) {
        if let (Some(asked), Ok(value)) = (asked, serde_json::to_vec(value)) {
            self.database.store.keep(name, asked, age_max, value);
        }
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

    async fn load_session(&self, member: &Member) -> Result<Option<Standing>> {
        let (session, identity, membership) = (member.session_id, member.identity_id, member.membership_id);
        let found: Option<(i64, OrganizationId, Vec<String>)> = self
            .database
            .app
            .ask(move |conn| {
                let standing = sqlx::query_as(
                    "select version, organization_id, roles from auth.session_standing($1, $2, $3)",
                );
                Box::pin(standing.bind(session).bind(identity).bind(membership).fetch_optional(conn))
            })
            .await?;
        Ok(found.map(|(version, organization_id, roles)| Standing {
            version,
            organization_id,
            roles: roles.iter().filter_map(|role| Role::parse(role)).collect(),
        }))
    }
}
