//! What every service shares around its GraphQL: its description, its server, tokens, settings.
//!
//! A module describes itself as a [`Subgraph`]. [`Runtime`] is the process that it runs in. [`serve`] answers
//! for it over HTTP; in the all-in-one process the router calls its [`graphql::Executable`] directly. Either
//! way the same guard stands before every operation.

mod background;
pub mod credential;
mod gate;
mod guard;
pub mod jwks;
mod kafka_settings;
mod keys;
mod limited;
mod onlooking;
mod runtime;
mod server;
mod settings;
mod subgraph;
pub mod token;

pub use gate::Gate;
pub use guard::{guard, schema, sdl};
pub use kafka_settings::KafkaSettings;
pub use keys::KeySet;
pub use onlooking::{Seen, look_at, look_at_what_is_told_of};
pub use runtime::Runtime;
pub use server::{CLIENT_ADDRESS, HOST_ORGANIZATION, IDLE_MAX, STRANGERS_BODY_BYTES_MAX, serve};
pub use settings::{SecretKey, Settings};
pub use subgraph::{EventType, Job, Noun, Subgraph};
pub use telemetry::Profile;
