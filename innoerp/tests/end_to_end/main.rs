//! The whole system, as its users meet it: the real program, over HTTP and WebSockets, in one process and in
//! one process per service. The same stories are told in both.
#![cfg(test)]

mod client;
mod company;
mod database_down;
mod dev;
mod events;
mod fluentd;
mod hang_ups;
mod logins;
mod logs;
mod operations;
mod own_module;
mod own_writes;
mod pooler;
mod rolling;
mod routers;
mod sales;
mod security;
mod seed;
mod starting;
mod status;
mod stories;
mod system;
mod up;

use system::{Mode, System};

/// One system at a time: stories that promise "within a second" need the machine for themselves.
pub static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test]
async fn every_story_holds_in_one_process() {
    let _turn = TURN.lock().await;
    stories::all(&System::start(Mode::OneProcess).await).await;
}

#[tokio::test]
async fn every_story_holds_in_a_process_per_service() {
    let _turn = TURN.lock().await;
    stories::all(&System::start(Mode::ProcessPerService).await).await;
}

#[tokio::test]
async fn callers_read_their_own_writes_through_a_broker_too() {
    let Some(broker) = testing::Broker::start("the whole system with Kafka") else { return };
    let _turn = TURN.lock().await;
    let with_broker = |command: &mut tokio::process::Command| {
        command.env("KAFKA_BOOTSTRAP_SERVERS", broker.address());
    };
    let system = System::start_with(Mode::ProcessPerService, with_broker).await;
    own_writes::all(&system, 20).await;
}
