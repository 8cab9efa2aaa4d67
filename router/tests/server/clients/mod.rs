//! Clients that others wrote, from npm, and what they find when they talk to the router.

mod audits;
mod event_stream;
mod multipart;
mod node;
mod reads;
mod subgraphs;
mod subscriptions;
mod websocket;
