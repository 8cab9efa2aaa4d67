//! Stories about notifications.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod hearing;
mod languages;
mod live;
mod office;
mod reading;
