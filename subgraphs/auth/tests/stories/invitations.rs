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
    let refusals = [one.refusals(), other.refusals()].concat();
    assert_eq!(refusals, ["INVITATION_INVALID"]);
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
async fn an_invitation_is_accepted_at_the_host_of_its_organization_and_at_no_other() {
    let mut world = World::start().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let other = world.sign_up("other", "oscar@example.org").await.ok();
    let invited = invite(&world, &owner, "hanna@example.org").await;
    let at = |id: &Value| id.as_str().unwrap().parse::<uuid::Uuid>().ok().map(Into::into);
    for host in [at(&other["signUp"]["organization"]["id"]), Some(common::RequestContext::NOBODYS_HOST)] {
        world.host = host;
        assert_eq!(accept(&world, &invited["token"], PASSWORD).await.refusals(), ["INVITATION_INVALID"]);
    }
    world.host = at(&world.me(&owner).await.ok()["me"]["organization"]["id"]);
    tokens(accept(&world, &invited["token"], PASSWORD).await);
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

#[tokio::test]
async fn whoever_may_invite_no_more_makes_no_admin_with_what_they_sent_before() {
    const INVITE: &str =
        "mutation($email: String!) { memberInvite(input: { email: $email, roles: [ADMIN] }) {
        token userErrors { code } } }";
    const CHANGE: &str = "mutation($id: ID!, $roles: [Role!]!) {
        memberRolesChange(input: { membershipId: $id, roles: $roles }) { userErrors { code } } }";
    const REMOVE: &str = "mutation($id: ID!) { memberRemove(id: $id) { userErrors { code } } }";
    let world = World::start().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let ask = async |by: &str, query: &str, variables: Value| {
        world.ask("user", Some(by), query, variables).await.ok()
    };
    let adam = ask(&owner, INVITE, json!({ "email": "adam@example.org" })).await;
    let (adam, _) = tokens(accept(&world, &adam["memberInvite"]["token"], PASSWORD).await);
    let adam_id = world.me(&adam).await.ok()["me"]["membership"]["id"].clone();
    let hanna =
        ask(&adam, INVITE, json!({ "email": "hanna@example.org" })).await["memberInvite"]["token"].clone();
    let nora =
        ask(&adam, INVITE, json!({ "email": "nora@example.org" })).await["memberInvite"]["token"].clone();
    // A manager does not invite; and an admin who is suspended does nothing.
    ask(&owner, CHANGE, json!({ "id": adam_id, "roles": ["MANAGER"] })).await;
    assert_eq!(accept(&world, &hanna, PASSWORD).await.refusals(), ["INVITATION_INVALID"]);
    ask(&owner, CHANGE, json!({ "id": adam_id, "roles": ["ADMIN"] })).await;
    ask(&owner, SUSPEND, json!({ "id": adam_id })).await;
    assert_eq!(accept(&world, &hanna, PASSWORD).await.refusals(), ["INVITATION_INVALID"]);
    ask(&owner, REACTIVATE, json!({ "id": adam_id })).await;
    tokens(accept(&world, &hanna, PASSWORD).await);
    ask(&owner, REMOVE, json!({ "id": adam_id })).await;
    assert_eq!(accept(&world, &nora, PASSWORD).await.refusals(), ["INVITATION_INVALID"]);
}

#[tokio::test]
async fn an_invitation_of_ones_own_tells_nothing_of_an_address_and_counts_nothing_against_it() {
    let world = World::start().await;
    world.sign_up("victim", "vera@example.org").await.ok();
    let (stranger, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let known = invite(&world, &stranger, "vera@example.org").await;
    let unknown = invite(&world, &stranger, "nobody@example.org").await;
    let of_known = accept(&world, &known["token"], "x").await;
    assert_eq!(of_known.refusals(), ["PASSWORD_TOO_SHORT"]);
    assert_eq!(of_known.0.to_string(), accept(&world, &unknown["token"], "x").await.0.to_string());
    for _ in 0..5 {
        let wrong = accept(&world, &known["token"], "wrong-horse-77").await;
        assert_eq!(wrong.refusals(), ["CREDENTIALS_INVALID"]);
    }
    let bounded = accept(&world, &known["token"], "wrong-horse-77").await;
    assert_eq!(bounded.codes(), ["RATE_LIMITED"], "the invitation's own measure");
    tokens(world.log_in("vera@example.org", PASSWORD, None).await);
}
