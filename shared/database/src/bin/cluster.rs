//! A throwaway PostgreSQL cluster for tests and for `make prepare`, from the command line.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitCode, ExitStatus};

use database::cluster::{Cluster, ClusterError, Durability, TEST_DATABASE_URL, target_folder};
use database::migrate::{self, Module};
use sqlx::migrate::Migrator;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
usage: cluster start              start the server that tests share, and print its URL
       cluster url                print its URL, if it is running
       cluster stop               stop it and remove its data
       cluster run -- COMMAND     run a command with INNOERP_TEST_DATABASE_URL set to a new server
       cluster prepare -- COMMAND run a command with DATABASE_URL set to a new, migrated database";

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let words = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    let done = match words.as_slice() {
        ["start"] => start(),
        ["url"] => print_url(),
        ["stop"] => stop(),
        ["run", "--", program, rest @ ..] => run(program, rest).await,
        ["prepare", "--", program, rest @ ..] => prepare(program, rest).await,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    done.unwrap_or_else(|error| {
        // What a service would keep to itself, whoever works on it wants to know.
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        let causes: String = causes.map(|cause| format!(": {cause}")).collect();
        eprintln!("cluster: {error}{causes}");
        ExitCode::FAILURE
    })
}

fn start() -> Result<ExitCode, Failure> {
    println!("{}", Cluster::shared_for_tests()?);
    Ok(ExitCode::SUCCESS)
}

fn print_url() -> Result<ExitCode, Failure> {
    let Some(url) = Cluster::shared_for_tests_url()? else {
        return Err("the server that tests share is not running; start it with `cluster start`".into());
    };
    println!("{url}");
    Ok(ExitCode::SUCCESS)
}

fn stop() -> Result<ExitCode, Failure> {
    Cluster::stop_shared_for_tests()?;
    Ok(ExitCode::SUCCESS)
}

async fn run(program: &str, arguments: &[&str]) -> Result<ExitCode, Failure> {
    // A server named from outside, such as a CI service's, is used as it is.
    if std::env::var_os(TEST_DATABASE_URL).is_some() {
        return execute(Command::new(program).args(arguments)).await;
    }
    let cluster = throwaway()?;
    let ended = execute(Command::new(program).args(arguments).env(TEST_DATABASE_URL, cluster.url())).await;
    if let Some(last_words) = cluster.untimely_end() {
        eprintln!("cluster: PostgreSQL ended before the command did: {last_words}");
    }
    cluster.remove()?;
    ended
}

async fn prepare(program: &str, arguments: &[&str]) -> Result<ExitCode, Failure> {
    let cluster = throwaway()?;
    let ended = match migrate_all(&cluster.url()).await {
        Ok(()) => execute(Command::new(program).args(arguments).env("DATABASE_URL", cluster.url())).await,
        Err(error) => Err(error),
    };
    cluster.remove()?;
    ended
}

/// Applies the migrations as they lie in the source tree: the program that carries them cannot be built
/// before the queries in it have been checked against the result.
async fn migrate_all(url: &str) -> Result<(), Failure> {
    let subgraphs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../subgraphs");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&subgraphs)? {
        let entry = entry?;
        let migrations = entry.path().join("migrations");
        if migrations.is_dir() {
            let migrator = Migrator::new(migrations.as_path()).await?;
            found.push((entry.file_name().to_string_lossy().into_owned(), migrator));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let modules = found.iter().map(|(id, migrator)| Module {
        id,
        name: id,
        description: id,
        is_core: false,
        requires: &[],
        permissions: &[],
        migrator,
    });
    migrate::run(url, &modules.collect::<Vec<_>>()).await?;
    Ok(())
}

/// Runs a command to its end, whatever signals come: Ctrl-C reaches it by itself, others are passed on.
async fn execute(command: &mut Command) -> Result<ExitCode, Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut child = command.spawn().map_err(|error| {
        format!("cannot run {}: {error}", command.as_std().get_program().to_string_lossy())
    })?;
    let status = loop {
        tokio::select! {
            ended = child.wait() => break ended?,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => pass_on(&child),
            _ = hangup.recv() => pass_on(&child),
        }
    };
    Ok(code_of(status))
}

fn pass_on(child: &tokio::process::Child) {
    let id = child.id().and_then(|id| id.try_into().ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        // An error means that it has just ended, which is what was wanted.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
}

/// The exit code as a shell would give it: 128 and the signal's number when a signal ended the command.
fn code_of(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|number| 128 + number));
    ExitCode::from(code.and_then(|code| code.try_into().ok()).unwrap_or(1))
}

fn throwaway() -> Result<Cluster, ClusterError> {
    let folder = target_folder()?;
    remove_leftovers(&folder);
    Cluster::start(&folder.join(format!("test-postgres-{}", std::process::id())), Durability::Throwaway)
}

/// Clears away what runs that were killed have left; one that is still going keeps its lock, and its data.
fn remove_leftovers(target: &Path) {
    let Ok(entries) = std::fs::read_dir(target) else { return };
    // The note `….moved` stands for a folder that lies elsewhere.
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path().with_extension("")));
    for folder in paths.filter(|path| is_throwaway(path)) {
        if let Err(error) = Cluster::remove_if_unused(&folder) {
            eprintln!("cluster: {error}");
        }
    }
}

fn is_throwaway(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("test-postgres-"))
}
