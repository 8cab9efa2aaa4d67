//! The table: a column for each thing that was measured, a row for each thing that was seen.

use std::fmt;
use std::time::Duration;

use chrono::Utc;

use crate::events::Events;
use crate::growth::Growth;
use crate::sample::Sample;
use crate::traffic::Case;

/// What one case cost.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Answers in a second.
    pub per_s: f64,
    /// The time within which half of them came.
    pub p50_ms: f64,
    /// The time within which all but one in a hundred came.
    pub p99_ms: f64,
    /// The time within which half of them came when one client asked alone.
    pub alone_p50_ms: Option<f64>,
    /// How often the database was spoken to and answered, for one answer.
    pub round_trips: Option<f64>,
    /// CPU time of the services, for one answer.
    pub cpu_us: Option<f64>,
    /// CPU time of PostgreSQL, for one answer.
    pub postgres_us: Option<f64>,
    /// From the last answer to the last event's delivery.
    pub delivered_after: Option<Duration>,
}

impl Figures {
    /// What a sample says by itself.
    pub fn of(sample: &Sample) -> Self {
        Self {
            per_s: sample.per_s(),
            p50_ms: sample.percentile_ms(50),
            p99_ms: sample.percentile_ms(99),
            ..Self::default()
        }
    }
}

/// Everything about one thing that was measured.
pub struct Column {
    /// What it is.
    pub title: &'static str,
    /// From its start until it was ready.
    pub ready_after: Option<Duration>,
    /// What each case cost.
    pub cases: Vec<(Case, Figures)>,
    /// The most memory that each of its processes held, in MiB.
    pub memory: Vec<(String, f64)>,
}

impl Column {
    /// What a case cost.
    pub fn figures(&self, case: Case) -> Option<&Figures> {
        self.cases.iter().find(|(of, _)| *of == case).map(|(_, figures)| figures)
    }
}

/// What is printed. The columns are: one process, a process per service, pgbench, the static handler.
pub struct Report {
    /// The columns.
    pub columns: Vec<Column>,
    /// What events cost.
    pub events: Option<Events>,
    /// What growth costs, if that was asked for.
    pub growth: Option<Growth>,
    /// How much of the machine others used meanwhile.
    pub others_percent: Option<f64>,
    /// How many clients asked.
    pub connections: u32,
    /// How long each of them did.
    pub seconds: u64,
}

/// The columns that others are compared with.
const PGBENCH: usize = 2;
const HANDLER: usize = 3;

impl Report {
    fn rows_of(&self, case: Case) -> Vec<Row> {
        let row = |what: &str, show: &dyn Fn(&Figures) -> Option<String>| {
            let cells = self.columns.iter().map(|column| column.figures(case).and_then(show)).collect();
            (format!("{}: {what}", case.name()), cells)
        };
        let floor = |column: usize, of: fn(&Figures) -> Option<f64>| {
            self.columns.get(column).and_then(|column| column.figures(case)).and_then(of)
        };
        let ratio = |column: usize, of: fn(&Figures) -> Option<f64>| {
            move |figures: &Figures| Some(format!("**{}**", number(of(figures)? / floor(column, of)?)))
        };
        let per_s: fn(&Figures) -> Option<f64> = |figures| Some(figures.per_s);
        let cpu_us: fn(&Figures) -> Option<f64> = |figures| figures.cpu_us;
        let postgres_us: fn(&Figures) -> Option<f64> = |figures| figures.postgres_us;
        let mut rows = vec![
            row("requests per second", &|figures| Some(number(figures.per_s))),
            row("p50, ms", &|figures| Some(number(figures.p50_ms))),
            row("p99, ms", &|figures| Some(number(figures.p99_ms))),
            row("p50 with one client, ms", &|figures| figures.alone_p50_ms.map(number)),
            row("CPU per request, µs", &|figures| figures.cpu_us.map(number)),
            row("PostgreSQL's CPU per request, µs", &|figures| figures.postgres_us.map(number)),
            row("CPU ÷ static handler", &ratio(HANDLER, cpu_us)),
            row("PostgreSQL's CPU ÷ pgbench", &ratio(PGBENCH, postgres_us)),
            row("requests per second ÷ pgbench", &ratio(PGBENCH, per_s)),
        ];
        if case == Case::Me {
            rows.push(row("round trips to PostgreSQL", &|figures| figures.round_trips.map(number)));
        }
        if case.announces() {
            let delivered = |figures: &Figures| Some(number(figures.delivered_after?.as_secs_f64() * 1000.0));
            rows.push(row("last event delivered after, ms", &delivered));
        }
        rows
    }

    fn rows(&self) -> Vec<Row> {
        let ready = |column: &Column| Some(number(column.ready_after?.as_secs_f64() * 1000.0));
        let mut rows = vec![("start to ready, ms".to_owned(), self.columns.iter().map(ready).collect())];
        rows.extend(Case::ALL.into_iter().flat_map(|case| self.rows_of(case)));
        rows.push(("peak memory, MiB".to_owned(), self.columns.iter().map(memory).collect()));
        rows
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let date = Utc::now().format("%Y-%m-%d");
        let (connections, seconds) = (self.connections, self.seconds);
        write!(f, "{date}, {cores} cores, {connections} connections, {seconds} s each")?;
        match self.others_percent {
            Some(percent) => writeln!(f, "; others used {percent:.0} % of the machine meanwhile:\n")?,
            None => writeln!(f, ":\n")?,
        }
        let titles: Vec<_> = self.columns.iter().map(|column| column.title).collect();
        write_table(f, &titles, self.rows())?;
        if let Some(events) = &self.events {
            write!(f, "\n{events}")?;
        }
        match &self.growth {
            Some(growth) => write!(f, "\n{growth}"),
            None => Ok(()),
        }
    }
}

/// Its name, and a cell for each column.
pub type Row = (String, Vec<Option<String>>);

/// Writes a table as Markdown has it.
pub fn write_table(f: &mut fmt::Formatter<'_>, titles: &[&str], rows: Vec<Row>) -> fmt::Result {
    writeln!(f, "| | {} |", titles.join(" | "))?;
    writeln!(f, "|---|{}", "---:|".repeat(titles.len()))?;
    for (name, cells) in rows {
        let cells: Vec<_> = cells.into_iter().map(|cell| cell.unwrap_or_else(|| "–".to_owned())).collect();
        writeln!(f, "| {name} | {} |", cells.join(" | "))?;
    }
    Ok(())
}

/// The sum, and its parts when there are several.
fn memory(column: &Column) -> Option<String> {
    let sum: f64 = column.memory.iter().map(|(_, mib)| mib).sum();
    let parts: Vec<_> = column.memory.iter().map(|(name, mib)| format!("{name} {mib:.0}")).collect();
    match parts.len() {
        0 => None,
        1 => Some(format!("{sum:.0}")),
        _ => Some(format!("{sum:.0} ({})", parts.join(", "))),
    }
}

/// Three digits that count.
pub fn number(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(title: &'static str, per_s: f64, cpu_us: Option<f64>, postgres_us: Option<f64>) -> Column {
        let figures = Figures { per_s, cpu_us, postgres_us, ..Figures::default() };
        Column { title, ready_after: None, cases: vec![(Case::Me, figures)], memory: Vec::new() }
    }

    fn report(columns: Vec<Column>) -> String {
        Report { columns, events: None, growth: None, others_percent: Some(1.2), connections: 8, seconds: 5 }
            .to_string()
    }

    #[test]
    fn ratios_are_to_the_floor_of_the_same_case() {
        let text = report(vec![
            column("one process", 500.0, Some(800.0), Some(300.0)),
            column("process per service", 250.0, Some(1600.0), Some(330.0)),
            column("pgbench", 1000.0, None, Some(200.0)),
            column("static handler", 8000.0, Some(40.0), None),
        ]);
        assert!(text.contains("| me: CPU ÷ static handler | **20.0** | **40.0** | – | **1.00** |"), "{text}");
        assert!(
            text.contains("| me: PostgreSQL's CPU ÷ pgbench | **1.50** | **1.65** | **1.00** | – |"),
            "{text}"
        );
        assert!(
            text.contains(
                "| me: requests per second ÷ pgbench | **0.50** | **0.25** | **1.00** | **8.00** |"
            ),
            "{text}"
        );
    }

    #[test]
    fn without_pgbench_there_is_no_ratio_to_it() {
        let mut nothing = column("pgbench (not found)", 0.0, None, None);
        nothing.cases.clear();
        let text = report(vec![
            column("one process", 500.0, Some(800.0), Some(300.0)),
            column("process per service", 250.0, Some(1600.0), Some(330.0)),
            nothing,
            column("static handler", 8000.0, Some(40.0), None),
        ]);
        assert!(text.contains("| me: requests per second ÷ pgbench | – | – | – | – |"), "{text}");
    }
}
