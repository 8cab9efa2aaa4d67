//! Subgraphs in other processes: found when they answer, and followed when they change.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::post;
use router::SubgraphSource;
use router::transport::http::{Connections, Endpoint};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::toys::{App, code, config, sources};

/// A subgraph that answers every request with the SDL that a test has set; none is a failure.
async fn publish(sdl: Arc<Mutex<Option<String>>>) -> Endpoint {
    let answer = move || {
        let sdl = sdl.lock().unwrap().clone();
        async move {
            let sdl = sdl.ok_or(http::StatusCode::SERVICE_UNAVAILABLE)?;
            Ok::<_, http::StatusCode>(axum::Json::<Value>(json!({"data": {"_service": {"sdl": sdl}}})))
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(
        async move { axum::serve(listener, axum::Router::new().route("/graphql", post(answer))).await },
    );
    Endpoint::new(&url, Connections::default())
}

async fn until(app: &App, path_or_query: &str, is_wanted: impl Fn(u16, &Value) -> bool) {
    for _ in 0..200 {
        let response = app.post(path_or_query).send().await.unwrap();
        let status = response.status().as_u16();
        if is_wanted(status, &response.json().await.unwrap()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never came");
}

#[tokio::test]
async fn schemas_are_awaited_then_followed_and_a_bad_one_changes_nothing() {
    let sdl = Arc::new(Mutex::new(None));
    let endpoint = publish(sdl.clone()).await;
    let mut all = vec![SubgraphSource::Http { name: "crm".to_owned(), endpoint: endpoint.into() }];
    all.extend(sources());
    let app = App::serve(router::Config { subgraph_poll_ms: 100, ..config() }, all).await;
    assert_eq!(app.client.get(app.url("/health/ready")).send().await.unwrap().status(), 503);
    let (status, body) = app.send(app.post("{ hello }")).await;
    assert_eq!((status, code(&body)), (503, "DEPENDENCY_UNAVAILABLE"));

    let token = app.tenants.log_in();
    let field = |name: &str| format!("{{ __type(name: \"{name}\") {{ name }} }}");
    *sdl.lock().unwrap() = Some("type Query { deal: Deal } type Deal { id: ID! }".to_owned());
    until(&app, "{ hello }", |status, _| status == 200).await;
    assert_eq!(app.client.get(app.url("/health/ready")).send().await.unwrap().status(), 200);
    assert!(app.run_as(&token, &field("Deal")).await.contains("Deal"));

    *sdl.lock().unwrap() = Some("type Query { nonsense: Missing }".to_owned());
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(app.run_as(&token, &field("Deal")).await.contains("Deal"));

    *sdl.lock().unwrap() = Some("type Query { lead: Lead } type Lead { id: ID! }".to_owned());
    for round in 0.. {
        if app.run_as(&token, &field("Lead")).await.contains("Lead") {
            break;
        }
        assert!(round < 200, "the new schema never came");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert!(!app.run_as(&token, &field("Deal")).await.contains("Deal"));

    *sdl.lock().unwrap() = None;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(app.run_as(&token, &field("Lead")).await.contains("Lead"));
}

#[tokio::test]
async fn whoever_never_answers_holds_up_the_others_for_a_while_only() {
    let endpoint = publish(Arc::default()).await;
    let mut all = sources();
    all.push(SubgraphSource::Http { name: "crm".to_owned(), endpoint: endpoint.into() });
    let settings = router::Config { subgraph_poll_ms: 100, startup_grace_ms: 200, ..config() };
    let app = App::serve(settings, all).await;
    until(&app, "{ hello }", |status, _| status == 200).await;
}
