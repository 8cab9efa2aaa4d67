//! Log-ins while strangers knock: so many wrong ones a second from 1,000 networks, a tenth of them on one person's account.
//! That person gets in, from a device that is known, from a network that is, and from new ones, and others notice little.
//! A slow flood is no smaller one: each of its networks has less behind it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use super::Findings;
use crate::Failure;
use crate::database::Server;
use crate::http::Connection;
use crate::sample::Sample;
use crate::scratch::Scratch;
use crate::system::{Mode, Programs, System};

const EMAIL: &str = "owner@soak.example";
const PASSWORD: &str = "heron-basket-42";
/// Where the person signed up.
const HOME: &str = "192.0.2.1";
/// Wrong log-ins in a second, one after the other, and where they come from.
const KNOCKS_PER_S: [u32; 3] = [20, 50, 200];
const NETWORKS: u32 = 1_000;
/// One of so many is on the person's own account.
const ON_THE_ACCOUNT: u32 = 10;
/// Others look who they are, so often a second.
const LOOKS_PER_S: u32 = 20;
/// How long others are watched before strangers knock, and how long these knock before anybody is looked at.
const BEFORE: Duration = Duration::from_secs(10);
const RAMP: Duration = Duration::from_secs(20);
/// How far apart the person's own log-ins are.
const APART: Duration = Duration::from_secs(8);

const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) {
    session { accessToken } deviceToken userErrors { code } } }";
const SIGN_UP: &str = "mutation($input: SignUpInput!) { signUp(input: $input) {
    session { accessToken } deviceToken userErrors { code } } }";

/// How somebody got in who has the right password.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    took: Duration,
    /// After how many seconds they were told to come again, each time.
    told_s: Vec<u64>,
}

/// What is asked of one system, by everybody in it.
struct Door {
    port: u16,
    knocks_per_s: u32,
    is_over: Cell<bool>,
    sent: Cell<u32>,
    answers: RefCell<[u32; 3]>,
}

impl Door {
    /// Asks on a connection of its own, from an address.
    async fn ask(&self, address: &str, token: Option<&str>, body: &Value) -> Result<Value, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", address.parse()?);
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}"))?);
        }
        let mut connection = Connection::open(self.port).await?;
        let (_, answer) = connection.post_with("/graphql", headers, Bytes::from(body.to_string())).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    async fn log_in(&self, address: &str, password: &str, device: Option<&str>) -> Result<Value, Failure> {
        let input = json!({ "email": EMAIL, "password": password, "deviceToken": device });
        self.ask(address, None, &json!({ "query": LOG_IN, "variables": { "input": input } })).await
    }

    /// One stranger's knock.
    async fn knock(&self, number: u32) {
        let network = number.wrapping_mul(7_919) % NETWORKS;
        let address = format!("198.18.{}.{}", network / 250, network % 250 + 1);
        let email = match number.is_multiple_of(ON_THE_ACCOUNT) {
            true => EMAIL.to_owned(),
            false => format!("somebody{}@soak.example", number % 977),
        };
        let input = json!({ "email": email, "password": format!("wrong-horse-{number}") });
        let body = json!({ "query": LOG_IN, "variables": { "input": input } });
        let kind = match self.ask(&address, None, &body).await {
            Ok(answer) if code(&answer) == Some("RATE_LIMITED") => 1,
            Ok(answer) if answer["data"]["logIn"]["userErrors"][0]["code"] == "CREDENTIALS_INVALID" => 0,
            _ => 2,
        };
        self.answers.borrow_mut()[kind] += 1;
    }

    /// Gets in, coming again when told to.
    async fn get_in(&self, address: &str, device: Option<&str>) -> Result<Entry, Failure> {
        let (begun, mut told_s) = (Instant::now(), Vec::new());
        loop {
            let answer = self.log_in(address, PASSWORD, device).await?;
            if answer["data"]["logIn"]["session"].is_object() {
                return Ok(Entry { took: begun.elapsed(), told_s });
            }
            // Told to come again, or that something is too busy now: whoever is there comes again, and it counts.
            let is_later = matches!(code(&answer), Some("RATE_LIMITED" | "DEPENDENCY_UNAVAILABLE"));
            if !is_later || begun.elapsed() > Duration::from_secs(60) {
                return Err(format!("somebody with the right password was answered {answer}").into());
            }
            let wait = answer["errors"][0]["extensions"]["retryAfterSeconds"].as_u64().unwrap_or(1);
            told_s.push(wait);
            tokio::time::sleep(Duration::from_secs(wait)).await;
        }
    }

    /// Looks who one is, at a steady pace, for so long.
    async fn look(&self, token: &str, lasting: Duration) -> Result<Sample, Failure> {
        let body = json!({ "query": "{ me { user { displayName } membership { roles } } }" });
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
        let mut connection = Connection::open(self.port).await?;
        let begun = Instant::now();
        let mut pace = tokio::time::interval(Duration::from_secs(1) / LOOKS_PER_S);
        let mut took = Vec::new();
        while begun.elapsed() < lasting {
            pace.tick().await;
            let asked = Instant::now();
            let (_, answer) =
                connection.post("/graphql", Some(&bearer), Bytes::from(body.to_string())).await?;
            took.push(u32::try_from(asked.elapsed().as_micros())?);
            let answer: Value = serde_json::from_slice(&answer)?;
            if !answer["data"]["me"].is_object() {
                return Err(format!("somebody else was answered {answer}").into());
            }
        }
        Sample::new(took, begun.elapsed())
    }
}

fn code(answer: &Value) -> Option<&str> {
    answer["errors"][0]["extensions"]["code"].as_str()
}

pub async fn run(scratch: &Scratch, lasting: Duration) -> Result<Findings, Failure> {
    let programs = Programs::new(scratch.path())?;
    let server = Server::connect().await?;
    let mut found = Findings::default();
    for knocks_per_s in KNOCKS_PER_S {
        found.note(format!("{knocks_per_s} wrong log-ins a second:"));
        found.all(at_a_pace(&programs, &server, knocks_per_s, lasting).await?);
    }
    Ok(found)
}

/// With a database of its own: nobody has tried before.
async fn at_a_pace(
    programs: &Programs,
    server: &Server,
    knocks_per_s: u32,
    lasting: Duration,
) -> Result<Findings, Failure> {
    let database = server.create("soak", None).await?;
    programs.migrate(&database)?;
    let modules = database.modules().await?;
    let system = System::start(programs, Mode::OneProcess, &modules, &database).await?;
    let door = Door {
        port: system.port,
        knocks_per_s,
        is_over: Cell::default(),
        sent: Cell::default(),
        answers: RefCell::default(),
    };
    let (door, knocking) = (Rc::new(door), LocalSet::new());
    let found = knocking.run_until(knocked(&door, lasting)).await;
    let mut found = found?;
    let guesses = database.guesses().await?;
    found.note(format!(
        "wrong passwords looked at on the account in any 15 minutes, from all networks: {guesses}"
    ));
    system.stop().await?;
    server.drop(database).await?;
    Ok(found)
}

async fn knocked(door: &Rc<Door>, lasting: Duration) -> Result<Findings, Failure> {
    let input = json!({ "organizationName": "Soak", "subdomain": "soaked", "ownerName": "Owner", "email": EMAIL,
        "password": PASSWORD });
    let signed = door.ask(HOME, None, &json!({ "query": SIGN_UP, "variables": { "input": input } })).await?;
    let text = |name: &str| signed.pointer(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(token), Some(device)) =
        (text("/data/signUp/session/accessToken"), text("/data/signUp/deviceToken"))
    else {
        return Err(format!("signing up was answered {signed}").into());
    };
    let quiet = door.look(&token, BEFORE).await?;

    let strangers = tokio::task::spawn_local(strangers(door.clone()));
    tokio::time::sleep(RAMP).await;
    let others = door.look(&token, lasting);
    let (others, own) = tokio::join!(others, own(door, &device, lasting));
    let ([known, at_home, new], loud) = (own?, others?);
    door.is_over.set(true);
    strangers.await?;

    let mut found = Findings::default();
    let [checked, refused, failed] = *door.answers.borrow();
    found.note(format!(
        "{} knocks: {checked} wrong passwords looked at, {refused} told to come later, {failed} without an answer",
        door.sent.get()
    ));
    let within = |who: &str, entries: &[Entry], most_s: u64| {
        let slowest = entries.iter().max().cloned().unwrap_or_default();
        (
            format!(
                "{who}: {} log-ins, the slowest in {:.2} s ({most_s} s), told to come again in {:?} s",
                entries.len(),
                slowest.took.as_secs_f64(),
                slowest.told_s
            ),
            !entries.is_empty() && slowest.took <= Duration::from_secs(most_s),
        )
    };
    let promised = [
        within("a known device", &known, 2),
        within("a new device in a known network", &at_home, 10),
        within("a new device", &new, 10),
    ];
    for (line, holds) in promised {
        found.promise(line, holds);
    }
    let (before, during) = (quiet.percentile_ms(99), loud.percentile_ms(99));
    found.note(format!(
        "others' `me`: median {:.1} ms before, {:.1} ms while strangers knock",
        quiet.percentile_ms(50),
        loud.percentile_ms(50)
    ));
    let line =
        format!("others' `me`: p99 {before:.1} ms before, {during:.1} ms while strangers knock (twice)");
    found.promise(line, during <= 2.0 * before);
    Ok(found)
}

/// Knocks at a steady pace, whatever becomes of it, until it is over.
async fn strangers(door: Rc<Door>) {
    let mut pace = tokio::time::interval(Duration::from_secs(1) / door.knocks_per_s);
    while !door.is_over.get() {
        pace.tick().await;
        let number = door.sent.get();
        door.sent.set(number + 1);
        let door = door.clone();
        tokio::task::spawn_local(async move { door.knock(number).await });
    }
}

/// The person logs in again and again: with the device that is known, on the road, with new ones where they signed up, and
/// with new ones elsewhere.
async fn own(door: &Door, device: &str, lasting: Duration) -> Result<[Vec<Entry>; 3], Failure> {
    let (begun, mut took) = (Instant::now(), <[Vec<Entry>; 3]>::default());
    while begun.elapsed() < lasting {
        let number = took[0].len();
        took[0].push(door.get_in(&format!("203.0.113.{}", number % 250 + 1), Some(device)).await?);
        took[1].push(door.get_in(HOME, None).await?);
        took[2].push(door.get_in(&format!("192.0.{}.{}", 3 + number / 250, number % 250 + 1), None).await?);
        tokio::time::sleep(APART).await;
    }
    Ok(took)
}
