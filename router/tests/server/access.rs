//! Fields for some callers only, over HTTP.

use common::Granted;
use router::{Config, SubgraphSource, Unauthorized};
use serde_json::json;

use crate::toys::{App, code, config, sources_saying};

/// The toys, of which some fields are for some callers only.
fn guarded() -> Vec<SubgraphSource> {
    sources_saying(&[
        ("ticks: Int!", "@federation__requiresScopes(scopes: [[\"ticks\"]])"),
        ("hello: String!", "@federation__authenticated"),
        ("leaveDays: Int!", "@federation__policy(policies: [[\"staff\"]])"),
    ])
}

fn scopes(names: &[&str]) -> Granted {
    Granted { scopes: names.iter().map(|name| (*name).to_owned()).collect(), ..Granted::default() }
}

#[tokio::test]
async fn what_a_caller_may_not_see_is_null_and_an_error_and_the_rest_is_answered() {
    let app = App::serve(config(), guarded()).await;
    let document = "{ leaveDays again: leaveDays sum(of: [1, 2]) }";
    let refused = app.send(app.post(document).bearer_auth(app.tenants.log_in())).await;
    assert_eq!(refused.0, 200);
    // It may not be null.
    assert_eq!(
        (&refused.1["data"], code(&refused.1)),
        (&json!(null), "UNAUTHORIZED_FIELD_OR_TYPE"),
        "{refused:?}"
    );
    let policies = Granted { policies: ["staff".to_owned()].into(), ..Granted::default() };
    let granted =
        app.send(app.post("{ leaveDays hello }").bearer_auth(app.tenants.log_in_with(policies))).await;
    assert_eq!(granted, (200, json!({ "data": { "leaveDays": 20, "hello": "world" } })));
}

#[tokio::test]
async fn an_operation_may_be_refused_as_a_whole() {
    let app = App::serve(Config { unauthorized: Unauthorized::Reject, ..config() }, guarded()).await;
    let (status, body) = app.send(app.post("{ hello }")).await;
    assert_eq!((status, code(&body), body.get("data")), (403, "UNAUTHORIZED_FIELD_OR_TYPE", None), "{body}");
    assert_eq!(app.send(app.post("{ __typename }")).await.0, 200);
    assert_eq!(app.send(app.post("{ hello }").bearer_auth(app.tenants.log_in())).await.0, 200);
}

#[tokio::test]
async fn a_subscription_that_a_caller_may_not_have_does_not_begin() {
    let app = App::serve(config(), guarded()).await;
    let subscribe = |token: String| {
        let question = app.post("subscription { mine: ticks }").bearer_auth(token);
        question.header("accept", "text/event-stream").send()
    };
    let refused = subscribe(app.tenants.log_in_with(scopes(&["other"]))).await.unwrap().text().await.unwrap();
    assert!(
        refused.contains("UNAUTHORIZED_FIELD_OR_TYPE") && refused.contains("\"path\":[\"mine\"]"),
        "{refused}"
    );
    let mut granted = subscribe(app.tenants.log_in_with(scopes(&["other", "ticks"]))).await.unwrap();
    let first = granted.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("\"mine\":1"), "{first:?}");
}
