//! Soaks: what must hold under a load that lasts, each with a name. `make soak SOAK=log-in SECONDS=60`,
//! `make soak SOAK=hang-ups COUNT=10000`, `make soak SOAK=database COUNT=50`.

mod database;
mod events;
mod hang_ups;
mod log_in;

use std::time::Duration;

use clap::ValueEnum;

use crate::Failure;
use crate::scratch::Scratch;

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Soak {
    /// Twenty, fifty, two hundred wrong log-ins a second from a thousand networks: who gets in for all that, and how soon
    LogIn,
    /// Clients hang up at random moments while others ask: these are answered, and nothing stays behind
    HangUps,
    /// The private database is killed while people read and write: what was acknowledged is there, once, and soon
    Database,
    /// Kafka's broker is away while 200 events are written a second, and processes are killed: each takes effect once
    Events,
}

/// What a soak found: a line for each promise.
#[derive(Default)]
pub struct Findings(Vec<(String, bool)>);

impl Findings {
    /// Notes a figure that says nothing of itself.
    pub fn note(&mut self, text: impl Into<String>) {
        self.0.push((text.into(), true));
    }

    /// Takes over what another one found.
    pub fn all(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Notes a figure and whether it keeps a promise.
    pub fn promise(&mut self, text: impl Into<String>, holds: bool) {
        let verdict = if holds { "holds" } else { "DOES NOT HOLD" };
        self.0.push((format!("{}: {verdict}", text.into()), holds));
    }
}

/// Runs one for so long, or so often, and prints what it found.
///
/// # Errors
/// When something could not be done, or a promise was not kept.
pub fn run(soak: Soak, lasting: Duration, count: u32) -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let found = runtime.block_on(async {
        match soak {
            Soak::LogIn => log_in::run(&scratch, lasting).await,
            Soak::Events => events::run(lasting).await,
            Soak::HangUps => hang_ups::run(&scratch, count).await,
            Soak::Database => database::run(&scratch, count).await,
        }
    });
    let Findings(found) = found.map_err(|failure| {
        format!("{failure}\n(what the services logged is in {})", scratch.path().display())
    })?;
    for (line, _) in &found {
        println!("{line}");
    }
    scratch.remove()?;
    match found.iter().filter(|(_, holds)| !holds).count() {
        0 => Ok(()),
        broken => Err(format!("{broken} of {} promises were not kept", found.len()).into()),
    }
}
