//! The messages and close codes of `graphql-transport-ws`.

use axum::extract::ws::{CloseFrame, Message};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::error::ProtocolError;

use super::recheck::Ended;
use crate::error::GraphqlError;
use crate::request::GraphqlRequest;
use crate::supergraph::Response;

/// The subprotocol's name.
pub(crate) const PROTOCOL: &str = "graphql-transport-ws";

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromClient {
    ConnectionInit {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    Ping {},
    Pong {},
    Subscribe {
        id: String,
        payload: GraphqlRequest,
    },
    Complete {
        id: String,
    },
}

/// Bytes of an operation's id, which comes back with every result. Clients take a number or a UUID.
const ID_BYTES_MAX: usize = 256;

impl FromClient {
    /// Reads a message; `None` when it is none of the protocol.
    pub fn parse(text: &str) -> Option<Self> {
        // What is derived would take a list of the values for an object, too.
        let message = serde_json::from_str(text).ok().filter(|_| text.trim_ascii_start().starts_with('{'))?;
        let is_valid = match &message {
            Self::Subscribe { id, .. } => (1..=ID_BYTES_MAX).contains(&id.len()),
            Self::ConnectionInit { .. } | Self::Ping {} | Self::Pong {} | Self::Complete { .. } => true,
        };
        is_valid.then_some(message)
    }
}

/// What the server says.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ToClient<'a> {
    ConnectionAck,
    Pong,
    Error { id: &'a str, payload: &'a [GraphqlError] },
    Complete { id: &'a str },
}

impl ToClient<'_> {
    /// The message as a frame.
    pub fn frame(&self) -> Message {
        let text = serde_json::to_string(self).unwrap_or_else(|error| {
            tracing::error!(%error, "a message could not be written");
            r#"{"type":"ping"}"#.to_owned()
        });
        Message::Text(text.into())
    }
}

/// A result as a frame.
pub(super) fn next(id: &str, response: &Response) -> Message {
    let id = Value::from(id);
    let payload = response.to_json();
    // JSON is UTF-8.
    let payload = String::from_utf8_lossy(&payload);
    Message::Text(format!(r#"{{"type":"next","id":{id},"payload":{payload}}}"#).into())
}

/// Why the server closes a socket: by RFC 6455, 7.4.1, below 4000, and by `graphql-transport-ws` above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Close {
    GoingAway,
    BrokenFrame,
    NotUtf8,
    TooBig,
    Restart,
    TryAgainLater,
    Invalid,
    Unauthorized,
    Forbidden,
    Subprotocol,
    InitTimeout,
    Duplicate(String),
    TooManyInits,
    TooManySockets,
}

impl Close {
    /// The frame that says so.
    pub fn frame(&self) -> Message {
        let (code, reason) = match self {
            Self::GoingAway => (1001, "Going away".to_owned()),
            Self::BrokenFrame => (1002, "Protocol error".to_owned()),
            Self::NotUtf8 => (1007, "Text is not UTF-8".to_owned()),
            Self::TooBig => (1009, "Message too big".to_owned()),
            Self::Restart => (1012, "Service restart".to_owned()),
            Self::TryAgainLater => (1013, "Try again later".to_owned()),
            Self::Invalid => (4400, "Invalid message received".to_owned()),
            Self::Unauthorized => (4401, "Unauthorized".to_owned()),
            Self::Forbidden => (4403, "Forbidden".to_owned()),
            Self::Subprotocol => (4406, "Subprotocol not acceptable".to_owned()),
            Self::InitTimeout => (4408, "Connection initialisation timeout".to_owned()),
            // A reason holds 123 bytes at most.
            Self::Duplicate(id) => {
                (4409, format!("Subscriber for {} already exists", id.chars().take(20).collect::<String>()))
            }
            Self::TooManyInits => (4429, "Too many initialisation requests".to_owned()),
            Self::TooManySockets => (4429, "Too many sockets".to_owned()),
        };
        Message::Close(Some(CloseFrame { code, reason: reason.into() }))
    }

    /// What to say of a frame that could not be read; `None` when nobody is there to hear it.
    pub fn of(error: axum::Error) -> Option<Self> {
        match *error.into_inner().downcast::<SocketError>().ok()? {
            SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
            SocketError::Protocol(_) => Some(Self::BrokenFrame),
            SocketError::Utf8(_) => Some(Self::NotUtf8),
            SocketError::Capacity(_) => Some(Self::TooBig),
            _ => None,
        }
    }
}

impl From<Ended> for Close {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Unauthenticated => Self::Unauthorized,
            Ended::Suspended => Self::Forbidden,
            Ended::Unavailable => Self::TryAgainLater,
        }
    }
}

/// The last result of a subscription whose module was switched off.
pub(super) fn module_disabled() -> Response {
    let error = common::Error::ModuleDisabled;
    GraphqlError::new(error.code(), error.to_string()).into()
}
