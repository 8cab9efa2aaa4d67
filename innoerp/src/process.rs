//! Processes: what runs in one, how it starts, and how it ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use database::{Access, Database};
use files::Files;
use graphql::Executable;
use kafka::Changes;
use router::transport::http::{Connections, Endpoint, Sign};
use router::{Config, ErrorsShown, Hold, Router, SubgraphSource};
use service::{Gate, KeySet, Profile, Runtime, SecretKey, Settings, Subgraph, credential};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::addresses::{Addresses, ROUTER_PORT};
pub use crate::signals::{asked_to_end, unless_asked_to_end};
use crate::{Failure, GateTenancy, cause, modules, strangers};

/// How long a mutation may take: an import of ten thousand rows, on a busy machine.
const MUTATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs something with logs, and with traces where a collector is named.
///
/// # Errors
/// As what is run; a sentence, when the collector or Fluentd has no address.
pub async fn logged(
    telemetry: telemetry::Config,
    run: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let outlets = telemetry::start(&telemetry).map_err(Failure)?;
    let ended = run.await;
    outlets.flush().await;
    ended
}

/// What every process needs to know.
#[derive(Clone)]
pub struct Process {
    settings: Settings,
    addresses: Addresses,
    runtime: Runtime,
    gate: Gate,
}

/// Where an all-in-one process listens, before it serves.
pub struct Listeners {
    router: TcpListener,
    subgraphs: Vec<(Subgraph, TcpListener)>,
}

impl Listeners {
    /// Listens for the router and every subgraph.
    ///
    /// # Errors
    /// A sentence that names the port that is in use.
    pub async fn open(settings: &Settings, addresses: &Addresses) -> Result<Self, Failure> {
        let router = addresses.listen("router", ROUTER_PORT, settings.host).await?;
        let mut subgraphs = Vec::new();
        for subgraph in modules::all() {
            let listener = addresses.listen(subgraph.id, subgraph.port, settings.host).await?;
            subgraphs.push((subgraph, listener));
        }
        Ok(Self { router, subgraphs })
    }

    /// The addresses as they came to be, for ports that were left to the system.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        let port = |listener: &TcpListener| listener.local_addr().map_or(0, |address| address.port());
        let subgraphs = self.subgraphs.iter().map(|(subgraph, listener)| (subgraph.id, port(listener)));
        Addresses::on_ports(&subgraphs.chain([("router", port(&self.router))]).collect::<Vec<_>>())
    }
}

impl Process {
    /// Connects to the database and gathers what the process needs to serve these modules; none for a router alone.
    ///
    /// # Errors
    /// A sentence: no database URL, a login with too many rights, no database, a missing secret key.
    pub async fn start(
        modules: &[&str],
        settings: Settings,
        addresses: Addresses,
        cancel: CancellationToken,
    ) -> Result<Self, Failure> {
        let secret_key = secret_key(&settings)?;
        let url = settings.database_url.clone().ok_or_else(|| {
            Failure("DATABASE_URL is not set; `innoerp up` starts a private database without it".into())
        })?;
        let relay_url = match (&settings.database_relay_url, modules) {
            (_, []) => None,
            (Some(url), _) => Some(url.as_str()),
            (None, _) => {
                let missing =
                    "DATABASE_RELAY_URL is not set: who serves a module moves its events, as another login";
                return Err(Failure(missing.into()));
            }
        };
        let clock = common::Clock::default();
        let (connections_max, pooler) = (settings.database_connections_max, settings.database_pooler);
        let database = Database::connect(&url, relay_url, connections_max, clock, pooler)
            .await
            .map_err(|error| Failure::of("the database cannot be reached", cause(&error)))?;
        database.refuse_wrong_login(modules).await.map_err(|error| Failure(cause(&error)))?;
        let database = database.sharing(settings.store(Some(&secret_key)).map_err(Failure)?);
        let access = Access::new(database.clone(), modules::core()).open_to_everybody(modules::open());
        let jwks_url = match &settings.jwks_url {
            Some(url) => url.clone(),
            None => {
                let auth = addresses.urls("auth", 8002, settings.host)?;
                let keys = |url: &reqwest::Url| {
                    format!("{}/.well-known/jwks.json", url.as_str().trim_end_matches('/'))
                };
                auth.iter().map(keys).collect::<Vec<_>>().join(",")
            }
        };
        let gate = Gate::new(KeySet::new(&jwks_url), access.clone());
        let log = settings.kafka.log(database.clone()).map_err(|error| Failure(cause(&error)))?;
        let files = files(&settings, &secret_key, &database)?;
        let shows_invitation_tokens = settings.shows_invitation_tokens();
        let changes = Changes::new(database.clone(), cancel.clone());
        let runtime =
            Runtime { database, access, log, changes, secret_key, files, shows_invitation_tokens, cancel };
        Ok(Self { settings, addresses, runtime, gate })
    }

    /// Serves every subgraph and the router in this process; answers the router, which says that it is ready once
    /// the hold is dropped.
    ///
    /// # Errors
    /// A sentence, when the subgraphs do not compose.
    pub async fn serve_all(
        &self,
        listeners: Listeners,
        tasks: &mut JoinSet<()>,
    ) -> Result<(Router, Hold), Failure> {
        let (mut sources, mut beside) = (Vec::new(), files::routes(self.runtime.files.clone()));
        for (subgraph, listener) in listeners.subgraphs {
            let executable = subgraph.serve(&self.runtime);
            if let Some(public) = subgraph.public {
                beside = beside.merge(public(&self.runtime));
            }
            sources.push(SubgraphSource::InProcess {
                name: subgraph.id.to_owned(),
                executable: executable.clone(),
            });
            self.serve_subgraph(subgraph, executable, listener, tasks);
        }
        let router = self.router(sources, beside).await?;
        let hold = router.hold();
        let cancel = self.runtime.cancel.clone();
        serve(router.clone(), &self.settings, listeners.router, cancel, tasks).await?;
        Ok((router, hold))
    }

    /// Serves one subgraph, with its events and jobs.
    ///
    /// # Errors
    /// A sentence, when the port is in use.
    pub async fn serve_one(&self, subgraph: Subgraph, tasks: &mut JoinSet<()>) -> Result<(), Failure> {
        let listener = self.addresses.listen(subgraph.id, subgraph.port, self.settings.host).await?;
        let executable = subgraph.serve(&self.runtime);
        self.serve_subgraph(subgraph, executable, listener, tasks);
        Ok(())
    }

    fn serve_subgraph(
        &self,
        subgraph: Subgraph,
        executable: Executable,
        listener: TcpListener,
        tasks: &mut JoinSet<()>,
    ) {
        let (process, runtime) = (self.clone(), self.runtime.clone());
        tasks.spawn(async move {
            let mut background = runtime.start_background(std::slice::from_ref(&subgraph));
            let (gate, settings) = (process.gate, &process.settings);
            let served = service::serve(&subgraph, executable, &runtime, gate, settings, listener).await;
            if let Err(error) = served {
                tracing::error!(module = subgraph.id, %error, "a subgraph stopped serving");
            }
            while background.join_next().await.is_some() {}
        });
    }

    /// Serves the router alone; the subgraphs are found over HTTP.
    ///
    /// # Errors
    /// A sentence, when the port is in use or an address is no URL.
    pub async fn serve_router(&self, tasks: &mut JoinSet<()>) -> Result<Router, Failure> {
        let listener = self.addresses.listen("router", ROUTER_PORT, self.settings.host).await?;
        let connections = Connections::default().idle_for_at_most(service::IDLE_MAX);
        let (mut sources, mut places) = (Vec::new(), HashMap::new());
        for subgraph in modules::all() {
            let urls = self.addresses.urls(subgraph.id, subgraph.port, self.settings.host)?;
            if let Some(url) = urls.first().filter(|_| subgraph.public.is_some()) {
                places.insert(subgraph.id, url.clone());
            }
            let endpoint = endpoint(&urls, connections.clone(), &self.runtime.secret_key)?;
            sources.push(SubgraphSource::Http { name: subgraph.id.to_owned(), endpoint: endpoint.into() });
        }
        let beside = files::routes(self.runtime.files.clone());
        let beside = beside.merge(strangers::routes(places, &self.runtime.secret_key)?);
        let router = self.router(sources, beside).await?;
        say_where(&router, &listener);
        let cancel = self.runtime.cancel.clone();
        serve(router.clone(), &self.settings, listener, cancel, tasks).await?;
        Ok(router)
    }

    async fn router(&self, sources: Vec<SubgraphSource>, beside: axum::Router) -> Result<Router, Failure> {
        let config = router_config(&self.settings)?;
        let tenancy = Arc::new(self.tenancy());
        let router = Router::new(config, sources, tenancy)
            .await
            .map_err(|error| Failure::of("the router cannot start", error))?;
        let store = self.runtime.database.store().clone();
        Ok(router.counting_in(store).serving_beside(beside))
    }

    /// Who callers are and what they see, as our own router asks.
    #[must_use]
    pub fn tenancy(&self) -> GateTenancy {
        GateTenancy(self.gate.clone())
    }

    /// What is shared with other processes.
    pub(crate) fn store(&self) -> &store::Store {
        self.runtime.database.store()
    }

    /// Closes what is open, when everything has ended.
    pub async fn close(self) {
        self.runtime.database.close().await;
    }
}

/// Logs where a router listens, and how careful it is.
pub(crate) fn say_where(router: &Router, listener: &TcpListener) {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let profile = match router.config().profile {
        router::Profile::Development => "development",
        router::Profile::Production => "production",
    };
    tracing::info!(address, profile, "the router listens");
}

/// Serves a router, and its metrics where the settings say so.
///
/// # Errors
/// A sentence, when the metrics have no address that can be listened on.
pub(crate) async fn serve(
    router: Router,
    settings: &Settings,
    listener: TcpListener,
    cancel: CancellationToken,
    tasks: &mut JoinSet<()>,
) -> Result<(), Failure> {
    if let Some(address) = &settings.metrics_listen {
        let metrics = TcpListener::bind(address)
            .await
            .map_err(|error| Failure::of(&format!("metrics cannot be served on {address}"), error))?;
        let served = router.clone().serve_metrics_on(metrics, cancel.clone());
        tasks.spawn(async move {
            if let Err(error) = served.await {
                tracing::error!(%error, "metrics are served no longer");
            }
        });
    }
    tasks.spawn(router.serve_on(listener, cancel));
    Ok(())
}

/// The profile as the router calls it.
pub(crate) fn router_profile(profile: Profile) -> router::Profile {
    match profile {
        Profile::Development => router::Profile::Development,
        Profile::Production => router::Profile::Production,
    }
}

/// The router's settings, as far as flags and the environment say them.
///
/// # Errors
/// A sentence, when a trusted proxy is neither an address nor a network.
pub(crate) fn router_config(settings: &Settings) -> Result<Config, Failure> {
    let proxies = settings.trusted_proxies.iter().map(|proxy| router::Network::try_from(proxy.clone()));
    let mut config = Config {
        trusted_proxies: proxies.collect::<Result<_, _>>().map_err(Failure)?,
        profile: router_profile(settings.profile()),
        cors_origins: settings.cors_origins.clone(),
        base_domain: settings.base_domain.clone(),
        request_timeout_ms: MUTATION_TIMEOUT.as_secs() * 1_000,
        withdraw_ms: settings.withdraw_ms(),
        ..Config::default()
    };
    if !settings.rate_limits {
        config.rate = router::RateLimits::off();
    }
    Ok(config)
}

/// A module as the router reaches it, at one place or more.
pub(crate) fn endpoint(
    urls: &[reqwest::Url],
    connections: Connections,
    key: &SecretKey,
) -> Result<Endpoint, Failure> {
    let at = |url: &reqwest::Url, path: &str, scheme: &str| -> Result<reqwest::Url, Failure> {
        let mut url = url.join(path).map_err(|error| Failure::of(url.as_str(), error))?;
        let secure = url.scheme() == "https";
        let scheme = if secure { format!("{scheme}s") } else { scheme.to_owned() };
        url.set_scheme(&scheme).map_err(|()| Failure(format!("{url} is neither http nor https")))?;
        Ok(url)
    };
    let places = urls.iter().map(|url| at(url, "/graphql", "http")).collect::<Result<Vec<_>, _>>()?;
    let first = urls.first().ok_or_else(|| Failure("a module needs a URL".into()))?;
    let mut endpoint = Endpoint::new(&places[0], connections).at(&places);
    endpoint.websocket = Some(at(first, "/graphql/ws", "ws")?);
    endpoint.sign = Some(sign(key));
    endpoint.mutation_timeout = MUTATION_TIMEOUT;
    endpoint.errors_shown = ErrorsShown::Coded;
    Ok(endpoint)
}

/// Gives the credential that our modules ask for.
pub(crate) fn sign(key: &SecretKey) -> Sign {
    let key = key.clone();
    Arc::new(move |method, path, body| {
        let value = credential::sign(&key, method.as_str(), path, body);
        let value = value.parse().map(|value| (http_name(), value));
        value.into_iter().collect()
    })
}

fn http_name() -> reqwest::header::HeaderName {
    reqwest::header::HeaderName::from_static(credential::HEADER)
}

/// The secret key; in development it may be made here, and is kept.
pub(crate) fn secret_key(settings: &Settings) -> Result<SecretKey, Failure> {
    if let Some(key) = &settings.secret_key {
        return Ok(key.clone());
    }
    if settings.profile() == Profile::Production {
        return Err(Failure("SECRET_KEY is not set; make one with `openssl rand -hex 32`".into()));
    }
    let text = crate::kept::kept_secret("secret-key")?;
    text.parse().map_err(Failure)
}

/// Where attached files are kept; in development a folder of its own, when nothing else is said.
fn files(settings: &Settings, secret_key: &SecretKey, database: &Database) -> Result<Files, Failure> {
    let (key, clock) = (secret_key.derive("files"), database.clock().clone());
    let place = match (&settings.files, settings.profile()) {
        (Some(place), _) => place.clone(),
        (None, Profile::Development) => crate::kept::FILES.to_owned(),
        (None, Profile::Production) => {
            tracing::warn!("INNOERP_FILES is not set; files cannot be attached to anything");
            return Ok(Files::none(&key, clock));
        }
    };
    Files::open(&place, &key, clock).map_err(Failure)
}

/// Ends everything that runs in this process in good order, and says so.
///
/// # Errors
/// A sentence, when something of it ended badly.
pub async fn end(
    cancel: &CancellationToken,
    mut tasks: JoinSet<()>,
    process: Option<Process>,
) -> Result<(), Failure> {
    tracing::info!("ending: what is in progress may still finish");
    cancel.cancel();
    let mut ended_badly = None;
    while let Some(ended) = tasks.join_next().await {
        ended_badly = ended_badly.or(ended.err());
    }
    if let Some(process) = process {
        process.close().await;
    }
    tracing::info!("ended");
    ended_badly.map_or(Ok(()), |error| Err(Failure::of("a part of the process ended badly", error)))
}
