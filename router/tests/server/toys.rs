//! Two toy subgraphs, tenants whose modules can be switched, and a router serving them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::{Context, ErrorExtensions as _, Object, SDLExportOptions, Schema, Subscription};
use async_trait::async_trait;
use common::{
    Caller, Error, Granted, IdentityId, Member, MembershipId, ModuleSet, OrganizationId, RequestContext,
    Role, SessionId,
};
use futures::{Stream, StreamExt, stream};
use router::{Config, Host, Profile, Router, SubgraphSource, Tenancy};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

struct UserQuery;
struct UserMutation;
struct UserSubscription;
struct LeaveQuery;
struct LeaveSubscription;

/// Something that cannot tell.
#[derive(async_graphql::SimpleObject)]
#[graphql(complex)]
struct Fault {
    /// Which.
    id: i32,
}

#[async_graphql::ComplexObject]
impl Fault {
    /// Never.
    async fn told(&self) -> async_graphql::Result<Option<i32>> {
        Err("it cannot tell".into())
    }
}

/// Something that was said, one after another.
#[derive(async_graphql::SimpleObject)]
struct Word {
    /// Which.
    id: async_graphql::ID,
}

#[Object(name = "Query")]
impl UserQuery {
    /// A constant.
    async fn hello(&self) -> &str {
        "world"
    }
    /// A list that answers as many numbers as asked for.
    async fn numbers(&self, count: i32) -> Vec<i32> {
        (0..count).collect()
    }
    /// Sums a list.
    async fn sum(&self, of: Vec<i32>) -> i32 {
        of.iter().sum()
    }
    /// Things that cannot tell.
    async fn faults(&self, count: i32) -> Vec<Fault> {
        (0..count).map(|id| Fault { id }).collect()
    }
    /// Takes a second.
    async fn slow(&self) -> bool {
        tokio::time::sleep(Duration::from_secs(1)).await;
        true
    }
    /// Never answers.
    async fn boom(&self) -> Option<bool> {
        None::<bool>.or_else(|| panic!("a resolver panics"))
    }
    /// What the request's context says about its sender.
    async fn sender(&self, context: &Context<'_>) -> String {
        let context = context.data_unchecked::<RequestContext>();
        json!({
            "organization": context.caller.member().map(|member| member.organization_id.to_string()),
            "request": &*context.request_id,
            "address": context.client_address.map(|address| address.to_string()),
            "host": context.host_organization.map(|id| id.to_string()),
            "agent": context.user_agent.as_deref(),
            "trace": context.traceparent.as_deref(),
            "token": context.token.as_deref(),
        })
        .to_string()
    }
}

#[Object(name = "Mutation")]
impl UserMutation {
    /// Answers what it is told.
    async fn rename(&self, name: String) -> String {
        name
    }
}

#[Subscription(name = "Subscription")]
impl UserSubscription {
    /// Counts up to a number.
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }
    /// Says so every 20 ms.
    async fn ticks(&self) -> impl Stream<Item = i32> {
        ticks()
    }
    /// One, and nothing after it.
    async fn first(&self) -> impl Stream<Item = i32> {
        stream::iter([1]).chain(stream::pending())
    }
    /// Words every 20 ms, from the one after that which was heard last.
    async fn words(&self, after: Option<async_graphql::ID>) -> impl Stream<Item = Word> {
        let heard: i32 = after.and_then(|id| id.parse().ok()).unwrap_or(0);
        ticks().map(move |tick| Word { id: (heard + tick).into() })
    }
    /// Nothing, for it does not begin.
    async fn refused(&self) -> async_graphql::Result<futures::stream::Empty<i32>> {
        Err(async_graphql::Error::new("not for you").extend_with(|_, error| error.set("code", "FORBIDDEN")))
    }
    /// Fails once, and goes on.
    async fn broken(&self) -> impl Stream<Item = async_graphql::Result<i32>> {
        stream::iter([Err("it broke".into()), Ok(2)]).chain(stream::pending())
    }
    /// Nothing, for ever.
    async fn silence(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }
    /// As much as can be made, each large.
    async fn flood(&self) -> impl Stream<Item = String> {
        stream::repeat_with(|| "x".repeat(100_000)).then(|text| async {
            tokio::task::yield_now().await;
            text
        })
    }
}

#[Object(name = "Query")]
impl LeaveQuery {
    /// Days left.
    async fn leave_days(&self) -> i32 {
        20
    }
}

#[Subscription(name = "Subscription")]
impl LeaveSubscription {
    /// Says so every 20 ms.
    async fn leave_ticks(&self) -> impl Stream<Item = i32> {
        ticks()
    }
    /// Nothing, for ever.
    async fn leave_silence(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }
}

fn ticks() -> impl Stream<Item = i32> {
    stream::iter(1..).then(|i| async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        i
    })
}

/// The toy subgraphs `user` and `leave`.
pub fn sources() -> Vec<SubgraphSource> {
    let user = Schema::build(UserQuery, UserMutation, UserSubscription);
    let leave = Schema::build(LeaveQuery, async_graphql::EmptyMutation, LeaveSubscription);
    vec![
        source("user", user.enable_federation().enable_subscription_in_federation().finish()),
        source("leave", leave.enable_federation().enable_subscription_in_federation().finish()),
    ]
}

/// The same, with something said of some fields: each with what stands after it.
pub fn sources_saying(said: &[(&str, &str)]) -> Vec<SubgraphSource> {
    let say = |source: SubgraphSource| match source {
        SubgraphSource::InProcess { name, mut executable } => {
            let say = |sdl: String, it: &(&str, &str)| sdl.replace(it.0, &format!("{} {}", it.0, it.1));
            executable.sdl = said.iter().fold(executable.sdl.to_string(), say).into();
            SubgraphSource::InProcess { name, executable }
        }
        other => other,
    };
    sources().into_iter().map(say).collect()
}

fn source<Q, M, S>(name: &str, schema: Schema<Q, M, S>) -> SubgraphSource
where
    Q: async_graphql::ObjectType + 'static,
    M: async_graphql::ObjectType + 'static,
    S: async_graphql::SubscriptionType + 'static,
{
    let sdl = schema.sdl_with_options(SDLExportOptions::new().federation());
    let streaming = schema.clone();
    let executable = graphql::Executable::new(
        sdl,
        move |request| {
            let schema = schema.clone();
            Box::pin(async move { schema.execute(request).await })
        },
        move |request| streaming.execute_stream(request).boxed(),
    );
    SubgraphSource::InProcess { name: name.to_owned(), executable }
}

/// Tenants as a test sets them. Everybody starts with all modules; anonymous callers see `user` only.
#[derive(Default)]
pub struct Tenants {
    hosts: Mutex<HashMap<String, Host>>,
    callers: Mutex<HashMap<String, Caller>>,
    modules: Mutex<HashMap<OrganizationId, Arc<ModuleSet>>>,
    suspended: Mutex<bool>,
}

impl Tenants {
    /// A token for a member of a new organization.
    pub fn log_in(&self) -> String {
        self.log_in_until(chrono::Utc::now() + Duration::from_secs(600))
    }

    /// A token that ends at an instant.
    pub fn log_in_until(&self, expires_at: chrono::DateTime<chrono::Utc>) -> String {
        self.admit(expires_at, Granted::default())
    }

    /// A token that allows some things.
    pub fn log_in_with(&self, granted: Granted) -> String {
        self.admit(chrono::Utc::now() + Duration::from_secs(600), granted)
    }

    fn admit(&self, expires_at: chrono::DateTime<chrono::Utc>, granted: Granted) -> String {
        let member = Member {
            organization_id: OrganizationId::new(),
            identity_id: IdentityId::new(),
            membership_id: MembershipId::new(),
            session_id: SessionId::new(),
            roles: vec![Role::Member],
            expires_at,
            modules: None,
            granted: Arc::new(granted),
        };
        let token = format!("token-{}", member.session_id);
        let modules = ["user", "leave", "crm"].map(str::to_owned).into();
        self.modules.lock().unwrap().insert(member.organization_id, Arc::new(modules));
        self.callers.lock().unwrap().insert(token.clone(), Caller::Member(Arc::new(member)));
        token
    }

    pub fn revoke(&self, token: &str) {
        self.callers.lock().unwrap().remove(token);
    }

    pub fn suspend_all(&self) {
        *self.suspended.lock().unwrap() = true;
    }

    /// The organization behind a token.
    pub fn organization(&self, token: &str) -> OrganizationId {
        self.callers.lock().unwrap()[token].member().unwrap().organization_id
    }

    /// Gives a token's organization a subdomain.
    pub fn name(&self, token: &str, subdomain: &str) {
        let organization = self.organization(token);
        self.hosts.lock().unwrap().insert(subdomain.to_owned(), Host::Tenant(organization));
    }

    /// Sets the modules of a token's organization.
    pub fn enable(&self, token: &str, modules: &[&str]) {
        let organization = self.organization(token);
        let modules = modules.iter().map(|module| (*module).to_owned()).collect();
        self.modules.lock().unwrap().insert(organization, Arc::new(modules));
    }
}

#[async_trait]
impl Tenancy for Tenants {
    async fn authenticate(&self, token: Option<&str>) -> Result<Caller, Error> {
        let Some(token) = token else { return Ok(Caller::Anonymous) };
        assert_ne!(token, "panic", "a panic of ours");
        let caller = self.callers.lock().unwrap().get(token).cloned().ok_or(Error::Unauthenticated)?;
        if *self.suspended.lock().unwrap() { Err(Error::TenantSuspended) } else { Ok(caller) }
    }

    async fn host(&self, subdomain: &str) -> Result<Option<Host>, Error> {
        match subdomain {
            "www" => Ok(Some(Host::Everybodys)),
            other => Ok(self.hosts.lock().unwrap().get(other).copied()),
        }
    }

    async fn modules(&self, caller: &Caller) -> Result<Arc<ModuleSet>, Error> {
        match caller {
            Caller::Anonymous => Ok(Arc::new(["user".to_owned()].into())),
            Caller::Member(member) => Ok(self.modules.lock().unwrap()[&member.organization_id].clone()),
        }
    }
}

/// A router that serves the toys on a port of its own.
pub struct App {
    pub router: Router,
    pub tenants: Arc<Tenants>,
    pub address: SocketAddr,
    pub client: reqwest::Client,
    pub shutdown: CancellationToken,
    pub served: tokio::task::JoinHandle<()>,
}

/// Settings for tests: everything visible, nobody limited, looks at tokens often.
pub fn config() -> Config {
    let mut config = Config { profile: Profile::Development, ..Config::default() };
    config.rate.anonymous_per_s = 0;
    config.rate.user_per_s = 0;
    config.rate.organization_per_s = 0;
    config.subscriptions.recheck_ms = 30;
    config
}

impl App {
    pub async fn start() -> Self {
        Self::start_with(config()).await
    }

    pub async fn start_with(config: Config) -> Self {
        Self::serve(config, sources()).await
    }

    pub async fn serve(config: Config, sources: Vec<SubgraphSource>) -> Self {
        Self::serve_at(([127, 0, 0, 1], 0).into(), config, sources).await
    }

    /// Serves on an address, such as that of an app that has stopped.
    pub async fn serve_at(address: SocketAddr, config: Config, sources: Vec<SubgraphSource>) -> Self {
        let tenants = Arc::new(Tenants::default());
        let router = Router::new(config, sources, tenants.clone()).await.expect("the toys compose");
        Self::of(router, tenants, address).await
    }

    /// A router that was made elsewhere.
    pub async fn of(router: Router, tenants: Arc<Tenants>, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(router.clone().serve_on(listener, shutdown.clone()));
        Self { router, tenants, address, client: reqwest::Client::new(), shutdown, served }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until the schemas of other processes have been read.
    pub async fn ready(&self) {
        while !self.router.is_ready() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a subscriber who does not read has been handed no event for long: what comes now is lost.
    pub async fn stuck(&self) {
        let handed = || {
            let page = self.router.metrics();
            page.lines().find(|line| line.starts_with("router_subscription_events_total")).map(str::to_owned)
        };
        let mut before = None;
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = handed();
            if now.is_some() && now == before {
                return;
            }
            before = now;
        }
    }

    /// A `POST` of a document.
    pub fn post(&self, query: &str) -> reqwest::RequestBuilder {
        self.client.post(self.url("/graphql")).json(&json!({ "query": query }))
    }

    /// The text that a document is answered with, for the holder of a token.
    pub async fn run_as(&self, token: &str, query: &str) -> String {
        self.post(query).bearer_auth(token).send().await.expect("an answer").text().await.expect("text")
    }

    /// Status and body of a request.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }
}

/// The code of the first error in an answer.
pub fn code(body: &Value) -> &str {
    body["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}
