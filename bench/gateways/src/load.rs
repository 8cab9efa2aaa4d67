//! Clients that ask one question at a time each, over connections that are kept.

use std::time::{Duration, Instant};

use bench::Failure;
use bench::http::Connection;
use futures::future::try_join_all;

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

/// Lets so many clients ask until the time is over.
pub async fn ask(port: u16, clients: u32, traffic: &Traffic<'_>, lasting: Duration) -> Result<Turn, Failure> {
    let connections = try_join_all((0..clients).map(|_| Connection::open(port))).await?;
    let begun = Instant::now();
    let end = begun + lasting;
    let asking = connections.into_iter().map(|connection| ask_until(end, port, connection, traffic));
    let mut turn = Turn::default();
    for (latencies_us, errors) in try_join_all(asking).await? {
        turn.latencies_us.extend(latencies_us);
        turn.errors += errors;
    }
    turn.elapsed = begun.elapsed();
    Ok(turn)
}

async fn ask_until(
    end: Instant,
    port: u16,
    mut connection: Connection,
    traffic: &Traffic<'_>,
) -> Result<(Vec<u32>, u64), Failure> {
    let (mut latencies_us, mut errors) = (Vec::new(), 0);
    loop {
        let (number, question) = traffic.next();
        let asked = Instant::now();
        if asked >= end {
            return Ok((latencies_us, errors));
        }
        match connection.post("/graphql", None, question).await {
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
                connection = Connection::open(port).await?;
            }
        }
    }
}
