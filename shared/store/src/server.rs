//! A Redis of a test's own: a real server on a port of its own, that can be stopped, killed, flushed, hung and slowed down.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Client, FromRedisValue};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A server that ends with the test.
pub struct Redis {
    port: u16,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Redis {
    /// Starts a server, with more arguments than it takes; `None` where there is none, which is said aloud.
    pub async fn start(what: &str, arguments: &[&str]) -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            println!(
                "NOT TESTED: {what}, for there is no redis-server on the PATH; scripts/setup --test installs it"
            );
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut server = Self { port, arguments, child: None };
        server.run().await;
        Some(server)
    }

    /// Starts it again where it was, with nothing in it.
    ///
    /// # Panics
    /// When it does not listen.
    pub async fn run(&mut self) {
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"])
            .args(["--port", &self.port.to_string()])
            .args(&self.arguments)
            .stdout(Stdio::null())
            .spawn();
        self.child = child.ok();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "redis-server does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// It is there and says nothing: SIGSTOP.
    pub fn hang(&self) {
        self.signal(Signal::STOP);
    }

    /// It goes on with everything that it was sent meanwhile: SIGCONT.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Kills it, with -9.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it something, as anybody may who reaches it.
    ///
    /// # Panics
    /// When it does not answer so.
    pub async fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let mut connection = self.connection().await;
        let mut cmd = redis::Cmd::new();
        words.iter().for_each(|word| {
            cmd.arg(*word);
        });
        cmd.query_async(&mut connection).await.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    async fn connection(&self) -> MultiplexedConnection {
        let client = Client::open(self.url()).unwrap_or_else(|error| panic!("{error}"));
        client.get_multiplexed_async_connection().await.unwrap_or_else(|error| panic!("{error}"))
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.as_ref().and_then(|child| Pid::from_raw(child.id().cast_signed()));
        if let Some(pid) = pid {
            let _ = kill_process(pid, signal);
        }
    }

    /// A way to it on which everything takes so long; answers where that begins.
    ///
    /// # Panics
    /// When nothing can be listened on.
    pub async fn slowly(&self, delay: Duration) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.unwrap_or_else(|error| panic!("{error}"));
        let (port, to) = (listener.local_addr().map_or(0, |at| at.port()), self.port);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)).await else { continue };
                let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(async move {
                    tokio::io::copy(&mut from_client, &mut to_server).await.ok();
                });
                tokio::spawn(async move {
                    let mut buffer = vec![0; 65_536];
                    while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
                        tokio::time::sleep(delay).await;
                        if to_client.write_all(&buffer[..count]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        format!("redis://127.0.0.1:{port}")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
