//! Subscriptions over `graphql-transport-ws`.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::raw::Raw;
use crate::toys::{App, config};

/// How a socket says who its client is.
fn authorization(token: &str) -> Value {
    json!({"Authorization": format!("Bearer {token}")})
}

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn open(app: &App, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = format!("ws://{}/graphql", app.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Ok(Self(connect_async(request).await?.0))
    }

    /// A socket with our subprotocol.
    pub async fn connect(app: &App) -> Self {
        Self::open(app, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// A socket that has been acknowledged.
    pub async fn begin(app: &App, payload: Value) -> Self {
        let mut socket = Self::introduced(app, payload).await;
        assert_eq!(socket.hear().await, json!({"type": "connection_ack"}));
        socket
    }

    pub async fn begin_as(app: &App, token: &str) -> Self {
        Self::begin(app, authorization(token)).await
    }

    /// The code by which a socket is closed that introduces itself so.
    async fn refused(app: &App, payload: Value) -> u16 {
        Self::introduced(app, payload).await.closed().await
    }

    async fn introduced(app: &App, payload: Value) -> Self {
        let mut socket = Self::connect(app).await;
        socket.say(json!({"type": "connection_init", "payload": payload})).await;
        socket
    }

    pub async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({"type": "subscribe", "id": id, "payload": {"query": query}})).await;
    }

    async fn frame(&mut self) -> Message {
        loop {
            let frame = tokio::time::timeout(Duration::from_secs(5), self.0.next()).await.expect("in time");
            match frame.expect("open").expect("a frame") {
                Message::Ping(_) | Message::Pong(_) => {}
                frame => return frame,
            }
        }
    }

    pub async fn hear(&mut self) -> Value {
        match self.frame().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The code that the server closes with, if that is the next that it does.
    pub async fn closes(&mut self) -> Option<u16> {
        match self.frame().await {
            Message::Close(frame) => Some(frame.expect("a code").code.into()),
            _ => None,
        }
    }

    /// The code that the server closes with, after whatever else it says.
    async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.frame().await {
                return frame.expect("a code").code.into();
            }
        }
    }
}

#[tokio::test]
async fn queries_mutations_and_subscriptions_are_answered() {
    let app = App::start().await;
    let mut socket = Socket::begin(&app, json!(null)).await;
    for (query, data) in [
        ("{ hello }", json!({"hello": "world"})),
        ("mutation { rename(name: \"a\") }", json!({"rename": "a"})),
    ] {
        socket.subscribe("1", query).await;
        assert_eq!(socket.hear().await, json!({"type": "next", "id": "1", "payload": {"data": data}}));
        assert_eq!(socket.hear().await, json!({"type": "complete", "id": "1"}));
    }
    // More than the queue holds, and all at once.
    socket.subscribe("s", "subscription { count(to: 300) }").await;
    for i in 1..=300 {
        assert_eq!(socket.hear().await["payload"]["data"]["count"], i);
    }
    assert_eq!(socket.hear().await, json!({"type": "complete", "id": "s"}));
}

#[tokio::test]
async fn an_operation_that_cannot_run_is_an_error_of_its_own() {
    let app = App::start().await;
    let mut socket = Socket::begin(&app, json!({})).await;
    for query in ["{ helo }", "{ hello", "subscription { count }"] {
        socket.subscribe("1", query).await;
        let heard = socket.hear().await;
        assert_eq!((&heard["type"], &heard["id"]), (&json!("error"), &json!("1")));
        assert!(heard["payload"][0]["extensions"]["code"].is_string(), "{heard}");
    }
    socket.subscribe("2", "{ hello }").await;
    assert_eq!(socket.hear().await["type"], "next");
}

#[tokio::test]
async fn a_ping_is_answered_and_a_complete_ends_a_subscription() {
    let app = App::start().await;
    let mut socket = Socket::begin(&app, json!({})).await;
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.hear().await, json!({"type": "pong"}));
    socket.subscribe("1", "subscription { ticks }").await;
    assert_eq!(socket.hear().await["payload"]["data"]["ticks"], 1);
    socket.say(json!({"type": "complete", "id": "1"})).await;
    socket.say(json!({"type": "ping"})).await;
    while socket.hear().await["type"] != "pong" {}
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.hear().await["payload"]["data"]["hello"], "world");
}

#[tokio::test]
async fn the_protocol_is_kept_by_close_codes() {
    let mut settings = config();
    settings.subscriptions.init_timeout_ms = 200;
    let app = App::start_with(settings).await;
    let mut none = Socket::open(&app, &[]).await.unwrap();
    assert_eq!(none.closed().await, 4406);
    let mut late = Socket::connect(&app).await;
    assert_eq!(late.closed().await, 4408);
    let long =
        format!(r#"{{"type":"subscribe","id":"{}","payload":{{"query":"{{ hello }}"}}}}"#, "i".repeat(257));
    for first in [
        "nonsense",
        r#"{"type":"other"}"#,
        "[]",
        r#"["ping"]"#,
        r#"["connection_init", null]"#,
        r#"{"type":"subscribe","id":"1","payload":["{ hello }"]}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
        r#"{"type":"subscribe","id":"1"}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{ hello }"}}"#,
        &long,
    ] {
        let mut socket = Socket::connect(&app).await;
        socket.0.send(Message::text(first)).await.unwrap();
        assert_eq!(socket.closed().await, 4400, "{first}");
    }
    let mut early = Socket::connect(&app).await;
    early.subscribe("1", "{ hello }").await;
    assert_eq!(early.closed().await, 4401);
    let mut twice = Socket::begin(&app, json!({})).await;
    twice.say(json!({"type": "connection_init"})).await;
    assert_eq!(twice.closed().await, 4429);
    let mut same = Socket::begin(&app, json!({})).await;
    same.subscribe("1", "subscription { silence }").await;
    same.subscribe("1", "subscription { silence }").await;
    assert_eq!(same.closed().await, 4409);
    let mut binary = Socket::begin(&app, json!({})).await;
    binary.0.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(binary.closed().await, 4400);
}

/// A frame as a client writes it, masked with zeros: its first byte, and what it carries.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[first, 0x80 | 126][..], &length, &[0; 4], payload].concat()
}

/// The code of the close frame that a socket is answered with, byte by byte; `None` when it ends without one.
async fn closed_after(app: &App, bytes: &[u8]) -> Option<u16> {
    let mut raw = Raw::connect(app.address).await;
    let head = "GET /graphql HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
    raw.write(&[head.as_bytes(), bytes].concat()).await;
    let read = raw.rest().await.expect("closed");
    let end = read.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("an answer") + 4;
    match &read[end..] {
        [0x88, _, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

/// RFC 6455, 7.4.1.
#[tokio::test]
async fn what_is_no_frame_is_answered_with_a_close_frame() {
    let mut settings = config();
    settings.limits.body_bytes_max = 10_000;
    let app = App::start_with(settings).await;
    let init = br#"{"type":"connection_init"}"#;
    for (sent, expected, what) in [
        (frame(0xc1, init), 1002, "a reserved bit"),
        (frame(0x83, init), 1002, "a reserved opcode"),
        (frame(0x8b, b""), 1002, "a reserved control opcode"),
        (frame(0x80, b""), 1002, "a continuation of nothing"),
        (frame(0x09, b""), 1002, "a ping in parts"),
        (frame(0x89, &[0; 126]), 1002, "a ping that is too large"),
        ([frame(0x01, b"{"), frame(0x81, init)].concat(), 1002, "a message within a message"),
        (vec![0x81, 2, b'{', b'}'], 1002, "a frame without a mask"),
        (frame(0x88, &[3]), 1002, "half a close code"),
        (frame(0x81, b"\xff\xfe"), 1007, "a text that is not UTF-8"),
        ([frame(0x01, b"\xe2\x82"), frame(0x80, b"{")].concat(), 1007, "a text in parts that is not UTF-8"),
        (frame(0x81, &[b' '; 10_001]), 1009, "a frame that is too large"),
        ([&[0x81, 0xff, 0x7f][..], &[255; 7], &[0; 4]].concat(), 1009, "a frame without bounds"),
        (
            [frame(0x01, &[b' '; 9_000]), frame(0x80, &[b' '; 9_000])].concat(),
            1009,
            "parts that are too large",
        ),
    ] {
        assert_eq!(closed_after(&app, &sent).await, Some(expected), "{what}");
    }
}

#[tokio::test]
async fn a_bad_token_is_4401_and_a_suspended_organization_4403() {
    let app = App::start().await;
    for authorization in [json!("Bearer wrong"), json!("Basic abc"), json!(1)] {
        assert_eq!(Socket::refused(&app, json!({"authorization": authorization})).await, 4401);
    }
    let token = app.tenants.log_in();
    app.tenants.suspend_all();
    assert_eq!(Socket::refused(&app, authorization(&token)).await, 4403);
}

#[tokio::test]
async fn a_module_that_goes_off_ends_its_subscriptions_and_no_others() {
    let app = App::start().await;
    let token = app.tenants.log_in();
    let mut socket = Socket::begin_as(&app, &token).await;
    socket.subscribe("ticks", "subscription { leaveTicks }").await;
    assert_eq!(socket.hear().await["payload"]["data"]["leaveTicks"], 1);
    socket.say(json!({"type": "complete", "id": "ticks"})).await;
    socket.subscribe("silent", "subscription { leaveSilence }").await;
    socket.subscribe("other", "subscription { silence }").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    app.tenants.enable(&token, &["user"]);
    let last = loop {
        let heard = socket.hear().await;
        if heard["id"] != "ticks" {
            break heard;
        }
    };
    assert_eq!((&last["type"], &last["id"]), (&json!("next"), &json!("silent")));
    assert_eq!(last["payload"]["errors"][0]["extensions"]["code"], "MODULE_DISABLED");
    assert_eq!(socket.hear().await, json!({"type": "complete", "id": "silent"}));
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.hear().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn no_event_passes_after_its_module_went_off() {
    let mut settings = config();
    settings.subscriptions.recheck_ms = 5_000;
    let app = App::start_with(settings).await;
    let token = app.tenants.log_in();
    let mut socket = Socket::begin_as(&app, &token).await;
    socket.subscribe("1", "subscription { leaveTicks }").await;
    assert_eq!(socket.hear().await["payload"]["data"]["leaveTicks"], 1);
    app.tenants.enable(&token, &["user"]);
    // What was on the wire already may come; then it ends at the next event, long before the next look.
    while socket.hear().await["payload"]["data"].is_object() {}
    assert_eq!(socket.hear().await, json!({"type": "complete", "id": "1"}));
}

#[tokio::test]
async fn a_revoked_or_expired_token_closes_the_socket() {
    let app = App::start().await;
    let token = app.tenants.log_in();
    let mut socket = Socket::begin_as(&app, &token).await;
    socket.subscribe("1", "subscription { silence }").await;
    app.tenants.revoke(&token);
    assert_eq!(socket.closed().await, 4401);
    let soon = chrono::Utc::now() + Duration::from_millis(300);
    let mut socket = Socket::begin_as(&app, &app.tenants.log_in_until(soon)).await;
    assert_eq!(socket.closed().await, 4401);
}

#[tokio::test]
async fn a_socket_carries_so_many_operations_and_a_user_so_many_sockets() {
    let mut settings = config();
    settings.subscriptions.per_socket_max = 2;
    settings.subscriptions.sockets_per_user_max = 2;
    let app = App::start_with(settings).await;
    let token = app.tenants.log_in();
    let mut socket = Socket::begin_as(&app, &token).await;
    for id in ["1", "2", "3"] {
        socket.subscribe(id, "subscription { silence }").await;
    }
    let heard = socket.hear().await;
    assert_eq!((&heard["type"], &heard["id"]), (&json!("error"), &json!("3")));
    assert_eq!(heard["payload"][0]["extensions"]["code"], "TOO_MANY_SUBSCRIPTIONS");
    let _second = Socket::begin_as(&app, &token).await;
    assert_eq!(Socket::refused(&app, authorization(&token)).await, 4429);
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_is_told() {
    let mut settings = config();
    settings.subscriptions.queue_max = 4;
    let app = App::start_with(settings).await;
    let mut socket = Socket::begin(&app, json!({})).await;
    socket.subscribe("1", "subscription { flood }").await;
    let last = loop {
        // However slow the machine is, this client is slower.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let heard = socket.hear().await;
        if heard["type"] != "next" {
            break heard;
        }
    };
    assert_eq!(last["type"], "error");
    assert_eq!(last["payload"][0]["extensions"]["code"], "SUBSCRIPTION_LAGGED");
}

#[tokio::test]
async fn pages_of_unknown_origins_cannot_connect() {
    let mut settings = config();
    settings.cors_origins = vec!["https://app.example.com".to_owned()];
    let app = App::start_with(settings).await;
    let own = format!("http://{}", app.address);
    for origin in ["https://app.example.com", &own] {
        let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("origin", origin)];
        assert!(Socket::open(&app, &headers).await.is_ok(), "{origin}");
    }
    for origin in ["https://evil.example.com", "null"] {
        let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("origin", origin)];
        assert!(
            matches!(Socket::open(&app, &headers).await, Err(Error::Http(response)) if response.status() == 403)
        );
    }
}

#[tokio::test]
async fn a_stop_tells_clients_to_come_back() {
    let app = App::start().await;
    let mut socket = Socket::begin(&app, json!({})).await;
    socket.subscribe("1", "subscription { silence }").await;
    app.shutdown.cancel();
    assert_eq!(socket.closed().await, 1012);
    drop(socket);
    tokio::time::timeout(Duration::from_secs(5), app.served).await.expect("drained").unwrap();
}

#[tokio::test]
async fn a_subscription_that_does_not_begin_is_an_error_of_the_protocol_and_an_event_that_fails_is_none() {
    let app = App::start().await;
    let mut socket = Socket::begin(&app, json!({})).await;
    socket.subscribe("1", "subscription { refused }").await;
    let extensions = json!({ "code": "FORBIDDEN", "serviceName": "user" });
    let error = json!({ "message": "not for you", "path": ["refused"], "extensions": extensions });
    assert_eq!(socket.hear().await, json!({ "type": "error", "id": "1", "payload": [error] }));
    // That was the last of it, and the socket goes on.
    socket.subscribe("1", "subscription { broken }").await;
    let broken = socket.hear().await;
    assert_eq!((&broken["type"], &broken["payload"]["data"]), (&json!("next"), &json!(null)), "{broken}");
    assert_eq!(broken["payload"]["errors"][0]["path"], json!(["broken"]));
    assert_eq!(socket.hear().await["payload"], json!({ "data": { "broken": 2 } }));
}
