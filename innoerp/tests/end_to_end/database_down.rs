//! PostgreSQL goes away and comes back: nobody is sent to a router that cannot know them, and nothing that was
//! acknowledged is lost.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bench::steady_load::SteadyLoad;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::process::Command;

use crate::TURN;
use crate::company::{Company, text};
use crate::system::{Mode, System};
use crate::up::Place;

/// What a router says of its readiness.
async fn readiness(system: &System) -> (u16, Value) {
    let answer = reqwest::get(system.url("router", "/health/ready")).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn until_readiness_is(system: &System, wanted: u16) -> Value {
    let begun = Instant::now();
    loop {
        let (status, said) = readiness(system).await;
        if status == wanted {
            return said;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "it is {status}: {said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn readiness_follows_the_database(mode: Mode) {
    let _turn = TURN.lock().await;
    let system = System::start(mode).await;
    let company = Company::new(&system).await;
    let name = system.admin_url.rsplit('/').next().unwrap();
    let mut admin = PgConnection::connect(&testing::admin_url().await).await.unwrap();
    let lets_in =
        |allowed: bool| AssertSqlSafe(format!("alter database {name} with allow_connections {allowed}"));
    assert_eq!(until_readiness_is(&system, 200).await["status"], "ready");

    sqlx::raw_sql(lets_in(false)).execute(&mut admin).await.unwrap();
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
        .bind(name)
        .execute(&mut admin)
        .await
        .unwrap();
    let said = until_readiness_is(&system, 503).await;
    assert_eq!((&said["status"], &said["alarms"][0]["code"]), (&"unable".into(), &"CALLERS_UNKNOWN".into()));
    let live = reqwest::get(system.url("router", "/health/live")).await.unwrap();
    assert!(live.status().is_success(), "it need not be started anew for that");

    sqlx::raw_sql(lets_in(true)).execute(&mut admin).await.unwrap();
    let said = until_readiness_is(&system, 200).await;
    assert_eq!(said["alarms"], serde_json::json!([]));
    company.owner.run("{ me { user { id } } }").await.ok();
}

#[tokio::test]
async fn a_router_that_cannot_confirm_a_session_is_not_ready_in_one_process() {
    readiness_follows_the_database(Mode::OneProcess).await;
}

#[tokio::test]
async fn a_router_that_cannot_confirm_a_session_is_not_ready_in_a_process_per_service() {
    readiness_follows_the_database(Mode::ProcessPerService).await;
}

/// The folder of a place's private server.
fn server(place: &Place) -> PathBuf {
    let asked = place.folder.join(".innoerp/postgres");
    match std::fs::read_to_string(asked.with_extension("moved")) {
        Ok(moved) => moved.trim().into(),
        Err(_) => asked,
    }
}

/// The server's process, once it takes connections.
fn running(place: &Place) -> Option<String> {
    let said = std::fs::read_to_string(server(place).join("data/postmaster.pid")).ok()?;
    let is_ready = said.lines().nth(7).is_some_and(|state| state.trim() == "ready");
    said.lines().next().filter(|_| is_ready).map(str::to_owned)
}

async fn kill(place: &Place) -> String {
    let pid = running(place).expect("it runs");
    assert!(Command::new("kill").args(["-KILL", &pid]).status().await.unwrap().success());
    pid
}

#[tokio::test]
async fn a_private_server_that_is_killed_is_there_again_and_nothing_acknowledged_is_lost() {
    let _turn = TURN.lock().await;
    let place = Place::new();
    let system = place.start().await;
    let answer = place.log_in("hr@alpine.example").await;
    let load = SteadyLoad::new(&[place.router], &text(&answer, "/data/logIn/session/accessToken")).unwrap();
    let kills = async {
        for _ in 0..3 {
            load.until_written(10).await;
            let (killed, begun) = (kill(&place).await, Instant::now());
            while running(&place).is_none_or(|pid| pid == killed) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            load.until_written(1).await;
            while place.readiness().await.is_none_or(|(status, _)| status != 200) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
        }
        load.end();
    };
    let (outcome, ()) = tokio::join!(load.run(3, 2), kills);
    let outcome = outcome.unwrap();
    assert!(outcome.written > 30 && outcome.lost.is_empty() && outcome.repeated.is_empty(), "{outcome:#?}");
    system.interrupt().await;
    place.remove();
}

#[tokio::test]
async fn a_private_server_that_cannot_be_started_again_ends_the_program_with_one_sentence() {
    let _turn = TURN.lock().await;
    let place = Place::new();
    let mut system = place.start().await;
    std::fs::write(server(&place).join("data/postgresql.conf"), "no_such_setting = 1\n").unwrap();
    kill(&place).await;
    let (is_success, said) = system.end().await;
    let said: Vec<_> = said.lines().filter(|line| line.starts_with("innoerp:")).collect();
    assert!(!is_success && said.len() == 1, "{said:?}");
    assert!(said[0].contains("cannot be kept running") && said[0].contains("no_such_setting"), "{said:?}");
    place.remove();
}
