//! Load: a number of clients, each somebody else, with a connection of their own and one question at a time on it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::try_join_all;

use crate::Failure;
use crate::http::Connection;
use crate::sample::Sample;
use crate::traffic::Traffic;

/// Clients that stay connected. The number of a client is that of the person who asks.
pub struct Clients(Vec<Connection>);

impl Clients {
    /// Connects so many of them.
    pub async fn connect(port: u16, count: u32) -> Result<Self, Failure> {
        Ok(Self(try_join_all((0..count).map(|_| Connection::open(port))).await?))
    }

    /// Lets each client ask once, one after the other; answers the answers.
    pub async fn ask_once(&mut self, traffic: &Traffic<'_>) -> Result<Vec<Bytes>, Failure> {
        let mut answers = Vec::new();
        for (client, connection) in self.0.iter_mut().enumerate() {
            let posted = connection.post(&traffic.path, Some(traffic.token(client)), traffic.next());
            let (status, answer) = posted.await?;
            traffic.check(client, status, &answer)?;
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Lets every client ask, check the answer, and ask again, until the time is over.
    pub async fn ask(&mut self, traffic: &Traffic<'_>, lasting: Duration) -> Result<Sample, Failure> {
        let begun = Instant::now();
        let clients = self.0.iter_mut().enumerate();
        let clients =
            clients.map(|(client, connection)| ask_until(begun + lasting, client, connection, traffic));
        let latencies_us = try_join_all(clients).await?.concat();
        Sample::new(latencies_us, begun.elapsed())
    }
}

async fn ask_until(
    end: Instant,
    client: usize,
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
        let posted = connection.post(&traffic.path, Some(traffic.token(client)), question);
        let (status, answer) = posted.await?;
        latencies_us.push(asked.elapsed().as_micros().try_into()?);
        traffic.check(client, status, &answer)?;
    }
}
