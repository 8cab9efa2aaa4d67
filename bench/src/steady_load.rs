//! People who read and write steadily while something happens to the system: what they were told, and whether it is so.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use hyper::header::HeaderValue;
use serde_json::{Value, json};

use crate::Failure;
use crate::http::Connection;

/// Between two questions of the same person.
const PAUSE: Duration = Duration::from_millis(20);
/// Who was not answered as hoped comes again after this.
const AGAIN: Duration = Duration::from_millis(50);
/// How long whoever spreads a load passes over a router that is about to end.
const LEAVING_FOR: Duration = Duration::from_secs(10);
/// What went wrong is told so often and no more.
const TOLD_MAX: usize = 20;

const WRITE: &str = "mutation($input: WorkLocationCreateInput!, $key: ID) {
    workLocationCreate(input: $input, idempotencyKey: $key) { workLocation { id } userErrors { code message } } }";
/// Of two modules and of the router's own caller.
const READ: &str = "{ me { user { id } organization { id } } workLocations(first: 1) { nodes { id name } } }";
const PAGE: &str = "query($after: String) { workLocations(first: 100, after: $after) {
    nodes { name } pageInfo { hasNextPage endCursor } } }";

/// Who asks, where, and what came of it so far.
pub struct SteadyLoad {
    ports: Vec<u16>,
    token: HeaderValue,
    /// What this run's writes are called, so that others' are told from them.
    name: String,
    is_over: AtomicBool,
    begun: AtomicU32,
    written: AtomicU32,
    read: AtomicU32,
    failures: AtomicU32,
    told: Mutex<Vec<String>>,
    acknowledged: Mutex<Vec<String>>,
    /// The routers that said that they close connections, and when: they are about to end.
    leaving: Mutex<HashMap<u16, Instant>>,
}

/// A connection to the router at a port.
type Kept = Option<(u16, Connection)>;

/// What was found in the end.
#[derive(Debug)]
pub struct Outcome {
    /// Writes that were acknowledged.
    pub written: u32,
    /// Reads that were answered.
    pub read: u32,
    /// Requests that were not answered as they should have been; who wrote asked again, with the same key.
    pub failures: u32,
    /// Some of them.
    pub told: Vec<String>,
    /// Writes that were acknowledged and are not there.
    pub lost: Vec<String>,
    /// Writes that are there more than once.
    pub repeated: Vec<String>,
}

impl SteadyLoad {
    /// Nobody asks yet. `ports` are those of routers, where one that does not listen is passed over, as whoever spreads a
    /// load does; `token` is the access token of somebody who may create work locations.
    ///
    /// # Errors
    /// When the token is none.
    pub fn new(ports: &[u16], token: &str) -> Result<Self, Failure> {
        Ok(Self {
            ports: ports.to_vec(),
            token: HeaderValue::try_from(format!("Bearer {token}"))?,
            name: format!("{:08x}", rand::random::<u32>()),
            is_over: AtomicBool::default(),
            begun: AtomicU32::default(),
            written: AtomicU32::default(),
            read: AtomicU32::default(),
            failures: AtomicU32::default(),
            told: Mutex::default(),
            acknowledged: Mutex::default(),
            leaving: Mutex::default(),
        })
    }

    /// So many write and so many read, until it is over; a write that was begun is brought to its end.
    ///
    /// # Errors
    /// When what is there in the end cannot be read.
    pub async fn run(&self, writers: u32, readers: u32) -> Result<Outcome, Failure> {
        let writing = join_all((0..writers).map(|_| self.write_on()));
        let reading = join_all((0..readers).map(|_| self.read_on()));
        futures::future::join(writing, reading).await;
        self.outcome().await
    }

    /// Tells everybody to stop.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Waits until so many writes were acknowledged that had not been begun before.
    pub async fn until_written(&self, count: u32) {
        // All that are under way may be acknowledged first.
        let wanted = self.begun.load(Ordering::Relaxed) + count;
        while self.written.load(Ordering::Relaxed) < wanted {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    async fn write_on(&self) {
        let mut connection = None;
        while self.goes_on() {
            let name = format!("{} {}", self.name, self.begun.fetch_add(1, Ordering::Relaxed));
            let variables = json!({ "input": { "name": name, "timeZone": "Europe/Zurich" }, "key": name });
            let question = json!({ "query": WRITE, "variables": variables });
            while !self.ask(&mut connection, &question, "/data/workLocationCreate/workLocation/id").await {
                tokio::time::sleep(AGAIN).await;
            }
            self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(name);
            self.written.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn read_on(&self) {
        let mut connection = None;
        while self.goes_on() {
            match self.ask(&mut connection, &json!({ "query": READ }), "/data/me/user/id").await {
                true => drop(self.read.fetch_add(1, Ordering::Relaxed)),
                false => tokio::time::sleep(AGAIN).await,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks on a connection that is kept while it can be; answers whether the answer is whole and has what was asked for.
    async fn ask(&self, kept: &mut Kept, question: &Value, wanted: &str) -> bool {
        let answer = self.post(kept, question).await;
        let reason = match &answer {
            Ok(answer)
                if answer.get("errors").is_none() && answer.pointer(wanted).is_some_and(Value::is_string) =>
            {
                return true;
            }
            Ok(answer) => answer.to_string(),
            Err(error) => error.to_string(),
        };
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < TOLD_MAX {
            told.push(reason);
        }
        false
    }

    async fn post(&self, kept: &mut Kept, question: &Value) -> Result<Value, Failure> {
        let (port, mut connection) = match kept.take().filter(|(_, connection)| !connection.is_closed()) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let body = Bytes::from(question.to_string());
        let (_, answer) = connection.post("/graphql", Some(&self.token), body).await?;
        if connection.is_closed() {
            self.leaving.lock().unwrap_or_else(PoisonError::into_inner).insert(port, Instant::now());
        }
        *kept = Some((port, connection));
        Ok(serde_json::from_slice(&answer)?)
    }

    /// To any router, and to those that are about to end last.
    async fn connect(&self) -> Result<(u16, Connection), Failure> {
        let mut ports = self.ports.clone();
        let first = rand::random_range(0..ports.len());
        ports.rotate_left(first);
        let is_leaving = |port: &u16| {
            let leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
            leaving.get(port).filter(|since| since.elapsed() < LEAVING_FOR).copied()
        };
        ports.sort_by_key(is_leaving);
        let mut refused = Err("there is no router".into());
        for port in ports {
            match Connection::open(port).await {
                Ok(connection) => return Ok((port, connection)),
                Err(error) => refused = Err(error),
            }
        }
        refused
    }

    /// Compares what was acknowledged with what is there.
    async fn outcome(&self) -> Result<Outcome, Failure> {
        let (mut there, mut after) = (HashMap::<String, u32>::new(), Value::Null);
        loop {
            let question = json!({ "query": PAGE, "variables": { "after": after } });
            let answer = self.post(&mut None, &question).await?;
            let page = answer.pointer("/data/workLocations").ok_or_else(|| format!("a page was {answer}"))?;
            for node in page["nodes"].as_array().into_iter().flatten() {
                let name = node["name"].as_str().unwrap_or_default();
                if name.starts_with(&self.name) {
                    *there.entry(name.to_owned()).or_default() += 1;
                }
            }
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        let acknowledged = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |counted: &AtomicU32| counted.load(Ordering::Relaxed);
        Ok(Outcome {
            written: count(&self.written),
            read: count(&self.read),
            failures: count(&self.failures),
            told: self.told.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            lost: acknowledged.iter().filter(|name| !there.contains_key(*name)).cloned().collect(),
            repeated: there.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect(),
        })
    }
}
