//! Stories about auth, together with the two modules that it works with.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod door;
mod going_on;
mod invitations;
mod log_in;
mod processes;
mod proof;
mod sessions;
mod sign_up;
mod trail;
mod world;
