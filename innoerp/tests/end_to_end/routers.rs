//! Two routers over one system, as they stand behind a balancer.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use store::server::Redis;
use tokio::process::Child;

use crate::TURN;
use crate::company::{Company, PASSWORD, text};
use crate::system::{Mode, System, free_ports};

const ME: &str = "{ me { user { id } } }";

/// Another router of the system, which ends with the test.
struct Router {
    url: String,
    metrics: String,
    _child: Child,
}

impl Router {
    async fn start(system: &System, redis: &Redis) -> Self {
        let ports = free_ports(&["router", "metrics"]);
        let (port, metrics) = (ports["router"], ports["metrics"]);
        let mut command = system.command(&["router"]);
        command.env("ROUTER_PORT", port.to_string());
        command.env("METRICS_LISTEN", format!("127.0.0.1:{metrics}"));
        command.env("REDIS_URL", redis.url()).env("INNOERP_RATE_LIMITS", "true");
        let child = command.spawn().unwrap();
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        let router = Self { url: at(port), metrics: format!("{}/metrics", at(metrics)), _child: child };
        let begun = Instant::now();
        let ready = format!("{}/health/ready", router.url);
        while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
            assert!(begun.elapsed() < Duration::from_secs(120), "the other router is not ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        router
    }

    /// What its metrics say of Redis, which is what the alarm goes by.
    async fn says_of_redis(&self, expected: &str) {
        let begun = Instant::now();
        loop {
            let page = reqwest::get(&self.metrics).await.unwrap().text().await.unwrap();
            let said = page.lines().find_map(|line| line.strip_prefix("router_redis_up"));
            if said.is_some_and(|said| said.ends_with(&format!(" {expected}"))) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{said:?}, not {expected}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn ask(&self, client: &reqwest::Client, token: &str) -> StatusCode {
        let request = client.post(format!("{}/graphql", self.url)).bearer_auth(token);
        request.json(&json!({ "query": ME })).send().await.unwrap().status()
    }
}

/// Asks these routers in turn, ten at a time, until somebody is refused; answers how many were answered, and in which
/// time.
async fn answered(routers: [&Router; 2], token: &str) -> (u32, Duration) {
    let (client, begun) = (reqwest::Client::new(), Instant::now());
    let mut answered = 0;
    for _ in 0..200 {
        let asked = routers.iter().cycle().take(10).map(|router| router.ask(&client, token));
        let statuses = futures::future::join_all(asked).await;
        answered += statuses.iter().filter(|status| **status == StatusCode::OK).count() as u32;
        if statuses.contains(&StatusCode::TOO_MANY_REQUESTS) {
            return (answered, begun.elapsed());
        }
    }
    panic!("nobody was refused in {:?}", begun.elapsed())
}

/// What may be had in this time at a rate: of what is there at once, and what comes back.
fn most(per_s: f64, burst: f64, time: Duration) -> u32 {
    (burst + per_s * time.as_secs_f64()).ceil() as u32 + 1
}

#[tokio::test]
async fn two_routers_grant_one_user_one_budget_and_half_of_it_each_while_redis_is_silent() {
    let Some(redis) = Redis::start("two routers with one Redis", &[]).await else { return };
    let _turn = TURN.lock().await;
    let system = System::start(Mode::OneProcess).await;
    let company = Company::new(&system).await;
    let (one, other) = (Router::start(&system, &redis).await, Router::start(&system, &redis).await);
    let token = company.owner.token.clone().unwrap();
    let client = reqwest::Client::new();
    // A router begins to share once Redis has answered: then one hears of what the other counted.
    let begun = Instant::now();
    loop {
        let keys: Vec<String> = redis.ask(&["PUBSUB", "CHANNELS", "innoerp:*"]).await;
        let listeners: Vec<(String, u32)> = match keys.first() {
            Some(channel) => redis.ask(&["PUBSUB", "NUMSUB", channel]).await,
            None => Vec::new(),
        };
        if listeners.first().is_some_and(|(_, count)| *count == 2) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{listeners:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let _: () = redis.ask(&["CONFIG", "RESETSTAT"]).await;
    let (granted, time) = answered([&one, &other], &token).await;
    let used_up_at = Instant::now();
    assert!((40..=most(20.0, 40.0, time)).contains(&granted), "{granted} in {time:?}");
    println!("two routers: {granted} answered in {time:?}");
    // One round trip a request; a few more for what is kept of sessions and organizations.
    let stats: String = redis.ask(&["INFO", "commandstats"]).await;
    let calls = |name: &str| -> u32 {
        let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{name}:calls=")));
        line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or_default()
    };
    let (takes, finds) = (calls("evalsha"), calls("mget"));
    println!("Redis was asked {takes} times for budgets and {finds} times for what is known");
    assert!(takes <= granted + 10, "{stats}");
    assert!(f64::from(finds) <= 4.0 * (2.0 * time.as_secs_f64() + 2.0), "{finds} in {time:?}");

    // Silent: right away, and not after a while, each router grants half of it, and no more than that.
    one.says_of_redis("1").await;
    redis.hang();
    let (granted, time) = answered([&one, &other], &token).await;
    println!("Redis hangs: {granted} answered in {time:?}");
    let most = most(20.0, 6.0, used_up_at.elapsed());
    assert!(granted <= most, "{granted} in {time:?}: neither router begins with a full budget");
    for router in [&one, &other] {
        assert_ne!(router.ask(&client, "no.to.ken").await, StatusCode::OK, "signatures are checked as ever");
    }
    one.says_of_redis("0").await;
    redis.go_on();
    one.says_of_redis("1").await;
}

#[tokio::test]
async fn a_session_that_ended_is_refused_by_every_router_with_redis_and_without() {
    let Some(mut redis) = Redis::start("ended sessions at two routers", &[]).await else { return };
    let _turn = TURN.lock().await;
    let url = redis.url();
    let system = System::start_with(Mode::OneProcess, |command| {
        command.env("REDIS_URL", &url);
    })
    .await;
    let company = Company::new(&system).await;
    let other = Router::start(&system, &redis).await;
    let client = reqwest::Client::new();
    for fault in ["none", "hung", "killed"] {
        let log_in = "mutation($input: LogInInput!) { logIn(input: $input) { session { accessToken } userErrors { code } } }";
        let input = json!({ "email": company.owner_email, "password": PASSWORD });
        let anonymous = crate::client::Client::anonymous(&system);
        let data = anonymous.run_with(log_in, json!({ "input": input })).await.ok();
        let token = text(&data, "/logIn/session/accessToken");
        assert_eq!(other.ask(&client, &token).await, StatusCode::OK, "{fault}");
        match fault {
            "hung" => redis.hang(),
            "killed" => redis.kill(),
            _ => {}
        }
        let ended = crate::client::Client::with_token(&system, &token);
        ended.run("mutation { logOut { userErrors { code } } }").await.ok();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(other.ask(&client, &token).await, StatusCode::UNAUTHORIZED, "{fault}");
        if fault == "hung" {
            redis.go_on();
        }
        assert_eq!(other.ask(&client, &token).await, StatusCode::UNAUTHORIZED, "{fault}, and after");
        let owner = company.owner.token.as_deref().unwrap();
        assert_eq!(other.ask(&client, owner).await, StatusCode::OK, "{fault}");
    }
}
