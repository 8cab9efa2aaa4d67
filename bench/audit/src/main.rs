//! Runs the federation audit (graphql-hive/federation-gateway-audit) against the router: every case executed over
//! HTTP, and every suite's API schema compared.
//!
//! Neither the cases nor the subgraphs are part of this project: a folder has the ones as data, and whoever runs this
//! has started the others. See `bench/audit/README.md`.

mod api;
mod difference;
mod run;
mod suite;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use run::{Mode, Outcome};
use suite::Suite;

/// Runs the federation audit against the router.
#[derive(Parser)]
struct Arguments {
    /// The folder that holds `federation-audit/`, one JSON file per suite.
    #[arg(long, env = "INNOERP_CONFORMANCE")]
    conformance: PathBuf,
    /// Where the audit's subgraphs listen.
    #[arg(long, default_value = "127.0.0.1:4200")]
    address: String,
    /// Compose the subgraphs here, instead of taking the supergraphs of the audit.
    #[arg(long)]
    compose: bool,
    /// Only suites whose name contains this.
    #[arg(long, default_value = "")]
    suite: String,
    /// Print the plan of each failing case.
    #[arg(long)]
    plans: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match audit(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("the audit did not run: {message}");
            ExitCode::from(2)
        }
    }
}

/// Whether everything passed.
async fn audit(arguments: &Arguments) -> Result<bool, String> {
    let suites = suite::read_all(&arguments.conformance, &arguments.address)?;
    let suites: Vec<Suite> =
        suites.into_iter().filter(|suite| suite.suite.contains(&arguments.suite)).collect();
    if suites.is_empty() {
        return Err(format!("no suite is called {:?}", arguments.suite));
    }
    is_up(&arguments.address).await?;
    let mode = if arguments.compose { Mode::Compose } else { Mode::Supergraph };
    let mut total = Outcome::default();
    for suite in &suites {
        let outcome = run::suite(suite, mode, arguments.plans).await;
        println!(
            "{:<40} {:>3}/{:<3} schema {}",
            suite.suite,
            outcome.passed,
            outcome.cases,
            if outcome.schemas == 1 { "same" } else { "DIFFERS" }
        );
        for finding in &outcome.findings {
            println!("{finding}");
        }
        total.add(outcome);
    }
    println!(
        "cases: {} of {} passed, {} of them with errors that nobody asked about; API schemas: {} of {} the same",
        total.passed,
        total.cases,
        total.passed_with_errors,
        total.schemas,
        suites.len()
    );
    Ok(total.passed == total.cases && total.schemas == suites.len())
}

/// Without the subgraphs every case would fail, and nothing would have been said about the router.
async fn is_up(address: &str) -> Result<(), String> {
    let answer = reqwest::get(format!("http://{address}/_health")).await;
    match answer.and_then(reqwest::Response::error_for_status) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("nobody serves the audit's subgraphs at {address}: {error}")),
    }
}
