//! What `innoerp status` shows of a running installation, to people and to scripts.

use std::time::Instant;

use innoerp::modules;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::TURN;
use crate::company::PATIENCE;
use crate::operations::{asked, change, line};
use crate::system::{Mode, System};

/// What it says as JSON, and whether it found all in order.
async fn told(system: &System, other: &[(&str, &str)]) -> (Value, bool) {
    let ended = system.command(&["status", "--json"]).envs(other.iter().copied()).output().await.unwrap();
    (serde_json::from_slice(&ended.stdout).unwrap(), ended.status.success())
}

/// The answer about a subject.
fn answer<'a>(told: &'a Value, subject: &str) -> &'a Value {
    let found = told["answers"].as_array().unwrap().iter().find(|answer| answer["subject"] == subject);
    found.unwrap_or_else(|| panic!("{subject}: {told:#}"))
}

/// Whether the answers about every module are of a verdict, and have these words in them.
fn all_modules_are(told: &Value, verdict: &str, words: &str) -> bool {
    modules::ids().iter().all(|id| {
        let answer = answer(told, &format!("module {id}"));
        answer["verdict"] == verdict && answer["text"].as_str().unwrap().contains(words)
    })
}

#[tokio::test]
async fn the_status_of_a_running_system_fits_a_screen_and_a_script_reads_it() {
    let _turn = TURN.lock().await;
    let system = System::start(Mode::OneProcess).await;
    let (said, is_well) = asked(&system, &["status"], &[]).await;
    assert!(is_well && said.lines().count() < 40, "{said}");
    for subject in ["database", "migrations", "events", "redis", "router", "outboxes", "consumer leave"] {
        assert!(line(&said, subject).starts_with("ok"), "{said}");
    }
    assert!(line(&said, "module leave").ends_with(", ready"), "{said}");
    assert!(line(&said, "migrations").contains("(core "), "{said}");

    let (said, is_well) = told(&system, &[]).await;
    assert!(is_well && said["isWell"] == true, "{said:#}");
    assert!(all_modules_are(&said, "OK", "ready"), "{said:#}");
    assert_eq!(said["version"], env!("CARGO_PKG_VERSION"));
    let names = |list: &str, name: &str| -> Vec<String> {
        let list = said[list].as_array().unwrap().iter();
        list.map(|one| one[name].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("outboxes", "module"), modules::ids());
    assert!(names("migrations", "module").iter().any(|module| module == "core"), "{said:#}");
    assert!(said["migrations"].as_array().unwrap().iter().all(|one| one["newest"].is_u64()), "{said:#}");
    assert!(names("consumers", "consumer").iter().any(|consumer| consumer == "leave"), "{said:#}");
    assert!(said["consumers"].as_array().unwrap().iter().all(|one| one["deadLetters"] == 0), "{said:#}");
}

#[tokio::test]
async fn the_status_names_what_does_not_answer_and_what_is_behind() {
    let _turn = TURN.lock().await;
    let system = System::start(Mode::OneProcess).await;
    let nowhere = [
        ("LEAVE_URL", "http://127.0.0.1:1"),
        ("ROUTER_URL", "http://127.0.0.1:1"),
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        ("REDIS_URL", "redis://:with-a-password@127.0.0.1:1"),
    ];
    let (said, is_well) = told(&system, &nowhere).await;
    assert!(!is_well && said["isWell"] == false, "{said:#}");
    for subject in ["module leave", "router", "events", "redis"] {
        assert_eq!(answer(&said, subject)["verdict"], "WRONG", "{said:#}");
    }
    assert_eq!(answer(&said, "module auth")["verdict"], "OK", "{said:#}");
    assert!(said["consumers"][0]["toCome"].is_null(), "nobody knows: {said:#}");
    assert!(!said.to_string().contains("with-a-password"), "{said:#}");

    change(&system, "delete from employee._migration where version = 8").await;
    let (said, is_well) = told(&system, &[]).await;
    assert!(!is_well && answer(&said, "migrations")["verdict"] == "WRONG", "{said:#}");
    let of_employee = |one: &&Value| one["module"] == "employee";
    let employee = said["migrations"].as_array().unwrap().iter().find(of_employee).unwrap();
    assert_eq!(employee["pending"], serde_json::json!([8]), "{said:#}");
}

#[tokio::test]
async fn the_status_says_why_services_are_not_ready_when_the_database_is_away() {
    let _turn = TURN.lock().await;
    let system = System::start(Mode::OneProcess).await;
    let name = system.admin_url.rsplit('/').next().unwrap();
    let mut admin = PgConnection::connect(&testing::admin_url().await).await.unwrap();
    let closed = AssertSqlSafe(format!("alter database {name} with allow_connections false"));
    sqlx::raw_sql(closed).execute(&mut admin).await.unwrap();
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
        .bind(name)
        .execute(&mut admin)
        .await
        .unwrap();
    // What the router knows of the database is a moment old.
    let begun = Instant::now();
    let said = loop {
        let (said, is_well) = told(&system, &[]).await;
        assert!(!is_well && answer(&said, "database")["verdict"] == "WRONG", "{said:#}");
        if answer(&said, "router")["verdict"] == "WRONG" {
            break said;
        }
        assert!(begun.elapsed() < PATIENCE, "{said:#}");
    };
    assert!(all_modules_are(&said, "WRONG", "the database does not answer"), "{said:#}");
    assert!(answer(&said, "router")["text"].as_str().unwrap().contains("CALLERS_UNKNOWN"), "{said:#}");
}
