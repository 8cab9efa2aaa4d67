//! The router for any federation: configured by a file or a ready supergraph, with or without our own modules.

mod file;
mod follow;
mod jwt;
mod plan;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ArgGroup;
use router::Router;
use service::Settings;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use file::{Access, Read, RouterFile, TenancyConfig, schema};
pub use jwt::{IssuerConfig, JwtConfig, JwtTenancy, SignatureAlgorithm};

use crate::Failure;
use crate::addresses::Addresses;
use crate::process::{self, Process};
use follow::{Followed, Signals};
use plan::Plan;

/// What to serve, as the command line says it.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(group(ArgGroup::new("federation").args(["config", "supergraph"]).multiple(true)))]
pub struct Choice {
    /// Serve the federation that this file describes, in YAML or JSON
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Serve this supergraph in place of our modules; without --config it shows everybody everything
    #[arg(long, value_name = "FILE")]
    supergraph: Option<PathBuf>,
    /// Where to listen, as in 127.0.0.1:4000, whatever the file says
    #[arg(long, value_name = "ADDRESS", requires = "federation")]
    listen: Option<SocketAddr>,
    /// Read the file and the schemas that are in files, compose them, say what is wrong, and end
    #[arg(long, requires = "federation")]
    check: bool,
    /// Print the JSON Schema of configuration files, and end
    #[arg(long, conflicts_with = "federation")]
    print_schema: bool,
}

impl Choice {
    /// Whether it is about another federation than our own modules.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.config.is_some() || self.supergraph.is_some() || self.print_schema
    }
}

/// Serves what was chosen until the process is asked to end; follows the file, and SIGHUP, meanwhile.
///
/// # Errors
/// A line for everything that is wrong with the file; a sentence when the address is in use, or the database of
/// `tenancy: innoerp` cannot be reached.
pub async fn serve(settings: Settings, addresses: Addresses, choice: Choice) -> Result<(), Failure> {
    if choice.print_schema {
        return print(&pretty_schema());
    }
    let plan = Plan::read(&settings, &addresses, &choice)?;
    let telemetry = settings.telemetry(plan.profile());
    process::logged(telemetry, serve_plan(settings, addresses, choice, plan)).await
}

async fn serve_plan(
    settings: Settings,
    addresses: Addresses,
    choice: Choice,
    plan: Plan,
) -> Result<(), Failure> {
    let federation = plan.federation(&settings)?;
    plan.check_access()?;
    if choice.check {
        plan.check_keys().await?;
        let unasked = Router::check(&plan.file.config, &federation).await;
        return print(&checked(&unasked.map_err(|error| plan.failure(&error))?));
    }
    let listener = listen(plan.file.config.listen).await?;
    let cancel = CancellationToken::new();
    let process = match plan.file.access.tenancy {
        TenancyConfig::Innoerp => {
            Some(Process::start(&[], plan.settings(&settings), addresses.clone(), cancel.clone()).await?)
        }
        TenancyConfig::Open | TenancyConfig::Jwt(_) => None,
    };
    let tenancy = plan.tenancy(process.as_ref())?;
    let router = Router::new(plan.file.config.clone(), federation, tenancy)
        .await
        .map_err(|error| plan.failure(&error))?;
    let store = match &process {
        Some(process) => process.store().clone(),
        None => settings.store(None).map_err(Failure)?,
    };
    let router = router.counting_in(store);
    let mut tasks = JoinSet::new();
    let metrics = plan.file.config.telemetry.metrics_listen;
    let metrics_listen =
        metrics.map(|address| address.to_string()).or_else(|| settings.metrics_listen.clone());
    let served = Settings { metrics_listen, ..settings.clone() };
    // Whoever reads that it listens may tell it something at once.
    let signals = Signals::listen();
    process::say_where(&router, &listener);
    process::serve(router.clone(), &served, listener, cancel.clone(), &mut tasks).await?;
    let mut followed = Followed { settings, addresses, choice, plan, router, process, is_refused: false };
    followed.until_asked_to_end(signals).await;
    process::end(&cancel, tasks, followed.process).await
}

/// The JSON Schema of configuration files, as it is printed and committed.
#[must_use]
pub fn pretty_schema() -> String {
    serde_json::to_string_pretty(&schema()).unwrap_or_default() + "\n"
}

/// What a check says that found nothing. `unasked` are the subgraphs that only they themselves could tell of.
fn checked(unasked: &[String]) -> String {
    let nothing = "Nothing is wrong with it.".to_owned();
    if unasked.is_empty() {
        return nothing + "\n";
    }
    format!(
        "{nothing} --check asks no subgraph: the schemas that come from these were not looked at, nor whether all \
         compose: {}.\n",
        unasked.join(", ")
    )
}

fn print(text: &str) -> Result<(), Failure> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Failure::of("writing", error))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let failed = |error| {
        Failure(format!(
            "the router cannot listen on {address} ({error}); choose another address with --listen"
        ))
    };
    TcpListener::bind(address).await.map_err(failed)
}
