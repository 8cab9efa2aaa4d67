//! Load: a number of clients, each with a connection of its own and one question at a time on it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::try_join_all;

use crate::Failure;
use crate::http::Connection;
use crate::sample::Sample;
use crate::traffic::Traffic;

/// Clients that stay connected.
pub struct Clients(Vec<Connection>);

impl Clients {
    /// Connects so many of them.
    pub async fn connect(port: u16, count: u32) -> Result<Self, Failure> {
        Ok(Self(try_join_all((0..count).map(|_| Connection::open(port))).await?))
    }

    /// Lets one client ask once; answers the answer.
    pub async fn ask_once(&mut self, traffic: &Traffic<'_>) -> Result<Bytes, Failure> {
        let connection = self.0.first_mut().ok_or("no client is connected")?;
        let (status, answer) = connection.post(&traffic.path, Some(&traffic.token), traffic.next()).await?;
        traffic.check(status, &answer)?;
        Ok(answer)
    }

    /// Lets every client ask, check the answer, and ask again, until the time is over.
    pub async fn ask(&mut self, traffic: &Traffic<'_>, lasting: Duration) -> Result<Sample, Failure> {
        let begun = Instant::now();
        let clients = self.0.iter_mut().map(|connection| ask_until(begun + lasting, connection, traffic));
        let latencies_us = try_join_all(clients).await?.concat();
        Sample::new(latencies_us, begun.elapsed())
    }
}

async fn ask_until(
    end: Instant,
    connection: &mut Connection,
    traffic: &Traffic<'_>,
) -> Result<Vec<u32>, Failure> {
    let mut latencies_us = Vec::new();
    loop {
        let question = traffic.next();
        let asked = Instant::now();
        if asked >= end {
            return Ok(latencies_us);
        }
        let (status, answer) = connection.post(&traffic.path, Some(&traffic.token), question).await?;
        latencies_us.push(asked.elapsed().as_micros().try_into()?);
        traffic.check(status, &answer)?;
    }
}
