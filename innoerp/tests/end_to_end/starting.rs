//! Starts that cannot be brought to their end: who asks them to end is heard, and who migrates the wrong database, or would
//! show everything to everybody, is told.

use std::process::Stdio;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::net::TcpListener;
use tokio::process::Command;

fn innoerp(verb: &[&str], url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_innoerp"));
    command
        .args(verb)
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .env("DATABASE_URL", url)
        .env("DATABASE_RELAY_URL", url)
        .env_remove("DATABASE_OWNER_URL")
        .env("SECRET_KEY", "4f1c6a0b9d8e7f6a5b4c3d2e1f0a9b8c")
        .env("RUST_LOG", "info")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for service in innoerp::modules::ids().into_iter().chain(["router"]) {
        command.env(format!("{}_PORT", service.to_uppercase()), "0");
    }
    command
}

#[tokio::test]
async fn whoever_is_asked_to_end_while_it_starts_ends_in_order() {
    for verb in [&["serve", "all"][..], &["serve", "leave"], &["seed"], &["router"]] {
        // A database that takes connections and says nothing.
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://a:b@{}/c", silent.local_addr().unwrap());
        let child = innoerp(verb, &url).spawn().unwrap();
        let id = child.id().unwrap().to_string();
        // It waits for an answer once it has asked.
        let (_asked, _) =
            tokio::time::timeout(Duration::from_secs(30), silent.accept()).await.unwrap().unwrap();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
        let ended =
            tokio::time::timeout(Duration::from_secs(10), child.wait_with_output()).await.unwrap().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.success() && said.contains("ended"), "{verb:?}: {}: {said}", ended.status);
    }
}

#[tokio::test]
async fn nobody_listens_beyond_this_machine_without_saying_how_careful_it_is() {
    for verb in [&["up"][..], &["dev"], &["serve", "all"], &["serve", "leave"], &["router"]] {
        let mut command = innoerp(verb, "postgres://a:b@127.0.0.1:1/c");
        let ended = command.env("INNOERP_HOST", "0.0.0.0").env_remove("INNOERP_PROFILE").output();
        let ended = tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success(), "{verb:?}: {said}");
        assert!(said.contains("to listen on 0.0.0.0, say --profile production"), "{verb:?}: {said}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_hold_all_texts_is_refused_in_one_sentence() {
    let admin_url = testing::admin_url().await;
    let mut admin = PgConnection::connect(&admin_url).await.unwrap();
    let name = format!("test_latin_{}", std::process::id());
    let create =
        format!("create database {name} encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
    let mut url: reqwest::Url = admin_url.parse().unwrap();
    url.set_path(&name);
    let output = innoerp(&["migrate"], url.as_str()).output().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("drop database {name}"))).execute(&mut admin).await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let said: Vec<_> = said.lines().filter(|line| line.starts_with("innoerp:")).collect();
    assert!(!output.status.success() && said.len() == 1, "{said:?}");
    assert!(said[0].contains("LATIN1") && said[0].contains("UTF8"), "{said:?}");
}
