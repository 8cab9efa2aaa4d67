//! Events on their way: from a module's outbox through a log to the consumers of other modules.
//!
//! A use-case writes its event to its module's outbox, in its own transaction. The [`relay()`] moves it to the
//! [`EventLog`], at least once and in commit order. Each [`Consumer`] reads the log in order and applies an
//! event in one transaction with a row in its module's inbox, so that the event takes effect exactly once.
//! [`PostgresLog`] is the log when no broker is configured.

mod consumer;
mod log;
mod relay;

pub use consumer::{Consumer, Handle, consume, consume_once, replay_dead_letters};
pub use log::{EventLog, Positioned, PostgresLog};
pub use relay::{relay, relay_once};
