//! Requests byte by byte, for what no client library would send.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is written to as a test wants.
pub struct Raw(pub TcpStream);

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Everything until the server closes; `None` when it does not within two seconds.
    pub async fn rest(&mut self) -> Option<Vec<u8>> {
        let mut read = Vec::new();
        let reading = tokio::time::timeout(Duration::from_secs(2), self.0.read_to_end(&mut read));
        // A reset is an end, too.
        reading.await.ok().map(|_| read)
    }

    /// One answer with a declared length, on a connection that goes on.
    pub async fn answer(&mut self) -> (u16, Value) {
        let mut read = Vec::new();
        loop {
            if let Some(answer) = parse(&read) {
                return answer;
            }
            let mut chunk = [0; 4096];
            let count = tokio::time::timeout(Duration::from_secs(5), self.0.read(&mut chunk)).await;
            let count = count.expect("in time").unwrap();
            assert_ne!(count, 0, "closed after {:?}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&chunk[..count]);
        }
    }
}

/// Status and JSON of an answer, once it is whole.
fn parse(bytes: &[u8]) -> Option<(u16, Value)> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
    (body.len() >= length).then(|| (status, serde_json::from_str(&body[..length]).unwrap_or(Value::Null)))
}

/// Sends a request as it is written and reads the answer.
pub async fn send(address: SocketAddr, head: &str, body: &[u8]) -> (u16, Value) {
    let mut raw = Raw::connect(address).await;
    raw.write(head.as_bytes()).await;
    raw.write(b"\r\n").await;
    raw.write(body).await;
    raw.answer().await
}

/// The head of a `POST` of so many bytes, without the empty line that ends it.
pub fn post(bytes: usize) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: router\r\ncontent-type: application/json\r\ncontent-length: {bytes}\r\n"
    )
}
