//! Settings, subgraphs and callers change while the router runs, as a whole or not at all.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use router::transport::http::{Connections, Endpoint};
use router::{Change, Config, Federation, Open, ReadySupergraph, Router, SubgraphSource, Tenancy};
use serde_json::{Value, json};

use crate::toys::{App, Tenants, code, config, sources};
use crate::websocket::Socket;

/// A folder of one test, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("reload-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The toy `user` alone: `leave` is gone.
fn user_only() -> Federation {
    sources().into_iter().take(1).collect::<Vec<_>>().into()
}

fn change(config: Config) -> Change {
    Change { config, federation: None, tenancy: None }
}

fn nowhere() -> Arc<Endpoint> {
    Endpoint::new(&"http://127.0.0.1:1/graphql".parse().unwrap(), Connections::default()).into()
}

/// A subgraph that does not answer, and whose schema is in a file.
fn crm(file: PathBuf) -> SubgraphSource {
    SubgraphSource::File { name: "crm".to_owned(), file, endpoint: nowhere() }
}

async fn ready(app: &App) -> Value {
    app.client.get(app.url("/health/ready")).send().await.unwrap().json().await.unwrap()
}

fn alarms(ready: &Value) -> Vec<&str> {
    ready["alarms"].as_array().unwrap().iter().map(|alarm| alarm["code"].as_str().unwrap()).collect()
}

async fn until(app: &App, what: &str, is_wanted: impl Fn(&Value) -> bool) {
    for _ in 0..400 {
        if is_wanted(&ready(app).await) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} never came: {}", ready(app).await);
}

#[tokio::test]
async fn what_has_begun_goes_on_and_what_begins_meets_the_new() {
    let app = App::start().await;
    let token = app.tenants.log_in();
    let mut socket = Socket::begin_as(&app, &token).await;
    socket.subscribe("old", "subscription { leaveTicks }").await;
    assert!(socket.hear().await["payload"]["data"]["leaveTicks"].is_number());
    let slow = tokio::spawn(app.post("{ slow }").bearer_auth(&token).send());
    tokio::time::sleep(Duration::from_millis(100)).await;

    app.router.reload(Change { federation: Some(user_only()), ..change(config()) }).await.unwrap();
    assert!(app.run_as(&token, "{ leaveDays }").await.contains("GRAPHQL_VALIDATION_FAILED"));
    // The subscription of before goes on, while the same socket meets the new schema.
    for _ in 0..3 {
        assert!(socket.hear().await["payload"]["data"]["leaveTicks"].is_number());
    }
    socket.subscribe("new", "subscription { leaveTicks }").await;
    let refused = loop {
        let message = socket.hear().await;
        if message["id"] == "new" {
            break message;
        }
    };
    assert_eq!(refused["type"], "error", "{refused}");
    assert!(slow.await.unwrap().unwrap().text().await.unwrap().contains("true"));
}

#[tokio::test]
async fn what_cannot_be_used_changes_nothing() {
    let app = App::start().await;
    let token = app.tenants.log_in();
    let folder = Folder::new();
    let bad = crm(folder.write("bad.graphql", "type Query { deal: Missing }"));
    let silent = SubgraphSource::Http { name: "crm".to_owned(), endpoint: nowhere() };
    for (source, expected) in [(bad, "Missing"), (silent, "subgraphs that did not answer: crm")] {
        let mut all = sources();
        all.push(source);
        let federation = Some(Federation::from(all));
        let settings = Config { request_timeout_ms: 100, ..config() };
        let refused = app.router.reload(Change { federation, ..change(settings) }).await.unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    let refused = app.router.reload(change(Config { drain_ms: 1_000_000, ..config() })).await.unwrap_err();
    assert_eq!(refused.to_string(), "`drain_ms` is 1000000; it must lie between 0 and 600000");
    assert_eq!(app.run_as(&token, "{ leaveDays }").await, r#"{"data":{"leaveDays":20}}"#);
    assert_eq!(app.send(app.post("{ slow }")).await.0, 200, "no setting has changed");
}

#[tokio::test]
async fn settings_change_and_what_needs_a_restart_does_not() {
    let app = App::start().await;
    let deep = "{ __schema { types { fields { name } } } }";
    // Planned, measured and kept before the limit is lowered.
    for _ in 0..2 {
        assert_eq!(app.send(app.post(deep)).await.0, 200);
    }
    let mut settings =
        Config { request_timeout_ms: 100, connections_max: 7, idle_timeout_ms: 1_000, ..config() };
    settings.limits.introspection_depth_max = 2;
    settings.cors_origins = vec!["https://app.example.com".to_owned()];
    app.router.reload(change(settings)).await.unwrap();
    let (_, body) = app.send(app.post(deep)).await;
    assert_eq!(code(&body), "INTROSPECTION_TOO_DEEP", "{body}");
    assert_eq!(app.send(app.post("{ slow }")).await.0, 504);
    let answer = app.post("{ hello }").header("origin", "https://app.example.com").send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://app.example.com");
    let now = app.router.config();
    assert_eq!((now.connections_max, now.idle_timeout_ms), (10_000, 60_000));

    let mut new = Config { drain_ms: 1, connections_max: 8, ..config() };
    new.telemetry.metrics_listen = Some("127.0.0.1:1".parse().unwrap());
    assert_eq!(new.keep_what_needs_a_restart(&config()), ["telemetry.metrics_listen", "connections_max"]);
    assert_eq!(new, Config { drain_ms: 1, ..config() });
}

#[tokio::test]
async fn an_open_subscription_answers_to_the_new_callers() {
    let app = App::start().await;
    let mut socket = Socket::begin_as(&app, &app.tenants.log_in()).await;
    socket.subscribe("1", "subscription { ticks }").await;
    assert_eq!(socket.hear().await["type"], "next");
    // Nobody is known to these.
    let tenancy: Option<Arc<dyn Tenancy>> = Some(Arc::new(Tenants::default()));
    app.router.reload(Change { tenancy, ..change(config()) }).await.unwrap();
    for round in 0.. {
        assert!(round < 100, "it goes on and on");
        if socket.closes().await == Some(4401) {
            break;
        }
    }
}

#[tokio::test]
async fn what_is_used_most_is_planned_before_it_is_asked() {
    let misses = |app: &App| {
        let page = app.router.metrics();
        let line = page
            .lines()
            .find(|line| line.starts_with("router_operation_cache_lookups_total{result=\"miss\"}"));
        line.map(str::to_owned)
    };
    let app = App::start().await;
    let token = app.tenants.log_in();
    let some = app.tenants.log_in();
    app.tenants.enable(&some, &["user"]);
    for _ in 0..3 {
        app.run_as(&token, "{ leaveDays }").await;
        app.run_as(&some, "{ hello }").await;
    }
    app.run_as(&token, "{ sum(of: [1]) }").await;
    let before = misses(&app);
    app.router.reload(Change { federation: Some(sources().into()), ..change(config()) }).await.unwrap();
    assert_eq!(app.run_as(&token, "{ leaveDays }").await, r#"{"data":{"leaveDays":20}}"#);
    assert_eq!(app.run_as(&some, "{ hello }").await, r#"{"data":{"hello":"world"}}"#);
    assert_eq!(misses(&app), before);
    // What was asked once only waits until it is asked again.
    app.run_as(&token, "{ sum(of: [1]) }").await;
    assert_ne!(misses(&app), before);
}

#[tokio::test]
async fn schemas_in_files_are_followed_and_a_bad_one_is_an_alarm() {
    let folder = Folder::new();
    let file = folder.write("crm.graphql", "type Query { deal: ID }");
    let mut all = sources();
    all.push(crm(file));
    let app = App::serve(Config { subgraph_poll_ms: 100, ..config() }, all).await;
    let token = app.tenants.log_in();
    let knows = async |field: &str| {
        let answer = app.run_as(&token, "{ __schema { queryType { fields { name } } } }").await;
        answer.contains(&format!("\"{field}\""))
    };
    assert!(knows("deal").await);
    let now = ready(&app).await;
    assert_eq!((&now["schema"]["generation"], &now["alarms"]), (&json!(1), &json!([])));

    folder.write("crm.graphql", "type Query { deal: Missing }");
    until(&app, "the alarm", |ready| alarms(ready) == ["SCHEMA_REFUSED"]).await;
    assert!(knows("deal").await);
    folder.write("crm.graphql", "type Query { lead: ID }");
    until(&app, "the new schema", |ready| ready["schema"]["generation"] == 2 && alarms(ready).is_empty())
        .await;
    assert!(knows("lead").await && !knows("deal").await);

    std::fs::remove_file(folder.0.join("crm.graphql")).unwrap();
    until(&app, "the alarm", |ready| alarms(ready) == ["SUBGRAPH_SILENT"]).await;
    assert!(knows("lead").await);
}

#[tokio::test]
async fn a_supergraph_is_followed_and_a_bad_one_is_an_alarm() {
    let sdl = |field: &str| {
        format!(
            "schema @link(url: \"https://specs.apollo.dev/link/v1.0\") \
             @link(url: \"https://specs.apollo.dev/join/v0.3\", for: EXECUTION) {{ query: Query }}
             directive @join__field(graph: join__Graph) repeatable on FIELD_DEFINITION
             directive @join__graph(name: String!, url: String!) on ENUM_VALUE
             directive @join__type(graph: join__Graph!) repeatable on OBJECT
             directive @link(url: String, as: String, for: link__Purpose) repeatable on SCHEMA
             enum link__Purpose {{ SECURITY EXECUTION }}
             enum join__Graph {{ A @join__graph(name: \"a\", url: \"\") }}
             type Query @join__type(graph: A) {{ {field}: ID }}"
        )
    };
    let folder = Folder::new();
    let path = folder.write("supergraph.graphql", &sdl("one"));
    let endpoint = |_: &str, _: &str| Ok(Endpoint::clone(&nowhere()));
    let federation = ReadySupergraph::in_file(path, Arc::new(endpoint), Vec::new());
    let settings = Config { subgraph_poll_ms: 100, state_folder: Some(folder.0.join("state")), ..config() };
    let router = Router::new(settings.clone(), federation.clone(), Arc::new(Open)).await.unwrap();
    let app = App::of(router, Arc::default(), ([127, 0, 0, 1], 0).into()).await;
    folder.write("supergraph.graphql", "type Query { two: ID }");
    until(&app, "the alarm", |ready| alarms(ready) == ["SCHEMA_REFUSED"]).await;
    // A router that starts now has the schema that was kept.
    let later = Router::new(settings, federation, Arc::new(Open)).await.unwrap();
    assert!(later.is_ready());
    folder.write("supergraph.graphql", &sdl("two"));
    until(&app, "the new schema", |ready| ready["schema"]["generation"] == 2 && alarms(ready).is_empty())
        .await;
    let answer = app.post("{ __schema { queryType { fields { name } } } }").send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("two"));
}

#[tokio::test]
async fn a_start_without_answers_serves_the_schemas_that_were_kept() {
    let folder = Folder::new();
    let file = folder.write("crm.graphql", "type Query { deal: ID }");
    let mut all = sources();
    all.push(crm(file));
    let settings = Config { subgraph_poll_ms: 100, state_folder: Some(folder.0.join("state")), ..config() };
    let first = App::serve(settings.clone(), all.clone()).await;
    first.shutdown.cancel();
    first.served.await.unwrap();

    // Now it is to be asked, and does not answer.
    all[2] = SubgraphSource::Http { name: "crm".to_owned(), endpoint: nowhere() };
    let app = App::serve(settings.clone(), all.clone()).await;
    until(&app, "the kept schema", |ready| ready["status"] == "ready").await;
    assert_eq!(alarms(&ready(&app).await), ["SUBGRAPH_SILENT"]);
    let token = app.tenants.log_in();
    assert!(app.run_as(&token, "{ deal }").await.contains("DEPENDENCY_UNAVAILABLE"));

    // What it says now does not compose: what was kept is better than nothing.
    all[2] = crm(folder.write("crm.graphql", "type Query { deal: Missing }"));
    let app = App::serve(settings, all).await;
    assert_eq!(alarms(&ready(&app).await), ["SCHEMA_REFUSED"]);
    let token = app.tenants.log_in();
    assert!(app.run_as(&token, "{ deal }").await.contains("DEPENDENCY_UNAVAILABLE"));
}

#[tokio::test]
async fn an_event_stream_outlives_a_change() {
    let app = App::start().await;
    let stream =
        app.post("subscription { ticks }").header("accept", "text/event-stream").send().await.unwrap();
    let mut chunks = stream.bytes_stream();
    chunks.next().await.unwrap().unwrap();
    app.router.reload(Change { federation: Some(user_only()), ..change(config()) }).await.unwrap();
    for _ in 0..3 {
        let chunk = chunks.next().await.unwrap().unwrap();
        assert!(String::from_utf8_lossy(&chunk).contains("ticks"));
    }
}
