//! Tests against the real thing: a database per test, as the application role, so that row-level security is
//! on; people with roles; and events that are delivered when the test says so.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod answer;
mod app;
mod broker;
mod client;
mod database_per_test;
mod documents;
mod seed;
mod statements;

pub use answer::Answer;
pub use app::{App, Person};
pub use broker::{Broker, LOGIN};
pub use client::Client;
pub use database_per_test::{admin_url, fresh_database};
pub use documents::{Documents, RootField, type_name};
pub use seed::seed;
pub use statements::Statements;
