//! Clients that hang up in the middle, at random moments: whether anybody else notices, and what stays behind.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::{join, join_all, try_join_all};
use hyper::header::HeaderValue;
use rand::Rng as _;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::Failure;
use crate::http::Connection;

/// How long what was begun may take to end by itself, once nobody asks any more.
const SETTLE_AT_MOST: Duration = Duration::from_secs(10);
/// Whoever has hung up waits as long until the next time: it is no flood, which would be the limits' matter.
const PAUSE: Duration = Duration::from_millis(50);
/// Whoever hangs up does so within this, mostly at once: most of a request is over in the first milliseconds.
const HELD_MAX_MS: f64 = 30.0;

/// What is tried.
pub struct Plan<'p> {
    /// The router's port on this machine.
    pub port: u16,
    /// The access token of a member who may do anything; good for as long as it takes.
    pub token: &'p str,
    /// The database that is looked at, as a superuser.
    pub admin_url: &'p str,
    /// How often somebody hangs up.
    pub count: u32,
    /// How many do so at the same time.
    pub at_once: u32,
    /// How many others ask meanwhile, one question after the other. Together they need fewer connections to the
    /// database than there are.
    pub others: u32,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many questions of others were answered meanwhile.
    pub answered: u32,
    /// What others were answered instead of what they asked for.
    pub failed: Vec<String>,
    /// Connections that still hold a transaction or an advisory lock, as the database describes them.
    pub left_behind: Vec<String>,
}

impl Outcome {
    /// Whether nobody noticed and nothing stayed.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.answered > 0 && self.failed.is_empty() && self.left_behind.is_empty()
    }
}

/// Hangs up as planned, then looks at what there is.
///
/// # Errors
/// When nobody can connect, to the router or to the database.
pub async fn run(plan: &Plan<'_>) -> Result<Outcome, Failure> {
    let left = &AtomicU32::new(plan.count);
    let hanging_up = try_join_all((0..plan.at_once).map(|_| hang_up_again(plan, left)));
    let others = join_all((0..plan.others).map(|_| ask_until(plan, left)));
    let (hung_up, others) = join(hanging_up, others).await;
    hung_up.map_err(|error| format!("nobody can hang up on it: {error}"))?;
    let mut outcome = Outcome::default();
    for (answered, failed) in others {
        outcome.answered += answered;
        outcome.failed.extend(failed);
    }
    outcome.left_behind = left_behind(plan.admin_url).await?;
    Ok(outcome)
}

async fn hang_up_again(plan: &Plan<'_>, left: &AtomicU32) -> std::io::Result<()> {
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        hang_up(plan.port, plan.token).await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Asks something, and hangs up before or after the answer.
async fn hang_up(port: u16, token: &str) -> std::io::Result<()> {
    let request = request(token);
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    // Some do not even finish their question.
    let said = if one_in(10) { rand::rng().random_range(0..request.len()) } else { request.len() };
    stream.write_all(&request.as_bytes()[..said]).await?;
    let held_ms = HELD_MAX_MS * rand::rng().random::<f64>().powi(3);
    tokio::time::sleep(Duration::from_secs_f64(held_ms / 1_000.0)).await;
    if one_in(2) {
        stream.set_zero_linger()?;
    }
    Ok(())
}

/// A question as it goes over the wire.
fn request(token: &str) -> String {
    let (accepted, body) = match rand::rng().random_range(0..8) {
        7 => ("text/event-stream", json!({ "query": "subscription { notificationReceived { id } }" })),
        question => ("application/json", self::question(question)),
    };
    let body = body.to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\naccept: {accepted}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Something to ask: reads of one module and of several, a change, one that is sent with a key.
fn question(number: u32) -> Value {
    const CREATE: &str = "mutation($input: DepartmentCreateInput!, $key: ID) {
        departmentCreate(input: $input, idempotencyKey: $key) { department { id } userErrors { code message } } }";
    let code = format!("{:08X}", rand::random::<u32>());
    let input = json!({ "name": format!("Department {code}"), "code": code });
    match number {
        0 => {
            json!({ "query": "{ me { user { id displayName } organization { name modules { id } } organizations { id } } }" })
        }
        1 => {
            json!({ "query": "{ employees(first: 20) { totalCount nodes { id name department { name } leaveBalances { balance } } } }" })
        }
        2 => {
            json!({ "query": "{ departments(first: 50) { nodes { id name parent { name } history(first: 5) { nodes { at } } } } }" })
        }
        3 => json!({ "query": CREATE, "variables": { "input": input, "key": code } }),
        4 => {
            json!({ "query": "mutation($input: FileUploadInput!) { fileUpload(input: $input) { upload { url } userErrors { code } } }",
            "variables": { "input": { "name": "a.txt", "size": 10 } } })
        }
        _ => json!({ "query": CREATE, "variables": { "input": input } }),
    }
}

fn one_in(count: u32) -> bool {
    rand::rng().random_range(0..count) == 0
}

/// Asks one question after the other until there are no hang-ups left, and some more; answers how many were answered
/// and what went wrong.
async fn ask_until(plan: &Plan<'_>, left: &AtomicU32) -> (u32, Vec<String>) {
    const AFTERWARDS: u32 = 30;
    let (mut answered, mut failed, mut afterwards) = (0, Vec::new(), 0);
    while afterwards < AFTERWARDS {
        afterwards += u32::from(left.load(Ordering::Relaxed) == 0);
        match ask(plan, rand::rng().random_range(0..7)).await {
            Ok(()) => answered += 1,
            Err(reason) => failed.push(reason.to_string()),
        }
    }
    (answered, failed)
}

async fn ask(plan: &Plan<'_>, number: u32) -> Result<(), Failure> {
    let bearer = HeaderValue::try_from(format!("Bearer {}", plan.token))?;
    let body = Bytes::from(question(number).to_string());
    let (status, answer) = Connection::open(plan.port).await?.post("/graphql", Some(&bearer), body).await?;
    let answer: Value = serde_json::from_slice(&answer)?;
    if status.is_success() && answer.get("errors").is_none() && answer["data"].is_object() {
        Ok(())
    } else {
        Err(format!("{status}: {answer}").into())
    }
}

/// Waits until nothing holds anything any more; answers what still does when patience is over.
async fn left_behind(admin_url: &str) -> Result<Vec<String>, Failure> {
    const HOLDING: &str = "
        select format('%s (%s): %s', state, usename, left(query, 200)) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'
        union all
        select 'advisory lock of ' || pid from pg_locks
        where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())";
    let mut admin = PgConnection::connect(admin_url).await?;
    let begun = Instant::now();
    loop {
        let left: Vec<String> = sqlx::query_scalar(HOLDING).fetch_all(&mut admin).await?;
        if left.is_empty() || begun.elapsed() > SETTLE_AT_MOST {
            admin.close().await?;
            return Ok(left);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
