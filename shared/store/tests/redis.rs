//! What holds with a real Redis, and whatever becomes of it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::{Duration, Instant};

use common::SessionId;
use store::server::Redis;
use store::{Found, Key, Rate, Store};
use uuid::Uuid;

const KEY: [u8; 32] = [7; 32];
/// Slow enough that nothing comes back during a test.
const RATE: Rate = Rate { per_s: 1, burst: 600 };
const AGE_MAX: Duration = Duration::from_secs(2);

fn key() -> Key {
    Key::new("user", Uuid::now_v7())
}

fn open(url: &str) -> Store {
    Store::shared(url, &KEY).unwrap()
}

/// Waits for what comes by itself, however busy the machine is.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn up(store: &Store) {
    until("Redis is not taken for well", async || store.is_up() == Some(true)).await;
}

/// How often one may ask before one is refused, for what may be had at once.
async fn takes(store: &Store, key: Key, most: u32) -> u32 {
    for taken in 0..most {
        if store.take(&[(key, RATE)]).await.is_err() {
            return taken;
        }
    }
    most
}

/// Keeps something for the others, and waits until it is there.
async fn keep(store: &Store, name: &str, session: SessionId) {
    let Found::Nothing(Some(asked)) = store.find(name, Some(session)).await else {
        panic!("nothing was kept yet")
    };
    store.keep(name.to_owned(), asked, AGE_MAX, b"ADMIN".to_vec());
    until("it was not kept", async || has(store, name, session).await).await;
}

async fn has(store: &Store, name: &str, session: SessionId) -> bool {
    matches!(store.find(name, Some(session)).await, Found::Value { .. })
}

#[tokio::test]
async fn two_processes_have_one_budget_one_count_and_one_memory() {
    let Some(redis) = Redis::start("what processes share in Redis", &[]).await else { return };
    let (one, other, user) = (open(&redis.url()), open(&redis.url()), key());
    up(&one).await;
    up(&other).await;
    let mut taken = 0;
    while one.take(&[(user, RATE)]).await.is_ok() {
        taken += 1;
        taken += u32::from(other.take(&[(user, RATE)]).await.is_ok());
        assert!(taken < 2 * RATE.burst);
    }
    assert!(taken >= RATE.burst, "{taken}");
    let spare = redis_seconds_of(taken);
    assert!(spare < RATE.burst / 2, "{taken} were had of {}", RATE.burst);
    let refused = other.take(&[(key(), RATE), (user, RATE)]).await.unwrap_err();
    assert!(refused.at == 1 && refused.wait <= Duration::from_secs(1), "{refused:?}");

    let network = Key::of_address("network", None);
    for (tries, store) in [(1, &one), (2, &other), (3, &one)] {
        store.count(network);
        until("the others' tries were not heard of", async || store.tries(network) == tries).await;
    }
    for _ in 0..2 {
        one.count_less(network);
    }
    until("it was not given back", async || {
        let third = open(&redis.url());
        up(&third).await;
        third.count(network);
        until("the others' tries were not heard of", async || third.tries(network) > 1).await;
        third.count_less(network);
        third.tries(network) == 1
    })
    .await;

    let session = SessionId::new();
    keep(&one, "session", session).await;
    assert!(has(&other, "session", session).await);
    let Found::Value { left, value } = other.find("session", Some(session)).await else { panic!() };
    assert!(left <= AGE_MAX && value == b"ADMIN");
    one.end_sessions(&[session]).await;
    assert!(one.has_ended(session));
    assert!(
        matches!(other.find("session", Some(session)).await, Found::Ended),
        "told before it was answered"
    );
    let another = SessionId::new();
    one.end_sessions(&[another]).await;
    until("it was not heard", async || other.has_ended(another)).await;
}

/// What was had beyond the burst came back in the time that it took.
fn redis_seconds_of(taken: u32) -> u32 {
    taken - RATE.burst
}

#[tokio::test]
async fn whoever_is_silent_holds_nobody_up_and_opens_no_gate() {
    let Some(redis) = Redis::start("a Redis that hangs", &[]).await else { return };
    let (one, other, user) = (open(&redis.url()), open(&redis.url()), key());
    up(&one).await;
    up(&other).await;
    // Half of it is gone when Redis falls silent: as much as a process allows by itself.
    assert_eq!(takes(&one, user, RATE.burst / 2).await, RATE.burst / 2);
    let (session, late) = (SessionId::new(), SessionId::new());
    keep(&one, "session", session).await;
    let Found::Nothing(Some(asked)) = one.find("late", Some(late)).await else { panic!() };
    redis.hang();
    let asked_at = Instant::now();
    one.keep("late".to_owned(), asked, AGE_MAX, b"ADMIN".to_vec());
    // Right away, and not after a while: nobody begins anew, and nobody is let go on for ever.
    assert!(takes(&one, user, 1_000).await <= 1 + asked_at.elapsed().as_secs() as u32, "not a second budget");
    assert!(takes(&one, key(), 1_000).await <= RATE.burst / 2 + 1 + asked_at.elapsed().as_secs() as u32);
    let begun = Instant::now();
    one.end_sessions(&[session, late]).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "whoever logs out is answered");
    assert!(
        one.has_ended(session) && matches!(one.find("session", Some(session)).await, Found::Nothing(None))
    );
    assert_eq!(one.count(Key::of_address("network", None)), 1, "and tries by itself");
    // A thousand requests pay for one wait together.
    let begun = Instant::now();
    takes(&one, key(), 1_000).await;
    for _ in 0..1_000 {
        one.find("session", Some(session)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());

    redis.go_on();
    // What it was sent before is carried out now: it must let nobody in for longer than was promised.
    let until_then = asked_at + AGE_MAX + Duration::from_millis(500);
    up(&other).await;
    until("the ends were not told", async || {
        let looked_at = Instant::now();
        let seen = has(&other, "late", late).await;
        assert!(!seen || looked_at < until_then, "an ended session was let in too late");
        other.has_ended(session) && other.has_ended(late)
    })
    .await;
    up(&one).await;
    for (name, session) in [("session", session), ("late", late)] {
        assert!(matches!(other.find(name, Some(session)).await, Found::Ended), "{name}");
    }
}

#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_empty_is_used_again() {
    let Some(mut redis) = Redis::start("a Redis that is killed", &[]).await else { return };
    let (one, other, user) = (open(&redis.url()), open(&redis.url()), key());
    up(&one).await;
    up(&other).await;
    assert_eq!(takes(&one, user, RATE.burst / 2).await, RATE.burst / 2);
    let session = SessionId::new();
    keep(&one, "session", session).await;
    redis.kill();
    let killed_at = Instant::now();
    assert!(
        takes(&one, user, 1_000).await <= 1 + killed_at.elapsed().as_secs() as u32,
        "not a second budget"
    );
    one.end_sessions(&[session]).await;
    assert!(one.has_ended(session));
    assert!(matches!(one.find("session", Some(session)).await, Found::Nothing(None)));
    redis.run().await;
    up(&one).await;
    up(&other).await;
    until("the end was not told", async || other.has_ended(session)).await;
    assert!(one.take(&[(key(), RATE)]).await.is_ok());
}

#[tokio::test]
async fn a_flushed_server_knows_no_session_and_every_process_goes_on() {
    let Some(redis) = Redis::start("a Redis that is flushed", &[]).await else { return };
    let (one, other) = (open(&redis.url()), open(&redis.url()));
    up(&one).await;
    up(&other).await;
    let (session, ended) = (SessionId::new(), SessionId::new());
    keep(&one, "session", session).await;
    keep(&one, "ended", ended).await;
    one.end_sessions(&[ended]).await;
    until("it was not heard", async || other.has_ended(ended)).await;
    let _: () = redis.ask(&["FLUSHALL"]).await;
    let _: () = redis.ask(&["SCRIPT", "FLUSH"]).await;
    for (name, session) in [("session", session), ("ended", ended)] {
        assert!(matches!(other.find(name, Some(session)).await, Found::Nothing(Some(_))), "{name}");
    }
    assert!(other.has_ended(ended), "those who heard it know it still");
    assert!(one.take(&[(key(), RATE)]).await.is_ok());
    assert_eq!(one.is_up(), Some(true));
}

#[tokio::test]
async fn a_slow_server_is_left_aside_and_one_that_is_only_far_away_is_not() {
    let Some(redis) = Redis::start("a slow Redis", &[]).await else { return };
    let slow = open(&redis.slowly(Duration::from_millis(600)).await);
    let begun = Instant::now();
    assert!(takes(&slow, key(), 1_000).await <= RATE.burst / 2 + begun.elapsed().as_secs() as u32);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(slow.is_up(), Some(false), "it was asked again, and was slow again");
    let far = open(&redis.slowly(Duration::from_millis(10)).await);
    up(&far).await;
    assert!(far.take(&[(key(), RATE)]).await.is_ok());
}

#[tokio::test]
async fn who_may_not_do_everything_shares_nothing_and_says_so_once() {
    let password = ["--requirepass", "right"];
    let Some(redis) = Redis::start("a Redis with a password", &password).await else { return };
    let at = |who: &str| format!("redis://{who}@127.0.0.1:{}", redis.port());
    let right = open(&at(":right"));
    up(&right).await;
    let mut admin =
        redis::Client::open(at(":right")).unwrap().get_multiplexed_async_connection().await.unwrap();
    for (name, may) in [("mute", "-subscribe"), ("reader", "-set"), ("quiet", "-publish"), ("plain", "-eval")]
    {
        let mut acl = redis::cmd("ACL");
        acl.arg(&["SETUSER", name, "on", ">pass", "~*", "&*", "+@all", may]);
        if name == "plain" {
            acl.arg("-evalsha");
        }
        let _: () = acl.query_async(&mut admin).await.unwrap();
    }
    let wrong = [":wrong", "", "mute:pass", "reader:pass", "quiet:pass", "plain:pass"];
    let stores: Vec<Store> = wrong.iter().map(|who| open(&at(who))).collect();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        for (store, who) in stores.iter().zip(wrong) {
            assert_eq!(store.is_up(), Some(false), "{who}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for (store, who) in stores.iter().zip(wrong) {
        let begun = Instant::now();
        let taken = takes(store, key(), 1_000).await;
        assert!(taken <= RATE.burst / 2 + begun.elapsed().as_secs() as u32, "{who}: {taken}");
    }
    assert_eq!(right.is_up(), Some(true));
}

#[tokio::test]
async fn a_cluster_is_not_taken_for_a_server() {
    let arguments = ["--cluster-enabled", "yes", "--cluster-config-file", "/dev/null"];
    // It keeps its nodes in a file, or does not start.
    let folder = std::env::temp_dir().join(format!("redis-{}", Uuid::now_v7().simple()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("nodes.conf");
    let arguments = [arguments[0], arguments[1], arguments[2], file.to_str().unwrap()];
    let Some(redis) = Redis::start("a Redis Cluster", &arguments).await else { return };
    let store = open(&redis.url());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(store.is_up(), Some(false));
    assert!(store.take(&[(key(), RATE)]).await.is_ok());
    drop(redis);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn who_can_write_to_redis_can_let_nobody_in() {
    let Some(redis) = Redis::start("forged values in Redis", &[]).await else { return };
    let (store, stranger) = (open(&redis.url()), Store::shared(&redis.url(), &[8; 32]).unwrap());
    up(&store).await;
    up(&stranger).await;
    let session = SessionId::new();
    keep(&store, "session", session).await;
    assert!(!has(&stranger, "session", session).await, "another installation's");
    let keys: Vec<String> = redis.ask(&["KEYS", "innoerp:1:*:value:session"]).await;
    let [name] = keys.as_slice() else { panic!("{keys:?}") };
    // An old value is put back for good: it is believed no longer than it was meant to be.
    let old: Vec<u8> = redis.ask(&["GET", name]).await;
    until("it is good for ever", async || {
        let mut connection =
            redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
        let _: () = redis::cmd("SET").arg(name).arg(&old).query_async(&mut connection).await.unwrap();
        !has(&store, "session", session).await
    })
    .await;
    // And one that is made up is not believed at all.
    let _: () = redis.ask(&["SET", name, "ADMIN"]).await;
    assert!(!has(&store, "session", session).await);
}

#[tokio::test]
async fn everything_in_redis_expires_and_has_a_version() {
    let Some(redis) = Redis::start("what is left in Redis", &[]).await else { return };
    let store = open(&redis.url());
    up(&store).await;
    let session = SessionId::new();
    store.take(&[(key(), RATE), (key(), RATE)]).await.unwrap();
    store.count(key());
    store.end_sessions(&[SessionId::new()]).await;
    keep(&store, "session", session).await;
    until("what nobody waits for was not kept", async || {
        redis.ask::<Vec<String>>(&["KEYS", "*"]).await.len() >= 5
    })
    .await;
    let keys: Vec<String> = redis.ask(&["KEYS", "*"]).await;
    for key in keys {
        assert!(key.starts_with("innoerp:1:"), "{key}");
        let left_ms: i64 = redis.ask(&["PTTL", &key]).await;
        assert!(left_ms != -1, "{key} stays for ever");
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_its_password() {
    for url in ["localhost:6379", "http://:secret@host", "redis://:secret@host:port", ""] {
        let refused = Store::shared(url, &KEY).map(drop).unwrap_err();
        assert!(refused.contains("REDIS_URL") && !refused.contains("secret"), "{url}: {refused}");
    }
}
