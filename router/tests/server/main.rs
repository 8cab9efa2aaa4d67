//! The router as its clients meet it: over HTTP, event streams and WebSockets.

mod event_stream;
mod guards;
mod over_http;
mod remote;
mod tenancy;
mod toys;
mod websocket;
