//! Multipart answers (<https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol>):
//! as `@apollo/client` reads them, and byte by byte.

use serde_json::{Value, json};

use super::subscriptions::{play, played};
use crate::toys::{App, config};

const CLIENT: &str = "multipart.mjs";

#[tokio::test]
async fn what_cannot_run_is_an_error_of_graphql_to_the_client() {
    let app = App::start().await;
    let expected = json!({"name": "CombinedGraphQLErrors", "codes": ["GRAPHQL_VALIDATION_FAILED"]});
    assert_eq!(played(CLIENT, "refused", &app).await[0], json!({ "error": expected }));
    let expected = json!({"name": "CombinedGraphQLErrors", "codes": ["UNAUTHENTICATED"]});
    let heard = play(CLIENT, "token", &app, "wrong").hear_all().await;
    assert_eq!(heard[0], json!({ "error": expected }));
}

#[tokio::test]
async fn an_answer_is_payloads_between_boundaries_and_a_last_one() {
    let app = App::start().await;
    let heard = played(CLIENT, "raw", &app).await;
    assert_eq!(heard[0]["status"], 200);
    assert_eq!(heard[0]["type"], "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0");
    let part = |count: i32| json!({"head": "content-type: application/json", "part": {"payload": {"data": {"count": count}}}});
    assert_eq!(heard[1..], [part(1), part(2), json!({"epilogue": "--\r\n"})]);
}

#[tokio::test]
async fn silence_has_heartbeats_and_the_end_of_a_module_is_an_error_of_the_protocol() {
    let mut settings = config();
    settings.subscriptions.heartbeat_ms = 100;
    let app = App::start_with(settings).await;
    let token = app.tenants.log_in();
    let (mut raw, apollo) =
        (play(CLIENT, "raw-silence", &app, &token), play(CLIENT, "silence", &app, &token));
    assert_eq!(raw.hear().await.expect("a head")["status"], 200);
    for _ in 0..10 {
        assert_eq!(raw.hear().await.expect("a heartbeat")["part"], json!({}));
    }
    app.tenants.enable(&token, &["user"]);
    let rest = raw.hear_all().await;
    let ends = rest.iter().find(|line| line["part"] != json!({})).expect("an end");
    assert_eq!(ends["part"]["payload"], Value::Null);
    assert_eq!(ends["part"]["errors"][0]["extensions"]["code"], "MODULE_DISABLED");
    let expected = json!({"name": "CombinedProtocolErrors", "codes": ["MODULE_DISABLED"]});
    assert_eq!(apollo.hear_all().await[0], json!({ "error": expected }));
}
