//! Clients that ask one question at a time each, over connections that are kept.

use std::time::{Duration, Instant};

use bench::Failure;
use bench::http::Connection;
use futures::future::try_join_all;
use hyper::header::HeaderValue;

use crate::questions::Traffic;

/// What one turn brought.
#[derive(Default)]
pub struct Turn {
    /// How long each right answer took.
    pub latencies_us: Vec<u32>,
    /// How many answers were wrong, or did not come.
    pub errors: u64,
    /// How long the turn took.
    pub elapsed: Duration,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Clients {
    /// How many ask at the same time.
    pub count: u32,
    /// Whether each has a token of its own: then nobody may be given what was asked for another.
    pub are_different: bool,
}

/// Lets clients ask until the time is over.
pub async fn ask(
    port: u16,
    clients: Clients,
    traffic: &Traffic<'_>,
    lasting: Duration,
) -> Result<Turn, Failure> {
    let opened = (0..clients.count)
        .map(async |number| Client::open(port, clients.are_different.then_some(number)).await);
    let opened = try_join_all(opened).await?;
    let begun = Instant::now();
    let end = begun + lasting;
    let asking = opened.into_iter().map(|client| client.ask_until(end, traffic));
    let mut turn = Turn::default();
    for (latencies_us, errors) in try_join_all(asking).await? {
        turn.latencies_us.extend(latencies_us);
        turn.errors += errors;
    }
    turn.elapsed = begun.elapsed();
    Ok(turn)
}

struct Client {
    port: u16,
    connection: Connection,
    token: Option<HeaderValue>,
}

impl Client {
    async fn open(port: u16, number: Option<u32>) -> Result<Self, Failure> {
        let token =
            number.map(|number| HeaderValue::try_from(format!("Bearer client-{number}"))).transpose()?;
        Ok(Self { port, connection: Connection::open(port).await?, token })
    }

    async fn ask_until(mut self, end: Instant, traffic: &Traffic<'_>) -> Result<(Vec<u32>, u64), Failure> {
        let (mut latencies_us, mut errors) = (Vec::new(), 0);
        loop {
            let (number, question) = traffic.next();
            let asked = Instant::now();
            if asked >= end {
                return Ok((latencies_us, errors));
            }
            match self.connection.post("/graphql", self.token.as_ref(), question).await {
                Ok((status, answer)) => {
                    let took = asked.elapsed();
                    if traffic.is_right(number, status, &answer) {
                        latencies_us.push(took.as_micros().try_into()?);
                    } else {
                        errors += 1;
                    }
                }
                Err(_) => {
                    errors += 1;
                    self.connection = Connection::open(self.port).await?;
                }
            }
        }
    }
}
