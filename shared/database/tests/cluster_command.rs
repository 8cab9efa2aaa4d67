//! The command `cluster`, as `make test` calls it.

#![cfg(test)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

fn cluster(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cluster"));
    command.args(arguments).env_remove("INNOERP_TEST_DATABASE_URL").env_remove("DATABASE_URL");
    command
}

#[test]
fn the_exit_code_of_the_command_is_passed_through() {
    let ended = cluster(&["run", "--", "sh", "-c", "exit 7"]).status().unwrap();
    assert_eq!(ended.code(), Some(7));
    let ended = cluster(&["run", "--", "/no/such/program"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("/no/such/program"));
}

#[test]
fn a_server_named_from_outside_is_used_as_it_is() {
    let mut command = cluster(&["run", "--", "sh", "-c", "echo $INNOERP_TEST_DATABASE_URL"]);
    let ended = command.env("INNOERP_TEST_DATABASE_URL", "postgres://elsewhere/db").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "postgres://elsewhere/db\n");
}

#[test]
fn no_verb_prints_how_to_call_it() {
    let ended = cluster(&[]).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ended.stderr).starts_with("usage:"));
}

#[tokio::test]
async fn the_server_is_there_while_the_command_runs_and_no_longer() {
    let mut child = started();
    let url = first_line(&mut child);
    PgConnection::connect(&url).await.unwrap().close().await.unwrap();
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(PgConnection::connect(&url).await.is_err());
}

#[tokio::test]
async fn the_server_ends_with_its_owner_even_if_that_is_killed() {
    let mut child = started();
    let url = first_line(&mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while PgConnection::connect(&url).await.is_ok() {
        assert!(Instant::now() < deadline, "the server is still running");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A run that prints the URL of its server and lasts until its input is closed.
fn started() -> Child {
    let mut command = cluster(&["run", "--", "sh", "-c", "echo $INNOERP_TEST_DATABASE_URL; cat"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line.trim().to_owned()
}
