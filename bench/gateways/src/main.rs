//! What our router costs beside others, and beside a program that does nothing more than it must: the public
//! benchmark's four subgraphs and its large question, measured in turns in one run.
//!
//! Started by `bench/gateways/run`; what is measured, and how, is in `bench/gateways/README.md`.

mod command;
mod federation;
mod gateway;
mod ideal;
mod load;
mod measure;
mod questions;
mod serve;
mod shop;
mod subgraphs;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use bench::Failure;
use clap::{Parser, Subcommand, ValueEnum as _};

use crate::federation::Federation;
use crate::measure::Load;

/// Measures gateways in turns, and prints one table.
#[derive(Parser)]
struct Program {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What is measured, and how much of it.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// What is asked
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Load::value_variants().iter().copied())]
    loads: Vec<Load>,
    /// How many ask at the same time
    #[arg(long, value_delimiter = ',', default_values_t = [50, 8], value_parser = clap::value_parser!(u32).range(1..=1000))]
    clients: Vec<u32>,
    /// How long a turn takes, after a warm-up
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How many turns each gateway has under each load
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Only gateways with one of these words in their names
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Our program; the one built together with this when it is not given
    #[arg(long, env = "BENCH_INNOERP", value_name = "PROGRAM")]
    innoerp: Option<PathBuf>,
    /// Hive Router's program; without it, Hive Router is left out
    #[arg(long, env = "BENCH_HIVE", value_name = "PROGRAM")]
    hive: Option<PathBuf>,
    /// A folder with Cosmo Router's `router` and `config.json`; without it, Cosmo Router is left out
    #[arg(long, env = "BENCH_COSMO", value_name = "FOLDER")]
    cosmo: Option<PathBuf>,
    /// Apollo Router's program; without it, Apollo Router is left out
    #[arg(long, env = "BENCH_APOLLO_ROUTER", value_name = "PROGRAM")]
    apollo_router: Option<PathBuf>,
    /// A folder with the packages of Apollo Gateway; without it, Apollo Gateway is left out
    #[arg(long, env = "BENCH_APOLLO_GATEWAY", value_name = "FOLDER")]
    apollo_gateway: Option<PathBuf>,
    /// Take supergraph, question and answer of the public benchmark from this folder, in place of our own
    #[arg(long, env = "BENCH_PUBLIC", value_name = "FOLDER")]
    public: Option<PathBuf>,
    /// Let `perf` watch the gateway during its turns, and write to this file; for one gateway under one load
    #[arg(long, value_name = "FILE")]
    perf: Option<PathBuf>,
    /// How long each subgraph waits before it answers
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=1000))]
    delay_ms: u64,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the subgraphs: accounts, inventory, products, reviews
    Subgraphs {
        /// Their ports
        #[arg(num_args = 4)]
        ports: Vec<u16>,
        /// Have the values of the public benchmark's answer in this folder
        #[arg(long)]
        public: Option<PathBuf>,
        /// How long each waits before it answers
        #[arg(long, default_value_t = 0)]
        delay_ms: u64,
    },
    /// Run the hand-written client
    Ideal {
        /// The port to listen on
        port: u16,
        /// The subgraphs' ports
        #[arg(num_args = 4)]
        subgraphs: Vec<u16>,
        /// Do not ask again for what is known of an entity
        #[arg(long)]
        recall: bool,
        /// Understand the public benchmark's question in this folder
        #[arg(long)]
        public: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run(Program::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("gateways: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(Program { options, verb }: Program) -> Result<(), Failure> {
    match verb {
        None => println!("{}", measure::run(&options)?),
        Some(Verb::Subgraphs { ports, public, delay_ms }) => {
            subgraphs::run(&ports, Federation::read(public.as_deref())?.shop, delay_ms)?;
        }
        Some(Verb::Ideal { port, subgraphs, recall, public }) => {
            ideal::run(port, &subgraphs, recall, &Federation::read(public.as_deref())?.large)?;
        }
    }
    Ok(())
}
