//! Metrics, as Prometheus reads them.

use std::time::Duration;

use router::SubgraphSource;
use router::transport::http::{Connections, Endpoint};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::toys::{App, config, sources};
use crate::websocket::Socket;

/// The page as a scraper gets it, from a listener of its own.
async fn scrape(app: &App) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/metrics", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let served = tokio::spawn(app.router.clone().serve_metrics_on(listener, shutdown.clone()));
    let response = reqwest::get(url).await.unwrap();
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let page = response.text().await.unwrap();
    shutdown.cancel();
    served.await.unwrap().unwrap();
    page
}

/// The value of a sample; nought when it is not there.
fn value(page: &str, sample: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

/// Waits until a sample has a value: streams are written down when they are over, not before.
async fn until(app: &App, sample: &str, wanted: f64) {
    for _ in 0..200 {
        if value(&app.router.metrics(), sample) == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{sample} never was {wanted}:\n{}", app.router.metrics());
}

fn requests(transport: &str, kind: &str, outcome: &str, status: u16) -> String {
    format!(
        "router_requests_total{{transport=\"{transport}\",kind=\"{kind}\",outcome=\"{outcome}\",status=\"{status}\"}}"
    )
}

#[tokio::test]
async fn requests_are_counted_by_what_became_of_them() {
    let app = App::start().await;
    for _ in 0..3 {
        app.send(app.post("{ hello }")).await;
    }
    app.send(app.post("mutation { rename(name: \"a\") }")).await;
    app.send(app.post("{ boom }")).await;
    app.send(app.post("{ faults(count: 2) { told } }")).await;
    app.send(app.post("{ helo }")).await;
    app.send(app.post("{ hello }").bearer_auth("wrong")).await;
    app.send(app.post("{ hello }").bearer_auth("panic")).await;
    app.send(app.client.post(app.url("/graphql")).body("{ hello }")).await;
    app.client.get(app.url("/health/live")).send().await.unwrap();
    let page = scrape(&app).await;
    for (sample, count) in [
        (requests("http", "query", "ok", 200), 3.0),
        (requests("http", "mutation", "ok", 200), 1.0),
        (requests("http", "query", "errors", 200), 2.0),
        (requests("http", "none", "invalid", 200), 1.0),
        (requests("http", "none", "refused", 401), 1.0),
        (requests("http", "none", "failed", 500), 1.0),
        (requests("http", "none", "refused", 415), 1.0),
        ("router_request_duration_seconds_count{kind=\"query\"}".into(), 5.0),
        ("router_requests_in_flight".into(), 0.0),
        ("router_operation_cache_lookups_total{result=\"hit\"}".into(), 2.0),
        ("router_operation_cache_lookups_total{result=\"miss\"}".into(), 5.0),
        ("router_planning_seconds_count".into(), 5.0),
        ("router_operation_cache_entries".into(), 4.0),
        ("router_subgraph_requests_total{subgraph=\"user\",outcome=\"ok\"}".into(), 5.0),
        ("router_subgraph_request_duration_seconds_count{subgraph=\"user\"}".into(), 6.0),
        ("router_subgraph_answers_with_errors_total{subgraph=\"user\"}".into(), 1.0),
        ("router_schema_generation".into(), 1.0),
        ("router_schema_reloads_total{result=\"changed\"}".into(), 1.0),
        ("router_views_built_total{result=\"ok\"}".into(), 2.0),
        ("router_views".into(), 2.0),
    ] {
        assert_eq!(value(&page, &sample), count, "{sample} in\n{page}");
    }
    for sample in [
        "router_request_body_bytes_total",
        "router_response_body_bytes_total",
        "router_operation_cache_bytes",
        "router_schema_last_success_timestamp_seconds",
        "router_connections",
        "process_cpu_seconds_total",
    ] {
        assert!(value(&page, sample) > 0.0, "{sample} in\n{page}");
    }
}

#[tokio::test]
async fn nothing_that_clients_choose_becomes_a_label() {
    let app = App::start().await;
    let ask = async |name: &str| {
        let (token, query) = (app.tenants.log_in(), format!("query {name} {{ hello }}"));
        let request = app.post(&query).bearer_auth(token).header("user-agent", name);
        assert_eq!(app.send(request).await.0, 200);
    };
    ask("Name0").await;
    let lines = scrape(&app).await.lines().count();
    for i in 1..20 {
        ask(&format!("Name{i}")).await;
    }
    let page = scrape(&app).await;
    assert_eq!(page.lines().count(), lines, "{page}");
    assert!(!page.contains("Name"), "{page}");
}

#[tokio::test]
async fn every_metric_says_what_it_means() {
    let app = App::start().await;
    app.send(app.post("{ hello }")).await;
    let page = scrape(&app).await;
    assert!(page.ends_with("# EOF\n"));
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (sample, number) = line.rsplit_once(' ').unwrap();
        assert!(number.parse::<f64>().is_ok(), "{line}");
        let name = sample.split('{').next().unwrap();
        let name = ["_total", "_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        assert!(page.contains(&format!("# HELP {name} ")), "{name}");
    }
}

#[tokio::test]
async fn metrics_are_not_on_the_address_of_clients() {
    let app = App::start().await;
    assert_eq!(app.send(app.client.get(app.url("/metrics"))).await.0, 404);
}

#[tokio::test]
async fn the_configured_address_answers_metrics() {
    // Free just now; the router binds it again.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut settings = router::Config { listen: ([127, 0, 0, 1], 0).into(), ..config() };
    settings.telemetry.metrics_listen = Some(address);
    let router = router::Router::new(settings, sources(), std::sync::Arc::new(router::Open)).await.unwrap();
    let shutdown = CancellationToken::new();
    let served = tokio::spawn(router.serve(shutdown.clone()));
    let page = loop {
        match reqwest::get(format!("http://{address}/metrics")).await {
            Ok(page) => break page.text().await.unwrap(),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    assert_eq!(value(&page, "router_schema_generation"), 1.0);
    shutdown.cancel();
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn whoever_asks_too_often_is_counted() {
    let mut settings = config();
    (settings.rate.anonymous_per_s, settings.rate.anonymous_burst) = (1, 1);
    let app = App::start_with(settings).await;
    app.send(app.post("{ hello }")).await;
    app.send(app.post("{ hello }")).await;
    let page = scrape(&app).await;
    assert_eq!(value(&page, "router_rate_limited_total{payer=\"address\"}"), 1.0);
    assert_eq!(value(&page, &requests("http", "none", "refused", 429)), 1.0);
}

#[tokio::test]
async fn a_subgraph_that_cannot_be_reached_is_counted_by_cause() {
    let sdl = "type Query { deal: ID }";
    let answer = axum::Json(json!({"data": {"_service": {"sdl": sdl}}}));
    let crm = axum::Router::new().route("/graphql", axum::routing::post(async move || answer.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let crm = tokio::spawn(async move { axum::serve(listener, crm).await });
    let endpoint = Endpoint::new(&url.parse().unwrap(), Connections::default());
    let mut all = sources();
    all.push(SubgraphSource::Http { name: "crm".to_owned(), endpoint: endpoint.into() });
    let app = App::serve(config(), all).await;
    until(&app, "router_schema_generation", 1.0).await;
    crm.abort();
    let _ended = crm.await;
    let token = app.tenants.log_in();
    assert!(app.run_as(&token, "{ deal hello }").await.contains("DEPENDENCY_UNAVAILABLE"));
    let page = scrape(&app).await;
    // The first try may find the connection that the schema was read over, and see it break.
    let failed: f64 = ["connect", "broken"]
        .map(|cause| {
            value(&page, &format!("router_subgraph_requests_total{{subgraph=\"crm\",outcome=\"{cause}\"}}"))
        })
        .iter()
        .sum();
    assert_eq!(failed, 1.0, "{page}");
    assert_eq!(value(&page, &requests("http", "query", "errors", 200)), 1.0);
}

#[tokio::test]
async fn subscriptions_are_counted_while_open_and_by_why_they_ended() {
    let app = App::start().await;
    let ended = |transport: &str, reason: &str| {
        format!("router_subscriptions_ended_total{{transport=\"{transport}\",reason=\"{reason}\"}}")
    };
    let mut socket = Socket::begin(&app, json!({})).await;
    socket.subscribe("1", "subscription { count(to: 3) }").await;
    while socket.hear().await["type"] != "complete" {}
    until(&app, &ended("websocket", "complete"), 1.0).await;
    let events = "router_subscription_events_total{transport=\"websocket\"}";
    assert_eq!(value(&app.router.metrics(), events), 3.0);

    socket.subscribe("2", "subscription { silence }").await;
    until(&app, "router_subscriptions{transport=\"websocket\"}", 1.0).await;
    socket.say(json!({"type": "complete", "id": "2"})).await;
    until(&app, &ended("websocket", "client"), 1.0).await;
    until(&app, "router_subscriptions{transport=\"websocket\"}", 0.0).await;

    let token = app.tenants.log_in();
    let stream = app.post("subscription { leaveSilence }").header("accept", "text/event-stream");
    let stream = stream.bearer_auth(&token).send().await.unwrap();
    until(&app, "router_subscriptions{transport=\"event_stream\"}", 1.0).await;
    app.tenants.enable(&token, &["user"]);
    assert!(stream.text().await.unwrap().contains("MODULE_DISABLED"));
    until(&app, &ended("event_stream", "module_disabled"), 1.0).await;

    let token = app.tenants.log_in();
    let mut other = Socket::begin_as(&app, &token).await;
    other.subscribe("1", "subscription { silence }").await;
    until(&app, "router_subscriptions{transport=\"websocket\"}", 1.0).await;
    app.tenants.revoke(&token);
    until(&app, &ended("websocket", "no_longer_allowed"), 1.0).await;

    socket.subscribe("3", "subscription { silence }").await;
    until(&app, "router_subscriptions{transport=\"websocket\"}", 1.0).await;
    app.shutdown.cancel();
    until(&app, &ended("websocket", "restart"), 1.0).await;
    until(&app, "router_requests_in_flight", 0.0).await;
}

#[tokio::test]
async fn a_slow_reader_and_a_client_that_leaves_are_counted_as_such() {
    let mut settings = config();
    settings.subscriptions.queue_max = 4;
    let app = App::start_with(settings).await;
    let mut socket = Socket::begin(&app, json!({})).await;
    socket.subscribe("1", "subscription { flood }").await;
    app.stuck().await;
    while socket.hear().await["type"] == "next" {}
    until(&app, "router_subscriptions_ended_total{transport=\"websocket\",reason=\"lagged\"}", 1.0).await;
    let asked = tokio::time::timeout(Duration::from_millis(700), app.post("{ slow }").send()).await;
    assert!(asked.is_err());
    until(&app, &requests("http", "query", "cancelled", 0), 1.0).await;
}
