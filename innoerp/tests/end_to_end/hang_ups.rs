//! Clients that hang up, and connections that die: nobody else notices.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bench::hang_ups::{Plan, run};
use sqlx::{Connection as _, PgConnection};

use crate::TURN;
use crate::company::Company;
use crate::system::{Mode, System};

/// A system whose log, of this level, is kept in a file, and goes to Fluentd where there is one.
pub async fn logging(mode: Mode, level: &str, fluentd: Option<SocketAddr>) -> (System, PathBuf) {
    let at_level = |command: &mut tokio::process::Command| {
        command.env("FLUENTD_ADDRESS", fluentd.map_or(String::new(), |address| address.to_string()));
        command.env("RUST_LOG", level);
    };
    logging_with(mode, at_level).await
}

/// A system whose log is kept in a file, with something else about its processes.
pub async fn logging_with(mode: Mode, other: impl Fn(&mut tokio::process::Command)) -> (System, PathBuf) {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("log-{}", uuid::Uuid::now_v7().simple()));
    File::create(&log).unwrap();
    let to_log = |command: &mut tokio::process::Command| {
        command.stderr(File::options().append(true).open(&log).unwrap());
        other(command);
    };
    (System::start_with(mode, to_log).await, log)
}

async fn nothing_is_left_behind(mode: Mode) {
    let _turn = TURN.lock().await;
    let (system, log) = logging(mode, "warn", None).await;
    let company = Company::new(&system).await;
    let plan = Plan {
        port: system.ports["router"],
        token: company.owner.token.as_deref().unwrap(),
        admin_url: &system.admin_url,
        count: 400,
        at_once: 4,
        others: 1,
    };
    let outcome = run(&plan).await.unwrap();
    let log = std::fs::read_to_string(log).unwrap();
    assert!(outcome.is_clean(), "{outcome:#?}\n{log}");
    assert!(!log.contains("transaction in progress"), "{log}");
}

#[tokio::test]
async fn whoever_hangs_up_leaves_nothing_behind_and_nobody_notices_in_one_process() {
    nothing_is_left_behind(Mode::OneProcess).await;
}

#[tokio::test]
async fn whoever_hangs_up_leaves_nothing_behind_and_nobody_notices_in_a_process_per_service() {
    nothing_is_left_behind(Mode::ProcessPerService).await;
}

#[tokio::test]
async fn connections_that_the_server_closed_are_replaced_and_nobody_notices() {
    let _turn = TURN.lock().await;
    let system = System::start(Mode::OneProcess).await;
    let company = Company::new(&system).await;
    let mut admin = PgConnection::connect(&system.admin_url).await.unwrap();
    let me = "{ me { user { id } organization { id } } departments(first: 1) { totalCount } }";
    for _ in 0..10 {
        // As many connections as there may be, all in use at once, and then all dead.
        let all = (0..12).map(|_| company.owner.run(me));
        futures::future::join_all(all).await.into_iter().for_each(|answer| drop(answer.ok()));
        let ended: i64 = sqlx::query_scalar(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid() and application_name = 'innoerp'",
        )
        .fetch_one(&mut admin)
        .await
        .unwrap();
        assert!(ended > 2, "only {ended} connections");
        // What is remembered of the session and the organization is over: it is asked for again.
        tokio::time::sleep(database::Access::SESSION_AGE_MAX).await;
        company.owner.run(me).await.ok();
    }
}
