//! The only door to PostgreSQL.
//!
//! A [`Database`] is a pool that runs as the application role. A [`Ctx`] is one caller in one module; its
//! [`Ctx::begin`] checks a right, opens a transaction and sets the tenant in one round trip, [`Ctx::read`] lends
//! the one that all reads of an operation share; there is no other way to a [`Tx`]. Row-level security does the rest: SQL never names the organization.

mod access;
mod aged;
mod answer;
pub mod cluster;
mod connect;
mod connection;
mod constraint;
mod ctx;
mod history;
pub mod inspect;
mod jobs;
mod listen;
pub mod migrate;
mod record;
mod search;
mod series;
mod tx;

pub use access::{Access, Host, OrganizationState};
pub use answer::{Answer, refusals};
pub use connect::{Database, Pooler, connect_as};
pub use connection::Connection;
pub use constraint::OnConstraint;
pub use ctx::{Actor, Ctx, Permissions, Reading};
pub use history::{Change, HistoryKey};
pub use listen::Heard;
pub use macros::{Record, page};
pub use record::{Column, Record, archive, archive_many, restore, restore_many};
pub use search::Search;
pub use series::{Series, is_pattern, numbered};
pub use tx::Tx;
