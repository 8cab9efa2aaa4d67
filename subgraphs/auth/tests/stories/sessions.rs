//! Stories about sessions, their tokens and passwords.

use crate::world::{PASSWORD, World, tokens};
use chrono::Duration;
use serde_json::json;

#[tokio::test]
async fn a_token_that_somebody_made_up_ends_nothing() {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let world = World::start().await;
    let (_, refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let mut made_up = engine.decode(&refresh).unwrap();
    made_up[20] ^= 1;
    for token in [engine.encode(made_up), String::new(), "rubbish".into(), "A".repeat(86)] {
        assert_eq!(world.refresh(&token).await.codes(), ["UNAUTHENTICATED"], "{token}");
    }
    tokens(world.refresh(&refresh).await);
}

#[tokio::test]
async fn a_session_ends_two_weeks_after_its_last_use() {
    let world = World::start().await;
    let (_, refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    world.app.clock.advance(Duration::days(13));
    let (_, refresh) = tokens(world.refresh(&refresh).await);
    world.app.clock.advance(Duration::days(14));
    assert_eq!(world.refresh(&refresh).await.codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn logging_out_makes_both_tokens_worthless() {
    let world = World::start().await;
    let (access, refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    const LOG_OUT: &str = "mutation { logOut { session { id isCurrent } userErrors { code } } }";
    assert_eq!(world.ask("auth", None, LOG_OUT, json!({})).await.codes(), ["UNAUTHENTICATED"]);
    let ended = world.ask("auth", Some(&access), LOG_OUT, json!({})).await.ok();
    assert_eq!(ended["logOut"]["session"]["isCurrent"], true);
    assert_eq!(world.me(&access).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.refresh(&refresh).await.codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only() {
    const SESSIONS: &str = "{ sessions { nodes { id isCurrent userAgent address } } }";
    const REVOKE: &str =
        "mutation($id: ID!) { sessionRevoke(id: $id) { session { id } userErrors { code } } }";
    let world = World::start().await;
    let (first, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    world.app.clock.advance(Duration::seconds(1));
    let (second, _) =
        tokens(world.log_in_from("192.0.2.1".parse().ok(), "olivia@example.org", PASSWORD, None).await);
    let (stranger, _) = tokens(world.sign_up("other", "stranger@example.org").await);
    let listed = world.ask("auth", Some(&second), SESSIONS, json!({})).await.ok();
    let sessions = listed["sessions"]["nodes"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!((&sessions[0]["isCurrent"], &sessions[0]["address"]), (&json!(true), &json!("192.0.2.1")));
    assert_eq!(sessions[1]["userAgent"], "a browser");
    let id = &sessions[1]["id"];
    let foreign = world.ask("auth", Some(&stranger), REVOKE, json!({ "id": id })).await;
    let unknown = world.ask("auth", Some(&stranger), REVOKE, json!({ "id": uuid::Uuid::now_v7() })).await;
    assert_eq!(foreign.codes(), ["NOT_FOUND"]);
    assert_eq!(foreign.0.to_string(), unknown.0.to_string());
    world.me(&first).await.ok();
    world.ask("auth", Some(&second), REVOKE, json!({ "id": id })).await.ok();
    assert_eq!(world.me(&first).await.codes(), ["UNAUTHENTICATED"]);
    world.me(&second).await.ok();
}

#[tokio::test]
async fn many_sessions_are_ended_at_once_and_only_ones_own() {
    const REVOKE: &str =
        "mutation($ids: [ID!]!, $key: ID) { sessionRevokeBulk(ids: $ids, idempotencyKey: $key) {
        userErrors { code } results { session { id revokedAt viewerPermissions } userErrors { code } } } }";
    const LIST: &str = "query($ended: Boolean!, $after: String, $sort: SessionSort) {
        sessions(filter: { isEnded: $ended }, after: $after, sort: $sort) {
            totalCount pageInfo { endCursor } nodes { id viewerPermissions } } }";
    const ONE: &str = "query($id: ID!) { session(id: $id) { id revokedAt } }";
    let world = World::start().await;
    world.sign_up("acme", "olivia@example.org").await.ok();
    world.app.clock.advance(Duration::seconds(1));
    tokens(world.log_in("olivia@example.org", PASSWORD, None).await);
    world.app.clock.advance(Duration::seconds(1));
    let (access, _) = tokens(world.log_in("olivia@example.org", PASSWORD, None).await);
    let (stranger, _) = tokens(world.sign_up("other", "stranger@example.org").await);
    let ask =
        async |token: &str, query: &str, variables| world.ask("auth", Some(token), query, variables).await;
    let open = ask(&access, LIST, json!({ "ended": false })).await.ok()["sessions"].clone();
    assert_eq!(open["totalCount"], 3);
    assert_eq!(open["nodes"][1]["viewerPermissions"], json!(["sessionRevoke"]));
    let ids = [&open["nodes"][1]["id"], &open["nodes"][2]["id"]];
    let theirs = ask(&stranger, REVOKE, json!({ "ids": ids })).await.ok();
    for row in theirs["sessionRevokeBulk"]["results"].as_array().unwrap() {
        assert_eq!(row["userErrors"][0]["code"], "NOT_FOUND");
    }
    assert_eq!(ask(&stranger, ONE, json!({ "id": ids[0] })).await.ok()["session"], json!(null));
    let variables = json!({ "ids": ids, "key": "one" });
    let ended = ask(&access, REVOKE, variables.clone()).await.ok();
    assert_eq!(ask(&access, REVOKE, variables).await.ok(), ended, "sent twice, done and answered once");
    assert_eq!(ended["sessionRevokeBulk"]["results"][1]["session"]["viewerPermissions"], json!([]));
    assert!(ask(&access, ONE, json!({ "id": ids[0] })).await.ok()["session"]["revokedAt"].is_string());
    assert_eq!(ask(&access, LIST, json!({ "ended": false })).await.ok()["sessions"]["totalCount"], 1);
    let over = ask(&access, LIST, json!({ "ended": true })).await.ok()["sessions"].clone();
    assert_eq!(over["totalCount"], 2);
    let other_order = json!({ "ended": true, "sort": "CREATED_AT", "after": over["pageInfo"]["endCursor"] });
    assert_eq!(ask(&access, LIST, other_order).await.codes(), ["VALIDATION_FAILED"]);
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    const CHANGE: &str = "mutation($old: String!, $new: String!) {
        passwordChange(input: { currentPassword: $old, newPassword: $new }) { sessionsEnded userErrors { code field } } }";
    let world = World::start().await;
    let (first, first_refresh) = tokens(world.sign_up("acme", "olivia@example.org").await);
    let (second, _) = tokens(world.log_in("olivia@example.org", PASSWORD, None).await);
    let change = async |old: &str, new: &str| {
        world.ask("auth", Some(&second), CHANGE, json!({ "old": old, "new": new })).await
    };
    assert_eq!(change("wrong-horse-77", "tall-lantern-88").await.refusals(), ["CURRENT_PASSWORD_WRONG"]);
    assert_eq!(change(PASSWORD, PASSWORD).await.refusals(), ["PASSWORD_UNCHANGED"]);
    assert_eq!(change(PASSWORD, "short").await.refusals(), ["PASSWORD_TOO_SHORT"]);
    assert_eq!(change(PASSWORD, "tall-lantern-88").await.ok()["passwordChange"]["sessionsEnded"], 1);
    assert_eq!(world.me(&first).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(world.refresh(&first_refresh).await.codes(), ["UNAUTHENTICATED"]);
    world.me(&second).await.ok();
    assert_eq!(world.log_in("olivia@example.org", PASSWORD, None).await.refusals(), ["CREDENTIALS_INVALID"]);
    tokens(world.log_in("olivia@example.org", "tall-lantern-88", None).await);
}

#[tokio::test]
async fn the_key_set_shows_public_keys_and_survives_a_new_secret() {
    let world = World::start().await;
    let (access, _) = tokens(world.sign_up("acme", "olivia@example.org").await);
    // Another process with another SECRET_KEY makes a key of its own; the tokens of the first stay good.
    let runtime = service::Runtime {
        secret_key: "another-secret-9d8e7f6a5b4c3d2e1f0a".parse().unwrap(),
        ..world.app.runtime().clone()
    };
    let routes = (auth::subgraph().routes.unwrap())(&runtime);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let request = "GET /.well-known/jwks.json HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.to_lowercase().contains("cache-control: public, max-age=60"), "{head}");
    let set: serde_json::Value = serde_json::from_str(body).unwrap();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        assert_eq!(
            (&key["kty"], &key["crv"], &key["alg"]),
            (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
        );
        assert!(key.get("d").is_none());
    }
    world.me(&access).await.ok();
}

#[tokio::test]
async fn keys_are_renewed_and_what_is_over_is_forgotten() {
    const COUNTS: &str =
        "select (select count(*) from auth.session), (select count(*) from auth.login_attempt),
        (select count(*) from auth.signing_key)";
    let world = World::start().await;
    let mut admin = world.admin().await;
    world.sign_up("acme", "olivia@example.org").await.ok();
    world.app.clock.advance(Duration::days(60));
    tokens(world.log_in("olivia@example.org", PASSWORD, None).await);
    let forget = auth::subgraph().jobs[0].run;
    forget(world.app.runtime().clone()).await.unwrap();
    let counts: (i64, i64, i64) = sqlx::query_as(COUNTS).fetch_one(&mut admin).await.unwrap();
    assert_eq!(counts, (1, 2, 2), "the first session ended over 30 days ago; both keys are published");
    world.app.clock.advance(Duration::days(91));
    forget(world.app.runtime().clone()).await.unwrap();
    let counts: (i64, i64, i64) = sqlx::query_as(COUNTS).fetch_one(&mut admin).await.unwrap();
    assert_eq!(counts, (0, 0, 0));
}
