//! The program: its verbs are the services, and what operators do with them.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use innoerp::addresses::Addresses;
use innoerp::events::{self, EventsVerb};
use innoerp::federation::{self, Choice};
use innoerp::operations::backup::{self, BackupVerb};
use innoerp::operations::{doctor, status};
use innoerp::operator::{self, AuthVerb};
use innoerp::process::{self, Listeners, Process, asked_to_end, logged};
use innoerp::{Failure, catalogue, dev, health, modules, seed, up};
use service::Settings;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A multi-tenant ERP as one federated GraphQL API.
#[derive(Parser)]
#[command(version, about)]
struct Program {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    addresses: Addresses,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run everything on this machine, with a private database when DATABASE_URL is not set
    Up,
    /// Run everything as `up` does, and build and restart whatever changes; clients stay connected
    Dev {
        /// What builds it
        #[arg(long, default_value = "cargo build")]
        build: String,
    },
    /// Run one module, all of them, or all of them and the router
    Serve {
        /// A module's name, `modules`, or `all`
        module: String,
    },
    /// Run the router alone, over our modules, found over HTTP, or over any other federation
    Router {
        #[command(flatten)]
        choice: Choice,
    },
    /// Bring the database up to date
    Migrate,
    /// Make two demo organizations
    Seed,
    /// Say whether all is as it must be, a line for each thing; fails when one is wrong
    Doctor {
        /// Do not ask the services: they are not started yet
        #[arg(long)]
        before_start: bool,
    },
    /// Show a running installation on one screen: services and their readiness, database, migrations, Kafka, Redis, events
    /// on their way; fails when something is wrong
    Status {
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Take backups of the database, and prove that they can be restored
    Backup {
        #[command(subcommand)]
        verb: BackupVerb,
    },
    /// Make links that prove an address, until mail does: they are for the person who reads it, and each is in the trail
    Auth {
        #[command(subcommand)]
        verb: AuthVerb,
    },
    /// Ask a service on this machine whether it is ready; health checks of containers do
    Health {
        /// A module's name, `router`, or `all` where all are served by one process
        #[arg(default_value = "router")]
        service: String,
    },
    /// See how events flow, and try again what was set aside
    Events {
        #[command(subcommand)]
        verb: EventsVerb,
    },
    /// Write the schemas of the modules, the supergraph and the events
    Sdl {
        /// Where to
        #[arg(default_value = "schema")]
        folder: PathBuf,
    },
}

/// How much stack a thread has that answers: four times what any request may need. What nothing touches costs nothing.
const STACK_BYTES: usize = 4 * 1024 * 1024;

fn main() -> ExitCode {
    // A file that is not there is no fault; the environment comes before it.
    let _ = dotenvy::dotenv();
    let program = Program::parse();
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.enable_all().thread_stack_size(STACK_BYTES).build();
    let done = runtime
        .map_err(|error| Failure::of("starting threads", error))
        .and_then(|runtime| runtime.block_on(run(program)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("innoerp: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Program { settings, addresses, verb }: Program) -> Result<(), Failure> {
    let settings = settings.without_empty();
    if let Verb::Router { choice } = &verb
        && choice.is_made()
    {
        return federation::serve(settings, addresses, choice.clone()).await;
    }
    if let Verb::Health { service } = &verb {
        return health::ask(&settings, &addresses, service).await;
    }
    let telemetry = settings.telemetry(settings.profile());
    let run = async {
        if matches!(verb, Verb::Up | Verb::Dev { .. } | Verb::Serve { .. } | Verb::Router { .. }) {
            settings.check_host().map_err(Failure)?;
        }
        match verb {
            Verb::Up => up::up(settings, addresses).await,
            Verb::Dev { build } => dev::dev(settings, addresses, &build).await,
            Verb::Migrate => up::migrate(&settings).await,
            Verb::Sdl { folder } => catalogue::write(&folder),
            Verb::Doctor { before_start } => doctor::run(settings, &addresses, before_start).await,
            Verb::Status { json } => status::run(settings, &addresses, json).await,
            Verb::Backup { verb } => backup::run(settings, verb).await,
            Verb::Events { verb } => events::run(&settings, verb).await,
            Verb::Auth { verb } => operator::run(&settings, verb).await,
            verb => serve(settings, addresses, verb).await,
        }
    };
    logged(telemetry, run).await
}

/// Runs a process until it is asked to end, or until it has done its work.
async fn serve(settings: Settings, addresses: Addresses, verb: Verb) -> Result<(), Failure> {
    let (cancel, mut tasks) = (CancellationToken::new(), JoinSet::new());
    let start = start(settings, addresses, verb, &cancel, &mut tasks);
    let process = process::unless_asked_to_end(start).await?;
    if process.is_some() {
        tokio::select! { () = asked_to_end() => {}, () = cancel.cancelled() => {} }
    }
    process::end(&cancel, tasks, process).await
}

async fn start(
    settings: Settings,
    addresses: Addresses,
    verb: Verb,
    cancel: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> Result<Process, Failure> {
    let process = match &verb {
        Verb::Serve { module } if module == "all" => {
            let listeners = Listeners::open(&settings, &addresses).await?;
            let served = modules::ids();
            let process = Process::start(&served, settings, listeners.addresses(), cancel.clone()).await?;
            drop(process.serve_all(listeners, tasks).await?);
            process
        }
        Verb::Serve { module } if module == "modules" => {
            let process = Process::start(&modules::ids(), settings, addresses, cancel.clone()).await?;
            for subgraph in modules::all() {
                process.serve_one(subgraph, tasks).await?;
            }
            process
        }
        Verb::Seed => {
            let everywhere: Vec<_> =
                modules::all().iter().map(|module| (module.id, 0)).chain([("router", 0)]).collect();
            let listeners = Listeners::open(&settings, &Addresses::on_ports(&everywhere)).await?;
            let served = modules::ids();
            // It invites and joins as everybody in the demo, and answers nobody else.
            let settings = Settings { show_invitation_tokens: Some(true), ..settings };
            let process = Process::start(&served, settings, listeners.addresses(), cancel.clone()).await?;
            let (router, _hold) = process.serve_all(listeners, tasks).await?;
            seed::run(&router).await?;
            cancel.cancel();
            process
        }
        Verb::Serve { module } => {
            let subgraph =
                modules::find(module).ok_or_else(|| Failure(format!("there is no module {module}")))?;
            let process = Process::start(&[subgraph.id], settings, addresses, cancel.clone()).await?;
            process.serve_one(subgraph, tasks).await?;
            process
        }
        _ => {
            let process = Process::start(&[], settings, addresses, cancel.clone()).await?;
            process.serve_router(tasks).await?;
            process
        }
    };
    Ok(process)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn no_verb_has_a_flag_that_means_two_things() {
        Program::command().debug_assert();
    }
}
