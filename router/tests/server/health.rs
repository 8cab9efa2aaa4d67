//! Probes, and what they are for: a start and a stop that nobody notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use common::{Caller, Error, ModuleSet};
use router::transport::http::{Connections, Endpoint};
use router::{Config, Router, SubgraphSource, Tenancy};
use serde_json::json;
use tokio::net::TcpStream;

use crate::raw::{Raw, post};
use crate::toys::{App, config, sources};

const SLOW: &[u8] = br#"{"query":"{ slow }"}"#;

#[tokio::test]
async fn a_router_with_a_schema_is_ready_and_says_which() {
    let app = App::start().await;
    assert_eq!(app.send(app.client.get(app.url("/health/live"))).await, (200, json!({ "status": "live" })));
    let (status, body) = app.send(app.client.get(app.url("/health/ready"))).await;
    let schema = json!({ "generation": 1, "ageSeconds": 0, "subgraphs": 2 });
    assert_eq!((status, &body["status"]), (200, &json!("ready")));
    assert_eq!(body["schema"]["generation"], schema["generation"]);
    assert_eq!(body["schema"]["subgraphs"], schema["subgraphs"]);
    assert!(body["schema"]["ageSeconds"].as_u64().is_some_and(|age| age < 60), "{body}");
}

#[tokio::test]
async fn a_router_without_a_schema_is_alive_and_not_ready() {
    let nobody = "http://127.0.0.1:1/graphql".parse().unwrap();
    let endpoint = Arc::new(Endpoint::new(&nobody, Connections::default()));
    let app = App::serve(config(), vec![SubgraphSource::Http { name: "crm".to_owned(), endpoint }]).await;
    assert_eq!(app.send(app.client.get(app.url("/health/live"))).await.0, 200);
    let (status, body) = app.send(app.client.get(app.url("/health/ready"))).await;
    assert_eq!((status, &body["status"], &body["schema"]), (503, &json!("starting"), &json!(null)));
}

/// A tenancy whose database can be away.
struct Away(AtomicBool);

#[async_trait]
impl Tenancy for Away {
    async fn authenticate(&self, _: Option<&str>) -> Result<Caller, Error> {
        Ok(Caller::Anonymous)
    }

    async fn modules(&self, _: &Caller) -> Result<Arc<ModuleSet>, Error> {
        Ok(Arc::default())
    }

    async fn can_authenticate(&self) -> Result<(), Error> {
        if self.0.load(Ordering::Relaxed) { Err(Error::Unavailable) } else { Ok(()) }
    }
}

#[tokio::test]
async fn a_router_that_cannot_tell_who_callers_are_is_not_ready_and_says_why() {
    let tenancy = Arc::new(Away(AtomicBool::new(false)));
    let router = Router::new(config(), sources(), tenancy.clone()).await.unwrap();
    let app = App::of(router, Arc::default(), ([127, 0, 0, 1], 0).into()).await;
    let until = async |wanted: u16| loop {
        let (status, body) = app.send(app.client.get(app.url("/health/ready"))).await;
        if status == wanted {
            return body;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(until(200).await["alarms"], json!([]));
    tenancy.0.store(true, Ordering::Relaxed);
    let body = until(503).await;
    assert_eq!((&body["status"], &body["alarms"][0]["code"]), (&json!("unable"), &json!("CALLERS_UNKNOWN")));
    tenancy.0.store(false, Ordering::Relaxed);
    assert_eq!(until(200).await["alarms"], json!([]));
}

/// A connection on which a request that takes a second has been sent, and has begun to run.
async fn asked(app: &App) -> Raw {
    let mut raw = Raw::connect(app.address).await;
    raw.write(format!("{}\r\n", post(SLOW.len())).as_bytes()).await;
    raw.write(SLOW).await;
    while !app.router.metrics().contains("router_requests_in_flight 1") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    raw
}

#[tokio::test]
async fn a_stop_lets_requests_in_progress_end_and_takes_no_others() {
    let app = App::start().await;
    let mut running = asked(&app).await;
    app.shutdown.cancel();
    while TcpStream::connect(app.address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!app.router.is_ready());
    assert_eq!(running.answer().await, (200, json!({ "data": { "slow": true } })));
    tokio::time::timeout(Duration::from_secs(5), app.served).await.expect("it drains").unwrap();
}

#[tokio::test]
async fn readiness_is_withdrawn_while_connections_are_still_taken() {
    let app = App::start_with(Config { withdraw_ms: 1_000, ..config() }).await;
    app.shutdown.cancel();
    // On connections of their own, as probes and new clients come.
    let mut status = 200;
    while status == 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        status = reqwest::get(app.url("/health/ready")).await.unwrap().status().as_u16();
    }
    assert_eq!(status, 503);
    let asked = reqwest::Client::new().post(app.url("/graphql")).json(&json!({ "query": "{ hello }" }));
    assert_eq!(asked.send().await.unwrap().status(), 200);
    tokio::time::timeout(Duration::from_secs(5), app.served).await.expect("it drains").unwrap();
    assert!(TcpStream::connect(app.address).await.is_err());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let app = App::start_with(Config { drain_ms: 50, ..config() }).await;
    let _running = asked(&app).await;
    let stopped_at = Instant::now();
    app.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), app.served).await.expect("it ends").unwrap();
    assert!(stopped_at.elapsed() < Duration::from_millis(900), "{:?}", stopped_at.elapsed());
}
