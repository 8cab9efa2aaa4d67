//! The only door to PostgreSQL.
//!
//! A [`Database`] is a pool that runs as the application role. A [`Ctx`] is one caller in one module; its
//! [`Ctx::begin`] checks a right, opens a transaction and sets the tenant in one round trip, and is the only
//! way to a [`Tx`]. Row-level security does the rest: SQL never names the organization.

mod access;
pub mod cluster;
mod connect;
mod constraint;
mod ctx;
pub mod migrate;
mod tx;

pub use access::{Access, OrganizationState};
pub use connect::{Database, connect_as};
pub use constraint::OnConstraint;
pub use ctx::{Actor, Ctx};
pub use tx::Tx;
