//! Stories about the trail of log-ins.

use crate::world::{PASSWORD, World, tokens};
use serde_json::json;

/// What the trail says was done, in order, and whether a member is named as who did it.
async fn trail(world: &World) -> Vec<(String, bool)> {
    sqlx::query_as("select action, actor_id is not null from auth.audit_log order by id")
        .fetch_all(&mut world.admin().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn log_ins_changed_passwords_and_ended_sessions_are_in_the_trail() {
    const CHANGE: &str = "mutation($old: String!, $new: String!) {
        passwordChange(input: { currentPassword: $old, newPassword: $new }) { userErrors { code } } }";
    const LOG_OUT: &str = "mutation { logOut { userErrors { code } } }";
    let world = World::start().await;
    tokens(world.sign_up("acme", "olivia@example.org").await);
    let (access, _) =
        tokens(world.log_in_from("192.0.2.1".parse().ok(), "olivia@example.org", PASSWORD, None).await);
    let passwords = json!({ "old": PASSWORD, "new": "tall-lantern-88" });
    world.ask("auth", Some(&access), CHANGE, passwords).await.ok();
    world.ask("auth", Some(&access), LOG_OUT, json!({})).await.ok();
    let done = ["LOG_IN", "LOG_IN", "PASSWORD_CHANGED", "SESSION_ENDED", "SESSION_ENDED"];
    assert_eq!(trail(&world).await, done.map(|action| (action.to_owned(), true)));
    let told: (i64, i64, i64) = sqlx::query_as(
        "select count(*) filter (where after ->> 'address' = '192.0.2.1' and action = 'LOG_IN'),
                count(*) filter (where after ->> 'revoked_because' = 'PASSWORD_CHANGED'),
                count(distinct organization_id) from auth.audit_log",
    )
    .fetch_one(&mut world.admin().await)
    .await
    .unwrap();
    assert_eq!(told, (1, 1, 1));
}

#[tokio::test]
async fn an_organization_change_is_in_the_trail_of_the_one_that_was_entered() {
    let world = World::start().await;
    let (_, refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let other = world.sign_up("other", "olivia@example.org").await.ok();
    let other = other["signUp"]["organization"]["id"].as_str().unwrap().to_owned();
    let switch =
        "mutation($input: SessionSwitchInput!) { sessionSwitch(input: $input) { userErrors { code } } }";
    let input = json!({ "refreshToken": refresh, "organizationId": other });
    world.ask("auth", None, switch, json!({ "input": input })).await.ok();
    let switched: Vec<String> = sqlx::query_scalar(
        "select organization_id::text from auth.audit_log where action = 'SESSION_SWITCHED'",
    )
    .fetch_all(&mut world.admin().await)
    .await
    .unwrap();
    assert_eq!(switched, [other]);
}
