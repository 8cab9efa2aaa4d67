//! One caller in one module: what use-cases take.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, NaiveDate, Utc};
use common::{Caller, Clock, Error, Member, OrganizationId, Permission, RequestContext, Result, Scope};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::tx::{Plans, Sight};
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

/// The rights that a module declares.
pub type Permissions = &'static [&'static Permission];

/// One caller in one module. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ctx {
    pub(crate) database: Database,
    pub(crate) module: &'static str,
    permissions: Permissions,
    pub(crate) actor: Actor,
    pub(crate) request: Arc<RequestContext>,
    /// The request that is done once, if the client named it.
    once: Option<Arc<Once>>,
    /// What all reads of one operation share.
    reading: Arc<Mutex<Option<Tx>>>,
    /// How many transactions of this operation have committed: what was read before may be different now.
    writes: Arc<AtomicU64>,
}

/// A request that a client gave a key.
#[derive(Debug)]
pub(crate) struct Once {
    pub(crate) key: String,
    pub(crate) request_hash: Vec<u8>,
}

/// The transaction that the reads of one operation share: all of them see the same state.
#[derive(Debug)]
pub struct Reading(OwnedMutexGuard<Option<Tx>>);

impl Deref for Reading {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        self.0.as_ref().unwrap_or_else(|| unreachable!("it is opened before it is lent"))
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut Tx {
        self.0.as_mut().unwrap_or_else(|| unreachable!("it is opened before it is lent"))
    }
}

impl Ctx {
    /// The context of a request to `module`, which declares `permissions`.
    #[must_use]
    pub fn new(
        database: Database,
        module: &'static str,
        permissions: Permissions,
        request: Arc<RequestContext>,
    ) -> Self {
        let actor = match &request.caller {
            Caller::Anonymous => Actor::Anonymous,
            Caller::Member(member) => Actor::Member(member.clone()),
        };
        Self::of(database, module, permissions, actor, request)
    }

    fn of(
        database: Database,
        module: &'static str,
        permissions: Permissions,
        actor: Actor,
        request: Arc<RequestContext>,
    ) -> Self {
        let (reading, writes) = Default::default();
        Self { database, module, permissions, actor, request, once: None, reading, writes }
    }

    /// The context of `module`'s own consumer or job in one organization. `correlation_id` names the cause.
    #[must_use]
    pub fn system(
        database: Database,
        module: &'static str,
        organization_id: OrganizationId,
        correlation_id: &str,
    ) -> Self {
        let request = Arc::new(RequestContext::anonymous(correlation_id));
        Self::of(database, module, &[], Actor::System(organization_id), request)
    }

    /// The same request as if it had come without a caller.
    #[must_use]
    pub fn as_nobody(&self) -> Self {
        let request =
            RequestContext { caller: Caller::Anonymous, token: None, ..self.request.as_ref().clone() };
        Self::of(self.database.clone(), self.module, self.permissions, Actor::Anonymous, Arc::new(request))
    }

    /// The same caller, whose next transaction is done once however often it is sent with this key: another request
    /// with the same key is told by its hash.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when the key is empty or longer than 100 bytes.
    pub fn once(&self, key: &str, request_hash: Vec<u8>) -> Result<Self> {
        const KEY_BYTES_MAX: usize = 100;
        if key.is_empty() || key.len() > KEY_BYTES_MAX || key.contains('\0') {
            return Err(Error::validation(format!("idempotencyKey must have 1 to {KEY_BYTES_MAX} bytes")));
        }
        let once = Once { key: key.to_owned(), request_hash };
        Ok(Self { once: Some(Arc::new(once)), ..self.clone() })
    }

    /// The same caller, whose transactions are no longer the one that is done once: what goes on after that one has
    /// committed.
    #[must_use]
    pub fn without_key(&self) -> Self {
        Self { once: None, ..self.clone() }
    }

    /// Checks the right, opens a transaction to change something and sets the tenant. It sees of others' records
    /// what this right extends to.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a caller, `FORBIDDEN` without the right, `DEPENDENCY_UNAVAILABLE` when no
    /// connection is free in time; [`Error::Replayed`] and `IDEMPOTENCY_MISMATCH` for a key that came before.
    pub async fn begin(&self, permission: &Permission) -> Result<Tx> {
        let scope = self.scope(permission)?;
        // What was read so far may be different after this. A reader that is lent is given back to nobody.
        if let Ok(mut reading) = self.reading.try_lock() {
            reading.take();
        }
        let mut tx = Tx::begin(self, Sight::Of(scope), Plans::Kept).await?;
        if let Some(once) = &self.once {
            tx.claim(once).await?;
        }
        Ok(tx)
    }

    /// Checks the right, and lends the transaction that all reads of this operation share. It sees of each noun what
    /// the caller's right to read that noun extends to. Give it back before asking for it again.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a caller, `FORBIDDEN` without the right, `DEPENDENCY_UNAVAILABLE` when no
    /// connection is free in time.
    pub async fn read(&self, permission: &Permission) -> Result<Reading> {
        self.read_with(permission, Plans::Kept).await
    }

    /// As [`Ctx::read`], for lists: their statements have conditions that may be absent, so that each time another
    /// plan is the right one.
    ///
    /// # Errors
    /// As [`Ctx::read`].
    pub async fn read_list(&self, permission: &Permission) -> Result<Reading> {
        self.read_with(permission, Plans::Fresh).await
    }

    async fn read_with(&self, permission: &Permission, plans: Plans) -> Result<Reading> {
        self.scope(permission)?;
        let mut reading = self.reading.clone().lock_owned().await;
        if reading.is_none() {
            *reading = Some(Tx::begin(self, Sight::OfEach(self.scopes()), plans).await?);
        }
        Ok(Reading(reading))
    }

    /// Ends the transaction that reads share, if there is one: after the operation, or when it has failed.
    pub async fn end_reading(&self) {
        self.reading.lock().await.take();
    }

    /// How many transactions of this operation have committed.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    pub(crate) fn writes_counter(&self) -> Arc<AtomicU64> {
        self.writes.clone()
    }

    /// What each of the caller's rights in this module extends to, as `core.scope` reads it.
    fn scopes(&self) -> String {
        let mut scopes = serde_json::Map::new();
        for permission in self.permissions {
            if let Ok(scope) = self.scope(permission) {
                scopes.insert(permission.key.to_owned(), scope.as_str().into());
            }
        }
        serde_json::Value::Object(scopes).to_string()
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
