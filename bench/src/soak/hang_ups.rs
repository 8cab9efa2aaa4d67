//! Clients hang up at random moments while others ask: these are answered, and nothing stays behind.

use bench::hang_ups::{self, Plan};

use super::Findings;
use crate::Failure;
use crate::company::Company;
use crate::database::Server;
use crate::measure::say;
use crate::scratch::Scratch;
use crate::system::{Mode, Programs, System};

/// In one process and in a process per service, on a database of its own each.
pub async fn run(scratch: &Scratch, count: u32) -> Result<Findings, Failure> {
    let server = Server::connect().await?;
    let mut answered = 0;
    for (mode, suffix) in [(Mode::OneProcess, "one"), (Mode::ProcessPerService, "each")] {
        say(&format!("{count} hang-ups, {mode:?}"));
        let folder = scratch.path().join(suffix);
        std::fs::create_dir(&folder)?;
        let programs = Programs::new(&folder)?;
        let database = server.create(suffix, None).await?;
        programs.migrate(&database)?;
        let system = System::start(&programs, mode, &database.modules().await?, &database).await?;
        let company = Company::found(system.port, &database, 1).await?;
        let token = company.people[0].token.to_str()?.trim_start_matches("Bearer ").to_owned();
        let plan = Plan {
            port: system.port,
            token: &token,
            admin_url: &database.owner_url,
            count,
            at_once: 8,
            others: 3,
        };
        let outcome = hang_ups::run(&plan).await?;
        system.stop().await?;
        if !outcome.is_clean() {
            return Err(format!("somebody noticed: {outcome:#?}").into());
        }
        for file in std::fs::read_dir(&folder)? {
            let path = file?.path();
            if path.extension().is_none_or(|kind| kind != "log") {
                continue;
            }
            let log = std::fs::read_to_string(path)?;
            if let Some(line) = log.lines().find(|line| line.contains("transaction in progress")) {
                return Err(format!("a connection was lent in the wrong state: {line}").into());
            }
        }
        server.drop(database).await?;
        answered += outcome.answered;
    }
    let mut findings = Findings::default();
    findings.promise(
        format!(
            "2 × {count} hang-ups: {answered} questions of others answered, none failed, nothing left behind"
        ),
        true,
    );
    Ok(findings)
}
