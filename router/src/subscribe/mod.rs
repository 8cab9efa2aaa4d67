//! Subscriptions to clients: over `graphql-transport-ws`, and as server-sent events.
//!
//! Both run each operation as a [`Running`], which queues results up to a bound, and both look at the token and
//! the modules again before every result and every second.

mod access;
mod event_stream;
mod protocol;
mod running;
mod sockets;
mod websocket;

pub(crate) use event_stream::event_stream;
pub(crate) use protocol::PROTOCOL;
pub(crate) use sockets::Sockets;
pub(crate) use websocket::websocket;

use running::Running;
