//! `graphql-sse` (<https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>), distinct connections mode.

use std::time::Duration;

use serde_json::json;

use super::subscriptions::{play, played};
use crate::toys::{App, code, config, sources};

const CLIENT: &str = "event-stream.mjs";

#[tokio::test]
async fn what_is_wrong_with_an_operation_comes_as_its_only_event() {
    let app = App::start().await;
    let heard = played(CLIENT, "refused", &app).await;
    let codes: Vec<&str> = heard.iter().step_by(2).map(|line| code(&line["next"])).collect();
    let invalid = "GRAPHQL_VALIDATION_FAILED";
    assert_eq!(codes, [invalid, "GRAPHQL_PARSE_FAILED", invalid, "none"], "{heard:#?}");
    assert!(heard.iter().skip(1).step_by(2).all(|line| line == &json!({"complete": true})), "{heard:#?}");
}

#[tokio::test]
async fn a_token_that_does_not_count_is_a_status() {
    let app = App::start().await;
    let heard = play(CLIENT, "token", &app, "wrong").hear_all().await;
    assert_eq!(heard, [json!({"error": {"status": 401}})]);
}

#[tokio::test]
async fn heartbeats_are_passed_over_and_a_module_that_goes_off_ends_the_stream() {
    let mut settings = config();
    settings.subscriptions.heartbeat_ms = 100;
    let app = App::start_with(settings).await;
    let token = app.tenants.log_in();
    let script = play(CLIENT, "silence", &app, &token);
    tokio::time::sleep(Duration::from_secs(1)).await;
    app.tenants.enable(&token, &["user"]);
    let heard = script.hear_all().await;
    assert_eq!(code(&heard[0]["next"]), "MODULE_DISABLED", "{heard:#?}");
    assert_eq!(heard[1..], [json!({"complete": true})]);
}

#[tokio::test]
async fn an_event_source_misses_nothing_and_hears_nothing_twice_when_the_router_restarts() {
    let app = App::start().await;
    let mut script = play(CLIENT, "resume", &app, "");
    let mut heard = vec![script.hear().await.expect("a word")];
    app.shutdown.cancel();
    app.served.await.unwrap();
    let _next = App::serve_at(app.address, config(), sources()).await;
    // Whatever was on its way when the router stopped, and more than that.
    while heard.len() < 100 {
        heard.push(script.hear().await.expect("a word"));
    }
    let expected: Vec<_> = (1..=100).map(|word| json!({"word": word.to_string()})).collect();
    assert_eq!(heard, expected);
}
