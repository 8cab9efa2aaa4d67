//! The services as processes: started on a database, and ended.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::database::Database;
use crate::process::{self, Process, free_ports};
use crate::{Failure, http, usage};

/// How the services are spread over processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `innoerp serve all`.
    OneProcess,
    /// `innoerp serve <module>` for each module, and `innoerp router`.
    ProcessPerService,
}

const SETTLE_AT_MOST: Duration = Duration::from_secs(30);
/// Long enough for whoever works in the background to show.
const WATCHED: Duration = Duration::from_millis(400);

/// What the programs that are measured have in common.
pub struct Programs {
    /// Where they were built.
    folder: PathBuf,
    /// Where they log to, and what they are started in: no `.env` lies there.
    scratch: PathBuf,
    secret_key: String,
}

impl Programs {
    /// The programs that were built together with this one.
    pub fn new(scratch: &Path) -> Result<Self, Failure> {
        let this = std::env::current_exe()?;
        let folder = this.parent().ok_or("this program lies nowhere")?.to_owned();
        let secret_key = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
        Ok(Self { folder, scratch: scratch.to_owned(), secret_key })
    }

    /// Brings a database up to date.
    pub fn migrate(&self, database: &Database) -> Result<(), Failure> {
        let status = self.innoerp(&["migrate"], database)?.status()?;
        if status.success() { Ok(()) } else { Err(format!("`innoerp migrate` ended with {status}").into()) }
    }

    /// A command with nothing in its environment but what is set here: whoever measures may have settings.
    fn innoerp(&self, verb: &[&str], database: &Database) -> Result<Command, Failure> {
        let mut command = Command::new(self.folder.join("innoerp"));
        command
            .args(verb)
            .current_dir(&self.scratch)
            .env_clear()
            .env("DATABASE_URL", &database.service_url)
            .env("DATABASE_RELAY_URL", &database.relay_url)
            .env("DATABASE_OWNER_URL", &database.owner_url)
            .env("SECRET_KEY", &self.secret_key)
            .env("INNOERP_PROFILE", "production")
            .env("INNOERP_RATE_LIMITS", "false")
            // Nobody is left to be sent elsewhere when it ends.
            .env("INNOERP_WITHDRAW_MS", "0")
            .env("INNOERP_SHOW_INVITATION_TOKENS", "true")
            // So that one machine can be a thousand networks.
            .env("TRUSTED_PROXIES", "127.0.0.1")
            .env("INNOERP_HOST", "127.0.0.1")
            .env("INNOERP_FILES", self.scratch.join("files"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(self.log(verb.last().copied().unwrap_or_default())?);
        Ok(command)
    }

    /// Logs are written as an operator would have them written: they are part of what a request costs.
    fn log(&self, name: &str) -> Result<File, Failure> {
        Ok(File::options().create(true).append(true).open(self.scratch.join(format!("{name}.log")))?)
    }
}

/// Processes that run and are ready.
pub struct System {
    /// Them.
    pub processes: Vec<Process>,
    /// From the start of the first to the readiness of the last.
    pub ready_after: Duration,
    /// Where questions are asked.
    pub port: u16,
}

impl System {
    /// Starts the services of these modules, and the router.
    pub async fn start(
        programs: &Programs,
        mode: Mode,
        modules: &[String],
        database: &Database,
    ) -> Result<Self, Failure> {
        let services: Vec<&str> = modules.iter().map(String::as_str).chain(["router"]).collect();
        let ports = free_ports(services.len())?;
        let verbs: Vec<Vec<&str>> = match mode {
            Mode::OneProcess => vec![vec!["serve", "all"]],
            Mode::ProcessPerService => services
                .iter()
                .map(|name| if *name == "router" { vec!["router"] } else { vec!["serve", name] })
                .collect(),
        };
        let mut commands = Vec::new();
        for verb in &verbs {
            let mut command = programs.innoerp(verb, database)?;
            command.envs(
                services
                    .iter()
                    .zip(&ports)
                    .map(|(name, port)| (format!("{}_PORT", name.to_uppercase()), port.to_string())),
            );
            commands.push((verb.last().copied().unwrap_or_default(), command));
        }
        Self::run(commands, &ports).await
    }

    /// Starts the handler that answers the files of a folder.
    pub async fn start_fixed(folder: &Path) -> Result<Self, Failure> {
        let ports = free_ports(1)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("fixed").arg(ports[0].to_string()).arg(folder).env_clear().stdin(Stdio::null());
        Self::run(vec![("handler", command)], &ports).await
    }

    /// The last port is the one where questions are asked.
    async fn run(commands: Vec<(&str, Command)>, ports: &[u16]) -> Result<Self, Failure> {
        let begun = Instant::now();
        let mut processes = Vec::new();
        for (name, mut command) in commands {
            processes.push(Process::spawn(name, &mut command)?);
        }
        for port in ports {
            process::until(async || http::is_ready(*port).await, &mut processes).await?;
        }
        let port = ports.last().copied().unwrap_or_default();
        Ok(Self { processes, ready_after: begun.elapsed(), port })
    }

    /// The numbers of its processes.
    pub fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(Process::pid).collect()
    }

    /// Waits until the processes have nothing left to catch up on: it is no part of what a question costs.
    pub async fn settle(&self) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let before = usage::cpu(&self.pids())?;
            tokio::time::sleep(WATCHED).await;
            if usage::cpu(&self.pids())?.saturating_sub(before) < WATCHED / 10 {
                return Ok(());
            }
            if begun.elapsed() > SETTLE_AT_MOST {
                return Err(
                    format!("the services are still busy after {} s", SETTLE_AT_MOST.as_secs()).into()
                );
            }
        }
    }

    /// Asks every process to end, and waits until they have.
    pub async fn stop(self) -> Result<(), Failure> {
        process::stop(self.processes).await
    }
}
