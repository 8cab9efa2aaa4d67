//! How often a subgraph over the network is asked: again after a failure, not at all after many, once for many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use common::RequestContext;
use router::transport::http::{Connections, Endpoint, Faults};
use router::{Operation, Supergraph, Transport};
use serde_json::{Map, Value, json};

use crate::{json_of, subgraphs};

/// A subgraph that answers 503 a number of times, and how often it was asked.
async fn accounts(failures: usize) -> (Endpoint, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let answer = move || async move {
        let before = count.fetch_add(1, Ordering::SeqCst);
        // Long enough for others to ask the same meanwhile.
        tokio::time::sleep(Duration::from_millis(50)).await;
        if before < failures {
            return (StatusCode::SERVICE_UNAVAILABLE, "<h1>busy</h1>").into_response();
        }
        let user = json!({ "id": "1", "name": "Ada" });
        axum::Json(json!({ "data": { "me": user, "userRename": user } })).into_response()
    };
    let routes = axum::Router::new().fallback(answer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: url::Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (Endpoint::new(&url, Connections::default()), asked)
}

fn prepare(endpoint: Endpoint, document: &str) -> Arc<Operation> {
    let mut all = subgraphs();
    all[0].transport = Transport::Http(endpoint.into());
    Supergraph::compose(&all).unwrap().prepare(document, None).unwrap()
}

async fn run_as(operation: &Arc<Operation>, token: &str) -> Value {
    let context = RequestContext { token: Some(token.into()), ..RequestContext::anonymous("request-1") };
    json_of(&operation.execute(context.into(), Map::new()).await)
}

const QUERY: &str = "{ me { name } }";

#[tokio::test]
async fn a_query_is_sent_again_once() {
    let (endpoint, asked) = accounts(1).await;
    let answer = run_as(&prepare(endpoint, QUERY), "a").await;
    assert_eq!(answer, json!({ "data": { "me": { "name": "Ada" } } }));
    assert_eq!(asked.load(Ordering::SeqCst), 2);

    let (endpoint, asked) = accounts(2).await;
    let answer = run_as(&prepare(endpoint, QUERY), "a").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "DEPENDENCY_UNAVAILABLE");
    assert!(!answer.to_string().contains("busy") && !answer.to_string().contains("503"));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_mutation_is_never_sent_twice() {
    let (endpoint, asked) = accounts(1).await;
    let mutation = prepare(endpoint, "mutation { userRename(id: \"1\", name: \"Eve\") { name } }");
    let answer = run_as(&mutation, "a").await;
    assert_eq!(answer["data"]["userRename"], json!(null));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn retries_stay_within_their_budget() {
    let (endpoint, asked) = accounts(usize::MAX).await;
    let query = prepare(endpoint.with_faults(Faults { breaker: false, ..Faults::default() }), QUERY);
    for token in 0..40 {
        run_as(&query, &token.to_string()).await;
    }
    // Ten that were saved up, and one in ten of the 39 that came after the first.
    assert_eq!(asked.load(Ordering::SeqCst), 40 + 10 + 3);
}

#[tokio::test]
async fn a_subgraph_that_fails_is_left_alone_and_tried_again() {
    let (endpoint, asked) = accounts(20).await;
    let faults = Faults { open_ms: 500, retries_percent: 0, ..Faults::default() };
    let endpoint = endpoint.with_faults(faults);
    let query = prepare(endpoint.clone(), QUERY);
    for token in 0..30 {
        let answer = run_as(&query, &token.to_string()).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "DEPENDENCY_UNAVAILABLE");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 20);
    assert!(endpoint.is_left_alone());
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(run_as(&query, "a").await["data"]["me"]["name"], "Ada");
    assert!(!endpoint.is_left_alone());
}

#[tokio::test]
async fn equal_queries_of_one_client_are_asked_once_and_others_apart() {
    let (endpoint, asked) = accounts(0).await;
    let query = prepare(endpoint.clone(), QUERY);
    let (one, other, stranger) = tokio::join!(run_as(&query, "a"), run_as(&query, "a"), run_as(&query, "b"));
    assert!(one == other && one == stranger);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    run_as(&query, "a").await;
    assert_eq!(asked.load(Ordering::SeqCst), 3);

    let query = prepare(endpoint.with_deduplication(false), QUERY);
    tokio::join!(run_as(&query, "a"), run_as(&query, "a"));
    assert_eq!(asked.load(Ordering::SeqCst), 5);
}
