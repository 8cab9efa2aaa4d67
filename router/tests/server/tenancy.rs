//! Tokens, and what each tenant sees.

use std::sync::Arc;

use router::{Client, GraphqlRequest, Open, Outcome, Router};

use crate::toys::{App, code, config, sources};

#[tokio::test]
async fn every_bad_token_gets_the_same_401() {
    let app = App::start().await;
    let revoked = app.tenants.log_in();
    app.tenants.revoke(&revoked);
    let mut bodies = Vec::new();
    for authorization in ["Bearer unknown", &format!("Bearer {revoked}"), "Basic abc", "Bearer", "Bearer a b"]
    {
        for accept in ["application/json", "application/graphql-response+json"] {
            let request =
                app.post("{ hello }").header("authorization", authorization).header("accept", accept);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 401);
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            bodies.push(response.text().await.unwrap());
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn a_suspended_organization_gets_403() {
    let app = App::start().await;
    let token = app.tenants.log_in();
    app.tenants.suspend_all();
    let (status, body) = app.send(app.post("{ hello }").bearer_auth(token)).await;
    assert_eq!((status, code(&body)), (403, "TENANT_SUSPENDED"));
}

#[tokio::test]
async fn switching_a_module_is_seen_by_the_next_request_and_by_nobody_else() {
    let app = App::start().await;
    let (one, other) = (app.tenants.log_in(), app.tenants.log_in());
    let answered = r#"{"data":{"leaveDays":20}}"#;
    assert_eq!(app.run_as(&one, "{ leaveDays }").await, answered);
    app.tenants.enable(&one, &["user"]);
    assert!(app.run_as(&one, "{ leaveDays }").await.contains("GRAPHQL_VALIDATION_FAILED"));
    assert_eq!(app.run_as(&other, "{ leaveDays }").await, answered);
    app.tenants.enable(&one, &["user", "leave"]);
    assert_eq!(app.run_as(&one, "{ leaveDays }").await, answered);
}

#[tokio::test]
async fn a_disabled_field_and_a_made_up_one_are_refused_in_the_same_bytes() {
    let app = App::start().await;
    let token = app.tenants.log_in();
    app.tenants.enable(&token, &["user", "crm"]);
    for [disabled, made_up] in [
        ["{ leaveDays }", "{ peaveDays }"],
        ["subscription { leaveTicks }", "subscription { peaveTicks }"],
        ["{ hello leaveDays { a } }", "{ hello peaveDays { a } }"],
    ] {
        let disabled = app.run_as(&token, disabled).await;
        let made_up = app.run_as(&token, made_up).await;
        assert!(disabled.contains("GRAPHQL_VALIDATION_FAILED"), "{disabled}");
        assert_eq!(disabled, made_up.replace("peave", "leave"));
    }
}

#[tokio::test]
async fn a_disabled_module_is_absent_from_introspection() {
    let app = App::start().await;
    let token = app.tenants.log_in();
    let fields = "{ __schema { queryType { fields { name } } subscriptionType { fields { name } } } }";
    assert!(app.run_as(&token, fields).await.contains("leave"));
    app.tenants.enable(&token, &["user"]);
    let without = app.run_as(&token, fields).await;
    assert!(without.contains("hello") && !without.contains("leave"), "{without}");
}

#[tokio::test]
async fn anonymous_callers_see_the_core() {
    let app = App::start().await;
    assert_eq!(app.send(app.post("{ hello }")).await.1["data"]["hello"], "world");
    assert_eq!(code(&app.send(app.post("{ leaveDays }")).await.1), "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn without_tenants_everybody_sees_everything() {
    let router = Router::new(config(), sources(), Arc::new(Open)).await.unwrap();
    let request = GraphqlRequest { query: "{ hello leaveDays }".to_owned(), ..GraphqlRequest::default() };
    let answer = router.execute(Client::anonymous("test"), request).await;
    assert_eq!(answer.outcome, Outcome::Executed);
    let body = String::from_utf8(answer.response.to_json()).unwrap();
    assert_eq!(body, r#"{"data":{"hello":"world","leaveDays":20}}"#);
    router.stop();
    assert!(!router.is_ready());
}
