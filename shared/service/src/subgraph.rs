//! A module as it describes itself to the rest of the system.

use async_graphql::Request;
use common::{Permission, RequestContext, Result};
use futures::future::BoxFuture;
use graphql::Executable;
use kafka::{Consumer, EventLog};
use sqlx::migrate::Migrator;
use std::any::TypeId;
use std::time::Duration;
use tokio::sync::Semaphore;

use crate::Runtime;

/// One module: a subgraph, a schema in the database, events out and in.
///
/// The list of all modules is in the `innoerp` binary; nothing else knows more than one.
pub struct Subgraph {
    /// Lower case, one word; names the subgraph, the database schema and the switch.
    pub id: &'static str,
    /// The name that members read.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub description: &'static str,
    /// Always on, for every organization.
    pub is_core: bool,
    /// The modules that must be on for this one to be on; core modules aside.
    pub requires: &'static [&'static str],
    /// The port that it serves on when nothing else is said.
    pub port: u16,
    /// Every right that its use-cases check.
    pub permissions: &'static [&'static Permission],
    /// Every kind of thing that it stores and finds by id.
    pub nouns: Vec<Noun>,
    /// Its migrations.
    pub migrator: &'static Migrator,
    /// Every event that it announces.
    pub events: Vec<EventType>,
    /// How it reacts to events.
    pub consumers: &'static [Consumer],
    /// What it does by the clock.
    pub jobs: &'static [Job],
    /// Its federation SDL; needs no database.
    pub sdl: fn() -> String,
    /// Its schema, ready to run.
    pub executable: fn(&Runtime) -> Executable,
    /// Routes beside GraphQL, such as a key set.
    pub routes: Option<fn(&Runtime) -> axum::Router>,
    /// Routes for strangers, beside GraphQL, under `/public/<id>/`: served with the subgraph, and at
    /// the router.
    pub public: Option<fn(&Runtime) -> axum::Router>,
}

impl Subgraph {
    /// Its schema, as it is served: whoever changed something a moment ago is answered once this module has done what
    /// follows from it, or after [`PATIENCE`].
    #[must_use]
    pub fn serve(&self, runtime: &Runtime) -> Executable {
        let inner = (self.executable)(runtime);
        if self.consumers.is_empty() {
            return inner;
        }
        let (consumers, log, streamed) = (self.consumers, runtime.log.clone(), inner.clone());
        Executable::new(
            inner.sdl.clone(),
            move |request| {
                let (inner, log) = (inner.clone(), log.clone());
                Box::pin(async move {
                    if let Some(context) = just_written(&request) {
                        let waited = until_done(consumers, log.as_ref(), &context);
                        if tokio::time::timeout(PATIENCE, waited).await.is_err() {
                            tracing::warn!(request_id = %context.request_id, "a caller does not see all of what they did yet");
                        }
                    }
                    inner.execute(request).await
                })
            },
            move |request| streamed.stream(request),
        )
    }

    /// What the module brings to the database.
    #[must_use]
    pub fn migrations(&self) -> database::migrate::Module<'_> {
        database::migrate::Module {
            id: self.id,
            name: self.name,
            description: self.description,
            is_core: self.is_core,
            requires: self.requires,
            permissions: self.permissions,
            migrator: self.migrator,
        }
    }
}

/// How long a request waits for what follows from its caller's last changes.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long to wait between the first two looks, and at most between others.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const LOOK_EVERY_MAX: Duration = Duration::from_millis(160);

/// One look at a time in a process: those who wait must not keep the connections from those whom they wait for.
static LOOKS: Semaphore = Semaphore::const_new(1);

/// The context of a request whose caller changed something a moment ago.
fn just_written(request: &Request) -> Option<RequestContext> {
    let context = request.data.get(&TypeId::of::<RequestContext>())?.downcast_ref::<RequestContext>()?;
    context.has_just_written.then(|| context.clone())
}

/// Returns once these consumers are done with what the caller has caused. A log that does not answer keeps nobody.
async fn until_done(consumers: &[Consumer], log: &dyn EventLog, context: &RequestContext) {
    let Some(member) = context.caller.member() else { return };
    for consumer in consumers {
        let (of, mut pause) = ((member.organization_id, member.membership_id), LOOK_EVERY);
        loop {
            let turn = LOOKS.acquire().await;
            let is_done = log.is_done_with(consumer, of.0, of.1).await;
            drop(turn);
            if is_done.unwrap_or(true) {
                break;
            }
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(LOOK_EVERY_MAX);
        }
    }
}

/// A noun, as far as the laws that hold for all of them look at it.
#[derive(Clone, Copy, Debug)]
pub struct Noun {
    /// What an error calls it.
    pub name: &'static str,
    /// The name of its type in the graph.
    pub graphql: &'static str,
    /// Its table, with its schema.
    pub table: &'static str,
    /// The right to see it.
    pub read: &'static Permission,
    /// What its history tells of.
    pub columns: &'static [database::Column],
    /// Whether it can be archived.
    pub is_archivable: bool,
}

impl Noun {
    /// The noun that a record is of.
    #[must_use]
    pub fn of<R: database::Record>() -> Self {
        Self {
            name: R::NAME,
            graphql: R::GRAPHQL,
            table: R::TABLE,
            read: R::READ,
            columns: R::COLUMNS,
            is_archivable: R::IS_ARCHIVABLE,
        }
    }
}

/// An event that a module announces: its name and the JSON Schema of its payload.
#[derive(Clone, Debug)]
pub struct EventType {
    /// `module.noun.verbed`.
    pub name: &'static str,
    /// JSON Schema, draft 2020-12.
    pub schema: serde_json::Value,
}

impl EventType {
    /// The description of the event `E`.
    #[must_use]
    pub fn of<E: common::Event>() -> Self {
        Self { name: E::TYPE, schema: schemars::schema_for!(E).to_value() }
    }
}

/// Something that a module does by the clock. One process of all that serve the module claims each run; should that one
/// end in the middle, the next run is another's. So a run must bear being done again.
#[derive(Clone, Copy)]
pub struct Job {
    /// Its name in logs.
    pub name: &'static str,
    /// How long from the beginning of one run to the next.
    pub every: Duration,
    /// One run.
    pub run: fn(Runtime) -> BoxFuture<'static, Result<()>>,
}
