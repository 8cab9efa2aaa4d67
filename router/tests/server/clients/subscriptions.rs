//! What holds for every way to subscribe: `graphql-ws`, `graphql-sse`, and multipart with `@apollo/client`.

use std::time::Duration;

use serde_json::{Value, json};

use super::node::Script;
use crate::counted::{Live, Place};
use crate::toys::{App, config, sources};

/// The scripts that subscribe.
const CLIENTS: [&str; 3] = ["websocket.mjs", "event-stream.mjs", "multipart.mjs"];
/// How soon a subgraph hears that nobody listens any more.
const SOON: Duration = Duration::from_secs(1);

/// Starts a client's script on a scenario, with a token unless that is empty.
pub fn play(client: &str, scenario: &str, app: &App, token: &str) -> Script {
    let scheme = if client == "websocket.mjs" { "ws" } else { "http" };
    Script::start(client, &[scenario, &format!("{scheme}://{}/graphql", app.address), token])
}

/// Everything that a client says in a scenario, without a token.
pub async fn played(client: &str, scenario: &str, app: &App) -> Vec<Value> {
    play(client, scenario, app, "").hear_all().await
}

#[tokio::test]
async fn every_kind_of_operation_is_answered_to_its_end() {
    let app = App::start().await;
    let next = |data: Value| json!({"next": {"data": data}});
    let complete = json!({"complete": true});
    let mut counted: Vec<Value> = (1..=3).map(|count| next(json!({ "count": count }))).collect();
    counted.push(complete.clone());
    for client in CLIENTS {
        let mut expected = vec![next(json!({"hello": "world"})), complete.clone()];
        expected.extend([next(json!({"rename": "a"})), complete.clone()]);
        // Apollo's client answers the first two with promises.
        expected.retain(|line| client != "multipart.mjs" || line != &complete);
        expected.extend(counted.clone());
        assert_eq!(played(client, "operations", &app).await, expected, "{client}");
    }
}

#[tokio::test]
async fn an_event_comes_at_once_though_nothing_follows_it() {
    let mut settings = config();
    settings.subscriptions.heartbeat_ms = 60_000;
    let app = App::start_with(settings).await;
    for client in CLIENTS {
        let mut script = play(client, "first", &app, "");
        let heard = tokio::time::timeout(Duration::from_secs(10), script.hear()).await;
        assert_eq!(heard.expect(client), Some(json!({"next": {"data": {"first": 1}}})), "{client}");
    }
}

#[tokio::test]
async fn unsubscribing_reaches_the_subgraph_within_a_second() {
    for place in [Place::Here, Place::WebSocket, Place::EventStream] {
        let live = Live::default();
        let app = App::serve(config(), place.of(sources(), &live).await).await;
        app.ready().await;
        for client in CLIENTS {
            let mut script = play(client, "unsubscribe", &app, "");
            let heard = script.hear().await.expect("an event");
            assert_eq!(heard["next"]["data"], json!({"ticks": 1}), "{client}, {place:?}");
            live.becomes(0, SOON).await;
        }
    }
}

#[tokio::test]
async fn clients_come_back_by_themselves_when_the_router_has_restarted() {
    // Multipart has no such client: `@apollo/client` hands on the error, and leaves the rest to whoever uses it.
    for client in ["websocket.mjs", "event-stream.mjs"] {
        let app = App::start().await;
        let mut script = play(client, "reconnect", &app, "");
        let mut heard = Vec::new();
        for _ in 0..2 {
            heard.push(script.hear().await);
        }
        app.shutdown.cancel();
        app.served.await.unwrap();
        let _next = App::serve_at(app.address, config(), sources()).await;
        for _ in 0..2 {
            heard.push(script.hear().await);
        }
        let ticks = Some(json!({"next": {"data": {"ticks": 1}}}));
        let connected = |when: &str| Some(json!({ "connected": when }));
        assert_eq!(heard, [connected("first"), ticks.clone(), connected("again"), ticks], "{client}");
    }
}
