//! The command that starts each gateway: with its defaults, but for where to listen and what to share.
//!
//! Nothing is in its environment but what is set here: whoever measures may have settings.

use std::path::{Path, PathBuf};
use std::process::Command;

use bench::Failure;

use crate::gateway::{Gateway, Setting, Sharing};

/// The command for a gateway that is to listen on a port; files of its own begin with `file`.
pub fn of(gateway: &Gateway, port: u16, setting: &Setting<'_>, file: &str) -> Result<Command, Failure> {
    let write = |extension: &str, text: String| -> Result<PathBuf, Failure> {
        let path = setting.scratch.join(format!("{file}.{extension}"));
        std::fs::write(&path, text)?;
        Ok(path)
    };
    Ok(match gateway {
        Gateway::Ideal { recall } => ideal(port, *recall, setting)?,
        Gateway::Innoerp(program) => innoerp(program, port, setting),
        Gateway::Hive(program) => hive(program, &write("yaml", hive_config(port, setting))?),
        Gateway::Cosmo(folder) => {
            let config = std::fs::read_to_string(folder.join("config.json"))?;
            cosmo(folder, &write("json", cosmo_config(config, setting))?, port, setting)
        }
        Gateway::ApolloRouter(program) => {
            let config = write("yaml", apollo_config(port, setting))?;
            let mut command = cleared(program);
            command.env("APOLLO_TELEMETRY_DISABLED", "true").arg("--config").arg(config);
            command.arg("--supergraph").arg(setting.supergraph);
            command
        }
        Gateway::ApolloNode(folder) => {
            let script = write("mjs", include_str!("../apollo.mjs").to_owned())?;
            let mut command = cleared("node");
            command.envs(std::env::var_os("PATH").map(|path| ("PATH", path))).env("NODE_ENV", "production");
            command.arg(script).arg(folder).arg(setting.supergraph).arg(port.to_string());
            command
        }
    })
}

fn cleared(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.env_clear();
    command
}

fn ideal(port: u16, recall: bool, setting: &Setting<'_>) -> Result<Command, Failure> {
    let mut command = cleared(std::env::current_exe()?);
    command.arg("ideal").arg(port.to_string());
    command.args(setting.subgraphs.iter().map(u16::to_string));
    command.args(recall.then_some("--recall"));
    command.args(setting.public.iter().flat_map(|folder| [Path::new("--public"), folder]));
    Ok(command)
}

fn innoerp(program: &Path, port: u16, setting: &Setting<'_>) -> Command {
    let mut command = cleared(program);
    command.env("INNOERP_PROFILE", "production").env("INNOERP_RATE_LIMITS", "false");
    command
        .args(["router", "--listen", &format!("127.0.0.1:{port}"), "--supergraph"])
        .arg(setting.supergraph);
    command
}

fn hive(program: &Path, config: &Path) -> Command {
    let mut command = cleared(program);
    // By itself it starts one worker per physical core; here everybody may use what there is.
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    command.env("ROUTER_CONFIG_FILE_PATH", config).env("ROUTER_HTTP_WORKERS", workers.to_string());
    command
}

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

fn cosmo(folder: &Path, config: &Path, port: u16, setting: &Setting<'_>) -> Command {
    let mut command = cleared(folder.join("router"));
    command.env("EXECUTION_CONFIG_FILE_PATH", config).env("LISTEN_ADDR", format!("127.0.0.1:{port}"));
    // As in the public benchmark: its measurements would go to a service that we do not use.
    for off in ["TRACING_ENABLED", "METRICS_OTLP_ENABLED", "GRAPHQL_METRICS_ENABLED", "PROMETHEUS_ENABLED"] {
        command.env(off, "false");
    }
    let (calls, answers) = (setting.sharing != Sharing::Off, setting.sharing == Sharing::Answers);
    command.env("ENGINE_ENABLE_SINGLE_FLIGHT", calls.to_string());
    command.env("ENGINE_ENABLE_INBOUND_REQUEST_DEDUPLICATION", answers.to_string());
    command
}

/// It takes no supergraph, but what its own composition made of the subgraphs at the ports of our file.
fn cosmo_config(config: String, setting: &Setting<'_>) -> String {
    let places = (4201..).zip(setting.subgraphs);
    places.fold(config, |config, (from, to)| {
        config.replace(&format!("127.0.0.1:{from}/"), &format!("127.0.0.1:{to}/"))
    })
}

fn apollo_config(port: u16, setting: &Setting<'_>) -> String {
    format!(
        "supergraph:\n  listen: 127.0.0.1:{port}\n  path: /graphql\n\
         health_check:\n  enabled: false\n\
         traffic_shaping:\n  all:\n    deduplicate_query: {}\n",
        setting.sharing != Sharing::Off,
    )
}
