//! `graphql-ws` (<https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>), and how it is refused.

use std::time::Duration;

use serde_json::json;

use super::subscriptions::{play, played};
use crate::toys::{App, config};

const CLIENT: &str = "websocket.mjs";

#[tokio::test]
async fn what_is_wrong_with_an_operation_is_its_error_and_the_socket_goes_on() {
    let app = App::start().await;
    let invalid = json!({"error": {"codes": ["GRAPHQL_VALIDATION_FAILED"]}});
    let expected = [
        invalid.clone(),
        json!({"error": {"codes": ["GRAPHQL_PARSE_FAILED"]}}),
        invalid,
        json!({"next": {"data": {"hello": "world"}}}),
        json!({"complete": true}),
    ];
    assert_eq!(played(CLIENT, "refused", &app).await, expected);
}

#[tokio::test]
async fn a_ping_of_the_protocol_is_answered_again_and_again() {
    let app = App::start().await;
    let mut script = play(CLIENT, "ping", &app, "");
    for _ in 0..3 {
        assert_eq!(script.hear().await, Some(json!({"pong": true})));
    }
}

#[tokio::test]
async fn a_client_that_closes_is_answered_with_its_own_code() {
    let app = App::start().await;
    let heard = played(CLIENT, "close", &app).await;
    assert_eq!(heard.last(), Some(&json!({"closed": 1000, "wasClean": true})), "{heard:#?}");
}

#[tokio::test]
async fn a_token_counts_and_its_refusal_has_a_close_code() {
    let app = App::start().await;
    let token = app.tenants.log_in();
    let heard = play(CLIENT, "token", &app, &token).hear_all().await;
    assert_eq!(heard[0], json!({"next": {"data": {"hello": "world"}}}));
    let heard = play(CLIENT, "token", &app, "wrong").hear_all().await;
    assert_eq!(heard, [json!({"error": {"closed": 4401, "reason": "Unauthorized"}})]);
    app.tenants.suspend_all();
    let heard = play(CLIENT, "token", &app, &token).hear_all().await;
    assert_eq!(heard, [json!({"error": {"closed": 4403, "reason": "Forbidden"}})]);
}

#[tokio::test]
async fn a_token_that_is_revoked_closes_the_socket_of_its_client() {
    let app = App::start().await;
    let token = app.tenants.log_in();
    let mut script = play(CLIENT, "silence", &app, &token);
    tokio::time::sleep(Duration::from_millis(500)).await;
    app.tenants.revoke(&token);
    assert_eq!(script.hear().await, Some(json!({"error": {"closed": 4401, "reason": "Unauthorized"}})));
}

#[tokio::test]
async fn whoever_is_late_or_uses_an_id_twice_is_told_by_a_close_code() {
    let mut settings = config();
    settings.subscriptions.init_timeout_ms = 200;
    let app = App::start_with(settings).await;
    let late = json!({"closed": 4408, "reason": "Connection initialisation timeout"});
    assert_eq!(played(CLIENT, "late", &app).await, [json!({ "error": late })]);
    let twice = json!({"error": {"closed": 4409, "reason": "Subscriber for same already exists"}});
    assert_eq!(played(CLIENT, "twice", &app).await, [twice.clone(), twice]);
}
