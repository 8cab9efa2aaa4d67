//! The private database is killed again and again while people read and write: it is there again, and so is all that was
//! acknowledged, once.

use std::path::Path;
use std::time::{Duration, Instant};

use bench::steady_load::SteadyLoad;
use database::cluster::{Cluster, Durability};
use rustix::process::{Pid, Signal, kill_process};

use super::Findings;
use crate::Failure;
use crate::company::Company;
use crate::database::Server;
use crate::http;
use crate::measure::say;
use crate::scratch::Scratch;
use crate::system::{Mode, Programs, System};

/// How long it may take until somebody writes again and the router says that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// Writes between two kills.
const WRITES: u32 = 20;
/// And time: a server that ends within a second of its start, nine times in a row, is given up.
const APART: Duration = Duration::from_millis(1500);
const WRITERS: u32 = 4;
const READERS: u32 = 4;
const TICK: Duration = Duration::from_millis(5);

/// In one process, on a server of its own that is kept as `innoerp up` keeps it.
pub async fn run(scratch: &Scratch, count: u32) -> Result<Findings, Failure> {
    let cluster = Cluster::start_async(scratch.path().join("postgres"), Durability::Kept).await?;
    let lost = cluster.keep();
    let found = tokio::select! {
        found = killed(scratch, &cluster, count) => found,
        error = lost => Err(error.into()),
    };
    cluster.remove()?;
    found
}

async fn killed(scratch: &Scratch, cluster: &Cluster, count: u32) -> Result<Findings, Failure> {
    let programs = Programs::new(scratch.path())?;
    let database = Server::at(&cluster.url()).await?.create("soak", None).await?;
    programs.migrate(&database)?;
    let system = System::start(&programs, Mode::OneProcess, &database.modules().await?, &database).await?;
    let company = Company::found(system.port, &database, 1).await?;
    let token = company.people[0].token.to_str()?.trim_start_matches("Bearer ").to_owned();
    let (load, begun) = (SteadyLoad::new(&[system.port], &token)?, Instant::now());
    let killing = kill_again(cluster.folder(), system.port, &load, count);
    let (outcome, slowest) = tokio::join!(load.run(WRITERS, READERS), killing);
    let (outcome, slowest) = (outcome?, slowest?);
    system.stop().await?;
    let mut findings = Findings::default();
    findings.note(format!(
        "{count} kills in {:.0} s: {} writes acknowledged, {} reads answered, {} requests failed meanwhile",
        begun.elapsed().as_secs_f64(),
        outcome.written,
        outcome.read,
        outcome.failures
    ));
    let (lost, repeated) = (outcome.lost.len(), outcome.repeated.len());
    findings
        .promise(format!("{lost} acknowledged writes lost, {repeated} there twice"), lost + repeated == 0);
    findings.promise(
        format!("the slowest recovery took {:.2} s ({} s)", slowest.as_secs_f64(), READY_WITHIN.as_secs()),
        slowest <= READY_WITHIN,
    );
    Ok(findings)
}

/// Kills the server so often, each time after some writes; answers the longest time until somebody wrote again and the
/// router was ready.
async fn kill_again(folder: &Path, port: u16, load: &SteadyLoad, count: u32) -> Result<Duration, Failure> {
    let mut slowest = Duration::ZERO;
    for number in 1..=count {
        tokio::time::sleep(APART).await;
        load.until_written(WRITES).await;
        let killed = running(folder).ok_or("no server runs")?;
        let begun = Instant::now();
        kill_process(killed, Signal::KILL)?;
        let again = async {
            while running(folder).is_none_or(|pid| pid == killed) {
                tokio::time::sleep(TICK).await;
            }
            load.until_written(1).await;
            while !http::is_ready(port).await {
                tokio::time::sleep(TICK).await;
            }
        };
        let came = tokio::time::timeout(6 * READY_WITHIN, again).await;
        slowest = slowest.max(begun.elapsed());
        if came.is_err() {
            say(&format!("after kill {number} nothing works again"));
            break;
        }
    }
    load.end();
    Ok(slowest)
}

/// The server's process, once it takes connections.
fn running(folder: &Path) -> Option<Pid> {
    let said = std::fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
    let is_ready = said.lines().nth(7).is_some_and(|state| state.trim() == "ready");
    said.lines().next().filter(|_| is_ready)?.parse().ok().and_then(Pid::from_raw)
}
