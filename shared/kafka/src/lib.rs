//! Events on their way: from a module's outbox through a log to the consumers of other modules.
//!
//! A use-case writes its event to its module's outbox, in its own transaction. The [`relay()`] moves it to the
//! [`EventLog`], at least once and in commit order. Each [`Consumer`] reads the log in batches and applies events in
//! transactions with rows in its module's inbox, so that each takes effect exactly once; those of one aggregate in their
//! order, others side by side. What fails is tried again by itself and holds up nobody but its own aggregate; after five
//! tries it is a [`DeadLetter`]. [`PostgresLog`] is the log when no broker is configured,
//! [`KafkaLog`] where one is.

mod apply;
mod broker;
mod changes;
mod consume;
mod consumer;
mod dead_letters;
mod delayed;
mod key;
mod lanes;
mod log;
mod own_writes;
mod postgres;
mod relay;
mod row;
mod waiting;

pub use broker::{Brokers, BrokersFound, KafkaLog};
pub use changes::{Changed, Changes, Looking};
pub use consume::{consume, consume_once, replay_dead_letters};
pub use consumer::{Consumer, Handle};
pub use dead_letters::{DeadLetter, count_failed, dead_letters};
pub use log::{Batch, EventLog};
pub use postgres::PostgresLog;
pub use relay::{relay, relay_once};
pub use waiting::{Waiting, waiting};
