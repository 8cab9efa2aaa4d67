//! Opens a subscription at a subgraph in another process, in `graphql-transport-ws`.

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{SinkExt, StreamExt, stream};
use http::header::AUTHORIZATION;
use http::{HeaderValue, Method};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use url::Url;

use super::http::Endpoint;
use super::{Answer, Call, TransportError};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Sender = mpsc::Sender<Result<Answer, TransportError>>;

/// The only subscription on its connection.
const ID: &str = "1";
/// Events that may wait before the subgraph is made to wait.
const QUEUE: usize = 16;

/// A message of the subgraph.
#[derive(Deserialize)]
struct FromServer<'a> {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    ConnectionAck,
    Ping,
    Pong,
    Next,
    Error,
    Complete,
}

/// What to ask for, detached from the request that asks.
struct Subscription {
    endpoint: Endpoint,
    /// What is asked, as GraphQL over HTTP has it.
    body: Vec<u8>,
    headers: http::HeaderMap,
}

/// Dropping the stream sends `complete` and closes the connection.
pub(super) fn stream(
    endpoint: &Endpoint,
    call: Call<'_>,
) -> BoxStream<'static, Result<Answer, TransportError>> {
    if endpoint.websocket.is_none() {
        let error = TransportError::Connect("the subgraph offers no subscriptions".to_owned());
        return stream::iter([Err(error)]).boxed();
    }
    let subscription = Subscription {
        endpoint: endpoint.clone(),
        body: call.body(),
        headers: endpoint.headers(call.context),
    };
    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        if let Err(error) = subscription.run(&sender).await {
            // Nobody listens any more when this fails.
            let _gone = sender.send(Err(error)).await;
        }
    });
    ReceiverStream::new(receiver).boxed()
}

impl Subscription {
    async fn run(self, sender: &Sender) -> Result<(), TransportError> {
        let timeout = self.endpoint.timeout;
        let mut socket = tokio::time::timeout(timeout, self.open())
            .await
            .map_err(|_| TransportError::Timeout(timeout.as_millis()))??;
        let outcome = tokio::select! {
            () = sender.closed() => Ok(()),
            outcome = forward(&mut socket, sender) => outcome,
        };
        if sender.is_closed() {
            // The socket may be gone as well; then there is nothing left to tell.
            let _gone = send(&mut socket, json!({ "type": "complete", "id": ID }).to_string()).await;
        }
        let _gone = socket.close(None).await;
        outcome
    }

    async fn open(&self) -> Result<Socket, TransportError> {
        let mut refused = TransportError::Connect("the subgraph offers no subscriptions".to_owned());
        for (url, place) in self.endpoint.websockets() {
            match self.open_at(&url).await {
                Err(error @ TransportError::Connect(_)) => {
                    self.endpoint.avoid(place);
                    refused = error;
                }
                opened => return opened,
            }
        }
        Err(refused)
    }

    async fn open_at(&self, url: &Url) -> Result<Socket, TransportError> {
        let mut request = url.as_str().into_client_request().map_err(broken)?;
        let mut headers = self.headers.clone();
        headers.insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        self.endpoint.sign_into(&mut headers, &Method::GET, url.path(), b"");
        request.headers_mut().extend(headers);
        let config = WebSocketConfig::default().max_message_size(Some(self.endpoint.answer_bytes_max));
        let (mut socket, _) = tokio_tungstenite::connect_async_with_config(request, Some(config), true)
            .await
            .map_err(|error| TransportError::Connect(error.to_string()))?;
        // Said again in the first message: many servers look there, because browsers can set no headers.
        let authorization = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let payload = authorization.map(|value| json!({ "authorization": value }));
        let init = json!({ "type": "connection_init", "payload": payload.unwrap_or_else(|| json!({})) });
        send(&mut socket, init.to_string()).await?;
        loop {
            let Some(text) = receive(&mut socket).await? else { return Err(closed()) };
            match parse(&text)?.kind {
                Kind::ConnectionAck => break,
                Kind::Ping => pong(&mut socket).await?,
                Kind::Pong => {}
                _ => return Err(TransportError::Rubbish("the connection was not acknowledged".to_owned())),
            }
        }
        let payload = String::from_utf8_lossy(&self.body);
        send(&mut socket, format!(r#"{{"type":"subscribe","id":"{ID}","payload":{payload}}}"#)).await?;
        Ok(socket)
    }
}

/// Hands events on until the subgraph completes.
async fn forward(socket: &mut Socket, sender: &Sender) -> Result<(), TransportError> {
    loop {
        let Some(text) = receive(socket).await? else { return Err(closed()) };
        let message = parse(&text)?;
        let payload = message.payload.map(RawValue::get);
        let answer = match message.kind {
            Kind::Next => Bytes::copy_from_slice(payload.unwrap_or_default().as_bytes()),
            Kind::Error => {
                let errors = format!(r#"{{"errors":{}}}"#, payload.unwrap_or("[]"));
                let _gone = sender.send(Ok(Answer::Json(errors.into()))).await;
                return Ok(());
            }
            Kind::Ping => {
                pong(socket).await?;
                continue;
            }
            Kind::Pong | Kind::ConnectionAck => continue,
            Kind::Complete => return Ok(()),
        };
        if sender.send(Ok(Answer::Json(answer))).await.is_err() {
            return Ok(());
        }
    }
}

fn parse(text: &str) -> Result<FromServer<'_>, TransportError> {
    serde_json::from_str(text).map_err(|error| TransportError::Rubbish(error.to_string()))
}

/// The next message's text; `None` when the other side closed.
async fn receive(socket: &mut Socket) -> Result<Option<Utf8Bytes>, TransportError> {
    while let Some(message) = socket.next().await {
        match message.map_err(broken)? {
            Message::Text(text) => return Ok(Some(text)),
            Message::Close(_) => return Ok(None),
            // Pings of the socket itself are answered by the library.
            _ => {}
        }
    }
    Ok(None)
}

async fn pong(socket: &mut Socket) -> Result<(), TransportError> {
    send(socket, r#"{"type":"pong"}"#.to_owned()).await
}

async fn send(socket: &mut Socket, text: String) -> Result<(), TransportError> {
    socket.send(Message::text(text)).await.map_err(broken)
}

fn broken(error: SocketError) -> TransportError {
    TransportError::Broken(error.to_string())
}

fn closed() -> TransportError {
    TransportError::Broken("closed before it was complete".to_owned())
}

/// Where a subgraph at this URL takes subscriptions when nobody says otherwise: the same place, over a WebSocket.
///
/// `None` for a URL that is neither `http` nor `https`.
#[must_use]
pub fn websocket_url(url: &Url) -> Option<Url> {
    let scheme = match url.scheme() {
        "http" => "ws",
        "https" => "wss",
        _ => return None,
    };
    let mut url = url.clone();
    url.set_scheme(scheme).ok()?;
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_found_beside_queries() {
        let beside = |url: &str| websocket_url(&url.parse().expect("a URL")).map(String::from);
        assert_eq!(beside("http://a:1/graphql?x=1").as_deref(), Some("ws://a:1/graphql?x=1"));
        assert_eq!(beside("https://a/graphql").as_deref(), Some("wss://a/graphql"));
        assert_eq!(beside("ftp://a/"), None);
    }
}
