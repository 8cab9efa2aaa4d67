//! How often services wait for the database: a proxy between the two that counts.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::Failure;
use crate::load::Clients;
use crate::traffic::Traffic;

/// As many bytes as are passed on at once.
const PIECE: usize = 16 * 1024;
/// How long the services are watched while nobody asks: they have work in the background.
const QUIET: Duration = Duration::from_secs(2);
/// How many questions are counted.
const QUESTIONS: u32 = 200;

/// What ends a transaction that only read, as PostgreSQL's protocol has it. Nobody waits for its answer: the request has
/// its own by then.
const ROLLBACK: &[u8] = b"Q\0\0\0\x0drollback\0";

/// Passes on what is said to the database, and counts how often it is spoken to after it has answered.
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    turns: Arc<AtomicU64>,
}

impl Proxy {
    /// Starts it before a server.
    pub async fn start(server: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let proxy = Self { port: listener.local_addr()?.port(), turns: Arc::default() };
        let turns = proxy.turns.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, server, turns.clone()));
            }
        });
        Ok(proxy)
    }

    /// How many round trips one question takes, without what is going on when nobody asks.
    pub async fn per_question(&self, port: u16, traffic: &Traffic<'_>) -> Result<f64, Failure> {
        let mut clients = Clients::connect(port, 1).await?;
        self.ask(&mut clients, traffic).await?;
        let (before, begun) = (self.turns(), Instant::now());
        tokio::time::sleep(QUIET).await;
        let quiet_per_s = (self.turns() - before) as f64 / begun.elapsed().as_secs_f64();
        let (before, begun) = (self.turns(), Instant::now());
        self.ask(&mut clients, traffic).await?;
        let turns = (self.turns() - before) as f64 - quiet_per_s * begun.elapsed().as_secs_f64();
        Ok(turns / f64::from(QUESTIONS))
    }

    async fn ask(&self, clients: &mut Clients, traffic: &Traffic<'_>) -> Result<(), Failure> {
        for _ in 0..QUESTIONS {
            clients.ask_once(traffic).await?;
        }
        Ok(())
    }

    fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }
}

/// Until either side closes. What the client says in several pieces, before it has an answer, is one turn.
async fn pass_on(mut client: TcpStream, server: SocketAddr, turns: Arc<AtomicU64>) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut said, mut answered) = ([0; PIECE], [0; PIECE]);
    let mut has_answered = true;
    loop {
        tokio::select! {
            length = client.read(&mut said) => match length? {
                0 => return Ok(()),
                length => {
                    if &said[..length] != ROLLBACK {
                        turns.fetch_add(u64::from(has_answered), Ordering::Relaxed);
                        has_answered = false;
                    }
                    server.write_all(&said[..length]).await?;
                }
            },
            length = server.read(&mut answered) => match length? {
                0 => return Ok(()),
                length => {
                    has_answered = true;
                    client.write_all(&answered[..length]).await?;
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_is_what_is_said_after_an_answer() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let proxy = Proxy::start(listener.local_addr().unwrap()).await.unwrap();
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let mut heard = [0; 1];
        for turn in 1..=3 {
            // In two pieces, of which the first has arrived before the second is sent.
            for _ in 0..2 {
                client.write_all(b"q").await.unwrap();
                server.read_exact(&mut heard).await.unwrap();
            }
            assert_eq!(proxy.turns(), turn);
            server.write_all(b"a").await.unwrap();
            client.read_exact(&mut heard).await.unwrap();
        }
    }
}
