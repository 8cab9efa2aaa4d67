//! `innoerp dev`: builds what changes, and restarts it while whoever is connected stays so.
//!
//! The router runs in one process and the modules in another. A new build of the modules starts beside the old one, at
//! ports of its own, and the router goes over to it; subscriptions go on after the last event that they gave. The router
//! is restarted only when something changed that it is made of: then its clients are told to come back, as they do by
//! themselves.

use std::collections::HashMap;
use std::io::{PipeReader, PipeWriter};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use service::Settings;
use tokio::process::{Child, Command};

use crate::addresses::{Addresses, ROUTER_PORT};
use crate::process::{asked_to_end, unless_asked_to_end};
use crate::signals::ENDS_WITH_STDIN;
use crate::up::{self, Demo, say};
use crate::{Failure, modules};

/// How often the sources are looked at: an editor writes several files at once, and nobody waits for less.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// What a program is made of.
const FOLDERS: [&str; 4] = ["innoerp", "router", "shared", "subgraphs"];
const KINDS: [&str; 5] = ["rs", "toml", "sql", "graphql", "html"];
/// What is built for tests alone, or is not ours.
const LEFT_OUT: [&str; 3] = ["tests", "benches", "node_modules"];
/// How long processes may take to end in order, or to be ready.
const END_AT_MOST: Duration = Duration::from_secs(35);
const READY_AT_MOST: Duration = Duration::from_secs(120);

/// Runs everything, and again whatever changes, until it is asked to end. `build` is the command that builds it.
///
/// # Errors
/// One sentence that says what is missing or in the way.
pub async fn dev(mut settings: Settings, addresses: Addresses, build: &str) -> Result<(), Failure> {
    up::refuse_production(&settings, "dev")?;
    drop(asked_to_end());
    let cluster = up::database(&mut settings).await?;
    up::while_kept(cluster, async |cluster| {
        let mut running = Running::new(&settings, &addresses)?;
        let Some(()) = unless_asked_to_end(running.start(&settings)).await? else {
            return running.end().await;
        };
        say(&up::banner(&settings, &addresses, cluster)?);
        let mut seen = sources(Path::new("."));
        loop {
            let changed =
                tokio::select! { changed = change(&mut seen) => changed, () = asked_to_end() => break };
            if unless_asked_to_end(running.renew(build, &changed)).await?.is_none() {
                break;
            }
        }
        say("Stopping.");
        running.end().await
    })
    .await
}

/// The processes, and where they are.
struct Running {
    program: PathBuf,
    /// What each is told: where the database is, and which port is the router's.
    variables: Vec<(String, String)>,
    /// What those that serve are told as well: where everybody is found.
    urls: Vec<(String, String)>,
    /// Two places for the modules: the ones that run are at one, those that take their place at the other.
    places: [Vec<(&'static str, u16)>; 2],
    turn: usize,
    router_port: u16,
    modules: Option<Child>,
    router: Option<Child>,
    /// What all of them read: it ends when this process does, and so do they.
    life: (PipeReader, PipeWriter),
}

impl Running {
    fn new(settings: &Settings, addresses: &Addresses) -> Result<Self, Failure> {
        let mut places = [Vec::new(), Vec::new()];
        let (mut variables, mut urls) = (Vec::new(), Vec::new());
        for module in modules::all() {
            let usual = addresses.port(module.id, module.port)?;
            let other = free_port()?;
            places[0].push((module.id, usual));
            places[1].push((module.id, other));
            let both = format!("http://127.0.0.1:{usual},http://127.0.0.1:{other}");
            urls.push((format!("{}_URL", module.id.to_uppercase()), both));
        }
        let router_port = addresses.port("router", ROUTER_PORT)?;
        variables.push(("ROUTER_PORT".to_owned(), router_port.to_string()));
        let databases = [
            ("DATABASE_URL", &settings.database_url),
            ("DATABASE_RELAY_URL", &settings.database_relay_url),
            ("DATABASE_OWNER_URL", &settings.database_owner_url),
        ];
        variables
            .extend(databases.into_iter().filter_map(|(name, url)| Some((name.to_owned(), url.clone()?))));
        // A build takes the place of the file that this process was started from.
        let program = std::env::current_exe().map_err(|error| Failure::of("finding this program", error))?;
        let life = std::io::pipe().map_err(|error| Failure::of("opening a pipe", error))?;
        let (modules, router) = (None, None);
        Ok(Self { program, variables, urls, places, turn: 0, router_port, modules, router, life })
    }

    fn command(&self, verb: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(verb).envs(self.variables.iter().map(|(name, value)| (name, value))).kill_on_drop(true);
        let ports = self.places[self.turn].iter();
        command
            .envs(ports.map(|(module, port)| (format!("{}_PORT", module.to_uppercase()), port.to_string())));
        command
    }

    fn spawn(&self, mut command: Command, verb: &str) -> Result<Child, Failure> {
        let mut started = || command.stdin(self.life.0.try_clone()?).env(ENDS_WITH_STDIN, "true").spawn();
        started().map_err(|error| Failure::of(&format!("starting `innoerp {verb}`"), error))
    }

    fn serve(&self, verb: &[&str]) -> Result<Child, Failure> {
        let mut command = self.command(verb);
        command.envs(self.urls.iter().map(|(name, url)| (name, url)));
        self.spawn(command, &verb.join(" "))
    }

    async fn does(&self, verb: &str) -> Result<bool, Failure> {
        let status = self.spawn(self.command(&[verb]), verb)?.wait().await;
        Ok(status.map_err(|error| Failure::of(&format!("waiting for `innoerp {verb}`"), error))?.success())
    }

    async fn start(&mut self, settings: &Settings) -> Result<(), Failure> {
        if !self.does("migrate").await? {
            return Err(Failure("the database cannot be migrated; see above".into()));
        }
        if matches!(up::demo(settings).await?, Demo::Wanted) {
            say("Making two demo organizations.");
            if !self.does("seed").await? {
                return Err(Failure("the demo data cannot be made; see above".into()));
            }
        }
        let (modules, router) = (self.serve(&["serve", "modules"])?, self.serve(&["router"])?);
        let (modules, router) = (self.modules.insert(modules), self.router.insert(router));
        let ports: Vec<u16> = self.places[self.turn].iter().map(|(_, port)| *port).collect();
        let is_ready = until_ready(modules, &ports).await && until_ready(router, &[self.router_port]).await;
        if is_ready { Ok(()) } else { Err(Failure("it does not start; see above".into())) }
    }

    /// Builds, and lets what was built take the place of what runs. What cannot be built, or does not start, changes
    /// nothing.
    async fn renew(&mut self, build: &str, changed: &[PathBuf]) -> Result<(), Failure> {
        say(&format!(
            "{} changed: building.",
            changed.first().map_or("Something".into(), |path| path.display().to_string())
        ));
        let built = Command::new("/bin/sh").args(["-c", build]).kill_on_drop(true).status().await;
        if !built.map_err(|error| Failure::of(&format!("running `{build}`"), error))?.success() {
            say("It does not build; what ran before goes on.");
            return Ok(());
        }
        if !self.does("migrate").await? {
            say("The database cannot be migrated; what ran before goes on.");
            return Ok(());
        }
        self.turn = 1 - self.turn;
        let mut next = self.serve(&["serve", "modules"])?;
        let ports: Vec<u16> = self.places[self.turn].iter().map(|(_, port)| *port).collect();
        if !until_ready(&mut next, &ports).await {
            self.turn = 1 - self.turn;
            say("It does not start; what ran before goes on.");
            return end(Some(next)).await;
        }
        end(self.modules.replace(next)).await?;
        if changed.iter().any(|path| is_of_router(path)) {
            end(self.router.take()).await?;
            let mut router = self.serve(&["router"])?;
            until_ready(&mut router, &[self.router_port]).await;
            self.router = Some(router);
        }
        say("Restarted.");
        Ok(())
    }

    /// The router first: nobody is to be told that modules are missing.
    async fn end(mut self) -> Result<(), Failure> {
        end(self.router.take()).await?;
        end(self.modules.take()).await
    }
}

/// Whether a router is made of a source, and not of modules alone.
fn is_of_router(path: &Path) -> bool {
    let is_sql = path.extension().is_some_and(|kind| kind == "sql");
    !is_sql && !path.components().any(|part| part.as_os_str() == "subgraphs")
}

/// Asks a process to end, and waits until it has.
async fn end(child: Option<Child>) -> Result<(), Failure> {
    let Some(mut child) = child else { return Ok(()) };
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    // It may have ended by itself.
    let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
    match tokio::time::timeout(END_AT_MOST, child.wait()).await {
        Ok(_) => Ok(()),
        Err(_) => child.kill().await.map_err(|error| Failure::of("ending a process", error)),
    }
}

/// Waits until a process is ready at all of its ports; not when it ends before.
async fn until_ready(child: &mut Child, ports: &[u16]) -> bool {
    let ready = async {
        for port in ports {
            let url = format!("http://127.0.0.1:{port}/health/ready");
            while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    tokio::select! {
        _ = child.wait() => false,
        ready = tokio::time::timeout(READY_AT_MOST, ready) => ready.is_ok(),
    }
}

fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| Failure::of("finding a free port", error))
}

type Sources = HashMap<PathBuf, SystemTime>;

/// When each source was written last. Looking is cheap, and works wherever files come from.
fn sources(root: &Path) -> Sources {
    let mut found = Sources::new();
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let Ok(about) = entry.metadata() else { continue };
            if about.is_dir() {
                if LEFT_OUT.iter().all(|left_out| name != *left_out) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known)) {
                found.insert(path, about.modified().unwrap_or(SystemTime::UNIX_EPOCH));
            }
        }
    }
    found
}

/// Waits until sources are others than those seen, and are so no more: somebody may still be writing.
async fn change(seen: &mut Sources) -> Vec<PathBuf> {
    let mut changed = Vec::new();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = sources(Path::new("."));
        let is_quiet = now == *seen;
        changed.extend(
            now.iter().filter(|(path, at)| seen.get(*path) != Some(*at)).map(|(path, _)| path.clone()),
        );
        changed.extend(seen.keys().filter(|path| !now.contains_key(*path)).cloned());
        *seen = now;
        if is_quiet && !changed.is_empty() {
            return changed;
        }
    }
}
