//! Clients of HTTP/2 that widen their windows as they please.

use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Reason, RecvStream};
use http::Request;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::toys::{App, config};

/// A router that gives up on an answer that lies unread for a second.
async fn start() -> App {
    App::start_with(router::Config { idle_timeout_ms: 1_000, ..config() }).await
}

/// A connection whose streams take so much before they must be widened.
struct Client {
    requests: SendRequest<Bytes>,
    /// Whether the connection still stands.
    open: tokio::task::JoinHandle<()>,
}

impl Client {
    async fn connect(app: &App, window: u32) -> Self {
        let stream = TcpStream::connect(app.address).await.unwrap();
        let mut builder = Builder::new();
        builder.initial_window_size(window).initial_connection_window_size(64 * 1024 * 1024);
        let (requests, connection) = builder.handshake(stream).await.unwrap();
        let open = tokio::spawn(async move {
            let _ = connection.await;
        });
        Self { requests, open }
    }

    async fn ask(&mut self, query: &str, accept: &str) -> ResponseFuture {
        let request = Request::post("http://router/graphql")
            .header("content-type", "application/json")
            .header("accept", accept)
            .body(())
            .unwrap();
        self.requests = self.requests.clone().ready().await.unwrap();
        let (answer, mut body) = self.requests.send_request(request, false).unwrap();
        body.send_data(json!({ "query": query }).to_string().into(), true).unwrap();
        answer
    }

    async fn answer(&mut self, query: &str) -> RecvStream {
        let answer = self.ask(query, "application/json").await.await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body()
    }

    /// The answer to a question, read as it comes.
    async fn told(&mut self, query: &str) -> Value {
        let body = self.answer(query).await;
        serde_json::from_slice(&read(body, Duration::ZERO).await.unwrap()).unwrap()
    }
}

/// A body, of which each part is given back to the window after a pause.
async fn read(mut body: RecvStream, pause: Duration) -> Result<Vec<u8>, h2::Error> {
    let mut read = Vec::new();
    while let Some(part) = body.data().await {
        let part = part?;
        tokio::time::sleep(pause).await;
        body.flow_control().release_capacity(part.len())?;
        read.extend_from_slice(&part);
    }
    Ok(read)
}

/// Why a stream ends whose window is never widened, unless it stays.
async fn reset(mut body: RecvStream) -> Option<Reason> {
    let ends = async {
        loop {
            match body.data().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => return error.reason(),
                None => return None,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), ends).await.expect("the stream stays open")
}

const LARGE: &str = "{ numbers(count: 50000) }";

#[tokio::test]
async fn an_answer_that_is_not_read_loses_its_stream_and_no_other() {
    let app = start().await;
    for window in [0, 1_000, 65_535] {
        let mut client = Client::connect(&app, window).await;
        let unread = client.answer(LARGE).await;
        let silent = client.ask("subscription { silence }", "text/event-stream").await;
        assert_eq!(reset(unread).await, Some(Reason::CANCEL), "{window}");
        let silent = silent.await.unwrap().into_body();
        if window > 0 {
            assert_eq!(client.told("{ hello }").await, json!({"data": {"hello": "world"}}));
        }
        assert!(!silent.is_end_stream() && !client.open.is_finished(), "{window}");
    }
}

#[tokio::test]
async fn a_subscriber_who_does_not_read_loses_the_stream() {
    let app = start().await;
    let mut client = Client::connect(&app, 65_535).await;
    let events = client.ask("subscription { flood }", "text/event-stream").await.await.unwrap();
    assert_eq!(reset(events.into_body()).await, Some(Reason::CANCEL));
    assert_eq!(client.told("{ hello }").await, json!({"data": {"hello": "world"}}));
}

#[tokio::test]
async fn the_unread_end_of_an_answer_ends_the_connection() {
    let app = start().await;
    let mut client = Client::connect(&app, 5).await;
    let unread = client.answer("{ hello }").await;
    assert!(tokio::time::timeout(Duration::from_secs(5), client.open).await.is_ok(), "it stays open");
    drop(unread);
}

#[tokio::test]
async fn who_reads_slowly_and_steadily_gets_all_of_it() {
    let app = start().await;
    let mut client = Client::connect(&app, 40_000).await;
    let body = client.answer(LARGE).await;
    let began = std::time::Instant::now();
    let read = read(body, Duration::from_millis(50)).await.unwrap();
    assert!(began.elapsed() > Duration::from_secs(3), "{:?}", began.elapsed());
    let answer: Value = serde_json::from_slice(&read).unwrap();
    assert_eq!(answer["data"]["numbers"].as_array().map(Vec::len), Some(50_000));
    assert_eq!(client.told(LARGE).await, answer);
}

#[tokio::test]
async fn a_quiet_stream_of_events_stays() {
    let app = start().await;
    let mut client = Client::connect(&app, 65_535).await;
    let events = client.ask("subscription { silence }", "text/event-stream").await.await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(3), read(events.into_body(), Duration::ZERO)).await;
    assert!(ended.is_err(), "{ended:?}");
}
