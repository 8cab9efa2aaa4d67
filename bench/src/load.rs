//! Load: a number of clients, each with a connection of its own and one question at a time on it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::try_join_all;

use crate::Failure;
use crate::http::Connection;
use crate::traffic::Traffic;

/// What was seen while a load lasted.
pub struct Sample {
    /// How long each answer took, in microseconds, the fastest first.
    latencies_us: Vec<u32>,
    elapsed: Duration,
}

impl Sample {
    /// A sample of answers that took this long each.
    pub fn new(mut latencies_us: Vec<u32>, elapsed: Duration) -> Result<Self, Failure> {
        if latencies_us.is_empty() {
            return Err("nothing was answered".into());
        }
        latencies_us.sort_unstable();
        Ok(Self { latencies_us, elapsed })
    }

    /// How many answers there were.
    pub fn count(&self) -> f64 {
        self.latencies_us.len() as f64
    }

    /// How many there were in a second.
    pub fn per_s(&self) -> f64 {
        self.count() / self.elapsed.as_secs_f64()
    }

    /// The time within which so many of a hundred answers came.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let rank = (self.latencies_us.len() * percent).div_ceil(100).max(1);
        f64::from(self.latencies_us[rank - 1]) / 1000.0
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_answers_that_there_were() {
        let sample =
            Sample::new((1..=200).rev().map(|ms| ms * 1000).collect(), Duration::from_secs(2)).unwrap();
        assert_eq!((sample.percentile_ms(50), sample.percentile_ms(99)), (100.0, 198.0));
        assert_eq!(sample.per_s(), 100.0);
        let one = Sample::new(vec![7000], Duration::from_secs(1)).unwrap();
        assert_eq!((one.percentile_ms(50), one.percentile_ms(99)), (7.0, 7.0));
        assert!(Sample::new(Vec::new(), Duration::from_secs(1)).is_err());
    }
}
