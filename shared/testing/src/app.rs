//! Some modules in one process, with people to ask them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use common::{
    Caller, Clock, Envelope, Event, EventActor, IdentityId, Member, MembershipId, OrganizationId, Permission,
    RequestContext, Role, SessionId,
};
use database::{Access, Ctx, Database, Permissions, Pooler, Tx};
use files::Files;
use graphql::Executable;
use kafka::{Changes, Consumer, EventLog as _, PostgresLog};
use serde_json::Value;
use service::{Runtime, Subgraph};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::fresh_database;

/// A member of an organization, with their roles.
#[derive(Clone, Debug)]
pub struct Person(pub(crate) Arc<Member>);

impl Person {
    /// Somebody in an organization of their own.
    #[must_use]
    pub fn new(roles: &[Role]) -> Self {
        Self::of(OrganizationId::new(), roles)
    }

    /// Somebody who signed up or joined, as their access token says. It is believed: tests made it.
    #[must_use]
    pub fn of_token(token: &str) -> Self {
        let payload = token.split('.').nth(1).unwrap();
        let claims: service::token::Claims =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        Self(Arc::new(Member {
            organization_id: claims.org.into(),
            identity_id: claims.sub.into(),
            membership_id: claims.mid.into(),
            session_id: claims.sid.into(),
            roles: claims.roles.iter().filter_map(|role| Role::parse(role)).collect(),
            expires_at: DateTime::<Utc>::MAX_UTC,
            modules: None,
            granted: Arc::default(),
        }))
    }

    /// A colleague with these roles.
    #[must_use]
    pub fn colleague(&self, roles: &[Role]) -> Self {
        Self::of(self.0.organization_id, roles)
    }

    fn of(organization_id: OrganizationId, roles: &[Role]) -> Self {
        Self(Arc::new(Member {
            organization_id,
            identity_id: IdentityId::new(),
            membership_id: MembershipId::new(),
            session_id: SessionId::new(),
            roles: roles.to_vec(),
            expires_at: DateTime::<Utc>::MAX_UTC,
            modules: None,
            granted: Arc::default(),
        }))
    }

    /// Who the person is to the system.
    #[must_use]
    pub fn member(&self) -> &Member {
        &self.0
    }
}

/// Modules on a database of their own. Time stands still at 2026-03-02 09:00 UTC, a Monday, until moved.
pub struct App {
    /// The connections, as the application role.
    pub database: Database,
    /// The same database, as a superuser: for looking behind row-level security.
    pub admin_url: String,
    /// The time.
    pub clock: Clock,
    runtime: Runtime,
    log: Arc<PostgresLog>,
    modules: Vec<(&'static str, Executable)>,
    permissions: HashMap<&'static str, Permissions>,
    consumers: Vec<Consumer>,
}

impl App {
    /// Starts modules; the first one is who [`Client::run`] asks. Every organization has all of them on.
    /// What goes wrong inside is printed with the test that fails by it.
    pub async fn start(subgraphs: Vec<Subgraph>) -> Self {
        let log = tracing_subscriber::fmt().with_test_writer().with_max_level(tracing::Level::ERROR);
        // The first test of a program starts it for all.
        let _ = log.try_init();
        let admin_url = fresh_database(&subgraphs).await;
        let clock = Clock::fixed("2026-03-02T09:00:00Z".parse().unwrap());
        let database =
            Database::connect(&admin_url, Some(&admin_url), 8, clock.clone(), Pooler::None).await.unwrap();
        let modules: BTreeSet<String> = subgraphs.iter().map(|subgraph| subgraph.id.to_owned()).collect();
        let log = Arc::new(PostgresLog::new(database.clone()));
        let secret_key: service::SecretKey = "only-for-tests-4f1c6a0b9d8e7f6a5b4c3d2e".parse().unwrap();
        let cancel = CancellationToken::new();
        let runtime = Runtime {
            files: Files::in_memory(&secret_key.derive("files"), clock.clone()),
            database: database.clone(),
            access: Access::fixed(database.clone(), modules),
            log: log.clone(),
            changes: Changes::new(database.clone(), cancel.clone()),
            secret_key,
            shows_invitation_tokens: true,
            cancel,
        };
        Self {
            modules: subgraphs.iter().map(|subgraph| (subgraph.id, subgraph.serve(&runtime))).collect(),
            permissions: subgraphs.iter().map(|subgraph| (subgraph.id, subgraph.permissions)).collect(),
            consumers: subgraphs.iter().flat_map(|subgraph| subgraph.consumers).copied().collect(),
            admin_url,
            clock,
            database,
            runtime,
            log,
        }
    }

    /// Delivers every event that was announced, and those that follow from them.
    pub async fn settle(&self) {
        let mut rounds = 0;
        loop {
            let mut count = 0;
            for (module, _) in &self.modules {
                count += kafka::relay_once(&self.database, module, self.log.as_ref()).await.unwrap();
            }
            for consumer in &self.consumers {
                count += kafka::consume_once(&self.database, consumer, self.log.as_ref()).await.unwrap();
            }
            if count == 0 {
                if !self.is_announcing().await {
                    return;
                }
                // The relay holds back what is younger than any open transaction of the cluster, and other
                // tests have theirs open. They end by themselves.
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            rounds += usize::from(count > 0);
            assert!(rounds < 100, "events keep causing events");
        }
    }

    /// Whether an outbox still holds something.
    async fn is_announcing(&self) -> bool {
        for (module, _) in &self.modules {
            let sql = format!("select exists (select from \"{module}\".outbox)");
            let left =
                sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(self.database.relay().unwrap()).await;
            if left.unwrap() {
                return true;
            }
        }
        false
    }

    /// Announces an event of a module that is not running here, and delivers it.
    pub async fn announce<E: Event>(&self, person: &Person, event: &E) {
        let envelope = Envelope {
            event_id: uuid::Uuid::now_v7(),
            event_type: E::TYPE.to_owned(),
            occurred_at: self.clock.now(),
            organization_id: person.0.organization_id,
            actor: EventActor::Member(person.0.membership_id.0),
            aggregate_id: event.aggregate_id(),
            correlation_id: "test".to_owned(),
            payload: serde_json::to_value(event).unwrap(),
        };
        self.publish(envelope).await;
    }

    /// Announces an event by its name and payload, and delivers it: for modules that this one does not know.
    pub async fn announce_raw(&self, person: &Person, event_type: &str, payload: Value) {
        self.publish(Envelope {
            event_id: uuid::Uuid::now_v7(),
            event_type: event_type.to_owned(),
            occurred_at: self.clock.now(),
            organization_id: person.0.organization_id,
            actor: EventActor::Member(person.0.membership_id.0),
            aggregate_id: uuid::Uuid::now_v7(),
            correlation_id: "test".to_owned(),
            payload,
        })
        .await;
    }

    /// Appends an event to the log, and delivers it. The same one may be published twice.
    pub async fn publish(&self, envelope: Envelope) {
        self.log.append(&[envelope]).await.unwrap();
        self.settle().await;
    }

    /// The events that were announced so far, after [`App::settle`], oldest first.
    pub async fn announced(&self) -> Vec<(String, Value)> {
        sqlx::query_as("select event_type, payload from core.event_log order by position")
            .fetch_all(self.database.relay().unwrap())
            .await
            .unwrap()
    }

    /// A person's context in a module, for calling use-cases directly.
    #[must_use]
    pub fn ctx(&self, person: &Person, module: &'static str) -> Ctx {
        let permissions = self.permissions.get(module).copied().unwrap_or_default();
        Ctx::new(
            self.database.clone(),
            module,
            permissions,
            Arc::new(context(Caller::Member(person.0.clone()))),
        )
    }

    /// Enters a person into the directory of members, as the user module does when they join.
    pub async fn join(&self, person: &Person) {
        let roles: Vec<&str> = person.0.roles.iter().map(|role| role.as_str()).collect();
        let mut tx = self.published(person, self.first_module()).await;
        sqlx::query(
            "insert into people.member (id, roles, is_active) values ($1, $2, true)
             on conflict on constraint member_pkey do update set roles = excluded.roles, is_active = true",
        )
        .bind(person.0.membership_id.0)
        .bind(&roles)
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit(()).await.unwrap();
    }

    /// A transaction of a module's own in a person's organization: what a consumer or a job has.
    pub async fn system(&self, person: &Person, module: &'static str) -> Tx {
        let ctx = Ctx::system(self.database.clone(), module, person.0.organization_id, "test");
        ctx.begin(&Permission::SYSTEM).await.unwrap()
    }

    /// A transaction of a person's in which somebody calls what core modules publish for each other: as the superuser, so
    /// that it does not matter which module would call it.
    pub async fn published(&self, person: &Person, module: &'static str) -> Tx {
        let mut tx = self.ctx(person, module).begin(&Permission::PUBLIC).await.unwrap();
        sqlx::query("set local role none").execute(tx.conn()).await.unwrap();
        tx
    }

    /// What is served of files, asked with a body: status, headers, and the body of the answer.
    pub async fn http(&self, method: &str, path: &str, body: Vec<u8>) -> (u16, HeaderMap, Vec<u8>) {
        let request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
        let response = files::routes(self.runtime.files.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (parts.status.as_u16(), parts.headers, body.to_vec())
    }

    /// The process that the modules run in.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// The module that is asked unless another one is named.
    pub(crate) fn first_module(&self) -> &'static str {
        self.modules[0].0
    }

    pub(crate) fn executable(&self, module: &str) -> &Executable {
        let modules: HashMap<_, _> = self.modules.iter().map(|(id, executable)| (*id, executable)).collect();
        modules.get(module).unwrap_or_else(|| panic!("{module} was not started"))
    }
}

/// A request of somebody's.
pub(crate) fn context(caller: Caller) -> RequestContext {
    RequestContext { caller, ..RequestContext::anonymous("test") }
}
