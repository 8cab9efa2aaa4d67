//! What must hold however long the router runs: nothing is left behind by clients that come and go, and no request
//! sees another view than its own. These tests look at the whole process, so they are a program of their own.

#![expect(clippy::unwrap_used, reason = "a test that meets what it did not expect fails")]

#[path = "../server/counted.rs"]
mod counted;
mod cycles;
mod leaks;
mod process;
#[path = "../server/toys.rs"]
#[expect(dead_code, reason = "shared with the tests of the server, which use all of it")]
mod toys;
mod views;
