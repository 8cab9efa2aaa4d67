//! What an attacker sends: thousands of requests made up from a seed, each through a real socket. None may crash the
//! server, make it fail, or cost more than a bounded amount of CPU; after each, an honest query is answered.
//!
//! `HOSTILE_SEED=<number>` repeats a run, `HOSTILE_ROUNDS=<number>` makes it longer. A failure prints the seed, the
//! attack and the beginning of what was sent.

#![expect(clippy::unwrap_used, reason = "a test that meets what it did not expect fails")]

mod bodies;
mod documents;
mod random;
mod shop;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use router::{Config, Open, Profile, RateLimits, Router};
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::random::Random;

/// CPU that one request may cost in a release build, planning aside, which has its own limit.
const CPU_MAX: Duration = Duration::from_millis(50);
/// How much slower code is that was built without optimization, as dependencies are in tests, with room for a machine
/// whose caches others use.
const DEBUG_FACTOR: u32 = if cfg!(debug_assertions) { 25 } else { 2 };
/// No answer to nonsense is larger than this, in bytes.
const ANSWER_MAX: usize = 250_000;

/// One request, made up.
pub struct Attack {
    /// What it tries.
    pub name: &'static str,
    /// The body, sent as JSON.
    pub body: Vec<u8>,
}

/// A way to make attacks.
pub type Maker = fn(&mut Random) -> Vec<u8>;

/// An answer: status and body.
struct Answer {
    status: u16,
    body: String,
}

/// The server, in this process.
struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
}

impl Server {
    async fn start() -> Self {
        let config = Config { profile: Profile::Development, rate: RateLimits::off(), ..Config::default() };
        let router = Router::new(config, shop::sources(), Arc::new(Open)).await.expect("the shop composes");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(router.serve_on(listener, shutdown.clone()));
        Self { address, shutdown }
    }

    /// Posts a body; an error is a connection that ended without an answer.
    async fn post(&self, body: &[u8]) -> Result<Answer, String> {
        let asked = async {
            let mut stream = TcpStream::connect(self.address).await?;
            let head = format!(
                "POST /graphql HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
                 accept: application/graphql-response+json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await?;
            // A server that has seen enough may close before all is sent; what it said comes all the same.
            let _ = stream.write_all(body).await;
            let mut read = Vec::new();
            let _ = stream.read_to_end(&mut read).await;
            std::io::Result::Ok(read)
        };
        let read = tokio::time::timeout(Duration::from_secs(60), asked).await.map_err(|_| "no answer")?;
        let read = read.map_err(|error| error.to_string())?;
        let text = String::from_utf8(read).map_err(|_| "an answer that is no UTF-8")?;
        let (head, body) = text.split_once("\r\n\r\n").ok_or("no answer")?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or("no status")?;
        Ok(Answer { status, body: body.to_owned() })
    }
}

/// The CPU that this process has used.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

/// Sends an attack and judges how the server took it.
async fn withstand(server: &Server, attack: &Attack) -> Result<Duration, String> {
    let before = cpu();
    let answer = server.post(&attack.body).await?;
    let cost = cpu() - before;
    if answer.status >= 500 {
        return Err(format!("answered with {}: {}", answer.status, answer.body));
    }
    let json: serde_json::Value =
        serde_json::from_str(&answer.body).map_err(|_| format!("no JSON: {}", answer.body))?;
    if json.get("errors").is_none() && json.get("data").is_none() {
        return Err(format!("neither data nor errors: {}", answer.body));
    }
    for error in json["errors"].as_array().into_iter().flatten() {
        if !error["extensions"]["code"].is_string() || error["extensions"]["code"] == "INTERNAL" {
            return Err(format!("an error of ours: {error}"));
        }
    }
    if answer.body.len() > ANSWER_MAX {
        return Err(format!("an answer of {} bytes", answer.body.len()));
    }
    if cost > CPU_MAX * DEBUG_FACTOR {
        return Err(format!("{cost:?} of CPU"));
    }
    let honest = server.post(br#"{"query":"{ hello }"}"#).await?;
    if honest.status != 200 || honest.body != r#"{"data":{"hello":"world"}}"# {
        return Err(format!("an honest query was answered with {}: {}", honest.status, honest.body));
    }
    Ok(cost)
}

/// Sends so many rounds of every attack.
async fn besiege(seed: u64, rounds: usize) -> Vec<String> {
    let server = Server::start().await;
    let mut random = Random::new(seed);
    let mut failures = Vec::new();
    let mut costs: Vec<(Duration, &str)> = Vec::new();
    for _ in 0..rounds {
        for (name, make) in documents::MAKERS.iter().chain(bodies::MAKERS) {
            let attack = Attack { name, body: make(&mut random) };
            match withstand(&server, &attack).await {
                Ok(cost) => costs.push((cost, name)),
                Err(problem) => {
                    let sent = String::from_utf8_lossy(&attack.body);
                    let sent: String = sent.chars().take(300).collect();
                    failures.push(format!(
                        "seed {seed}, {}: {problem}\n  sent {} bytes: {sent}",
                        attack.name,
                        attack.body.len()
                    ));
                }
            }
        }
    }
    costs.sort_unstable();
    eprintln!(
        "seed {seed}: the dearest of {} attacks: {:?}",
        costs.len(),
        &costs[costs.len().saturating_sub(5)..]
    );
    server.shutdown.cancel();
    failures
}

/// A number that the environment sets.
fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

// The only test of this program, so that the process's CPU is this test's, on one thread and those that plan.
#[tokio::test]
async fn no_request_crashes_the_server_or_keeps_it_busy() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let fresh = u64::from(now.subsec_nanos());
    let seeds = given("HOSTILE_SEED").map_or_else(|| vec![1, fresh], |seed| vec![seed]);
    let rounds = given("HOSTILE_ROUNDS").unwrap_or(3).try_into().unwrap();
    let mut failures = Vec::new();
    for seed in seeds {
        failures.extend(besiege(seed, rounds).await);
    }
    assert!(failures.is_empty(), "{} attacks did harm:\n{}", failures.len(), failures.join("\n"));
}
