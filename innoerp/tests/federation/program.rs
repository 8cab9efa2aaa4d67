//! Starts the program as a router for some federation, asks it, and ends it.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// A folder of one test, removed with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let name = format!("federation-{}", uuid::Uuid::now_v7().simple());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A port that nobody listens on, below those that the system gives to outgoing connections.
pub fn free_port() -> u16 {
    // Whoever was given one may not listen yet: nobody else of this program is given it.
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let [high, low, ..] = *uuid::Uuid::new_v4().as_bytes();
        let port = 12_000 + u16::from_be_bytes([high, low]) % 20_000;
        let is_new = GIVEN.lock().unwrap().insert(port);
        if is_new && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// `innoerp router` with these arguments and nothing of ours in the environment.
pub fn command(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_innoerp"));
    command.arg("router").args(arguments).current_dir(&folder.0).kill_on_drop(true);
    for name in [
        "DATABASE_URL",
        "DATABASE_RELAY_URL",
        "DATABASE_OWNER_URL",
        "SECRET_KEY",
        "JWKS_URL",
        "INNOERP_PROFILE",
        "ROUTER_PORT",
    ] {
        command.env_remove(name);
    }
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// What the program says when it cannot start; fails when it does. Wherever it would listen, it asks for any port: on
/// the usual one, this machine may run the product.
pub async fn complaint(folder: &Folder, arguments: &[&str]) -> String {
    let mut command = command(folder, &[arguments, &["--listen", "127.0.0.1:0"]].concat());
    let ended = tokio::time::timeout(Duration::from_secs(20), command.output()).await;
    let ended = ended.expect("it goes on").unwrap();
    assert!(!ended.status.success());
    String::from_utf8(ended.stderr).unwrap().trim().to_owned()
}

/// A running router; it ends with this value.
pub struct Router {
    pub port: u16,
    pub child: Child,
}

impl Router {
    /// Starts it on a free port and waits until it is ready.
    pub async fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::start_logging(folder, arguments, Stdio::inherit()).await
    }

    /// The same, with a log that goes elsewhere.
    pub async fn start_logging(folder: &Folder, arguments: &[&str], log: impl Into<Stdio>) -> Self {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let mut command = command(folder, &[arguments, &["--listen", &listen]].concat());
        command.stderr(log).env("INNOERP_RATE_LIMITS", "false");
        let router = Self { port, child: command.spawn().unwrap() };
        router.until_ready().await;
        router
    }

    async fn until_ready(&self) {
        let begun = Instant::now();
        let url = format!("http://127.0.0.1:{}/health/ready", self.port);
        while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
            assert!(begun.elapsed() < Duration::from_secs(60), "the router is not ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/graphql", self.port)
    }

    /// A question, before it is sent.
    pub fn question(&self, query: &str) -> reqwest::RequestBuilder {
        reqwest::Client::new().post(self.url()).json(&json!({ "query": query }))
    }

    pub async fn ask(&self, query: &str) -> Value {
        self.question(query).send().await.unwrap().json().await.unwrap()
    }

    /// What a subscription says until it is complete.
    pub async fn subscribe(&self, query: &str) -> Vec<Value> {
        let mut request = self.url().replacen("http", "ws", 1).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": query } });
        for message in [json!({ "type": "connection_init" }), subscribe] {
            socket.send(Message::text(message.to_string())).await.unwrap();
        }
        let mut events = Vec::new();
        while let Some(message) = socket.next().await {
            let Message::Text(text) = message.unwrap() else { continue };
            let mut message: Value = serde_json::from_str(&text).unwrap();
            match message["type"].as_str() {
                Some("next") => events.push(message["payload"].take()),
                Some("connection_ack" | "ping") => {}
                Some("complete") => return events,
                Some("error") => {
                    events.push(json!({ "errors": message["payload"].take() }));
                    return events;
                }
                _ => panic!("{message}"),
            }
        }
        panic!("the socket ended early");
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(mut self) {
        signal(&self.child, "-TERM").await;
        assert!(self.child.wait().await.unwrap().success());
    }
}

/// Sends a process a signal.
pub async fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args([name, &id]).status().await.unwrap().success());
}
