//! Subscriptions to clients: over `graphql-transport-ws`, as server-sent events, and as multipart answers.
//!
//! Each way runs an operation as a [`Running`], which queues results up to a bound, and looks at the token and the
//! modules again before every result and every second.

mod event_stream;
mod multipart;
mod protocol;
mod recheck;
mod results;
mod resume;
mod running_operation;
mod websocket;

pub(crate) use event_stream::event_stream;
pub(crate) use multipart::multipart;
pub(crate) use protocol::PROTOCOL;
pub(crate) use websocket::websocket;

use running_operation::Running;
