//! The cluster against real servers, each in a folder of its own.

use std::os::unix::fs::PermissionsExt;

use sqlx::{Connection, PgConnection, Row};

use super::*;

const STOP_AT_MOST: Duration = Duration::from_secs(30);

/// A folder for one test, gone when the test is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = target_folder().unwrap().join("tmp").join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn start(&self) -> Cluster {
        Cluster::start(&self.0.join("postgres"), Durability::Throwaway).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = Cluster::remove_if_unused(&self.0.join("postgres"));
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn postmaster(cluster: &Cluster) -> Postmaster {
    Postmaster::read(&cluster.place.data()).unwrap()
}

fn kill(cluster: &Cluster) {
    rustix::process::kill_process(postmaster(cluster).pid, rustix::process::Signal::KILL).unwrap();
}

async fn run(url: &str, sql: &'static str) -> i64 {
    let mut conn = PgConnection::connect(url).await.unwrap();
    let rows = sqlx::query(sql).fetch_all(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    rows.first().map_or(0, |row| row.get(0))
}

#[tokio::test]
async fn data_outlives_a_stop_and_a_second_start_is_quick() {
    let scratch = Scratch::new("outlives");
    let first = scratch.start();
    assert!(first.is_owner());
    let url = first.url();
    run(&url, "create table kept as select 42::bigint as answer").await;
    first.stop_async().await.unwrap();
    assert!(PgConnection::connect(&url).await.is_err());

    let began = Instant::now();
    let again = Cluster::start_async(scratch.0.join("postgres"), Durability::Throwaway).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "took {:?}", began.elapsed());
    assert_eq!(again.url(), url, "the port and the password stay");
    assert_eq!(run(&again.url(), "select answer from kept").await, 42);
}

#[tokio::test]
async fn a_server_that_ended_untold_leaves_its_last_words() {
    let scratch = Scratch::new("untimely");
    let cluster = scratch.start();
    assert_eq!(cluster.untimely_end(), None);
    postmaster(&cluster).quit();
    let deadline = Instant::now() + STOP_AT_MOST;
    while cluster.untimely_end().is_none() && Instant::now() < deadline {
        tokio::time::sleep(TICK).await;
    }
    let last_words = cluster.untimely_end().unwrap();
    assert!(last_words.contains("immediate shutdown"), "{last_words}");
}

#[tokio::test]
async fn only_the_password_lets_in() {
    let scratch = Scratch::new("password");
    let cluster = scratch.start();
    let wrong = cluster.url().replace(&cluster.password, "wrong");
    assert!(PgConnection::connect(&wrong).await.is_err());
    assert_eq!(
        run(
            &cluster.url(),
            "select count(*) from pg_settings where name = 'data_checksums' and setting = 'on'"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn a_second_process_joins_and_leaves_stopping_to_the_first() {
    let scratch = Scratch::new("joins");
    let first = scratch.start();
    let second = scratch.start();
    assert!(!second.is_owner());
    assert_eq!(second.url(), first.url());
    second.stop().unwrap();
    assert_eq!(run(&first.url(), "select 1::bigint").await, 1);
}

#[tokio::test]
async fn a_server_left_running_is_taken_over_and_stopped() {
    let scratch = Scratch::new("left");
    let url = Cluster::start_detached(&scratch.0.join("postgres")).unwrap();
    let cluster = scratch.start();
    assert!(cluster.is_owner());
    assert_eq!(cluster.url(), url);
    cluster.stop().unwrap();
    assert!(PgConnection::connect(&url).await.is_err());
}

#[tokio::test]
async fn a_crashed_server_starts_again() {
    let scratch = Scratch::new("crashed");
    let cluster = scratch.start();
    kill(&cluster);
    drop(cluster);
    assert_eq!(run(&scratch.start().url(), "select 1::bigint").await, 1);
}

#[tokio::test]
async fn a_stale_process_file_with_the_number_of_another_program_is_cleared_away() {
    let scratch = Scratch::new("stale");
    let cluster = scratch.start();
    let file = cluster.folder().join("data/postmaster.pid");
    let text = std::fs::read_to_string(&file).unwrap();
    cluster.stop().unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    // Our own number: alive, and no server.
    std::fs::write(&file, format!("{}\n{rest}", std::process::id())).unwrap();
    assert_eq!(run(&scratch.start().url(), "select 1::bigint").await, 1);
}

#[tokio::test]
async fn a_port_taken_meanwhile_is_exchanged_for_another() {
    let scratch = Scratch::new("port");
    let cluster = scratch.start();
    let port = cluster.port;
    cluster.stop().unwrap();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let again = scratch.start();
    assert_ne!(again.port, port);
    assert_eq!(run(&again.url(), "select 1::bigint").await, 1);
}

#[test]
fn data_of_another_version_is_named_in_the_error() {
    let scratch = Scratch::new("version");
    let cluster = scratch.start();
    let data = cluster.folder().join("data");
    cluster.stop().unwrap();
    std::fs::write(data.join("PG_VERSION"), "9\n").unwrap();
    let error = Cluster::start(&scratch.0.join("postgres"), Durability::Throwaway).unwrap_err();
    assert!(matches!(&error, ClusterError::OtherVersion { made_by, .. } if made_by == "9"), "{error}");
}

#[test]
fn a_server_that_refuses_to_start_says_why() {
    let scratch = Scratch::new("refuses");
    let cluster = scratch.start();
    let settings = cluster.folder().join("data/postgresql.conf");
    cluster.stop().unwrap();
    std::fs::write(settings, "no_such_setting = 1\n").unwrap();
    let error = Cluster::start(&scratch.0.join("postgres"), Durability::Throwaway).unwrap_err();
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[tokio::test]
async fn root_moves_the_data_out_of_a_closed_folder() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let scratch = Scratch::new("closed");
    std::fs::set_permissions(&scratch.0, std::fs::Permissions::from_mode(0o700)).unwrap();
    let cluster = scratch.start();
    let folder = cluster.folder().to_owned();
    assert!(folder.starts_with("/var/tmp"), "{}", folder.display());
    let note = std::fs::read_to_string(scratch.0.join("postgres.moved")).unwrap();
    assert_eq!(note.trim(), folder.to_string_lossy());
    assert_eq!(run(&cluster.url(), "select 1::bigint").await, 1);
    cluster.remove().unwrap();
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_kept_server_that_is_killed_is_there_again_with_all_that_it_acknowledged() {
    let scratch = Scratch::new("kept");
    // Whose commits are on disk before they are acknowledged.
    let cluster = Cluster::start(&scratch.0.join("postgres"), Durability::Kept).unwrap();
    let url = cluster.url();
    let kept = tokio::spawn(cluster.keep());
    run(&url, "create table told (n bigint primary key)").await;
    let mut told = 0;
    for _ in 0..3 {
        let killed = postmaster(&cluster).pid;
        // Somebody is in the middle of something that takes long: it must not hold up the next server.
        let mut busy = PgConnection::connect(&url).await.unwrap();
        let busy = tokio::spawn(async move { sqlx::query("select pg_sleep(60)").execute(&mut busy).await });
        let mut writer = PgConnection::connect(&url).await.unwrap();
        for _ in 0..50 {
            sqlx::query("insert into told values ($1)").bind(told).execute(&mut writer).await.unwrap();
            told += 1;
        }
        kill(&cluster);
        let begun = Instant::now();
        loop {
            let is_new = Postmaster::read(&cluster.place.data()).is_some_and(|found| found.pid != killed);
            if is_new && PgConnection::connect(&url).await.is_ok() {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "it is not there again");
            tokio::time::sleep(TICK).await;
        }
        assert_eq!(run(&url, "select count(*) from told").await, told);
        assert!(busy.await.unwrap().is_err());
    }
    assert!(!kept.is_finished());
    cluster.stop_async().await.unwrap();
    assert!(PgConnection::connect(&url).await.is_err(), "one that was told to stop is left alone");
}

#[tokio::test]
async fn a_server_that_cannot_be_started_again_is_given_up_with_the_reason() {
    let scratch = Scratch::new("given-up");
    let cluster = scratch.start();
    std::fs::write(cluster.folder().join("data/postgresql.conf"), "no_such_setting = 1\n").unwrap();
    let kept = cluster.keep();
    kill(&cluster);
    let error = tokio::time::timeout(Duration::from_secs(60), kept).await.unwrap();
    assert!(
        matches!(&error, ClusterError::NotKept { reason, .. } if reason.contains("no_such_setting")),
        "{error}"
    );
    assert_eq!(error.to_string().lines().count(), 1);
}
