//! Stories about whose a mail address is.

use crate::world::{PASSWORD, World, tokens};
use chrono::Duration;
use common::OrganizationId;
use serde_json::{Value, json};
use testing::Answer;

const OTHER: &str = "tall-lantern-88";

async fn organization(world: &World, token: &str) -> OrganizationId {
    let me = world.me(token).await.ok();
    me["me"]["organization"]["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().into()
}

async fn invite(world: &World, by: &str, email: &str) -> Value {
    const INVITE: &str = "mutation($email: String!) { memberInvite(input: { email: $email, roles: [HR] }) {
        invitation { id } token userErrors { code } } }";
    world.ask("user", Some(by), INVITE, json!({ "email": email })).await.ok()["memberInvite"].clone()
}

/// The token that an operator takes to the address.
async fn sent(world: &World, organization_id: OrganizationId, email: &str) -> String {
    user::send_invitation(&world.app.database, organization_id, email).await.unwrap().unwrap()
}

async fn accept(world: &World, token: &str, password: &str) -> Answer {
    const ACCEPT: &str = "mutation($token: String!, $password: String!) {
        invitationAccept(input: { token: $token, displayName: \"Hanna\", password: $password }) {
            session { accessToken refreshToken } deviceToken userErrors { code } } }";
    world.ask("auth", None, ACCEPT, json!({ "token": token, "password": password })).await
}

async fn reset(world: &World, token: &str, password: &str) -> Answer {
    const RESET: &str = "mutation($token: String!, $password: String!) {
        passwordReset(input: { token: $token, newPassword: $password }) { email userErrors { field code } } }";
    world.ask("auth", None, RESET, json!({ "token": token, "password": password })).await
}

async fn are_proved(world: &World) -> Vec<(String, bool)> {
    sqlx::query_as("select email, proved_at is not null from auth.identity order by email")
        .fetch_all(&mut world.admin().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn whoever_invites_never_sees_the_token_in_production() {
    const BULK: &str = "mutation { memberInviteBulk(rows: [{ email: \"bob@example.org\", roles: [HR] }]) {
        results { token invitation { id } } } }";
    let world = World::start_in_production().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let invited = invite(&world, &owner, "hanna@example.org").await;
    assert!(invited["invitation"]["id"].is_string() && invited["token"].is_null());
    let bulk = world.ask("user", Some(&owner), BULK, json!({})).await.ok();
    let row = &bulk["memberInviteBulk"]["results"][0];
    assert!(row["invitation"]["id"].is_string() && row["token"].is_null());
}

#[tokio::test]
async fn who_joins_by_a_token_that_went_to_their_address_has_proved_it() {
    let world = World::start_in_production().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    invite(&world, &owner, "hanna@example.org").await;
    let acme = organization(&world, &owner).await;
    let token = sent(&world, acme, " Hanna@Example.org").await;
    tokens(accept(&world, &token, PASSWORD).await);
    assert_eq!(
        are_proved(&world).await,
        [("hanna@example.org".to_owned(), true), ("olivia@example.org".to_owned(), false)]
    );
    let again = user::send_invitation(&world.app.database, acme, "hanna@example.org").await.unwrap();
    assert_eq!(again, None, "it is used");
    let actions: Vec<String> = sqlx::query_scalar(
        "select action from \"user\".audit_log where table_name = 'invitation' and request_id like 'innoerp%'",
    )
    .fetch_all(&mut world.admin().await)
    .await
    .unwrap();
    assert_eq!(actions, ["UPDATE"], "what an operator did is in the trail");
}

#[tokio::test]
async fn an_identity_that_nobody_proved_yields_to_whoever_proves_the_address() {
    let world = World::start_in_production().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    // A stranger was first to sign up with Hanna's address.
    let (stranger, refresh) = tokens(world.sign_up("squat", "hanna@example.org").await);
    invite(&world, &owner, "hanna@example.org").await;
    let token = sent(&world, organization(&world, &owner).await, "hanna@example.org").await;
    let (hanna, _) = tokens(accept(&world, &token, OTHER).await);
    assert_eq!(world.me(&hanna).await.ok()["me"]["user"]["email"], "hanna@example.org");
    assert_eq!(world.me(&stranger).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.refresh(&refresh).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.log_in("hanna@example.org", PASSWORD, None).await.refusals(), ["CREDENTIALS_INVALID"]);
    world.log_in("hanna@example.org", OTHER, None).await.ok();
    // From now on it is hers: another invitation asks for her password.
    let (other, _) = tokens(world.sign_up("other", "oscar@example.org").await);
    invite(&world, &other, "hanna@example.org").await;
    let token = sent(&world, organization(&world, &other).await, "hanna@example.org").await;
    assert_eq!(accept(&world, &token, PASSWORD).await.refusals(), ["CREDENTIALS_INVALID"]);
    tokens(accept(&world, &token, OTHER).await);
}

#[tokio::test]
async fn a_token_that_whoever_invites_was_shown_takes_nobodys_identity_over() {
    let world = World::start().await;
    let (owner, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    world.sign_up("hers", "hanna@example.org").await.ok();
    let shown = invite(&world, &owner, "hanna@example.org").await["token"].as_str().unwrap().to_owned();
    assert_eq!(accept(&world, &shown, OTHER).await.refusals(), ["CREDENTIALS_INVALID"]);
    // Once an operator has sent one, the one that was shown opens nothing.
    let token = sent(&world, organization(&world, &owner).await, "hanna@example.org").await;
    assert_eq!(accept(&world, &shown, PASSWORD).await.refusals(), ["INVITATION_INVALID"]);
    tokens(accept(&world, &token, PASSWORD).await);
}

#[tokio::test]
async fn a_link_to_the_address_gives_a_new_password_once_and_for_a_day() {
    let world = World::start().await;
    let (access, refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let send = async || auth::send_reset(&world.app.database, "olivia@example.org").await.unwrap().unwrap();
    assert_eq!(auth::send_reset(&world.app.database, "nobody@example.org").await.unwrap(), None);
    let (first, second) = (send().await, send().await);
    assert_eq!(reset(&world, &first, OTHER).await.refusals(), ["RESET_INVALID"], "another one was made");
    assert_eq!(reset(&world, &second, "short").await.refusals(), ["PASSWORD_TOO_SHORT"]);
    let answer = reset(&world, &second, OTHER).await.ok();
    assert_eq!(answer["passwordReset"]["email"], "olivia@example.org");
    assert_eq!(reset(&world, &second, OTHER).await.refusals(), ["RESET_INVALID"]);
    assert_eq!(world.me(&access).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.refresh(&refresh).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.log_in("olivia@example.org", PASSWORD, None).await.refusals(), ["CREDENTIALS_INVALID"]);
    tokens(world.log_in("olivia@example.org", OTHER, None).await);
    assert_eq!(are_proved(&world).await, [("olivia@example.org".to_owned(), true)]);
    let late = send().await;
    world.app.clock.advance(Duration::hours(24));
    assert_eq!(reset(&world, &late, PASSWORD).await.refusals(), ["RESET_INVALID"]);
    let trail: Vec<String> = sqlx::query_scalar("select action from auth.audit_log order by id")
        .fetch_all(&mut world.admin().await)
        .await
        .unwrap();
    let made = trail.iter().filter(|action| *action == "RESET_LINK_MADE").count();
    assert!(made == 3 && trail.contains(&"PASSWORD_CHANGED".to_owned()), "{trail:?}");
}

#[tokio::test]
async fn a_link_is_worthless_once_the_password_was_changed_in_another_way() {
    const CHANGE: &str = "mutation($old: String!, $new: String!) {
        passwordChange(input: { currentPassword: $old, newPassword: $new }) { userErrors { code } } }";
    let world = World::start().await;
    let (access, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let link = auth::send_reset(&world.app.database, "olivia@example.org").await.unwrap().unwrap();
    let passwords = json!({ "old": PASSWORD, "new": OTHER });
    world.ask("auth", Some(&access), CHANGE, passwords).await.ok();
    let late = reset(&world, &link, "quiet-harbour-19").await;
    assert_eq!(late.refusals(), ["RESET_INVALID"], "whoever had the link would undo the change");
    tokens(world.log_in("olivia@example.org", OTHER, None).await);
}
