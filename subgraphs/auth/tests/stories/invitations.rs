//! Stories about people who are invited.

use crate::world::{PASSWORD, World, tokens};
use chrono::Duration;
use serde_json::{Value, json};
use testing::Answer;

const SUSPEND: &str = "mutation($id: ID!) { memberSuspend(id: $id) { userErrors { code } } }";
const REACTIVATE: &str = "mutation($id: ID!) { memberReactivate(id: $id) { userErrors { code } } }";

async fn invite(world: &World, by: &str, email: &str) -> Value {
    const INVITE: &str = "mutation($email: String!) { memberInvite(input: { email: $email, roles: [HR] }) {
        invitation { id } token userErrors { code } } }";
    let invited = world.ask("user", Some(by), INVITE, json!({ "email": email })).await.ok();
    invited["memberInvite"].clone()
}

async fn accept(world: &World, token: &Value, password: &str) -> Answer {
    const ACCEPT: &str = "mutation($token: String!, $password: String!) {
        invitationAccept(input: { token: $token, displayName: \"Hanna\", password: $password }) {
            session { accessToken refreshToken } userErrors { field code message } } }";
    world.ask("auth", None, ACCEPT, json!({ "token": token, "password": password })).await
}

#[tokio::test]
async fn whoever_is_invited_joins_with_the_roles_that_were_offered() {
    let world = World::start().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let invited = invite(&world, &owner, "hanna@example.org").await;
    assert_eq!(accept(&world, &invited["token"], "short").await.refusals(), ["PASSWORD_TOO_SHORT"]);
    let (hanna, _) = tokens(accept(&world, &invited["token"], PASSWORD).await);
    let me = world.me(&hanna).await.ok();
    assert_eq!(me["me"]["user"], json!({ "displayName": "Hanna", "email": "hanna@example.org" }));
    assert_eq!(me["me"]["membership"]["roles"], json!(["HR"]));
    tokens(world.log_in("hanna@example.org", PASSWORD, None).await);
}

#[tokio::test]
async fn whoever_has_an_identity_proves_it_and_belongs_to_both() {
    let world = World::start().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    world.sign_up("other", "hanna@example.org").await.ok();
    let invited = invite(&world, &owner, "hanna@example.org").await;
    assert_eq!(accept(&world, &invited["token"], "wrong-horse-77").await.refusals(), ["CREDENTIALS_INVALID"]);
    let (hanna, _) = tokens(accept(&world, &invited["token"], PASSWORD).await);
    let me = world.me(&hanna).await.ok();
    assert_eq!(me["me"]["user"]["displayName"], "Olivia", "the profile is theirs already");
    assert_eq!(me["me"]["organizations"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn used_revoked_expired_and_unknown_invitations_are_answered_alike() {
    const REVOKE: &str = "mutation($id: ID!) { invitationRevoke(id: $id) { userErrors { code } } }";
    let world = World::start().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let used = invite(&world, &owner, "used@example.org").await;
    tokens(accept(&world, &used["token"], PASSWORD).await);
    let revoked = invite(&world, &owner, "revoked@example.org").await;
    world.ask("user", Some(&owner), REVOKE, json!({ "id": revoked["invitation"]["id"] })).await.ok();
    let expired = invite(&world, &owner, "expired@example.org").await;
    world.app.clock.advance(Duration::days(7));
    let unknown = accept(&world, &json!("A".repeat(43)), PASSWORD).await;
    assert_eq!(unknown.refusals(), ["INVITATION_INVALID"]);
    for invitation in [used, revoked, expired] {
        let answer = accept(&world, &invitation["token"], PASSWORD).await;
        assert_eq!(answer.0.to_string(), unknown.0.to_string());
    }
}

#[tokio::test]
async fn of_two_who_accept_at_once_one_joins_and_the_other_leaves_nothing() {
    let world = World::start().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let invited = invite(&world, &owner, "hanna@example.org").await;
    let (one, other) = tokio::join!(
        accept(&world, &invited["token"], PASSWORD),
        accept(&world, &invited["token"], PASSWORD),
    );
    assert_eq!([one, other].iter().filter(|answer| answer.refusals().is_empty()).count(), 1);
    let (identities, people, members): (i64, i64, i64) = sqlx::query_as(
        r#"select (select count(*) from auth.identity), (select count(*) from "user"."user"),
                  (select count(*) from "user".membership)"#,
    )
    .fetch_one(&mut world.admin().await)
    .await
    .unwrap();
    assert_eq!((identities, people, members), (2, 2, 2));
}

#[tokio::test]
async fn a_changed_role_ends_old_tokens_and_the_session_goes_on_with_the_new_one() {
    const CHANGE: &str =
        "mutation($id: ID!) { memberRolesChange(input: { membershipId: $id, roles: [MANAGER] }) {
        userErrors { code } } }";
    let world = World::start().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let invited = invite(&world, &owner, "hanna@example.org").await;
    let (hanna, refresh) = tokens(accept(&world, &invited["token"], PASSWORD).await);
    let id = world.me(&hanna).await.ok()["me"]["membership"]["id"].clone();
    world.ask("user", Some(&owner), CHANGE, json!({ "id": id })).await.ok();
    assert_eq!(world.me(&hanna).await.codes(), ["UNAUTHENTICATED"]);
    let (hanna, refresh) = tokens(world.refresh(&refresh).await);
    assert_eq!(world.me(&hanna).await.ok()["me"]["membership"]["roles"], json!(["MANAGER"]));
    world.ask("user", Some(&owner), SUSPEND, json!({ "id": id })).await.ok();
    assert_eq!(world.me(&hanna).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.refresh(&refresh).await.codes(), ["UNAUTHENTICATED"]);
    let suspended = world.log_in("hanna@example.org", PASSWORD, None).await;
    assert_eq!(suspended.refusals(), ["MEMBERSHIP_SUSPENDED"]);
    // What ended with the suspension does not come back with its end.
    world.ask("user", Some(&owner), REACTIVATE, json!({ "id": id })).await.ok();
    assert_eq!(world.me(&hanna).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.refresh(&refresh).await.codes(), ["UNAUTHENTICATED"]);
    tokens(world.log_in("hanna@example.org", PASSWORD, None).await);
}

#[tokio::test]
async fn a_session_that_slept_through_a_suspension_does_not_wake_after_it() {
    let world = World::start().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let invited = invite(&world, &owner, "hanna@example.org").await;
    let (hanna, refresh) = tokens(accept(&world, &invited["token"], PASSWORD).await);
    let id = world.me(&hanna).await.ok()["me"]["membership"]["id"].clone();
    for change in [SUSPEND, REACTIVATE] {
        world.ask("user", Some(&owner), change, json!({ "id": id })).await.ok();
    }
    assert_eq!(world.me(&hanna).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.refresh(&refresh).await.codes(), ["UNAUTHENTICATED"]);
}
