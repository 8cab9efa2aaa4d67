//! A thousand organizations switch modules while clients ask: nobody sees what is not theirs, and memory is bounded.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_graphql::{Request, Response, Value as Data, value};
use async_trait::async_trait;
use common::{Caller, Error, IdentityId, Member, MembershipId, ModuleSet, OrganizationId, Role, SessionId};
use graphql::Executable;
use router::{Config, Profile, Router, SubgraphSource, Tenancy};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::process::{resident_mib, turn};

const ORGANIZATIONS: usize = 1_000;
/// Modules that can be switched: 64 sets.
const MODULES: usize = 6;
const CLIENTS: usize = 50;
const SWITCHERS: usize = 4;
/// Fewer than there are sets, so that views come and go all the time.
const VIEWS_MAX: u64 = 24;
const DURATION: Duration = Duration::from_secs(6);
/// What memory may grow by: far less than if every view that was made had stayed.
const GROWTH_MIB_MAX: usize = 150;

/// The modules of an organization, one bit each.
type Mask = u8;

/// Organizations, each with the sets that it has had; the last is the present one.
struct Organizations {
    callers: Vec<Caller>,
    indexes: HashMap<OrganizationId, usize>,
    had: Vec<Mutex<Vec<Mask>>>,
    /// Every set as the router is given it.
    sets: Vec<Arc<ModuleSet>>,
}

impl Organizations {
    fn new() -> Self {
        let expires_at = chrono::Utc::now() + Duration::from_secs(600);
        let caller = |_| {
            Caller::Member(Arc::new(Member {
                organization_id: OrganizationId::new(),
                identity_id: IdentityId::new(),
                membership_id: MembershipId::new(),
                session_id: SessionId::new(),
                roles: vec![Role::Member],
                modules: None,
                granted: Arc::default(),
                expires_at,
            }))
        };
        let set = |mask: Mask| {
            let modules = (0..MODULES).filter(|index| mask & (1 << index) != 0).map(name);
            Arc::new(modules.chain(["core".to_owned()]).collect())
        };
        let callers: Vec<Caller> = (0..ORGANIZATIONS).map(caller).collect();
        let ids = callers.iter().map(|caller| caller.member().unwrap().organization_id);
        Self {
            indexes: ids.enumerate().map(|(index, id)| (id, index)).collect(),
            callers,
            had: (0..ORGANIZATIONS).map(|index| Mutex::new(vec![first(index)])).collect(),
            sets: (0..1 << MODULES).map(set).collect(),
        }
    }

    fn switch(&self, organization: usize, mask: Mask) {
        self.had[organization].lock().unwrap().push(mask);
    }

    /// How many sets an organization has had so far.
    fn count(&self, organization: usize) -> usize {
        self.had[organization].lock().unwrap().len()
    }

    /// The sets that an organization had from one count on until now.
    fn since(&self, organization: usize, count: usize) -> Vec<Mask> {
        self.had[organization].lock().unwrap()[count - 1..].to_vec()
    }
}

#[async_trait]
impl Tenancy for Organizations {
    async fn authenticate(&self, token: Option<&str>) -> Result<Caller, Error> {
        let index: usize = token.and_then(|token| token.parse().ok()).ok_or(Error::Unauthenticated)?;
        Ok(self.callers[index].clone())
    }

    async fn modules(&self, caller: &Caller) -> Result<Arc<ModuleSet>, Error> {
        let index = self.indexes[&caller.member().ok_or(Error::Unauthenticated)?.organization_id];
        let mask = *self.had[index].lock().unwrap().last().unwrap();
        Ok(self.sets[usize::from(mask)].clone())
    }
}

fn first(organization: usize) -> Mask {
    Mask::try_from(organization % (1 << MODULES)).unwrap()
}

fn name(index: usize) -> String {
    format!("m{index}")
}

/// `core` has a thing, and each module a field of its own and one more of the thing.
fn sources() -> Vec<SubgraphSource> {
    const LINK: &str =
        r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])"#;
    let core = source(
        "core",
        format!("{LINK} type Query {{ thing: Thing! }} type Thing @key(fields: \"id\") {{ id: ID! }}"),
        |_| value!({"thing": {"__typename": "Thing", "id": "1"}}),
    );
    let module = |index: usize| {
        let sdl = format!(
            "{LINK} type Query {{ of{index}: Int! }} type Thing @key(fields: \"id\") {{ id: ID! more{index}: Int! }}"
        );
        source(&name(index), sdl, move |query| match query.contains("_entities") {
            true => keyed("_entities", Data::List(vec![keyed(&format!("more{index}"), index.into())])),
            false => keyed(&format!("of{index}"), index.into()),
        })
    };
    (0..MODULES).map(module).chain([core]).collect()
}

fn keyed(key: &str, value: Data) -> Data {
    Data::Object([(async_graphql::Name::new(key), value)].into_iter().collect())
}

fn source(
    name: &str,
    sdl: String,
    answer: impl Fn(&str) -> Data + Clone + Send + Sync + 'static,
) -> SubgraphSource {
    let execute = move |request: Request| {
        let data = answer(&request.query);
        Box::pin(async move { Response::new(data) }) as futures::future::BoxFuture<'static, Response>
    };
    let executable = Executable::new(sdl, execute, |_| Box::pin(futures::stream::pending()));
    SubgraphSource::InProcess { name: name.to_owned(), executable }
}

/// Numbers that look random, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    /// A few of them much more often than the others, so that requests meet their switches.
    fn organization(&mut self) -> usize {
        let among = if self.below(2) == 0 { 20 } else { ORGANIZATIONS };
        self.below(among)
    }
}

/// What a client asks, and what each set of modules makes of it.
enum Question {
    Field(usize),
    Entity(usize),
    Fields,
    Thing,
}

impl Question {
    fn random(random: &mut Random) -> Self {
        match random.below(8) {
            0..3 => Self::Field(random.below(MODULES)),
            3..6 => Self::Entity(random.below(MODULES)),
            6 => Self::Fields,
            _ => Self::Thing,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Field(index) => format!("{{ of{index} }}"),
            Self::Entity(index) => format!("{{ thing {{ id more{index} }} }}"),
            Self::Fields => "{ __schema { queryType { fields { name } } } }".to_owned(),
            Self::Thing => "{ __type(name: \"Thing\") { fields { name } } }".to_owned(),
        }
    }

    /// Whether an answer is that of an organization with these modules.
    fn fits(&self, mask: Mask, answer: &Value) -> bool {
        let fields = |of: &str, always: &str| {
            let enabled = (0..MODULES).filter(|index| mask & (1 << index) != 0);
            enabled.map(|index| format!("{of}{index}")).chain([always.to_owned()]).collect::<BTreeSet<_>>()
        };
        let named = |list: &Value| {
            let names = list.as_array().into_iter().flatten();
            names.map(|field| field["name"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
        };
        let one = |index: usize, data: Value| match mask & (1 << index) {
            0 => {
                answer.get("data").is_none()
                    && answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
            }
            _ => *answer == json!({ "data": data }),
        };
        match self {
            Self::Field(index) => one(*index, json!({ format!("of{index}"): index })),
            Self::Entity(index) => {
                one(*index, json!({ "thing": { "id": "1", format!("more{index}"): index } }))
            }
            Self::Fields => {
                named(&answer["data"]["__schema"]["queryType"]["fields"]) == fields("of", "thing")
            }
            Self::Thing => named(&answer["data"]["__type"]["fields"]) == fields("more", "id"),
        }
    }
}

struct Load {
    organizations: Arc<Organizations>,
    router: Router,
    url: String,
    client: reqwest::Client,
    is_over: AtomicBool,
    asked: AtomicUsize,
    raced: AtomicUsize,
}

impl Load {
    async fn start() -> Arc<Self> {
        let organizations = Arc::new(Organizations::new());
        let mut config = Config { profile: Profile::Development, views_max: VIEWS_MAX, ..Config::default() };
        (config.rate.user_per_s, config.rate.organization_per_s) = (0, 0);
        let router = Router::new(config, sources(), organizations.clone()).await.expect("they compose");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        tokio::spawn(router.clone().serve_on(listener, CancellationToken::new()));
        Arc::new(Self {
            organizations,
            router,
            url,
            client: reqwest::Client::new(),
            is_over: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            raced: AtomicUsize::new(0),
        })
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Asks again and again. What an organization may see is what it had at some time while it was asked, and so, when
    /// nothing was switched meanwhile, what it has now.
    async fn ask(self: Arc<Self>, seed: u64) {
        let mut random = Random(seed);
        while !self.is_over() {
            let organization = random.organization();
            let question = Question::random(&mut random);
            let count = self.organizations.count(organization);
            let post = self.client.post(&self.url).bearer_auth(organization);
            let answer = post.json(&json!({"query": question.text()})).send().await.unwrap();
            let answer: Value = answer.json().await.unwrap();
            let had = self.organizations.since(organization, count);
            let fits = had.iter().any(|mask| question.fits(*mask, &answer));
            assert!(fits, "{} under {had:?} was answered {answer}", question.text());
            self.asked.fetch_add(1, Ordering::Relaxed);
            self.raced.fetch_add(usize::from(had.len() > 1), Ordering::Relaxed);
        }
    }

    /// Switches modules again and again.
    async fn switch(self: Arc<Self>, seed: u64) {
        let mut random = Random(seed);
        while !self.is_over() {
            let organization = random.organization();
            let mask = Mask::try_from(random.below(1 << MODULES)).unwrap();
            self.organizations.switch(organization, mask);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// A number on the router's page of metrics.
    fn metric(&self, name: &str) -> u64 {
        let page = self.router.metrics();
        let line = page.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        line.trim().parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_a_wrong_view_while_a_thousand_organizations_switch_modules() {
    let _turn = turn().await;
    let load = Load::start().await;
    let clients = (1..=CLIENTS).map(|seed| tokio::spawn(load.clone().ask(u64::try_from(seed).unwrap())));
    let clients: Vec<_> = clients.collect();
    let switchers =
        (1..=SWITCHERS).map(|seed| tokio::spawn(load.clone().switch(u64::try_from(seed).unwrap() << 32)));
    let switchers: Vec<_> = switchers.collect();
    // By now the caches have been full, and memory is what it takes.
    tokio::time::sleep(DURATION / 3).await;
    let (begun, memory, mut views) = (Instant::now(), resident_mib(), 0);
    while begun.elapsed() < DURATION {
        tokio::time::sleep(Duration::from_millis(100)).await;
        views = views.max(load.metric("router_views "));
    }
    load.is_over.store(true, Ordering::Relaxed);
    for task in clients.into_iter().chain(switchers) {
        task.await.expect("no wrong view");
    }
    let grown = resident_mib().saturating_sub(memory);
    let (asked, raced) = (load.asked.load(Ordering::Relaxed), load.raced.load(Ordering::Relaxed));
    let (built, evicted) =
        (load.metric("router_views_built_total{result=\"ok\"}"), load.metric("router_views_evicted_total "));
    println!(
        "{asked} answers, {raced} of them during a switch; {built} views built, {evicted} evicted, at most {views} \
         kept; memory grew by {grown} of {memory} MiB"
    );
    assert!(raced > 0, "no request met a switch");
    assert!(evicted > VIEWS_MAX, "the views were too few to come and go");
    // Besides the budget: the one of all modules, and what each processor has just made or is about to let go of.
    let passing = 2 * std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    assert!(views <= VIEWS_MAX + 1 + u64::try_from(passing).unwrap(), "{views} views were kept");
    assert!(grown <= GROWTH_MIB_MAX, "memory grew by {grown} MiB, from {memory}");
}
