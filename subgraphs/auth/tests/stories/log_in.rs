//! Stories about logging in.

use crate::world::{PASSWORD, World, tokens};
use chrono::Duration;
use serde_json::json;

#[tokio::test]
async fn whoever_belongs_to_one_organization_enters_it() {
    let world = World::start().await;
    world.sign_up("acme", "olivia@example.org").await.ok();
    let (access, _) = tokens(world.log_in(" OLIVIA@example.org ", PASSWORD, None).await);
    assert_eq!(world.me(&access).await.ok()["me"]["organizations"], json!([{ "subdomain": "acme" }]));
}

#[tokio::test]
async fn whoever_belongs_to_several_chooses() {
    let world = World::start().await;
    world.sign_up("acme", "olivia@example.org").await.ok();
    world.sign_up("other", "olivia@example.org").await.ok();
    let stranger = world.sign_up("foreign", "stranger@example.org").await.ok();
    let choice = world.log_in("olivia@example.org", PASSWORD, None).await.ok();
    assert_eq!(choice["logIn"]["session"], json!(null));
    let organizations = choice["logIn"]["organizations"].as_array().unwrap();
    assert_eq!(organizations.len(), 2);
    let chosen =
        organizations.iter().find(|found| found["subdomain"] == "other").unwrap()["id"].as_str().unwrap();
    let (access, _) = tokens(world.log_in("olivia@example.org", PASSWORD, Some(chosen)).await);
    assert_eq!(world.me(&access).await.ok()["me"]["organization"]["id"], chosen);
    // A foreign organization is answered as one that there is not.
    let foreign = stranger["signUp"]["organization"]["id"].as_str().unwrap();
    let foreign = world.log_in("olivia@example.org", PASSWORD, Some(foreign)).await;
    let unknown = world.log_in("olivia@example.org", PASSWORD, Some(&uuid::Uuid::now_v7().to_string())).await;
    assert_eq!(foreign.refusals(), ["NOT_A_MEMBER"]);
    assert_eq!(foreign.0.to_string(), unknown.0.to_string());
    let failures: i64 = sqlx::query_scalar("select count(*) from auth.login_attempt where not has_succeeded")
        .fetch_one(&mut world.admin().await)
        .await
        .unwrap();
    assert_eq!(failures, 0, "the password was right every time");
}

#[tokio::test]
async fn at_an_organizations_own_host_one_logs_in_to_it_and_to_no_other() {
    let mut world = World::start().await;
    world.sign_up("acme", "olivia@example.org").await.ok();
    let other = world.sign_up("other", "olivia@example.org").await.ok();
    let foreign = world.sign_up("foreign", "stranger@example.org").await.ok();
    let id = |answer: &serde_json::Value| answer["signUp"]["organization"]["id"].as_str().unwrap().to_owned();
    let (other, foreign) = (id(&other), id(&foreign));
    world.host = other.parse::<uuid::Uuid>().ok().map(Into::into);
    let (access, _) = tokens(world.log_in("olivia@example.org", PASSWORD, None).await);
    assert_eq!(world.me(&access).await.ok()["me"]["organization"]["id"], other.as_str());
    let elsewhere = world.log_in("olivia@example.org", PASSWORD, Some(&foreign)).await;
    assert_eq!(elsewhere.refusals(), ["NOT_A_MEMBER"]);
    world.host = foreign.parse::<uuid::Uuid>().ok().map(Into::into);
    let stranger = world.log_in("olivia@example.org", PASSWORD, None).await;
    assert_eq!(stranger.refusals(), ["NOT_A_MEMBER"]);
    world.host = Some(common::RequestContext::NOBODYS_HOST);
    let nowhere = world.log_in("olivia@example.org", PASSWORD, None).await;
    assert_eq!(nowhere.0, stranger.0, "whether the name is taken is not told");
}

#[tokio::test]
async fn an_unknown_address_is_answered_as_a_wrong_password() {
    let world = World::start().await;
    world.sign_up("acme", "olivia@example.org").await.ok();
    let wrong = world.log_in("olivia@example.org", "wrong-horse-77", None).await;
    assert_eq!(wrong.refusals(), ["CREDENTIALS_INVALID"]);
    for (email, password) in [
        ("nobody@example.org", PASSWORD),
        ("no address\u{0}", PASSWORD),
        ("nobody@example.org", &"x".repeat(500)),
    ] {
        assert_eq!(world.log_in(email, password, None).await.0.to_string(), wrong.0.to_string());
    }
}

#[tokio::test]
async fn five_failures_make_an_account_wait_whether_it_exists_or_not() {
    let world = World::start().await;
    world.sign_up("acme", "olivia@example.org").await.ok();
    let mut answers = Vec::new();
    for email in ["olivia@example.org", "nobody@example.org"] {
        for _ in 0..5 {
            assert_eq!(world.log_in(email, "wrong-horse-77", None).await.refusals(), ["CREDENTIALS_INVALID"]);
        }
        let limited = world.log_in(email, PASSWORD, None).await;
        assert_eq!(limited.codes(), ["RATE_LIMITED"]);
        assert_eq!(limited.0["errors"][0]["extensions"]["retryAfterSeconds"], 30);
        answers.push(limited.0.to_string());
    }
    assert_eq!(answers[0], answers[1]);
    // Waiting is enough, and the right password wipes the slate.
    world.app.clock.advance(Duration::seconds(30));
    tokens(world.log_in("olivia@example.org", PASSWORD, None).await);
    assert_eq!(
        world.log_in("olivia@example.org", "wrong-horse-77", None).await.refusals(),
        ["CREDENTIALS_INVALID"]
    );
    tokens(world.log_in("olivia@example.org", PASSWORD, None).await);
}

#[tokio::test]
async fn attempts_at_once_do_not_slip_through_together() {
    let world = World::start().await;
    let attempts = (0..8).map(|_| world.log_in("nobody@example.org", "wrong-horse-77", None));
    let answers = futures::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| answer.codes() == ["RATE_LIMITED"]).count(), 3);
}

#[tokio::test]
async fn strangers_cannot_shut_an_account_for_its_owners_address() {
    let world = World::start().await;
    world.sign_up("acme", "olivia@example.org").await.ok();
    let (home, elsewhere) = ("192.0.2.1".parse().ok(), "198.51.100.7".parse().ok());
    tokens(world.log_in_from(home, "olivia@example.org", PASSWORD, None).await);
    for _ in 0..5 {
        world.log_in_from(elsewhere, "olivia@example.org", "wrong-horse-77", None).await;
    }
    let shut_out = world.log_in_from(elsewhere, "olivia@example.org", PASSWORD, None).await;
    assert_eq!(shut_out.codes(), ["RATE_LIMITED"]);
    tokens(world.log_in_from(home, "olivia@example.org", PASSWORD, None).await);
}

#[tokio::test]
async fn a_request_with_two_passwords_does_nothing_at_all() {
    let world = World::start().await;
    world.sign_up("acme", "olivia@example.org").await.ok();
    let log_in = "logIn(input: $input) { session { refreshToken } userErrors { code } }";
    let input = json!({ "input": { "email": "olivia@example.org", "password": PASSWORD } });
    let sessions = "select count(*) from auth.session";
    let count =
        async || -> i64 { sqlx::query_scalar(sessions).fetch_one(&mut world.admin().await).await.unwrap() };
    let before = count().await;
    for both in [
        format!("mutation($input: LogInInput!) {{ a: {log_in} b: {log_in} }}"),
        format!(
            "mutation($input: LogInInput!) {{ a: {log_in} ...F }} fragment F on Mutation {{ b: {log_in} }}"
        ),
    ] {
        let answer = world.ask("auth", None, &both, input.clone()).await;
        assert_eq!(answer.codes(), ["VALIDATION_FAILED"], "{answer:?}");
        assert_eq!((&answer.0["data"], answer.0["errors"][0].get("path")), (&json!(null), None));
    }
    assert_eq!(count().await, before, "nobody was let in");
    tokens(world.log_in("olivia@example.org", PASSWORD, None).await);
}

#[tokio::test]
async fn an_address_tries_twenty_times_a_minute() {
    let world = World::start().await;
    let address = "192.0.2.1".parse().ok();
    // Counted as they were, without the price of twenty passwords.
    sqlx::query(
        "insert into auth.login_attempt (id, account, address, attempted_at)
         select gen_random_uuid(), sha256(n::text::bytea), '192.0.2.1', $1 + n * interval '1 s' from generate_series(-20, -1) n",
    )
    .bind(world.app.clock.now())
    .execute(&mut world.admin().await)
    .await
    .unwrap();
    let limited = world.log_in_from(address, "olivia@example.org", PASSWORD, None).await;
    assert_eq!(limited.codes(), ["RATE_LIMITED"]);
    assert_eq!(limited.0["errors"][0]["extensions"]["retryAfterSeconds"], 40);
    let other = world.log_in_from("192.0.2.2".parse().ok(), "olivia@example.org", PASSWORD, None).await;
    assert_eq!(other.refusals(), ["CREDENTIALS_INVALID"]);
    world.app.clock.advance(Duration::seconds(40));
    let later = world.log_in_from(address, "olivia@example.org", PASSWORD, None).await;
    assert_eq!(later.refusals(), ["CREDENTIALS_INVALID"]);
}

#[tokio::test]
async fn nobody_enters_a_suspended_organization_and_a_disabled_identity_enters_none() {
    let world = World::start().await;
    let (access, refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let mut admin = world.admin().await;
    sqlx::raw_sql("update tenant.organization set status = 'SUSPENDED'").execute(&mut admin).await.unwrap();
    assert_eq!(world.log_in("olivia@example.org", PASSWORD, None).await.codes(), ["TENANT_SUSPENDED"]);
    assert_eq!(world.me(&access).await.codes(), ["TENANT_SUSPENDED"]);
    assert_eq!(world.refresh(&refresh).await.codes(), ["TENANT_SUSPENDED"]);
    sqlx::raw_sql(
        "update tenant.organization set status = 'ACTIVE'; update auth.identity set status = 'DISABLED'",
    )
    .execute(&mut admin)
    .await
    .unwrap();
    assert_eq!(world.log_in("olivia@example.org", PASSWORD, None).await.refusals(), ["CREDENTIALS_INVALID"]);
    assert_eq!(world.me(&access).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.refresh(&refresh).await.codes(), ["UNAUTHENTICATED"]);
}
