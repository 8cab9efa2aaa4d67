//! `innoerp dev`: what changed is restarted, and whoever is connected stays so.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::TURN;
use crate::client::Subscription;
use crate::company::{PATIENCE, text};
use crate::up::Place;

async fn ask(place: &Place, token: &str, query: &str, variables: Value) -> Value {
    let url = format!("http://127.0.0.1:{}/graphql", place.router);
    let question = json!({ "query": query, "variables": variables });
    let answer = reqwest::Client::new().post(&url).bearer_auth(token).json(&question).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"].clone()
}

async fn token(place: &Place, email: &str) -> String {
    text(&place.log_in(email).await, "/data/logIn/session/accessToken")
}

/// The member asks for a day off, of which the manager is told.
async fn submit(place: &Place, member: &str, day: &str) {
    let types = ask(place, member, "{ leaveTypes(first: 20) { nodes { id code } } }", json!({})).await;
    let types = types["leaveTypes"]["nodes"].as_array().unwrap().clone();
    let annual = types.iter().find(|kind| kind["code"] == "ANNUAL").unwrap_or(&types[0]);
    let submit = "mutation($input: LeaveRequestSubmitInput!) { leaveRequestSubmit(input: $input) {
        leaveRequest { id } userErrors { code message } } }";
    let input = json!({ "leaveTypeId": annual["id"], "firstDay": day, "lastDay": day });
    let data = ask(place, member, submit, json!({ "input": input })).await;
    assert!(data["leaveRequestSubmit"]["leaveRequest"].is_object(), "{data}");
}

#[tokio::test]
async fn a_change_restarts_the_modules_and_subscriptions_go_on() {
    let _turn = TURN.lock().await;
    let place = Place::new();
    let source = place.folder.join("subgraphs/leave/src/lib.rs");
    std::fs::create_dir_all(source.parent().unwrap()).unwrap();
    std::fs::write(&source, "// as it was").unwrap();
    let system = place.start_by(&["dev", "--build", "echo built >> built"]).await;
    let (manager, member) =
        (token(&place, "manager@alpine.example").await, token(&place, "member@alpine.example").await);
    let url = format!("ws://127.0.0.1:{}/graphql", place.router);
    let query = "subscription($after: ID) { notificationReceived(after: $after) { id title } }";
    let mut events = Subscription::open(url, &manager, query).await;
    submit(&place, &member, "2027-05-04").await;
    events.next(PATIENCE).await;

    std::fs::write(&source, "// as it is").unwrap();
    // The modules go to other ports and come back to the first ones with the next change.
    let leave = place.ports.iter().find(|(name, _)| name == "leave").map(|(_, port)| *port).unwrap();
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", leave)).await.is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing was restarted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(std::fs::read_to_string(place.folder.join("built")).unwrap(), "built\n");
    submit(&place, &member, "2027-05-11").await;
    events.next(PATIENCE).await;

    system.interrupt().await;
    assert!(TcpStream::connect(("127.0.0.1", place.router)).await.is_err(), "nothing of it is left");
    place.remove();
}

#[tokio::test]
async fn what_does_not_build_changes_nothing_and_who_is_killed_leaves_nothing_running() {
    let _turn = TURN.lock().await;
    let place = Place::new();
    let source = place.folder.join("router/src/lib.rs");
    std::fs::create_dir_all(source.parent().unwrap()).unwrap();
    std::fs::write(&source, "// as it was").unwrap();
    let system = place.start_by(&["dev", "--build", "echo tried >> tried; false"]).await;
    std::fs::write(&source, "// as it is").unwrap();
    let begun = Instant::now();
    while !place.folder.join("tried").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing was built");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    token(&place, "member@alpine.example").await;

    // As `kill -9` would: nobody can tell the others any more that they are to end.
    drop(system);
    let killed = Instant::now();
    for (_, port) in &place.ports {
        while TcpStream::connect(("127.0.0.1", *port)).await.is_ok() {
            assert!(killed.elapsed() < Duration::from_secs(60), "{port} goes on without it");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    place.remove();
}
