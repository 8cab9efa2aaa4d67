//! The gateways that are compared, and how each is started.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bench::Failure;
use bench::http::Connection;
use bench::process::{self, Process};

use crate::command;
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
    /// Cosmo Router, from this folder with `router` and its `config.json`.
    Cosmo(PathBuf),
    /// Apollo Router, from this program.
    ApolloRouter(PathBuf),
    /// Apollo Gateway on Node.js, from this folder with its packages.
    ApolloNode(PathBuf),
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
            Self::Cosmo(_) => "Cosmo Router",
            Self::ApolloRouter(_) => "Apollo Router",
            Self::ApolloNode(_) => "Apollo Gateway",
        }
    }

    /// Whether it can share so much.
    pub fn can(&self, sharing: Sharing) -> bool {
        match self {
            Self::Hive(_) | Self::Cosmo(_) => true,
            Self::Innoerp(_) | Self::ApolloRouter(_) => sharing != Sharing::Answers,
            // The floor for sharing is to answer once, which says nothing.
            Self::Ideal { .. } | Self::ApolloNode(_) => sharing == Sharing::Off,
        }
    }

    /// What it is made of.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Ideal { .. } => None,
            Self::Innoerp(path)
            | Self::Hive(path)
            | Self::Cosmo(path)
            | Self::ApolloRouter(path)
            | Self::ApolloNode(path) => Some(path),
        }
    }

    /// Starts it, and waits until it answers.
    pub async fn start(&self, setting: &Setting<'_>) -> Result<Running, Failure> {
        let port = *process::free_ports(1)?.first().ok_or("there is no port")?;
        let file = format!("{}-{port}", self.name().replace([' ', ','], ""));
        let mut command = command::of(self, port, setting, &file)?;
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
