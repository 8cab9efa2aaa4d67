//! The run: for each load, all gateways are started, and asked in turns.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bench::Failure;
use bench::http::Connection;
use bench::process::{self, Process};
use bench::sample::Sample;
use bench::scratch::Scratch;
use bench::usage::{self, Others};

use crate::Options;
use crate::federation::Federation;
use crate::gateway::{Gateway, Running, Setting, Sharing};
use crate::load::{self, Clients, Turn};
use crate::questions::{Kind, Questions, Traffic};
use crate::subgraphs::schema::Part;
use crate::table::{Report, Row};

/// Connections, plans and caches fill before anything counts.
const WARM_UP: Duration = Duration::from_millis(700);

/// A kind of questions, and what may be shared between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Load {
    /// The question of the public benchmark, each request by itself
    Large,
    /// The same; calls to subgraphs that are in flight may be shared
    LargeSharingCalls,
    /// The same; whole answers may be shared, as the public benchmark has it
    LargeSharingAnswers,
    /// A question about another user each time; everything may be shared, and nothing is the same
    Varied,
    /// Two fields of one object of one subgraph, each request by itself
    Small,
}

impl Load {
    /// What is asked, and what may be shared.
    pub fn parts(self) -> (Kind, Sharing) {
        match self {
            Self::Large => (Kind::Large, Sharing::Off),
            Self::LargeSharingCalls => (Kind::Large, Sharing::Calls),
            Self::LargeSharingAnswers => (Kind::Large, Sharing::Answers),
            Self::Varied => (Kind::Varied, Sharing::Answers),
            Self::Small => (Kind::Small, Sharing::Off),
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Large => "large",
            Self::LargeSharingCalls => "large-sharing-calls",
            Self::LargeSharingAnswers => "large-sharing-answers",
            Self::Varied => "varied",
            Self::Small => "small",
        })
    }
}

/// Measures everything, and answers what is to be printed.
pub fn run(options: &Options) -> Result<Report, Failure> {
    let scratch = Scratch::new()?;
    // One thread: the generator is to take as little as it can from what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(options, &scratch)).map_err(|failure| {
        format!("{failure}\n(what the gateways logged is in {})", scratch.path().display())
    })?;
    scratch.remove()?;
    Ok(report)
}

async fn measure(options: &Options, scratch: &Scratch) -> Result<Report, Failure> {
    let others = Others::watch(Some(Duration::ZERO));
    let federation = Federation::read(options.public.as_deref())?;
    let subgraphs = Subgraphs::start(options, scratch.path()).await?;
    let supergraph = scratch.write("supergraph.graphql", federation.supergraph(&subgraphs.ports)?)?;
    let run = Run { options, gateways: gateways(options)?, subgraphs, supergraph, scratch: scratch.path() };
    let mut rows = Vec::new();
    for load in &options.loads {
        let questions = Questions::new(load.parts().0, &federation)?;
        for clients in &options.clients {
            rows.extend(run.load(*load, *clients, &questions).await?);
        }
    }
    process::stop(vec![run.subgraphs.process]).await?;
    let others_percent = others.percent(Some(Duration::ZERO));
    Ok(Report { rows, others_percent, seconds: options.seconds, rounds: options.rounds })
}

/// The gateways that are there.
fn gateways(options: &Options) -> Result<Vec<Gateway>, Failure> {
    let this = std::env::current_exe()?;
    let innoerp = options.innoerp.clone().unwrap_or_else(|| this.with_file_name("innoerp"));
    let mut gateways =
        vec![Gateway::Ideal { recall: false }, Gateway::Ideal { recall: true }, Gateway::Innoerp(innoerp)];
    gateways.extend(options.hive.clone().map(Gateway::Hive));
    gateways.extend(options.cosmo.clone().map(Gateway::Cosmo));
    gateways.extend(options.apollo_router.clone().map(Gateway::ApolloRouter));
    gateways.extend(options.apollo_gateway.clone().map(Gateway::ApolloNode));
    if let Some(path) = gateways.iter().filter_map(Gateway::path).find(|path| !path.exists()) {
        return Err(format!("{} is not there", path.display()).into());
    }
    gateways.retain(|gateway| {
        options.only.is_empty() || options.only.iter().any(|name| gateway.name().contains(name.as_str()))
    });
    Ok(gateways)
}

/// The process of the subgraphs.
struct Subgraphs {
    process: Process,
    ports: Vec<u16>,
}

impl Subgraphs {
    async fn start(options: &Options, scratch: &Path) -> Result<Self, Failure> {
        let ports = process::free_ports(Part::SUBGRAPHS.len())?;
        let mut command = Command::new(std::env::current_exe()?);
        command.env_clear().current_dir(scratch).stdin(Stdio::null()).arg("subgraphs");
        command.args(ports.iter().map(u16::to_string));
        command.args(["--delay-ms", &options.delay_ms.to_string()]);
        command.args(options.public.iter().flat_map(|folder| [Path::new("--public"), folder]));
        let mut processes = vec![Process::spawn("subgraphs", &mut command)?];
        for port in &ports {
            process::until(async || calls(*port).await.is_ok(), &mut processes).await?;
        }
        Ok(Self { process: processes.pop().ok_or("there is no process")?, ports })
    }

    async fn calls(&self) -> Result<[u64; 4], Failure> {
        calls(*self.ports.first().ok_or("there is no subgraph")?).await
    }
}

async fn calls(port: u16) -> Result<[u64; 4], Failure> {
    let (_, counts) = Connection::open(port).await?.post("/calls", None, "".into()).await?;
    Ok(serde_json::from_slice(&counts)?)
}

/// What all measurements share.
struct Run<'r> {
    options: &'r Options,
    gateways: Vec<Gateway>,
    subgraphs: Subgraphs,
    supergraph: PathBuf,
    scratch: &'r Path,
}

/// A gateway under a load, and what it did so far.
struct Contestant<'g> {
    gateway: &'g Gateway,
    running: Running,
    traffic: Traffic<'g>,
    clients: Clients,
    turns: Vec<Counted>,
}

/// A turn, and what it used.
struct Counted {
    turn: Turn,
    cpu: Duration,
    calls: [u64; 4],
}

impl Run<'_> {
    /// Starts every gateway, lets each have its turn so many times, and sums up.
    async fn load(&self, load: Load, count: u32, questions: &Questions) -> Result<Vec<Row>, Failure> {
        let (kind, sharing) = load.parts();
        // Where no two questions are the same, who cannot share is not worse off.
        let takes_part = |gateway: &&Gateway| kind == Kind::Varied || gateway.can(sharing);
        let setting = Setting {
            supergraph: &self.supergraph,
            public: self.options.public.as_deref(),
            subgraphs: &self.subgraphs.ports,
            sharing,
            scratch: self.scratch,
        };
        let mut contestants = Vec::new();
        for gateway in self.gateways.iter().filter(takes_part) {
            let (running, traffic) = (gateway.start(&setting).await?, Traffic::new(questions));
            let clients = Clients { count, are_different: sharing == Sharing::Off };
            contestants.push(Contestant { gateway, running, traffic, clients, turns: Vec::new() });
        }
        let others = Others::watch(Some(Duration::ZERO));
        for round in 1..=self.options.rounds {
            for contestant in &mut contestants {
                eprintln!("gateways: {load}, {count} clients, round {round}: {}", contestant.gateway.name());
                let counted = self.turn(contestant).await?;
                contestant.turns.push(counted);
            }
        }
        let others_percent = others.percent(Some(Duration::ZERO));
        let mut rows = Vec::new();
        for Contestant { gateway, running, turns, .. } in contestants {
            let memory_mib = usage::peak_memory_mib(running.process.pid())?;
            rows.push(sum_up(load, count, gateway, turns, memory_mib, others_percent)?);
            // Ended here and at once: some take half a minute to end when they are asked to.
            drop(running);
        }
        Ok(rows)
    }

    async fn turn(&self, contestant: &Contestant<'_>) -> Result<Counted, Failure> {
        let Contestant { running, traffic, clients, .. } = contestant;
        let (port, clients) = (running.port, *clients);
        let pid = [running.process.pid()];
        load::ask(port, clients, traffic, WARM_UP).await?;
        let perf =
            self.options.perf.as_deref().map(|file| perf(pid[0], file, self.options.seconds)).transpose()?;
        let (calls, cpu) = (self.subgraphs.calls().await?, usage::cpu(&pid)?);
        let turn = load::ask(port, clients, traffic, Duration::from_secs(self.options.seconds)).await?;
        let (calls_after, cpu_after) = (self.subgraphs.calls().await?, usage::cpu(&pid)?);
        if let Some(status) = perf.map(|mut perf| perf.wait()).transpose()?
            && !status.success()
        {
            return Err(format!("perf ended with {status}").into());
        }
        let calls = std::array::from_fn(|part| calls_after[part] - calls[part]);
        Ok(Counted { turn, cpu: cpu_after - cpu, calls })
    }
}

/// Watches a process for one turn. By the CPU's clock: virtual machines have no other counters.
fn perf(pid: u32, file: &Path, seconds: u64) -> Result<Child, Failure> {
    let mut command = Command::new("perf");
    command.args(["record", "--quiet", "--event=cpu-clock", "--freq=499", "--call-graph=dwarf,16384"]);
    command.arg(format!("--pid={pid}")).arg("--output").arg(file);
    command.args(["--", "sleep", &seconds.to_string()]).stdin(Stdio::null());
    Ok(command.spawn().map_err(|error| format!("perf cannot be started: {error}"))?)
}

fn sum_up(
    load: Load,
    clients: u32,
    gateway: &Gateway,
    turns: Vec<Counted>,
    memory_mib: f64,
    others_percent: Option<f64>,
) -> Result<Row, Failure> {
    let per_answer = |counted: &Counted| {
        let answers = counted.turn.latencies_us.len() as f64 + counted.turn.errors as f64;
        counted.cpu.as_secs_f64() * 1e6 / answers
    };
    let each_us: Vec<f64> = turns.iter().map(per_answer).collect();
    let (mut all, mut calls, mut cpu) = (Turn::default(), [0; 4], Duration::ZERO);
    for counted in turns {
        all.latencies_us.extend(counted.turn.latencies_us);
        all.errors += counted.turn.errors;
        all.elapsed += counted.turn.elapsed;
        cpu += counted.cpu;
        calls = std::array::from_fn(|part| calls[part] + counted.calls[part]);
    }
    let answers = all.latencies_us.len() as f64 + all.errors as f64;
    if all.latencies_us.is_empty() {
        return Err(format!("{} answered nothing right", gateway.name()).into());
    }
    Ok(Row {
        load,
        clients,
        gateway: gateway.clone(),
        errors: all.errors,
        cpu_us: cpu.as_secs_f64() * 1e6 / answers,
        cpu_us_each: each_us,
        memory_mib,
        calls: calls.map(|count| count as f64 / answers),
        others_percent,
        sample: Sample::new(all.latencies_us, all.elapsed)?,
    })
}
