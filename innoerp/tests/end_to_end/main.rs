//! The whole system, as its users meet it: the real program, over HTTP and WebSockets, in one process and in
//! one process per service. The same stories are told in both.
#![cfg(test)]

mod client;
mod company;
mod security;
mod stories;
mod system;

use system::{Mode, System};

#[tokio::test]
async fn every_story_holds_in_one_process() {
    stories::all(&System::start(Mode::OneProcess).await).await;
}

#[tokio::test]
async fn every_story_holds_in_a_process_per_service() {
    stories::all(&System::start(Mode::ProcessPerService).await).await;
}
