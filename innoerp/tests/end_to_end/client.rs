//! A client as a front end would write it.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use testing::Answer;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::system::System;

/// Somebody at the router, with or without a token.
#[derive(Clone)]
pub struct Client<'s> {
    pub system: &'s System,
    pub token: Option<String>,
}

impl<'s> Client<'s> {
    pub fn anonymous(system: &'s System) -> Self {
        Self { system, token: None }
    }

    pub fn with_token(system: &'s System, token: &str) -> Self {
        Self { system, token: Some(token.to_owned()) }
    }

    pub async fn run(&self, query: &str) -> Answer {
        self.run_with(query, json!({})).await
    }

    pub async fn run_with(&self, query: &str, variables: Value) -> Answer {
        let text = self.post(&json!({ "query": query, "variables": variables })).await.text().await.unwrap();
        Answer(serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}")))
    }

    pub async fn post(&self, body: &Value) -> reqwest::Response {
        // Everybody comes from an address of their own: many people signing up from one are held back.
        let [a, b, c, ..] = *uuid::Uuid::new_v4().as_bytes();
        let mut request = reqwest::Client::new()
            .post(self.system.url("router", "/graphql"))
            .header("x-forwarded-for", format!("10.{a}.{b}.{c}"))
            .json(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap()
    }

    /// Repeats a question until its answer is as wanted; fails after `patience`.
    pub async fn until(
        &self,
        query: &str,
        patience: Duration,
        is_wanted: impl Fn(&Answer) -> bool,
    ) -> Answer {
        let begun = tokio::time::Instant::now();
        loop {
            let answer = self.run(query).await;
            if is_wanted(&answer) {
                return answer;
            }
            assert!(begun.elapsed() < patience, "after {patience:?} still: {:#}", answer.0);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn subscribe(&self, query: &str) -> Subscription {
        let url = self.system.url("router", "/graphql").replacen("http", "ws", 1);
        Subscription::open(url, self.token.as_deref().unwrap_or_default(), query).await
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn send(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// One subscription on a socket of its own.
pub struct Subscription(Socket);

impl Subscription {
    /// Opens it at a router.
    pub async fn open(url: String, token: &str, query: &str) -> Self {
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (mut socket, _) = connect_async(request).await.unwrap();
        let payload = json!({ "authorization": format!("Bearer {token}") });
        send(&mut socket, json!({ "type": "connection_init", "payload": payload })).await;
        let mut subscription = Self(socket);
        assert_eq!(subscription.next_message().await["type"], "connection_ack");
        let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": query } });
        send(&mut subscription.0, subscribe).await;
        subscription
    }

    /// The next event's data.
    pub async fn next(&mut self, patience: Duration) -> Value {
        let message = tokio::time::timeout(patience, self.next_message()).await;
        let message = message.unwrap_or_else(|_| panic!("nothing came within {patience:?}"));
        assert_eq!(message["type"], "next", "{message:#}");
        assert!(message["payload"].get("errors").is_none(), "{message:#}");
        message["payload"]["data"].clone()
    }

    async fn next_message(&mut self) -> Value {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    match message["type"].as_str() {
                        Some("ping") => send(&mut self.0, json!({ "type": "pong" })).await,
                        _ => return message,
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the socket ended: {other:?}"),
            }
        }
    }
}
