//! The floor of SQL: what the services ask the database for, asked by pgbench.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::company::Company;
use crate::database::{Database, Server};
use crate::sample::Sample;
use crate::scratch::Scratch;
use crate::traffic::Case;
use crate::{Failure, Options};

/// How many employees are on the page, as in the document.
const PAGE: usize = 20;

/// The turn that counting begins with: the warm-up has not come so far, and its days are taken.
const LATER: u32 = 10_000;
/// The same for a client that is alone, and goes through all employees by itself.
const MUCH_LATER: u32 = 2_000_000;

/// pgbench on one database, as the roles that the services run as.
pub struct Pgbench<'a> {
    program: PathBuf,
    scratch: &'a Scratch,
    database: &'a Database,
    variables: Vec<String>,
}

impl<'a> Pgbench<'a> {
    /// Finds the program: beside the server's own, else on the PATH. `None` when there is none.
    pub fn find(
        server: &Server,
        scratch: &'a Scratch,
        database: &'a Database,
        company: &Company,
    ) -> Option<Self> {
        let beside = server.programs().map(|folder| folder.join("pgbench"));
        let mut candidates = beside.into_iter().chain([PathBuf::from("pgbench")]);
        let program = candidates.find(|program| works(program))?;
        let Company { people, leave, staff, first_day } = company;
        let me = &people.first()?.me;
        let list = |ids: &[String]| format!("{{{}}}", ids.join(","));
        let variables = [
            ("organization", me.organization.clone()),
            ("identity", me.identity.clone()),
            ("membership", me.membership.clone()),
            ("leave_type", leave.annual.clone()),
            ("leave_types", list(&[leave.annual.clone(), leave.training.clone()])),
            ("policy", leave.policy.clone()),
            ("calendar", staff.calendar.clone()),
            ("departments", list(&staff.departments)),
            ("page", list(&staff.employees[..PAGE])),
            ("employees", staff.employees.len().to_string()),
            ("monday", first_day.to_string()),
        ];
        let variables = variables.map(|(name, value)| format!("--define={name}={value}")).to_vec();
        Some(Self { program, scratch, database, variables })
    }

    /// Runs the SQL of a case for a while, after a warm-up. `after_warm_up` is called in between.
    pub fn run(
        &self,
        case: Case,
        options: &Options,
        warm_up: Duration,
        after_warm_up: impl FnOnce(),
    ) -> Result<Sample, Failure> {
        let script = self.script(case)?;
        self.once(&script, options.connections, warm_up, 0, None)?;
        after_warm_up();
        let lasting = Duration::from_secs(options.seconds);
        self.sample(case, options.connections, lasting, LATER)
    }

    /// The same with one client, and nothing before: what it asks is warm.
    pub fn alone(&self, case: Case, lasting: Duration) -> Result<Sample, Failure> {
        self.sample(case, 1, lasting, MUCH_LATER)
    }

    fn script(&self, case: Case) -> Result<PathBuf, Failure> {
        let sql = case.sql().ok_or_else(|| format!("there is no SQL for {}", case.name()))?;
        self.scratch.write(&format!("{}.sql", case.name()), sql)
    }

    fn sample(
        &self,
        case: Case,
        clients: u32,
        lasting: Duration,
        first_turn: u32,
    ) -> Result<Sample, Failure> {
        let logs = self.scratch.path().join(format!("pgbench-{}-{clients}-{first_turn}", case.name()));
        std::fs::create_dir(&logs)?;
        self.once(&self.script(case)?, clients, lasting, first_turn, Some(&logs))?;
        Sample::new(latencies_us(&logs)?, lasting)
    }

    fn once(
        &self,
        script: &Path,
        clients: u32,
        lasting: Duration,
        first_turn: u32,
        logs: Option<&Path>,
    ) -> Result<(), Failure> {
        let mut command = Command::new(&self.program);
        command
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=1"])
            .arg(format!("--client={clients}"))
            .arg(format!("--define=clients={clients}"))
            .arg(format!("--define=turn={first_turn}"))
            .arg(format!("--time={}", lasting.as_secs().max(1)))
            .arg(format!("--file={}", script.display()))
            .args(&self.variables)
            .current_dir(self.scratch.path())
            // In the environment, where other users cannot read the password.
            .env("PGDATABASE", &self.database.service_url)
            .env("PGOPTIONS", "-c role=innoerp_app")
            .stdin(Stdio::null());
        if let Some(logs) = logs {
            command.arg("--log").arg(format!("--log-prefix={}", logs.join("log").display()));
        }
        let output = command.output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!("pgbench of {} failed: {said}", script.display()).into())
    }
}

/// How often a script waits for the server: once for each statement, and once for all of a pipeline.
pub fn round_trips(script: &str) -> usize {
    let (mut count, mut is_in_pipeline) = (0, false);
    for line in script.lines().filter(|line| !line.starts_with("--")) {
        match line {
            "\\startpipeline" => (count, is_in_pipeline) = (count + 1, true),
            "\\endpipeline" => is_in_pipeline = false,
            _ if is_in_pipeline => {}
            line => count += line.matches(';').count(),
        }
    }
    count
}

fn works(program: &Path) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// The third column of every line: how long one transaction took.
fn latencies_us(logs: &Path) -> Result<Vec<u32>, Failure> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(logs)? {
        for line in std::fs::read_to_string(entry?.path())?.lines() {
            let column = line.split(' ').nth(2).ok_or("pgbench's log has another form")?;
            all.push(column.parse()?);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_one_round_trip_and_a_statement_outside_another() {
        let script = "-- None; at all.\n\\startpipeline\nbegin;\nselect 1;\n\\endpipeline\nselect 2\nfrom a;\nrollback;\n";
        assert_eq!(round_trips(script), 3);
        assert_eq!(round_trips(Case::Me.sql().unwrap()), 7);
    }
}
