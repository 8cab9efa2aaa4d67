//! Subgraphs on the reference servers of both protocols, `graphql-ws` and `graphql-sse`, with `graphql-http` for the rest.

use std::time::Duration;

use router::SubgraphSource;
use router::transport::http::{Connections, Endpoint};
use serde_json::{Value, json};

use super::node::Script;
use crate::toys::{App, config};
use crate::websocket::Socket;

/// How soon a subgraph hears that nobody listens any more.
const SOON: Duration = Duration::from_secs(1);

/// The subgraph, and a router over it alone.
async fn start(has_event_stream: bool) -> (Script, App) {
    let mut script = Script::start("subgraph.mjs", &[]);
    let port = script.hear().await.expect("a port")["port"].clone();
    let url = format!("http://127.0.0.1:{port}/graphql").parse().unwrap();
    let mut endpoint = Endpoint::new(&url, Connections::default());
    endpoint.event_stream = has_event_stream;
    endpoint.websocket = Some(format!("ws://127.0.0.1:{port}/graphql/ws").parse().unwrap());
    let source = SubgraphSource::Http { name: "user".to_owned(), endpoint: endpoint.into() };
    let app = App::serve(config(), vec![source]).await;
    app.ready().await;
    (script, app)
}

/// What the router says to an operation until it is over.
async fn heard(socket: &mut Socket, query: &str) -> Vec<Value> {
    socket.subscribe("1", query).await;
    let mut heard = Vec::new();
    loop {
        let message = socket.hear().await;
        let is_over = message["type"] != "next";
        heard.push(message);
        if is_over {
            return heard;
        }
    }
}

#[tokio::test]
async fn reference_servers_are_subscribed_to_and_hear_of_the_end() {
    for has_event_stream in [false, true] {
        let (mut script, app) = start(has_event_stream).await;
        let mut socket = Socket::begin(&app, json!({})).await;
        assert_eq!(heard(&mut socket, "{ hello }").await[0]["payload"]["data"]["hello"], "world");
        let counted = heard(&mut socket, "subscription { count(to: 3) }").await;
        let counts: Vec<i64> =
            counted.iter().filter_map(|message| message["payload"]["data"]["count"].as_i64()).collect();
        assert_eq!((counts, &counted[3]), (vec![1, 2, 3], &json!({"type": "complete", "id": "1"})));
        assert_eq!(script.hear().await, Some(json!({"live": 1})));
        assert_eq!(script.hear().await, Some(json!({"live": 0})));
        socket.subscribe("2", "subscription { ticks }").await;
        assert_eq!(socket.hear().await["payload"]["data"]["ticks"], 1);
        assert_eq!(script.hear().await, Some(json!({"live": 1})));
        socket.say(json!({"type": "complete", "id": "2"})).await;
        let ended = tokio::time::timeout(SOON, script.hear()).await.expect("within a second");
        assert_eq!(ended, Some(json!({"live": 0})), "event stream: {has_event_stream}");
    }
}

#[tokio::test]
async fn what_reference_servers_refuse_is_refused_with_their_code() {
    for has_event_stream in [false, true] {
        let (_script, app) = start(has_event_stream).await;
        let mut socket = Socket::begin(&app, json!({})).await;
        let refused = heard(&mut socket, "subscription { refused }").await;
        let error = &refused[0]["payload"][0];
        assert_eq!(
            (refused.len(), &refused[0]["type"]),
            (1, &json!("error")),
            "{has_event_stream}: {refused:#?}"
        );
        assert_eq!(
            (&error["message"], &error["extensions"]["code"]),
            (&json!("not for you"), &json!("FORBIDDEN"))
        );
        let broken = heard(&mut socket, "subscription { broken }").await;
        assert_eq!(broken[0]["payload"]["data"], json!({"broken": null}), "{has_event_stream}: {broken:#?}");
        assert_eq!(broken[0]["payload"]["errors"][0]["path"], json!(["broken"]));
        assert_eq!(broken[1]["payload"], json!({"data": {"broken": 2}}));
    }
}
