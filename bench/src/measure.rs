//! The run: what is started, asked and compared, in order.

use std::time::Duration;

use crate::company::Company;
use crate::database::{Database, Server};
use crate::load::Clients;
use crate::pgbench::{self, Pgbench};
use crate::round_trips::Proxy;
use crate::sample::Sample;
use crate::scratch::Scratch;
use crate::system::{Mode, Programs, System};
use crate::table::{Column, Figures, Report};
use crate::traffic::{Case, Traffic};
use crate::usage::Others;
use crate::{Failure, Options, events, usage};

/// Connections, plans and caches fill before anything counts.
const WARM_UP: Duration = Duration::from_secs(1);
/// What one client that is alone is measured for, at most: there is less to see.
const ALONE: Duration = Duration::from_secs(2);
/// How many other organizations have as many people.
const OTHER_ORGANIZATIONS: i32 = 50;
/// How many events are many, and how many when growth is looked at.
const MANY_EVENTS: i64 = 100_000;
const MANY_EVENTS_LARGE: i64 = 1_000_000;
/// The modules that have a row for each of them.
pub const STAFFED: [&str; 3] = ["employee", "leave", "people"];
/// What a submission announces, and who listens.
const SUBMITTED: (&str, &str) = ("leave.request.submitted", "notification");

/// Measures everything, and answers what is to be printed.
pub fn run(options: &Options) -> Result<Report, Failure> {
    let scratch = Scratch::new()?;
    // One thread: the generator is to take as little as it can from what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(options, &scratch)).map_err(|failure| {
        format!("{failure}\n(what the services logged is in {})", scratch.path().display())
    })?;
    scratch.remove()?;
    Ok(report)
}

async fn measure(options: &Options, scratch: &Scratch) -> Result<Report, Failure> {
    let programs = Programs::new(scratch.path())?;
    let server = Server::connect().await?;
    let others = Others::watch(server.cpu());
    say("making the organization");
    let data = server.create("data", None).await?;
    programs.migrate(&data)?;
    let run = Run { options, modules: data.modules().await?, programs, server, scratch };
    let company = run.found(&data).await?;
    let organization = &company.people[0].me.organization;
    let lone = match options.large {
        true => Some(run.server.create("lone", Some(&data)).await?),
        false => None,
    };
    data.multiply(organization, &STAFFED, OTHER_ORGANIZATIONS).await?;

    let mut columns = Vec::new();
    let mut answers = Vec::new();
    for (mode, title) in [(Mode::OneProcess, "one process"), (Mode::ProcessPerService, "process per service")]
    {
        say(title);
        // The same data for everybody: submissions change it.
        let database = run.server.create(&format!("copy{}", columns.len()), Some(&data)).await?;
        let (column, answered) = run.services(mode, title, &database, &company).await?;
        run.server.drop(database).await?;
        columns.push(column);
        answers = answered;
    }
    say("pgbench");
    columns.push(run.pgbench(&data, &company)?);
    say("static handler");
    columns.push(run.fixed(&answers, &company).await?);
    run.server.drop(data).await?;
    let events =
        events::measure(&run.server, if options.large { MANY_EVENTS_LARGE } else { MANY_EVENTS }).await?;
    let growth = match lone {
        Some(lone) => Some(run.growth(lone, company).await?),
        None => None,
    };
    let others_percent = others.percent(run.server.cpu());
    let (connections, seconds) = (options.connections, options.seconds);
    Ok(Report { columns, events: Some(events), growth, others_percent, connections, seconds })
}

/// What all measurements share.
pub struct Run<'r> {
    /// How much is measured.
    options: &'r Options,
    /// The modules that are served.
    pub modules: Vec<String>,
    /// What is started.
    pub programs: Programs,
    /// Where the databases are.
    pub server: Server,
    scratch: &'r Scratch,
}

impl Run<'_> {
    /// Makes the organization.
    async fn found(&self, data: &Database) -> Result<Company, Failure> {
        let system = System::start(&self.programs, Mode::OneProcess, &self.modules, data).await?;
        let company = Company::found(system.port, data, self.options.connections).await?;
        system.stop().await?;
        Ok(company)
    }

    /// Starts the services, asks them everything, and answers with an answer to each question.
    async fn services(
        &self,
        mode: Mode,
        title: &'static str,
        database: &Database,
        company: &Company,
    ) -> Result<(Column, Vec<(Case, bytes::Bytes)>), Failure> {
        let mut ready_after = Vec::new();
        for _ in 1..self.options.starts {
            let system = System::start(&self.programs, mode, &self.modules, database).await?;
            ready_after.push(system.ready_after);
            system.stop().await?;
        }
        let system = System::start(&self.programs, mode, &self.modules, database).await?;
        ready_after.push(system.ready_after);
        system.settle().await?;
        let (mut cases, mut answers) = (Vec::new(), Vec::new());
        for case in Case::ALL {
            let (figures, answer) = self.ask(case, &system, database, company).await?;
            answers.push((case, answer));
            cases.push((case, figures));
        }
        let memory = memory(&system)?;
        system.stop().await?;
        for (case, figures) in cases.iter_mut().filter(|(case, _)| *case == Case::Me) {
            figures.round_trips = Some(self.round_trips(*case, mode, database, company).await?);
        }
        Ok((Column { title, ready_after: Some(median(ready_after)), cases, memory }, answers))
    }

    /// Learns what the answers to a case are, and measures it; answers with one of them.
    pub async fn ask(
        &self,
        case: Case,
        system: &System,
        database: &Database,
        company: &Company,
    ) -> Result<(Figures, bytes::Bytes), Failure> {
        let mut traffic = Traffic::new(case, company);
        let mut clients = Clients::connect(system.port, self.options.connections).await?;
        let answers = clients.ask_once(&traffic).await?;
        traffic.learn(&answers);
        let announced_in = Some(database).filter(|_| case.announces());
        let figures = self.load(system, &traffic, announced_in).await?;
        let answer = answers.into_iter().next().ok_or("nobody was answered")?;
        Ok((figures, answer))
    }

    /// Counts how often the services wait for the database. A run of its own: to be counted takes time.
    async fn round_trips(
        &self,
        case: Case,
        mode: Mode,
        database: &Database,
        company: &Company,
    ) -> Result<f64, Failure> {
        let proxy = Proxy::start(self.server.address()?).await?;
        let database = database.behind(proxy.port)?;
        let system = System::start(&self.programs, mode, &self.modules, &database).await?;
        system.settle().await?;
        let count = proxy.per_question(system.port, &Traffic::new(case, company)).await?;
        system.stop().await?;
        Ok(count)
    }

    /// Warms up, then counts. What is announced is delivered before the CPU time is read: it belongs to the
    /// questions that caused it.
    async fn load(
        &self,
        system: &System,
        traffic: &Traffic<'_>,
        announced_in: Option<&Database>,
    ) -> Result<Figures, Failure> {
        let mut clients = Clients::connect(system.port, self.options.connections).await?;
        clients.ask(traffic, WARM_UP).await?;
        delivery(announced_in).await?;
        let pids = system.pids();
        let (services, postgres) = (usage::cpu(&pids)?, self.server.cpu());
        let sample = clients.ask(traffic, Duration::from_secs(self.options.seconds)).await?;
        let delivered_after = delivery(announced_in).await?;
        let figures = Figures {
            cpu_us: Some(per_answer_us(usage::cpu(&pids)? - services, &sample)),
            postgres_us: self.postgres_us(postgres, &sample),
            delivered_after,
            ..Figures::of(&sample)
        };
        let alone = Clients::connect(system.port, 1).await?.ask(traffic, self.alone()).await?;
        delivery(announced_in).await?;
        Ok(Figures { alone_p50_ms: Some(alone.percentile_ms(50)), ..figures })
    }

    fn alone(&self) -> Duration {
        ALONE.min(Duration::from_secs(self.options.seconds))
    }

    fn pgbench(&self, data: &Database, company: &Company) -> Result<Column, Failure> {
        let mut column =
            Column { title: "pgbench", ready_after: None, cases: Vec::new(), memory: Vec::new() };
        let Some(pgbench) = Pgbench::find(&self.server, self.scratch, data, company) else {
            column.title = "pgbench (not found)";
            return Ok(column);
        };
        for case in Case::ALL {
            let mut before = None;
            let sample = pgbench.run(case, self.options, WARM_UP, || before = self.server.cpu())?;
            let postgres_us = self.postgres_us(before, &sample);
            let alone_p50_ms = Some(pgbench.alone(case, self.alone())?.percentile_ms(50));
            let round_trips = case.sql().map(|sql| pgbench::round_trips(sql) as f64);
            let figures = Figures { postgres_us, alone_p50_ms, round_trips, ..Figures::of(&sample) };
            column.cases.push((case, figures));
        }
        Ok(column)
    }

    async fn fixed(&self, answers: &[(Case, bytes::Bytes)], company: &Company) -> Result<Column, Failure> {
        let folder = self.scratch.path().join("answers");
        std::fs::create_dir(&folder)?;
        for (case, answer) in answers {
            self.scratch.write(&format!("answers/{}", case.name()), answer)?;
        }
        let system = System::start_fixed(&folder).await?;
        let mut cases = Vec::new();
        for (case, answer) in answers {
            let traffic = Traffic::fixed(*case, company, answer.clone());
            let figures = self.load(&system, &traffic, None).await?;
            cases.push((*case, Figures { postgres_us: None, ..figures }));
        }
        let column = Column {
            title: "static handler",
            ready_after: Some(system.ready_after),
            cases,
            memory: memory(&system)?,
        };
        system.stop().await?;
        Ok(column)
    }

    fn postgres_us(&self, before: Option<Duration>, sample: &Sample) -> Option<f64> {
        Some(per_answer_us(self.server.cpu()?.saturating_sub(before?), sample))
    }
}

/// Waits until what was announced has been delivered; answers how long that took.
async fn delivery(announced_in: Option<&Database>) -> Result<Option<Duration>, Failure> {
    match announced_in {
        Some(database) => Ok(Some(database.settle(SUBMITTED.0, SUBMITTED.1).await?)),
        None => Ok(None),
    }
}

fn memory(system: &System) -> Result<Vec<(String, f64)>, Failure> {
    system
        .processes
        .iter()
        .map(|process| Ok((process.name.clone(), usage::peak_memory_mib(process.pid())?)))
        .collect()
}

fn per_answer_us(used: Duration, sample: &Sample) -> f64 {
    used.as_secs_f64() * 1e6 / sample.count()
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

/// Tells on standard error how far it is; the table alone is the output.
pub fn say(what: &str) {
    eprintln!("bench: {what}");
}
