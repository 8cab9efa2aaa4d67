//! A transaction with a tenant, a right that was checked, and a pen for events.

use std::sync::Arc;

use common::{Envelope, Error, Event, EventActor, IdentityId, MembershipId, OrganizationId, Result, Scope};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{Actor, Ctx};

/// The longest idempotency key, in bytes.
const KEY_BYTES_MAX: usize = 100;

/// An open transaction. Dropped without [`Tx::commit`], nothing of it happened.
#[derive(Debug)]
pub struct Tx {
    inner: sqlx::Transaction<'static, Postgres>,
    module: &'static str,
    scope: Scope,
    organization_id: Option<OrganizationId>,
    actor: EventActor,
    correlation_id: Arc<str>,
    now: chrono::DateTime<chrono::Utc>,
    announced: Option<Arc<Notify>>,
    notify: Arc<Notify>,
    idempotency_key: Option<String>,
}

impl Tx {
    /// Opens and sets the tenant in one round trip.
    pub(crate) async fn begin(ctx: &Ctx, scope: Scope) -> Result<Self> {
        let (organization_id, identity_id, actor_id) = match &ctx.actor {
            Actor::Anonymous => (None, None, None),
            Actor::Member(m) => (Some(m.organization_id), Some(m.identity_id), Some(m.membership_id)),
            Actor::System(organization_id) => (Some(*organization_id), None, None),
        };
        let settings = settings(organization_id, identity_id, actor_id, &ctx.request.request_id);
        // Ids print as hexadecimal digits and the request id is reduced to a safe alphabet: nothing to quote.
        let inner = ctx.database.app.begin_with(AssertSqlSafe(format!("begin; {settings}"))).await?;
        Ok(Self {
            inner,
            module: ctx.module,
            scope,
            organization_id,
            actor: match actor_id {
                Some(id) => EventActor::Member(id.0),
                None => EventActor::System(ctx.module.to_owned()),
            },
            correlation_id: ctx.request.request_id.clone(),
            now: ctx.now(),
            announced: None,
            notify: ctx.database.announced.clone(),
            idempotency_key: None,
        })
    }

    /// The connection, for `repo.rs`.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// On whose records the right holds that this transaction was opened with.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The instant of the transaction: one for everything in it.
    #[must_use]
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.now
    }

    /// Enters the organization that an anonymous caller has just made or been let into.
    ///
    /// # Errors
    /// `INTERNAL` when the transaction already has a tenant: one transaction never serves two.
    pub async fn enter(
        &mut self,
        organization_id: OrganizationId,
        identity_id: IdentityId,
        membership_id: MembershipId,
    ) -> Result<()> {
        if self.organization_id.is_some_and(|current| current != organization_id) {
            return Err(Error::internal("a transaction tried to enter a second organization"));
        }
        let settings =
            settings(Some(organization_id), Some(identity_id), Some(membership_id), &self.correlation_id);
        sqlx::raw_sql(AssertSqlSafe(settings)).execute(self.conn()).await?;
        self.organization_id = Some(organization_id);
        self.actor = EventActor::Member(membership_id.0);
        Ok(())
    }

    /// Lets the transaction see what belongs to an identity, before it entered any organization.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn identify(&mut self, identity_id: IdentityId) -> Result<()> {
        let settings = settings(self.organization_id, Some(identity_id), None, &self.correlation_id);
        sqlx::raw_sql(AssertSqlSafe(settings)).execute(self.conn()).await?;
        Ok(())
    }

    /// Announces a fact, in this transaction: what does not commit was never said.
    ///
    /// # Errors
    /// `INTERNAL` outside a tenant.
    pub async fn emit<E: Event>(&mut self, event: &E) -> Result<()> {
        let organization_id =
            self.organization_id.ok_or_else(|| Error::internal("an event needs a tenant"))?;
        let envelope = Envelope {
            event_id: Uuid::now_v7(),
            event_type: E::TYPE.to_owned(),
            occurred_at: self.now,
            organization_id,
            actor: self.actor.clone(),
            aggregate_id: event.aggregate_id(),
            correlation_id: self.correlation_id.to_string(),
            payload: serde_json::to_value(event)?,
        };
        let sql = format!(
            "insert into \"{}\".outbox (event_id, event_type, occurred_at, actor, aggregate_id, correlation_id, payload)
             values ($1, $2, $3, $4, $5, $6, $7)",
            self.module
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(envelope.event_id)
            .bind(envelope.event_type)
            .bind(envelope.occurred_at)
            .bind(serde_json::to_value(&envelope.actor)?)
            .bind(envelope.aggregate_id)
            .bind(envelope.correlation_id)
            .bind(envelope.payload)
            .execute(self.conn())
            .await?;
        self.announce();
        Ok(())
    }

    /// Says that an event was written by SQL itself, so that the relay looks at once.
    pub fn announce(&mut self) {
        self.announced = Some(self.notify.clone());
    }

    /// Notes that `consumer` takes an event. `false` when it already had: do nothing then.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn receive(&mut self, consumer: &str, event_id: Uuid) -> Result<bool> {
        let sql = format!(
            "insert into \"{}\".inbox (consumer, event_id) values ($1, $2) on conflict do nothing",
            self.module
        );
        let done = sqlx::query(AssertSqlSafe(sql)).bind(consumer).bind(event_id).execute(self.conn()).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Claims an idempotency key for a request. `Some(id)` is the answer that the same request had before.
    ///
    /// A second request with the same key waits here until the first one is through. After the work,
    /// [`Tx::answered`] stores the id of its result.
    ///
    /// # Errors
    /// `IDEMPOTENCY_MISMATCH` when the key came with another request; `VALIDATION_FAILED` when it is empty
    /// or longer than 100 bytes.
    pub async fn idempotent(&mut self, key: Option<&str>, request: &impl Serialize) -> Result<Option<Uuid>> {
        let Some(key) = key else { return Ok(None) };
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(Error::validation(format!("idempotencyKey must have 1 to {KEY_BYTES_MAX} bytes")));
        }
        let hash = Sha256::digest(serde_json::to_vec(request)?).to_vec();
        let insert = format!(
            "insert into \"{}\".idempotency (key, request_hash) values ($1, $2) on conflict do nothing",
            self.module
        );
        let inserted = sqlx::query(AssertSqlSafe(insert)).bind(key).bind(&hash).execute(self.conn()).await?;
        if inserted.rows_affected() == 1 {
            self.idempotency_key = Some(key.to_owned());
            return Ok(None);
        }
        let select = format!(
            "select request_hash, answer from \"{}\".idempotency where key = $1 and actor_id = core.actor_id()",
            self.module
        );
        let (stored, answer): (Vec<u8>, Option<Uuid>) =
            sqlx::query_as(AssertSqlSafe(select)).bind(key).fetch_one(self.conn()).await?;
        if stored == hash { Ok(answer) } else { Err(Error::IdempotencyMismatch) }
    }

    /// Stores the id of what a claimed request made, for those who send it again.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn answered(&mut self, answer: Uuid) -> Result<()> {
        let Some(key) = self.idempotency_key.take() else { return Ok(()) };
        let sql = format!(
            "update \"{}\".idempotency set answer = $2 where key = $1 and actor_id = core.actor_id()",
            self.module
        );
        sqlx::query(AssertSqlSafe(sql)).bind(key).bind(answer).execute(self.conn()).await?;
        Ok(())
    }

    /// Makes everything since the beginning true, at once.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer; a deferred constraint may refuse here.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await?;
        if let Some(announced) = self.announced {
            announced.notify_one();
        }
        Ok(())
    }
}

/// The statement that says who is asking, for this transaction only.
fn settings(
    organization_id: Option<OrganizationId>,
    identity_id: Option<IdentityId>,
    actor_id: Option<MembershipId>,
    request_id: &str,
) -> String {
    let text = |id: Option<Uuid>| id.map_or_else(String::new, |id| id.to_string());
    let request_id: String =
        request_id.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.:".contains(*c)).take(64).collect();
    format!(
        "select set_config('app.organization_id', '{}', true), set_config('app.identity_id', '{}', true), \
         set_config('app.actor_id', '{}', true), set_config('app.request_id', '{request_id}', true)",
        text(organization_id.map(Into::into)),
        text(identity_id.map(Into::into)),
        text(actor_id.map(Into::into)),
    )
}
