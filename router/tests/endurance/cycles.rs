//! Clients that connect, subscribe, hear one event, and go: in good order, at once, or with a reset; and some that go
//! before they have got so far.

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt, StreamExt, stream};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

/// How many clients there are at a time.
pub const CLIENTS: usize = 50;
/// How long one may take from its first byte to its last.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    WebSocket,
    EventStream,
    Multipart,
}

/// How a client goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    /// As its protocol has it.
    InOrder,
    /// It closes the connection.
    Closing,
    /// It resets the connection.
    Resetting,
}

const PROTOCOLS: [Protocol; 3] = [Protocol::WebSocket, Protocol::EventStream, Protocol::Multipart];
const WAYS: [Leaving; 3] = [Leaving::InOrder, Leaving::Closing, Leaving::Resetting];

/// Lets so many clients come and go, every protocol and every way to leave in turn.
pub async fn run(address: SocketAddr, count: usize) {
    let clients = stream::iter(0..count).for_each_concurrent(CLIENTS, |index| async move {
        let (protocol, leaving) = (PROTOCOLS[index % 3], WAYS[index / 3 % 3]);
        let cycle = async {
            match (index % 10, protocol) {
                (0, _) => early(address, index / 10, leaving).await,
                (_, Protocol::WebSocket) => by_websocket(address, leaving).await,
                _ => by_http(address, protocol, leaving).await,
            }
        };
        let ended = tokio::time::timeout(PATIENCE, cycle).await;
        assert!(ended.is_ok(), "{protocol:?}, {leaving:?}: not done within {PATIENCE:?}");
    });
    clients.await;
}

/// One event and no end; the last one for whoever leaves in order over HTTP, which has no way to say so.
fn subscription(leaving: Leaving) -> &'static str {
    if leaving == Leaving::InOrder { "subscription { count(to: 1) }" } else { "subscription { first }" }
}

async fn by_websocket(address: SocketAddr, leaving: Leaving) {
    let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = client_async(request, stream).await.unwrap();
    say(&mut socket, json!({"type": "connection_init"})).await;
    assert_eq!(hear(&mut socket).await["type"], "connection_ack");
    let query = "subscription { first }";
    say(&mut socket, json!({"type": "subscribe", "id": "1", "payload": {"query": query}})).await;
    assert_eq!(hear(&mut socket).await["type"], "next");
    match leaving {
        Leaving::InOrder => {
            say(&mut socket, json!({"type": "complete", "id": "1"})).await;
            socket.close(None).await.unwrap();
            // Until the router has answered and closed.
            while let Some(Ok(_)) = socket.next().await {}
        }
        Leaving::Closing => {}
        Leaving::Resetting => socket.get_ref().set_zero_linger().unwrap(),
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

async fn hear(socket: &mut WebSocketStream<TcpStream>) -> Value {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Goes before an event can have come: at any of the steps on the way to it.
async fn early(address: SocketAddr, step: usize, leaving: Leaving) {
    const UPGRADE: &str = "GET /graphql HTTP/1.1\r\nhost: router\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
    let posted = post("text/event-stream", "subscription { first }");
    let written = match step % 5 {
        0 => "",
        1 => &posted[..20],
        2 => &posted[..posted.len() - 5],
        3 => &posted,
        _ => UPGRADE,
    };
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(written.as_bytes()).await.unwrap();
    if leaving == Leaving::Resetting {
        stream.set_zero_linger().unwrap();
    }
}

/// A request as it is sent.
fn post(accept: &str, query: &str) -> String {
    let body = json!({ "query": query }).to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: router\r\ncontent-type: application/json\r\naccept: {accept}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn by_http(address: SocketAddr, protocol: Protocol, leaving: Leaving) {
    let accept = match protocol {
        Protocol::EventStream => "text/event-stream",
        _ => "multipart/mixed;subscriptionSpec=1.0",
    };
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(post(accept, subscription(leaving)).as_bytes()).await.unwrap();
    // The end of a chunked answer, or the event.
    let awaited = if leaving == Leaving::InOrder { "\r\n0\r\n\r\n" } else { "{\"first\":1}" };
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(awaited) {
        let count = stream.read_buf(&mut read).await.unwrap();
        assert_ne!(count, 0, "{protocol:?}: closed after {:?}", String::from_utf8_lossy(&read));
    }
    if leaving == Leaving::Resetting {
        stream.set_zero_linger().unwrap();
    }
}
