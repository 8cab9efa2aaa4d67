//! Stories about several processes that share a Redis, and about what holds when it is silent.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use common::RequestContext;
use database::{Access, Database};
use graphql::Executable;
use serde_json::{Value, json};
use store::Store;
use store::server::Redis;
use testing::Answer;

use crate::world::{PASSWORD, World, tokens};

const OLIVIA: &str = "olivia@example.org";

/// Auth in a process of its own.
struct Process {
    auth: Executable,
    database: Database,
    store: Store,
}

impl Process {
    /// One that shares the Redis, once it has heard of it.
    async fn start(world: &World, redis: &Redis) -> Self {
        let store = Store::shared(&redis.url(), &[7; 32]).unwrap();
        let process = Self::with(world, store);
        process.until_up(true).await;
        process
    }

    fn with(world: &World, store: Store) -> Self {
        let database = world.app.database.clone().sharing(store.clone());
        let runtime = service::Runtime { database: database.clone(), ..world.app.runtime().clone() };
        Self { auth: (auth::subgraph().executable)(&runtime), database, store }
    }

    async fn until_up(&self, is_up: bool) {
        let begun = Instant::now();
        while self.store.is_up() != Some(is_up) {
            assert!(begun.elapsed() < Duration::from_secs(60));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn log_in(&self, address: &str, email: &str, password: &str, device: &Value) -> Answer {
        const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) {
            session { accessToken refreshToken } deviceToken userErrors { code } } }";
        let context = RequestContext {
            client_address: Some(address.parse::<IpAddr>().unwrap()),
            ..RequestContext::anonymous("test")
        };
        self.run(context, LOG_IN, json!({ "email": email, "password": password, "deviceToken": device }))
            .await
    }

    /// Does something as the bearer of a token.
    async fn ask(&self, token: &str, query: &str) -> Answer {
        let member = testing::Person::of_token(token).member().clone();
        let caller = common::Caller::Member(member.into());
        self.run(RequestContext { caller, ..RequestContext::anonymous("test") }, query, Value::Null).await
    }

    async fn run(&self, context: RequestContext, query: &str, input: Value) -> Answer {
        let variables = async_graphql::Variables::from_json(json!({ "input": input }));
        let request = async_graphql::Request::new(query).variables(variables).data(context);
        Answer(serde_json::to_value(self.auth.execute(request).await).unwrap())
    }

    /// What a router in the process knows of sessions, which has remembered nothing so far.
    fn access(&self) -> Access {
        Access::new(self.database.clone(), Default::default())
    }
}

/// Whether the bearer of a token is let in.
async fn lets_in(access: &Access, token: &str) -> bool {
    let member = testing::Person::of_token(token).member().clone();
    access.confirm(&member, 1).await.is_ok()
}

#[tokio::test]
async fn strangers_wait_for_an_account_through_any_process_and_a_known_device_gets_in_through_each() {
    let Some(redis) = Redis::start("tries to log in over several processes", &[]).await else { return };
    let world = World::start().await;
    world.sign_up("acme", OLIVIA).await.ok();
    let (one, other) = (Process::start(&world, &redis).await, Process::start(&world, &redis).await);
    let first = one.log_in("192.0.2.1", OLIVIA, PASSWORD, &Value::Null).await.ok();
    let device = first["logIn"]["deviceToken"].clone();
    // Strangers from many networks: from now on, new ones are let try one after the other.
    one.log_in("203.0.113.1", OLIVIA, "wrong-horse-77", &Value::Null).await;
    sqlx::query(
        "insert into auth.login_attempt (id, account, address, attempted_at)
         select gen_random_uuid(), account, '198.51.100.' || n, attempted_at
         from auth.login_attempt, generate_series(1, 20) n where address = '203.0.113.1'",
    )
    .execute(&mut world.admin().await)
    .await
    .unwrap();
    // What a network tries at other accounts is not held against it at this one.
    for number in 0..5 {
        let nobody = format!("nobody{number}@example.org");
        let tried = one.log_in("198.18.0.9", &nobody, "wrong-horse-77", &Value::Null).await;
        assert_eq!(tried.refusals(), ["CREDENTIALS_INVALID"]);
    }
    let told = other.log_in("198.18.0.9", OLIVIA, PASSWORD, &Value::Null).await;
    assert_eq!(told.codes(), ["RATE_LIMITED"]);
    let seconds = told.0["errors"][0]["extensions"]["retryAfterSeconds"].as_i64().unwrap();
    assert!((1..=6).contains(&seconds), "{seconds}");
    // Whoever was told comes before whoever comes now, wherever either does.
    world.app.clock.advance(chrono::Duration::seconds(seconds));
    let newcomer = one.log_in("198.18.77.1", OLIVIA, PASSWORD, &Value::Null).await;
    assert_eq!(newcomer.codes(), ["RATE_LIMITED"]);
    tokens(one.log_in("198.18.0.9", OLIVIA, PASSWORD, &Value::Null).await);
    for process in [&one, &other] {
        tokens(process.log_in("198.18.77.1", OLIVIA, PASSWORD, &device).await);
    }
    // Neither does it take Redis for that.
    redis.hang();
    for process in [&one, &other] {
        tokens(process.log_in("198.18.77.1", OLIVIA, PASSWORD, &device).await);
    }
    redis.go_on();
}

#[tokio::test]
async fn a_session_that_ends_in_one_process_is_refused_in_another_before_whoever_ended_it_is_answered() {
    const ENDINGS: [&str; 2] = [
        "mutation { logOut { userErrors { code } } }",
        "mutation { sessionRevokeAll { userErrors { code } } }",
    ];
    let Some(redis) = Redis::start("ended sessions over several processes", &[]).await else { return };
    let world = World::start().await;
    world.sign_up("acme", OLIVIA).await.ok();
    let (one, other) = (Process::start(&world, &redis).await, Process::start(&world, &redis).await);
    for ending in ENDINGS {
        let (token, _) = tokens(world.log_in(OLIVIA, PASSWORD, None).await);
        let (remembers, fresh) = (other.access(), other.access());
        assert!(lets_in(&remembers, &token).await);
        one.ask(&token, ending).await.ok();
        assert!(!lets_in(&fresh, &token).await, "what is kept of it in Redis counts no more: {ending}");
        // It is heard, or was forgotten at the latest when it is two seconds old.
        tokio::time::sleep(Access::SESSION_AGE_MAX).await;
        assert!(!lets_in(&remembers, &token).await, "{ending}");
        assert!(!lets_in(&one.access(), &token).await, "{ending}");
    }
}

#[tokio::test]
async fn a_session_ends_in_time_whatever_becomes_of_redis_and_nobody_waits_for_it() {
    const LOG_OUT: &str = "mutation { logOut { userErrors { code } } }";
    let Some(mut redis) = Redis::start("ended sessions without Redis", &[]).await else { return };
    let world = World::start().await;
    world.sign_up("acme", OLIVIA).await.ok();
    let (one, other) = (Process::start(&world, &redis).await, Process::start(&world, &redis).await);
    for fault in ["hung", "flushed", "killed"] {
        let (token, _) = tokens(world.log_in(OLIVIA, PASSWORD, None).await);
        let (stays, _) = tokens(world.log_in(OLIVIA, PASSWORD, None).await);
        let remembers = other.access();
        for token in [&token, &stays] {
            assert!(lets_in(&remembers, token).await, "{fault}");
        }
        match fault {
            "hung" => redis.hang(),
            "killed" => redis.kill(),
            _ => {}
        }
        // Right away, and not only once everybody knows that Redis is gone.
        one.ask(&token, LOG_OUT).await.ok();
        let ended_at = Instant::now();
        if fault == "flushed" {
            let _: () = redis.ask(&["FLUSHALL"]).await;
        }
        assert!(!lets_in(&other.access(), &token).await, "PostgreSQL says it: {fault}");
        assert!(lets_in(&other.access(), &stays).await, "{fault}");
        tokio::time::sleep(Access::SESSION_AGE_MAX.saturating_sub(ended_at.elapsed())).await;
        assert!(!lets_in(&remembers, &token).await, "{fault}");
        assert!(lets_in(&remembers, &stays).await, "{fault}");
        match fault {
            "hung" => redis.go_on(),
            "killed" => redis.run().await,
            _ => {}
        }
        for process in [&one, &other] {
            process.until_up(true).await;
            assert!(!lets_in(&process.access(), &token).await, "nor when Redis is back: {fault}");
            assert!(lets_in(&process.access(), &stays).await, "{fault}");
        }
    }
}

#[tokio::test]
async fn in_one_process_a_session_ends_at_once() {
    const LOG_OUT: &str = "mutation { logOut { userErrors { code } } }";
    let world = World::start().await;
    let (token, _) = tokens(world.sign_up("acme", OLIVIA).await);
    let process = Process::with(&world, Store::in_process());
    let remembers = process.access();
    assert!(lets_in(&remembers, &token).await);
    process.ask(&token, LOG_OUT).await.ok();
    assert!(!lets_in(&remembers, &token).await);
}
