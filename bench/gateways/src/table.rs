//! What is printed: one table, a row for each gateway under each load.

use std::fmt;

use bench::sample::Sample;
use chrono::Utc;

use crate::gateway::Gateway;
use crate::measure::Load;

/// What one gateway did under one load.
pub struct Row {
    /// The load.
    pub load: Load,
    /// How many asked at a time.
    pub clients: u32,
    /// Who answered.
    pub gateway: Gateway,
    /// The right answers.
    pub sample: Sample,
    /// How many answers were wrong, or did not come.
    pub errors: u64,
    /// CPU time of the gateway's process, for one answer.
    pub cpu_us: f64,
    /// The same, turn by turn.
    pub cpu_us_each: Vec<f64>,
    /// The most memory that its process held.
    pub memory_mib: f64,
    /// How often each subgraph was asked, for one answer.
    pub calls: [f64; 4],
    /// How much of the machine others used meanwhile.
    pub others_percent: Option<f64>,
}

/// Everything that was measured.
pub struct Report {
    /// The rows, load by load.
    pub rows: Vec<Row>,
    /// How much of the machine others used during the run.
    pub others_percent: Option<f64>,
    /// How long a turn was.
    pub seconds: u64,
    /// How many turns each gateway had.
    pub rounds: u32,
}

impl Report {
    /// The row of another gateway under the same load, to be compared with.
    fn beside(&self, row: &Row, is_it: impl Fn(&Gateway) -> bool) -> Option<&Row> {
        let same = |other: &&Row| (other.load, other.clients) == (row.load, row.clients);
        self.rows.iter().filter(same).find(|other| is_it(&other.gateway))
    }
}

const HEAD: [&str; 13] = [
    "load",
    "clients",
    "gateway",
    "requests/s",
    "p50, ms",
    "p99, ms",
    "CPU/request, µs (turns)",
    "CPU ÷ ideal",
    "CPU ÷ Hive",
    "peak MiB",
    "calls/request",
    "errors",
    "others",
];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (date, seconds, rounds) = (Utc::now().format("%Y-%m-%d"), self.seconds, self.rounds);
        write!(f, "{date}, {cores} cores, {rounds} turns of {seconds} s each")?;
        match self.others_percent {
            Some(percent) => writeln!(f, "; others used {percent:.0} % of the machine meanwhile:\n")?,
            None => writeln!(f, ":\n")?,
        }
        writeln!(f, "| {} |", HEAD.join(" | "))?;
        writeln!(f, "|---|---:|---|{}", "---:|".repeat(HEAD.len() - 3))?;
        for row in &self.rows {
            let ratio = |other: Option<&Row>| match other {
                Some(other) => format!("**{:.2}**", row.cpu_us / other.cpu_us),
                None => "–".to_owned(),
            };
            let cells = [
                row.load.to_string(),
                row.clients.to_string(),
                row.gateway.name().to_owned(),
                number(row.sample.per_s()),
                number(row.sample.percentile_ms(50)),
                number(row.sample.percentile_ms(99)),
                spread(row),
                ratio(self.beside(row, |gateway| *gateway == Gateway::Ideal { recall: false })),
                ratio(self.beside(row, |gateway| matches!(gateway, Gateway::Hive(_)))),
                format!("{:.0}", row.memory_mib),
                calls(row),
                row.errors.to_string(),
                row.others_percent.map_or("–".to_owned(), |percent| format!("{percent:.0} %")),
            ];
            writeln!(f, "| {} |", cells.join(" | "))?;
        }
        Ok(())
    }
}

/// The whole, and the least and the most of the turns.
fn spread(row: &Row) -> String {
    let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
    for each in &row.cpu_us_each {
        (least, most) = (least.min(*each), most.max(*each));
    }
    format!("{} ({}–{})", number(row.cpu_us), number(least), number(most))
}

/// The sum, and each subgraph's part by its letter.
fn calls(row: &Row) -> String {
    let part = |letter: &str, count: f64| format!("{letter}{}", number(count));
    let [accounts, inventory, products, reviews] = row.calls;
    let parts = [part("a", accounts), part("i", inventory), part("p", products), part("r", reviews)];
    format!("{} ({})", number(row.calls.iter().sum()), parts.join(" "))
}

/// Three digits that count, and no zeroes behind the point.
fn number(value: f64) -> String {
    let digits = match value {
        value if value >= 100.0 => return format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    };
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}
