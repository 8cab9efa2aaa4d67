//! The gateways that are compared, and how each is started.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bench::Failure;
use bench::http::Connection;
use bench::process::{self, Process};

use crate::questions::Question;

/// What a gateway may share between requests that are in flight at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Nothing.
    Off,
    /// Calls to subgraphs.
    Calls,
    /// Calls to subgraphs, and whole answers.
    Answers,
}

/// A program that answers the questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// The hand-written client; with `recall`, it asks for nothing twice.
    Ideal {
        /// Whether what is known of an entity is not asked for again.
        recall: bool,
    },
    /// Our router, from this program.
    Innoerp(PathBuf),
    /// Hive Router, from this program.
    Hive(PathBuf),
    /// Apollo Gateway on Node.js, from this folder with its packages.
    Apollo(PathBuf),
}

/// What a gateway is started with.
pub struct Setting<'s> {
    /// The supergraph, in a file.
    pub supergraph: &'s Path,
    /// The folder of a public benchmark, if its question is asked.
    pub public: Option<&'s Path>,
    /// The subgraphs' ports.
    pub subgraphs: &'s [u16],
    /// What it may share.
    pub sharing: Sharing,
    /// Where it may write.
    pub scratch: &'s Path,
}

impl Gateway {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ideal { recall: false } => "ideal, 6 calls",
            Self::Ideal { recall: true } => "ideal, 4 calls",
            Self::Innoerp(_) => "innoerp",
            Self::Hive(_) => "Hive Router",
            Self::Apollo(_) => "Apollo Gateway",
        }
    }

    /// Whether it can share so much.
    pub fn can(&self, sharing: Sharing) -> bool {
        match self {
            Self::Hive(_) => true,
            Self::Innoerp(_) => sharing != Sharing::Answers,
            // The floor for sharing is to answer once, which says nothing.
            Self::Ideal { .. } | Self::Apollo(_) => sharing == Sharing::Off,
        }
    }

    /// What it is made of.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Ideal { .. } => None,
            Self::Innoerp(path) | Self::Hive(path) | Self::Apollo(path) => Some(path),
        }
    }

    /// Starts it, and waits until it answers.
    pub async fn start(&self, setting: &Setting<'_>) -> Result<Running, Failure> {
        let port = *process::free_ports(1)?.first().ok_or("there is no port")?;
        let file = format!("{}-{port}", self.name().replace([' ', ','], ""));
        let mut command = self.command(port, setting, &file)?;
        command
            .current_dir(setting.scratch)
            .stdin(Stdio::null())
            .stdout(log(setting.scratch, &file)?)
            .stderr(log(setting.scratch, &file)?);
        let mut processes = vec![Process::spawn(self.name(), &mut command)?];
        process::until(async || answers(port).await, &mut processes).await?;
        let process = processes.pop().ok_or("there is no process")?;
        Ok(Running { process, port })
    }

    /// A command with nothing in its environment but what is set here: whoever measures may have settings.
    fn command(&self, port: u16, setting: &Setting<'_>, file: &str) -> Result<Command, Failure> {
        let mut command;
        match self {
            Self::Ideal { recall } => {
                command = Command::new(std::env::current_exe()?);
                command.env_clear().arg("ideal").arg(port.to_string());
                command.args(setting.subgraphs.iter().map(u16::to_string));
                command.args(recall.then_some("--recall"));
                command.args(setting.public.iter().flat_map(|folder| [Path::new("--public"), folder]));
            }
            Self::Innoerp(program) => {
                command = Command::new(program);
                command
                    .env_clear()
                    .env("INNOERP_PROFILE", "production")
                    .env("INNOERP_RATE_LIMITS", "false")
                    .args(["router", "--listen", &format!("127.0.0.1:{port}"), "--supergraph"])
                    .arg(setting.supergraph);
            }
            Self::Hive(program) => {
                let config = setting.scratch.join(format!("{file}.yaml"));
                std::fs::write(&config, hive_config(port, setting))?;
                command = Command::new(program);
                // By itself it starts one worker per physical core; here everybody may use what there is.
                let workers = std::thread::available_parallelism().map_or(1, usize::from);
                command
                    .env_clear()
                    .env("ROUTER_CONFIG_FILE_PATH", config)
                    .env("ROUTER_HTTP_WORKERS", workers.to_string());
            }
            Self::Apollo(folder) => {
                let script = setting.scratch.join(format!("{file}.mjs"));
                std::fs::write(&script, include_str!("../apollo.mjs"))?;
                command = Command::new("node");
                command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
                command.env("NODE_ENV", "production").arg(script).arg(folder).arg(setting.supergraph);
                command.arg(port.to_string());
            }
        }
        Ok(command)
    }
}

/// All defaults but where to listen, and what to share.
fn hive_config(port: u16, setting: &Setting<'_>) -> String {
    format!(
        "supergraph:\n  source: file\n  path: {}\n\
         http:\n  host: 127.0.0.1\n  port: {port}\n\
         traffic_shaping:\n  all:\n    dedupe_enabled: {}\n  router:\n    dedupe:\n      enabled: {}\n",
        setting.supergraph.display(),
        setting.sharing != Sharing::Off,
        setting.sharing == Sharing::Answers,
    )
}

/// Everybody logs to a file: it is part of what a request costs.
fn log(folder: &Path, name: &str) -> Result<File, Failure> {
    Ok(File::options().create(true).append(true).open(folder.join(format!("{name}.log")))?)
}

async fn answers(port: u16) -> bool {
    let asked = async {
        let mut connection = Connection::open(port).await?;
        connection.post("/graphql", None, Question::small().body().into()).await
    };
    asked
        .await
        .is_ok_and(|(status, answer)| status.is_success() && answer.starts_with(b"{\"data\":{\"me\":{"))
}

/// A gateway that runs.
pub struct Running {
    /// Its process.
    pub process: Process,
    /// Where it listens.
    pub port: u16,
}
