//! The router as its clients meet it: over HTTP, event streams and WebSockets.

#![expect(clippy::unwrap_used, reason = "a test that meets what it did not expect fails")]

mod access;
mod access_log;
mod blame;
mod clients;
mod counted;
mod dead_tokens;
mod event_stream;
mod guards;
mod health;
mod hosts;
mod http2;
mod limits;
mod malformed;
mod metrics;
mod over_http;
mod packed;
mod persisted;
mod raw;
mod reload;
mod remote;
mod slow;
mod tenancy;
mod toys;
mod websocket;
