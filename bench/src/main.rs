//! What the system costs: for each way of running it, time to start, speed, CPU time per request and memory;
//! beside them the floor, which is the same SQL by pgbench and the same bytes by a handler that does nothing.
//!
//! Started by `bench/run`; what is measured, and how, is in `bench/README.md`.

mod company;
mod database;
mod events;
mod fixed;
mod growth;
mod load;
mod measure;
mod pgbench;
mod round_trips;
mod soak;
mod system;
mod table;
mod traffic;

use std::path::PathBuf;
use std::process::ExitCode;

use bench::{Failure, http, process, sample, scratch, usage};
use clap::{Parser, Subcommand};

/// Measures the system against the floor, and prints one table.
#[derive(Parser)]
struct Program {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// How much is measured.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// How many connections ask at the same time
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    connections: u32,
    /// How long each measurement takes, after a warm-up; a token is good for ten minutes
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
    /// How often each way of running is started; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    starts: u32,
    /// Measure also what 1,000 organizations cost, and 300,000 employees in one: some minutes more
    #[arg(long)]
    large: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Answer the files of a folder, each at its own path: the floor that the services are compared with
    Fixed {
        /// The port to listen on
        port: u16,
        /// The folder
        folder: PathBuf,
    },
    /// Measure events alone: from an outbox to a consumer's effect
    Events {
        /// How many are many
        #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(i64).range(1_000..=10_000_000))]
        count: i64,
    },
    /// Load one part for long, and say whether its promises hold
    Soak {
        /// Which
        soak: soak::Soak,
        /// How long it is looked at, in seconds
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(10..=86_400))]
        lasting: u64,
        /// How often it is done, of what is counted
        #[arg(long, default_value_t = 10_000)]
        count: u32,
    },
}

fn main() -> ExitCode {
    let Program { options, verb } = Program::parse();
    let done = match verb {
        Some(Verb::Fixed { port, folder }) => fixed::run(port, &folder),
        Some(Verb::Soak { soak, lasting, count }) => {
            soak::run(soak, std::time::Duration::from_secs(lasting), count)
        }
        Some(Verb::Events { count }) => events::run(count).map(|report| println!("{report}")),
        None => measure::run(&options).map(|report| println!("{report}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}
