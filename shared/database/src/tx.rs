//! A transaction with a tenant, a right that was checked, and a pen for events.

mod emit;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::{Error, IdentityId, MembershipId, OrganizationId, Permission, Result, Scope, SessionId};
use futures::future::BoxFuture;
use sqlx::{AssertSqlSafe, PgConnection};
use store::Store;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::connection::Connection;
use crate::ctx::Once;
use crate::migrate::role_of;
use crate::{Actor, Answer, Ctx};

/// Whose records a transaction sees, of nouns that not everybody sees all of.
pub(crate) enum Sight {
    /// What one right extends to.
    Of(Scope),
    /// Of each noun what the right to read it extends to; the rights by their keys, as JSON.
    OfEach(String),
}

/// How PostgreSQL plans prepared statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plans {
    /// It may keep a plan that is good enough for all values.
    Kept,
    /// Each time for the values that are there. It takes a tenth of a millisecond, and saves a walk through all rows
    /// where a condition is absent: `($1 is null or (name, id) > …)` has no plan that is good for both.
    Fresh,
}

/// An open transaction. Dropped without [`Tx::commit`], nothing of it happened.
#[derive(Debug)]
pub struct Tx {
    inner: Connection,
    module: &'static str,
    scope: Scope,
    /// Whose rights decide, where each noun is seen by its own; else all are seen by `scope`.
    reader: Option<Actor>,
    organization_id: Option<OrganizationId>,
    membership_id: Option<MembershipId>,
    correlation_id: Arc<str>,
    now: chrono::DateTime<chrono::Utc>,
    plans: Plans,
    is_announcing: bool,
    notify: Arc<Notify>,
    writes: Arc<AtomicU64>,
    idempotency_key: Option<String>,
    store: Store,
    sessions_ended: Vec<SessionId>,
}

impl Tx {
    /// Opens and sets the tenant in one round trip.
    pub(crate) async fn begin(ctx: &Ctx, sight: Sight, plans: Plans) -> Result<Self> {
        let (organization_id, identity_id, membership_id) = match &ctx.actor {
            Actor::Anonymous => (None, None, None),
            Actor::Member(m) => (Some(m.organization_id), Some(m.identity_id), Some(m.membership_id)),
            Actor::System(organization_id) => (Some(*organization_id), None, None),
        };
        let now = ctx.now();
        let settings = settings(organization_id, identity_id, membership_id, &ctx.request.request_id, now);
        // Names of modules, keys of rights and names of scopes are ours, and have nothing to quote.
        let (begin, sees, scope) = match &sight {
            Sight::Of(scope) => ("begin", format!("'app.scope', '{}'", scope.as_str()), *scope),
            Sight::OfEach(scopes) => (
                "begin isolation level repeatable read, read only",
                format!("'app.scopes', '{scopes}'"),
                Scope::Own,
            ),
        };
        let role = role_of(ctx.module);
        let mut first = format!("set local role {role}; {settings}, set_config({sees}, true)");
        if plans == Plans::Fresh {
            first = format!("{first}; {SET_FRESH_PLANS}");
        }
        // Ids print as hexadecimal digits and the request id is reduced to a safe alphabet: nothing to quote.
        let inner = ctx.database.app.begin(begin, &first).await?;
        Ok(Self {
            inner,
            module: ctx.module,
            scope,
            reader: matches!(sight, Sight::OfEach(_)).then(|| ctx.actor.clone()),
            organization_id,
            membership_id,
            correlation_id: ctx.request.request_id.clone(),
            now,
            plans,
            is_announcing: false,
            notify: ctx.database.announced.clone(),
            writes: ctx.writes_counter(),
            idempotency_key: None,
            store: ctx.database.store.clone(),
            sessions_ended: Vec::new(),
        })
    }

    /// The connection, for `repo.rs`.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// On whose records the right holds that this transaction was opened with; one's own where reads share it.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// On whose records a right of the caller's holds here, as `core.scope` has it; `None` without the right.
    #[must_use]
    pub fn scope_of(&self, right: &Permission) -> Option<Scope> {
        match &self.reader {
            None | Some(Actor::System(_)) => Some(self.scope),
            Some(Actor::Member(member)) => right.scope(&member.roles),
            Some(Actor::Anonymous) => None,
        }
    }

    /// The member who acts; `None` when nobody or the system does.
    #[must_use]
    pub fn membership_id(&self) -> Option<MembershipId> {
        self.membership_id
    }

    /// The instant of the transaction: one for everything in it.
    #[must_use]
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.now
    }

    /// Lets every statement from now on be planned for its values; `page!` asks for it. See [`Ctx::read_list`].
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn plan_afresh(&mut self) -> Result<()> {
        if self.plans == Plans::Kept {
            sqlx::raw_sql(SET_FRESH_PLANS).execute(self.conn()).await?;
            self.plans = Plans::Fresh;
        }
        Ok(())
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
        let settings = settings(
            Some(organization_id),
            Some(identity_id),
            Some(membership_id),
            &self.correlation_id,
            self.now,
        );
        sqlx::raw_sql(AssertSqlSafe(settings)).execute(self.conn()).await?;
        self.organization_id = Some(organization_id);
        self.membership_id = Some(membership_id);
        Ok(())
    }

    /// Lets the transaction see what belongs to an identity, before it entered any organization.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn identify(&mut self, identity_id: IdentityId) -> Result<()> {
        let settings =
            settings(self.organization_id, Some(identity_id), None, &self.correlation_id, self.now);
        sqlx::raw_sql(AssertSqlSafe(settings)).execute(self.conn()).await?;
        Ok(())
    }

    /// Notes that `consumer` takes events; answers which of them it had not taken before. Do nothing for the others.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn receive(&mut self, consumer: &str, event_ids: &[Uuid]) -> Result<HashSet<Uuid>> {
        // In one order, so that two who take the same events wait for each other.
        let sql = format!(
            "insert into \"{}\".inbox (consumer, event_id) select $1, id from unnest($2) id order by id
             on conflict do nothing returning event_id",
            self.module
        );
        let taken = sqlx::query_scalar(AssertSqlSafe(sql)).bind(consumer).bind(event_ids);
        Ok(taken.fetch_all(self.conn()).await?.into_iter().collect())
    }

    /// Does what follows from here on for another request: what follows from an event belongs to what caused the event.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn act_for(&mut self, correlation_id: &str) -> Result<()> {
        if *self.correlation_id != *correlation_id {
            sqlx::query("select set_config('app.request_id', $1, true)")
                .bind(harmless(correlation_id))
                .execute(self.conn())
                .await?;
            self.correlation_id = correlation_id.into();
        }
        Ok(())
    }

    /// Lets no statement take longer from here on.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer.
    pub async fn limit_statements(&mut self, each: Duration) -> Result<()> {
        let limit = format!("set local statement_timeout = {}", each.as_millis());
        sqlx::raw_sql(AssertSqlSafe(limit)).execute(self.conn()).await?;
        Ok(())
    }

    /// Claims a request's key. Another request with the same key waits here until this one is through.
    ///
    /// # Errors
    /// [`Error::Replayed`] when the same request was done before; `IDEMPOTENCY_MISMATCH` when another one was;
    /// `UNAUTHENTICATED` when nobody asks.
    pub(crate) async fn claim(&mut self, once: &Once) -> Result<()> {
        if self.membership_id.is_none() {
            return Err(Error::Unauthenticated);
        }
        let insert = format!(
            "insert into \"{}\".idempotency (key, request_hash) values ($1, $2) on conflict do nothing",
            self.module
        );
        let inserted = sqlx::query(AssertSqlSafe(insert))
            .bind(&once.key)
            .bind(&once.request_hash)
            .execute(self.conn())
            .await?;
        if inserted.rows_affected() == 1 {
            self.idempotency_key = Some(once.key.clone());
            return Ok(());
        }
        let select = format!(
            "select request_hash, result from \"{}\".idempotency where key = $1 and actor_id = core.actor_id()",
            self.module
        );
        let (request_hash, result): (Vec<u8>, Option<serde_json::Value>) =
            sqlx::query_as(AssertSqlSafe(select)).bind(&once.key).fetch_one(self.conn()).await?;
        if request_hash == once.request_hash {
            Err(Error::Replayed(result.unwrap_or_default()))
        } else {
            Err(Error::IdempotencyMismatch)
        }
    }

    /// Does one thing for each row; what one row is refused, the others are not. Answers in the order of the rows. They
    /// are done in the order of `key`, which names what a row locks: so two who do this with the same rows wait for each
    /// other, whatever orders theirs come in.
    ///
    /// # Errors
    /// What would stop all of them: a failure of ours or of the database.
    pub async fn each<T: Send, K: Ord, R: Send>(
        &mut self,
        rows: Vec<T>,
        key: impl Fn(&T) -> K,
        one: impl for<'t> Fn(&'t mut Self, T) -> BoxFuture<'t, Result<R>> + Send + Sync,
    ) -> Result<Vec<Result<R>>> {
        let mut rows: Vec<(usize, T)> = rows.into_iter().enumerate().collect();
        rows.sort_by_key(|(_, row)| key(row));
        let mut done = Vec::with_capacity(rows.len());
        // What one row widened is as narrow as before for the next.
        let begin = format!("savepoint one; set local app.scope = '{}'", self.scope.as_str());
        for (at, row) in rows {
            sqlx::raw_sql(AssertSqlSafe(begin.clone())).execute(self.conn()).await?;
            let ended_before = self.sessions_ended.len();
            let result = one(self, row).await;
            let end = match &result {
                Ok(_) => "release savepoint one",
                Err(Error::Internal(_) | Error::Unavailable) => return result.map(|_| Vec::new()),
                Err(_) => "rollback to savepoint one",
            };
            sqlx::raw_sql(end).execute(self.conn()).await?;
            if result.is_err() {
                self.sessions_ended.truncate(ended_before);
            }
            done.push((at, result));
        }
        done.sort_by_key(|(at, _)| *at);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }

    /// A session ends with this transaction: every process is told of it before [`Tx::commit`] answers, as far as it can
    /// be told, and finds out for itself within two seconds otherwise.
    pub fn session_ended(&mut self, id: SessionId) {
        self.sessions_ended.push(id);
    }

    /// Makes everything since the beginning true, at once, and gives back the use-case's result. Of a request with
    /// a key, the result is stored with it.
    ///
    /// # Errors
    /// `DEPENDENCY_UNAVAILABLE` when the database does not answer; a deferred constraint may refuse here.
    pub async fn commit<A: Answer>(mut self, answer: A) -> Result<A> {
        if let Some(key) = self.idempotency_key.take() {
            let sql = format!(
                "update \"{}\".idempotency set result = $2 where key = $1 and actor_id = core.actor_id()",
                self.module
            );
            sqlx::query(AssertSqlSafe(sql)).bind(key).bind(answer.stored()).execute(self.conn()).await?;
        }
        self.inner.commit().await?;
        self.writes.fetch_add(1, Ordering::Relaxed);
        if self.is_announcing {
            self.notify.notify_one();
        }
        if !self.sessions_ended.is_empty() {
            Box::pin(self.store.end_sessions(&self.sessions_ended)).await;
        }
        Ok(answer)
    }
}

/// The statement that asks for [`Plans::Fresh`], for this transaction only.
const SET_FRESH_PLANS: &str = "set local plan_cache_mode = force_custom_plan";

/// The statement that says who is asking and when, for this transaction only.
fn settings(
    organization_id: Option<OrganizationId>,
    identity_id: Option<IdentityId>,
    actor_id: Option<MembershipId>,
    request_id: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> String {
    let text = |id: Option<Uuid>| id.map_or_else(String::new, |id| id.to_string());
    let request_id = harmless(request_id);
    format!(
        "select set_config('app.organization_id', '{}', true), set_config('app.identity_id', '{}', true), \
         set_config('app.actor_id', '{}', true), set_config('app.request_id', '{request_id}', true), \
         set_config('app.now', '{}', true)",
        text(organization_id.map(Into::into)),
        text(identity_id.map(Into::into)),
        text(actor_id.map(Into::into)),
        now.to_rfc3339(),
    )
}

/// A request's id without what would have to be quoted.
fn harmless(request_id: &str) -> String {
    request_id.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.:".contains(*c)).take(64).collect()
}
