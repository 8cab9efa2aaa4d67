//! Stories about those who are kept out, and about those who are not for all that.

use crate::world::{PASSWORD, World, tokens};
use chrono::Duration;
use serde_json::{Value, json};
use testing::Answer;

const WRONG: &str = "wrong-horse-77";
const OLIVIA: &str = "olivia@example.org";

/// Logs in from an address, with what a device was given.
async fn log_in_on(world: &World, device: &Value, address: &str, password: &str) -> Answer {
    const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) {
        session { accessToken refreshToken } deviceToken userErrors { code } } }";
    let input = json!({ "email": OLIVIA, "password": password, "deviceToken": device });
    world.ask_from(address.parse().ok(), "auth", None, LOG_IN, json!({ "input": input })).await
}

/// Failures on Olivia's account, each from a network of its own, as they would have been counted.
async fn strangers_have_failed(world: &World, count: i32) {
    world.log_in_from("203.0.113.1".parse().ok(), OLIVIA, WRONG, None).await;
    sqlx::query(
        "insert into auth.login_attempt (id, account, address, attempted_at)
         select gen_random_uuid(), account, '198.51.' || n / 250 || '.' || n % 250, attempted_at
         from auth.login_attempt, generate_series(2, $1) n where address = '203.0.113.1'",
    )
    .bind(count)
    .execute(&mut world.admin().await)
    .await
    .unwrap();
}

fn seconds_to_wait(answer: &Answer) -> i64 {
    assert_eq!(answer.codes(), ["RATE_LIMITED"]);
    answer.0["errors"][0]["extensions"]["retryAfterSeconds"].as_i64().unwrap()
}

#[tokio::test]
async fn a_device_that_was_let_in_before_is_let_in_however_many_strangers_fail() {
    let world = World::start().await;
    world.sign_up("acme", OLIVIA).await.ok();
    let first = log_in_on(&world, &json!(null), "192.0.2.1", PASSWORD).await.ok();
    let device = first["logIn"]["deviceToken"].clone();
    strangers_have_failed(&world, 1_000).await;
    // On the road, in a network that has failed on the account as often as it may.
    for _ in 0..5 {
        sqlx::query(
            "insert into auth.login_attempt (id, account, address, attempted_at)
             select gen_random_uuid(), account, '198.51.100.7', attempted_at
             from auth.login_attempt where address = '203.0.113.1'",
        )
        .execute(&mut world.admin().await)
        .await
        .unwrap();
    }
    let unknown = log_in_on(&world, &json!(null), "198.51.100.7", PASSWORD).await;
    seconds_to_wait(&unknown);
    let made_up = log_in_on(&world, &json!("A".repeat(86)), "198.51.100.7", PASSWORD).await;
    seconds_to_wait(&made_up);
    let known = log_in_on(&world, &device, "198.51.100.7", PASSWORD).await;
    assert_eq!(known.clone().ok()["logIn"]["deviceToken"], device, "it keeps its token");
    tokens(known);
}

#[tokio::test]
async fn a_device_is_held_up_by_its_own_failures_only() {
    let world = World::start().await;
    world.sign_up("acme", OLIVIA).await.ok();
    let first = log_in_on(&world, &json!(null), "192.0.2.1", PASSWORD).await.ok();
    let device = first["logIn"]["deviceToken"].clone();
    for _ in 0..5 {
        let wrong = log_in_on(&world, &device, "192.0.2.1", WRONG).await;
        assert_eq!(wrong.refusals(), ["CREDENTIALS_INVALID"]);
    }
    assert_eq!(seconds_to_wait(&log_in_on(&world, &device, "192.0.2.1", PASSWORD).await), 30);
    tokens(log_in_on(&world, &json!(null), "192.0.2.1", PASSWORD).await);
}

#[tokio::test]
async fn a_device_is_forgotten_when_its_owner_logs_out_everywhere() {
    let world = World::start().await;
    world.sign_up("acme", OLIVIA).await.ok();
    let first = log_in_on(&world, &json!(null), "192.0.2.1", PASSWORD).await;
    let device = first.clone().ok()["logIn"]["deviceToken"].clone();
    let (access, _) = tokens(first);
    let all = "mutation { sessionRevokeAll { sessionsEnded } }";
    world.ask("auth", Some(&access), all, json!({})).await.ok();
    let again = log_in_on(&world, &device, "192.0.2.1", PASSWORD).await.ok();
    assert_ne!(again["logIn"]["deviceToken"], device);
}

#[tokio::test]
async fn many_strangers_slow_an_account_down_and_its_owner_gets_in_from_a_new_place() {
    let world = World::start().await;
    world.sign_up("acme", OLIVIA).await.ok();
    strangers_have_failed(&world, 10).await;
    // The last stranger was let through a moment ago.
    assert_eq!(seconds_to_wait(&log_in_on(&world, &json!(null), "192.0.2.9", PASSWORD).await), 6);
    world.app.clock.advance(Duration::seconds(6));
    tokens(log_in_on(&world, &json!(null), "192.0.2.9", PASSWORD).await);
    // Whoever has failed three times waits until one of these is forgotten.
    sqlx::query("update auth.login_attempt set address = '198.51.100.7' where address like '198.51.0.%'")
        .execute(&mut world.admin().await)
        .await
        .unwrap();
    world.app.clock.advance(Duration::seconds(30));
    let failed = log_in_on(&world, &json!(null), "198.51.100.7", WRONG).await;
    assert!((800..900).contains(&seconds_to_wait(&failed)));
}

#[tokio::test]
async fn an_owner_who_comes_as_told_gets_in_from_an_office_where_many_have_tried_and_before_those_who_do_not_wait()
 {
    const OFFICE: &str = "192.0.2.9";
    let world = World::start().await;
    world.sign_up("acme", OLIVIA).await.ok();
    // Colleagues, at accounts of their own.
    for number in 0..6 {
        let colleague = format!("colleague{number}@example.org");
        world.log_in_from(OFFICE.parse().ok(), &colleague, WRONG, None).await;
    }
    strangers_have_failed(&world, 12).await;
    let knocks = async |networks: std::ops::Range<i32>| {
        for number in networks {
            let address = format!("198.18.0.{number}").parse().ok();
            assert_eq!(world.log_in_from(address, OLIVIA, WRONG, None).await.codes(), ["RATE_LIMITED"]);
        }
    };
    knocks(0..3).await;
    let told = seconds_to_wait(&log_in_on(&world, &json!(null), OFFICE, PASSWORD).await);
    assert_eq!(told, 6);
    world.app.clock.advance(Duration::seconds(6));
    // It is kept for those who were told.
    knocks(10..13).await;
    tokens(log_in_on(&world, &json!(null), OFFICE, PASSWORD).await);
    let waiting: i64 = sqlx::query_scalar("select count(*) from auth.login_waiting where network = $1")
        .bind(OFFICE)
        .fetch_one(&mut world.admin().await)
        .await
        .unwrap();
    assert_eq!(waiting, 0, "nobody is waited for who has come");
}

#[tokio::test]
async fn what_was_given_up_before_it_was_checked_is_not_counted() {
    let world = World::start().await;
    world.sign_up("acme", OLIVIA).await.ok();
    strangers_have_failed(&world, 30).await;
    sqlx::query(
        "update auth.login_attempt set is_checked = false, address = '192.0.2.9' where not has_succeeded",
    )
    .execute(&mut world.admin().await)
    .await
    .unwrap();
    // While they may be being checked they count: many at once do not slip through together.
    seconds_to_wait(&log_in_on(&world, &json!(null), "192.0.2.9", PASSWORD).await);
    world.app.clock.advance(Duration::seconds(30));
    tokens(log_in_on(&world, &json!(null), "192.0.2.9", PASSWORD).await);
}

#[tokio::test]
async fn right_log_ins_of_a_whole_office_hold_nobody_up() {
    let world = World::start().await;
    world.sign_up("acme", OLIVIA).await.ok();
    sqlx::query(
        "insert into auth.login_attempt (id, account, address, attempted_at, has_succeeded)
         select gen_random_uuid(), sha256(n::text::bytea), '192.0.2.1', $1 - interval '1 s', true
         from generate_series(1, 200) n",
    )
    .bind(world.app.clock.now())
    .execute(&mut world.admin().await)
    .await
    .unwrap();
    tokens(log_in_on(&world, &json!(null), "192.0.2.1", PASSWORD).await);
}

#[tokio::test]
async fn neighbours_in_an_ipv6_network_are_counted_together() {
    let world = World::start().await;
    for host in 1..=5 {
        let address = format!("2001:db8::{host}").parse().ok();
        world.log_in_from(address, "nobody@example.org", WRONG, None).await;
    }
    let neighbour = world.log_in_from("2001:db8::ffff".parse().ok(), "nobody@example.org", WRONG, None).await;
    assert_eq!(neighbour.codes(), ["RATE_LIMITED"]);
    let other = world.log_in_from("2001:db8:0:1::1".parse().ok(), "nobody@example.org", WRONG, None).await;
    assert_eq!(other.refusals(), ["CREDENTIALS_INVALID"]);
}

#[tokio::test]
async fn a_request_with_many_passwords_tries_none() {
    let one = |alias: &str| {
        format!(
            r#"{alias}: logIn(input: {{ email: "{OLIVIA}", password: "{WRONG}" }}) {{ userErrors {{ code }} }}"#
        )
    };
    let world = World::start().await;
    let aliases: String = (0..20).map(|number| one(&format!("a{number} "))).collect();
    let answer = world.ask("auth", None, &format!("mutation {{ {aliases} }}"), json!({})).await;
    assert_eq!(answer.codes(), ["VALIDATION_FAILED"]);
    let tried: i64 = sqlx::query_scalar("select count(*) from auth.login_attempt")
        .fetch_one(&mut world.admin().await)
        .await
        .unwrap();
    assert_eq!(tried, 0);
}

#[tokio::test]
async fn one_password_is_right_however_a_keyboard_spells_it() {
    const SIGN_UP: &str = "mutation($input: SignUpInput!) { signUp(input: $input) { userErrors { code } } }";
    let world = World::start().await;
    let input = |password: &str| {
        json!({ "input": { "organizationName": "Acme", "subdomain": "acme", "ownerName": "Olivia",
            "email": OLIVIA, "password": password } })
    };
    let controls = world.ask("auth", None, SIGN_UP, input("heron\u{0}-basket-42")).await;
    assert_eq!(controls.refusals(), ["PASSWORD_INVALID"]);
    world.ask("auth", None, SIGN_UP, input("Zürich-Café-42")).await.ok();
    tokens(world.log_in(OLIVIA, "Zu\u{308}rich-Cafe\u{301}-42", None).await);
    let more = world.log_in(OLIVIA, "Zürich-Café-42\u{0}Zürich-Café-42", None).await;
    assert_eq!(more.refusals(), ["CREDENTIALS_INVALID"]);
}
