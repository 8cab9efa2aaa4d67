//! Opens a subscription at a subgraph in another process, in `graphql-transport-ws`.

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value};
use futures::stream::BoxStream;
use futures::{SinkExt, StreamExt, stream};
use http::{HeaderValue, Method};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::http::{Body, Endpoint, RawAnswer, RawError, headers};
use super::{Answer, Call, TransportError};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Sender = mpsc::Sender<Result<Answer, TransportError>>;

/// The only subscription on its connection.
const ID: &str = "1";
/// Events that may wait before the subgraph is made to wait.
const QUEUE: usize = 16;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ToServer<'a> {
    ConnectionInit { payload: IndexMap<&'static str, String> },
    Subscribe { id: &'static str, payload: Body<'a> },
    Complete { id: &'static str },
    Pong,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum FromServer {
    ConnectionAck,
    Ping,
    Pong,
    Next { payload: RawAnswer },
    Error { payload: Vec<RawError> },
    Complete,
}

/// What to ask for, detached from the request that asks.
struct Subscription {
    endpoint: Endpoint,
    text: String,
    variables: IndexMap<Name, Value>,
    headers: http::HeaderMap,
    init: IndexMap<&'static str, String>,
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
        text: call.text.to_owned(),
        variables: call.variables,
        headers: headers(call.context),
        init: call.context.token.iter().map(|token| ("authorization", format!("Bearer {token}"))).collect(),
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
            let _gone = send(&mut socket, &ToServer::Complete { id: ID }).await;
        }
        let _gone = socket.close(None).await;
        outcome
    }

    async fn open(&self) -> Result<Socket, TransportError> {
        let Some(url) = &self.endpoint.websocket else {
            return Err(TransportError::Connect("the subgraph offers no subscriptions".to_owned()));
        };
        let mut request = url.as_str().into_client_request().map_err(broken)?;
        let mut headers = self.headers.clone();
        headers.insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        self.endpoint.sign_into(&mut headers, &Method::GET, url.path(), b"");
        request.headers_mut().extend(headers);
        let config = WebSocketConfig::default().max_message_size(Some(self.endpoint.answer_bytes_max));
        let (mut socket, _) = tokio_tungstenite::connect_async_with_config(request, Some(config), true)
            .await
            .map_err(|error| TransportError::Connect(error.to_string()))?;
        send(&mut socket, &ToServer::ConnectionInit { payload: self.init.clone() }).await?;
        loop {
            match receive(&mut socket).await? {
                Some(FromServer::ConnectionAck) => break,
                Some(FromServer::Ping) => send(&mut socket, &ToServer::Pong).await?,
                Some(FromServer::Pong) => {}
                _ => return Err(TransportError::Rubbish("the connection was not acknowledged".to_owned())),
            }
        }
        let payload = Body { query: &self.text, variables: &self.variables };
        send(&mut socket, &ToServer::Subscribe { id: ID, payload }).await?;
        Ok(socket)
    }
}

/// Hands events on until the subgraph completes.
async fn forward(socket: &mut Socket, sender: &Sender) -> Result<(), TransportError> {
    loop {
        let answer = match receive(socket).await? {
            Some(FromServer::Next { payload }) => payload.try_into(),
            Some(FromServer::Error { payload }) => {
                let errors = payload.into_iter().map(Into::into).collect();
                let _gone = sender.send(Ok(Answer { data: Value::Null, errors })).await;
                return Ok(());
            }
            Some(FromServer::Ping) => {
                send(socket, &ToServer::Pong).await?;
                continue;
            }
            Some(FromServer::Pong | FromServer::ConnectionAck) => continue,
            Some(FromServer::Complete) => return Ok(()),
            None => return Err(TransportError::Broken("closed before it was complete".to_owned())),
        };
        if sender.send(answer).await.is_err() {
            return Ok(());
        }
    }
}

/// The next message of the protocol; `None` when the other side closed.
async fn receive(socket: &mut Socket) -> Result<Option<FromServer>, TransportError> {
    while let Some(message) = socket.next().await {
        match message.map_err(broken)? {
            Message::Text(text) => {
                let message = serde_json::from_str(text.as_str());
                return message.map(Some).map_err(|error| TransportError::Rubbish(error.to_string()));
            }
            Message::Close(_) => return Ok(None),
            // Pings of the socket itself are answered by the library.
            _ => {}
        }
    }
    Ok(None)
}

async fn send(socket: &mut Socket, message: &ToServer<'_>) -> Result<(), TransportError> {
    let text = serde_json::to_string(message).map_err(|error| TransportError::Rubbish(error.to_string()))?;
    socket.send(Message::text(text)).await.map_err(broken)
}

fn broken(error: SocketError) -> TransportError {
    TransportError::Broken(error.to_string())
}
