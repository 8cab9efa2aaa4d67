//! Stories about going on with a session: the same one, in another organization, or no more.

use crate::world::{PASSWORD, World, tokens};
use chrono::Duration;
use serde_json::{Value, json};
use testing::Answer;

const SWITCH: &str = "mutation($input: SessionSwitchInput!) { sessionSwitch(input: $input) {
    session { accessToken refreshToken } movedTo { id } userErrors { field code } } }";

/// A person with two organizations: the refresh token of their session in the first, and the ids of both.
async fn in_two(world: &World) -> (String, Value, Value) {
    let here = world.sign_up("acme", "olivia@example.org").await;
    let here_id = here.0["data"]["signUp"]["organization"]["id"].clone();
    let other = world.sign_up("other", "olivia@example.org").await.ok();
    (tokens(here).1, here_id, other["signUp"]["organization"]["id"].clone())
}

/// Goes on where the client takes the session to be.
async fn refresh_in(world: &World, refresh_token: &str, organization_id: &Value) -> Answer {
    const REFRESH: &str = "mutation($input: SessionRefreshInput!) { sessionRefresh(input: $input) {
        session { accessToken refreshToken } movedTo { id } userErrors { field code } } }";
    let input = json!({ "refreshToken": refresh_token, "organizationId": organization_id });
    world.ask("auth", None, REFRESH, json!({ "input": input })).await
}

/// Where an answer says that the session is.
fn moved_to(answer: &Answer) -> Value {
    assert_eq!(answer.refusals(), ["SESSION_MOVED"], "{answer:?}");
    let payload = answer.0["data"].as_object().unwrap().values().next().unwrap();
    assert_eq!(payload["session"], Value::Null);
    payload["movedTo"]["id"].clone()
}

async fn switch(world: &World, refresh_token: &str, organization_id: &Value) -> Answer {
    let input = json!({ "refreshToken": refresh_token, "organizationId": organization_id });
    world.ask("auth", None, SWITCH, json!({ "input": input })).await
}

async fn open_sessions(world: &World) -> i64 {
    sqlx::query_scalar("select count(*) from auth.session where revoked_at is null")
        .fetch_one(&mut world.admin().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn two_windows_that_go_on_at_once_go_on_together() {
    let world = World::start().await;
    let (_, first) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let windows = (0..4).map(|_| world.refresh(&first));
    let answers: Vec<_> = futures::future::join_all(windows).await.into_iter().map(tokens).collect();
    let (_, second) = &answers[0];
    for (access, refresh) in &answers {
        assert_eq!(refresh, second, "they have one session, and so one token");
        world.me(access).await.ok();
    }
    let (access, third) = tokens(world.refresh(second).await);
    assert_eq!(tokens(world.refresh(second).await).1, third);
    world.me(&access).await.ok();
}

#[tokio::test]
async fn an_answer_that_was_lost_is_answered_again() {
    let world = World::start().await;
    let (_, first) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let (_, lost) = tokens(world.refresh(&first).await);
    world.app.clock.advance(Duration::seconds(29));
    let (access, second) = tokens(world.refresh(&first).await);
    assert_eq!(second, lost);
    world.me(&access).await.ok();
    tokens(world.refresh(&second).await);
}

#[tokio::test]
async fn a_token_exchanged_half_a_minute_ago_ends_the_session() {
    let world = World::start().await;
    let (_, first) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let (access, second) = tokens(world.refresh(&first).await);
    world.app.clock.advance(Duration::seconds(30));
    assert_eq!(world.refresh(&first).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.refresh(&second).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.me(&access).await.codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn a_token_of_two_exchanges_ago_ends_the_session_at_once() {
    let world = World::start().await;
    let (_, first) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let (_, second) = tokens(world.refresh(&first).await);
    let (access, third) = tokens(world.refresh(&second).await);
    world.me(&access).await.ok();
    // Whoever has the first one has stolen it, or had it stolen.
    assert_eq!(world.refresh(&first).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.refresh(&third).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.me(&access).await.codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn whoever_cannot_go_on_reads_that_the_session_has_ended() {
    let world = World::start().await;
    let (_, refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    world.app.clock.advance(Duration::days(14));
    for dead in [refresh.as_str(), "rubbish"] {
        let answer = world.refresh(dead).await;
        assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
        assert_eq!(answer.0["errors"][0]["message"], "your session has ended; log in again");
    }
}

#[tokio::test]
async fn a_person_changes_the_organization_without_the_password() {
    let world = World::start().await;
    let (in_acme, refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let other = world.sign_up("other", "olivia@example.org").await.ok();
    let other_id = other["signUp"]["organization"]["id"].clone();
    let before = open_sessions(&world).await;
    let (in_other, next) = tokens(switch(&world, &refresh, &other_id).await);
    assert_eq!(world.me(&in_other).await.ok()["me"]["organization"]["id"], other_id);
    assert_eq!(world.me(&in_acme).await.codes(), ["UNAUTHENTICATED"], "it has left the other organization");
    assert_eq!(open_sessions(&world).await, before, "it is the same session");
    // A lost answer is answered again, and the session stays where it went.
    assert_eq!(tokens(switch(&world, &refresh, &other_id).await).1, next);
    let (still, _) = tokens(world.refresh(&next).await);
    assert_eq!(world.me(&still).await.ok()["me"]["organization"]["id"], other_id);
}

#[tokio::test]
async fn nobody_switches_to_where_they_do_not_belong_and_the_session_stays() {
    let world = World::start().await;
    let (_, refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let foreign = world.sign_up("foreign", "stranger@example.org").await.ok();
    let foreign = switch(&world, &refresh, &foreign["signUp"]["organization"]["id"]).await;
    let unknown = switch(&world, &refresh, &json!(uuid::Uuid::now_v7())).await;
    assert_eq!(foreign.refusals(), ["NOT_A_MEMBER"]);
    assert_eq!(foreign.0.to_string(), unknown.0.to_string());
    tokens(world.refresh(&refresh).await);
}

#[tokio::test]
async fn what_a_token_says_is_held_against_the_membership() {
    let world = World::start().await;
    let (access, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let member = testing::Person::of_token(&access).member().clone();
    let version: i64 = 1;
    let confirm = async |member: &common::Member| {
        let access = database::Access::new(world.app.database.clone(), Default::default());
        access.confirm(member, version).await.map_err(|error| error.code())
    };
    assert_eq!(confirm(&member).await, Ok(()));
    let elsewhere = common::Member { organization_id: common::OrganizationId::new(), ..member.clone() };
    let less = common::Member { roles: vec![common::Role::Member], ..member.clone() };
    let more = common::Member { roles: vec![common::Role::Owner, common::Role::Hr], ..member };
    for forged in [elsewhere, less, more] {
        assert_eq!(confirm(&forged).await, Err("UNAUTHENTICATED"), "{forged:?}");
    }
}

#[tokio::test]
async fn logging_out_everywhere_ends_all_of_ones_own_sessions() {
    const ALL: &str = "mutation { sessionRevokeAll { sessionsEnded userErrors { code } } }";
    let world = World::start().await;
    let (one, one_refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let (two, _) = tokens(world.log_in("olivia@example.org", PASSWORD, None).await);
    let (stranger, _) = tokens(world.sign_up("other", "stranger@example.org").await);
    let ended = world.ask("auth", Some(&two), ALL, json!({})).await.ok();
    assert_eq!(ended["sessionRevokeAll"]["sessionsEnded"], 2);
    for access in [&one, &two] {
        assert_eq!(world.me(access).await.codes(), ["UNAUTHENTICATED"]);
    }
    assert_eq!(world.refresh(&one_refresh).await.codes(), ["UNAUTHENTICATED"]);
    world.me(&stranger).await.ok();
    tokens(world.log_in("olivia@example.org", PASSWORD, None).await);
}

#[tokio::test]
async fn at_an_organizations_own_host_no_other_ones_session_goes_on_and_nobody_signs_up() {
    let mut world = World::start().await;
    let acme = world.sign_up("acme", "olivia@example.org").await.ok();
    let other = world.sign_up("other", "olivia@example.org").await.ok();
    let id = |answer: &Value| answer["signUp"]["organization"]["id"].clone();
    let (acme, other) = (id(&acme), id(&other));
    let at = |id: &Value| id.as_str().unwrap().parse::<uuid::Uuid>().ok().map(Into::into);
    let (_, token) = tokens(world.log_in("olivia@example.org", PASSWORD, acme.as_str()).await);
    for host in [at(&other), Some(common::RequestContext::NOBODYS_HOST)] {
        world.host = host;
        assert_eq!(world.refresh(&token).await.codes(), ["HOST_REFUSED"]);
        assert_eq!(switch(&world, &token, &acme).await.codes(), ["HOST_REFUSED"]);
        assert_eq!(
            switch(&world, &token, &other).await.codes(),
            ["HOST_REFUSED"],
            "it would come from elsewhere"
        );
        assert_eq!(world.sign_up("third", "olivia@example.org").await.codes(), ["HOST_REFUSED"]);
    }
    world.host = at(&acme);
    assert_eq!(switch(&world, &token, &other).await.refusals(), ["NOT_A_MEMBER"], "it would lead elsewhere");
    let (_, token) = tokens(world.refresh(&token).await);
    world.host = None;
    let (access, token) = tokens(switch(&world, &token, &other).await);
    assert_eq!(world.me(&access).await.ok()["me"]["organization"]["id"], other);
    world.host = at(&acme);
    assert_eq!(world.refresh(&token).await.codes(), ["HOST_REFUSED"]);
}

#[tokio::test]
async fn a_window_that_another_one_took_elsewhere_is_told_so() {
    let world = World::start().await;
    let (first, here, elsewhere) = in_two(&world).await;
    let (_, second) = tokens(switch(&world, &first, &elsewhere).await);
    // The other window has the token of before, and may still believe to be where it was.
    assert_eq!(moved_to(&refresh_in(&world, &first, &Value::Null).await), elsewhere);
    assert_eq!(moved_to(&refresh_in(&world, &first, &here).await), elsewhere);
    assert_eq!(tokens(refresh_in(&world, &first, &elsewhere).await).1, second, "it goes along");
    // Or it shares the tokens, and says what it shows.
    assert_eq!(moved_to(&refresh_in(&world, &second, &here).await), elsewhere);
    let (access, _) = tokens(refresh_in(&world, &second, &elsewhere).await);
    assert_eq!(world.me(&access).await.ok()["me"]["organization"]["id"], elsewhere);
}

#[tokio::test]
async fn a_token_that_was_exchanged_moves_a_session_nowhere() {
    let world = World::start().await;
    let (first, here, elsewhere) = in_two(&world).await;
    let (_, second) = tokens(switch(&world, &first, &elsewhere).await);
    assert_eq!(moved_to(&switch(&world, &first, &here).await), elsewhere);
    assert_eq!(tokens(switch(&world, &first, &elsewhere).await).1, second);
    let (_, third) = tokens(world.refresh(&second).await);
    let refused = switch(&world, &second, &here).await;
    assert_eq!(refused.refusals(), ["TOKEN_EXCHANGED"]);
    let (back, _) = tokens(switch(&world, &third, &here).await);
    assert_eq!(world.me(&back).await.ok()["me"]["organization"]["id"], here);
}

#[tokio::test]
async fn of_two_windows_that_switch_at_once_one_is_told() {
    let world = World::start().await;
    let (first, here, elsewhere) = in_two(&world).await;
    let third = world.sign_up("third", "olivia@example.org").await.ok();
    let third = third["signUp"]["organization"]["id"].clone();
    let answers =
        futures::future::join(switch(&world, &first, &elsewhere), switch(&world, &first, &third)).await;
    let is_won = |answer: &Answer| answer.refusals().is_empty();
    let (won, lost) = if is_won(&answers.0) { answers } else { (answers.1, answers.0) };
    let (access, _) = tokens(won);
    let there = world.me(&access).await.ok()["me"]["organization"]["id"].clone();
    assert!(there != here);
    assert_eq!(moved_to(&lost), there);
}
