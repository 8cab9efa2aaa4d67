//! What operators ask: whether all is in order, and whether backups are good.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use store::server::Redis;

use crate::TURN;
use crate::company::Company;
use crate::system::{Mode, System};

/// What the program printed, and whether it found all in order.
pub async fn asked(system: &System, verb: &[&str], other: &[(&str, &str)]) -> (String, bool) {
    let ended = system.command(verb).envs(other.iter().copied()).output().await.unwrap();
    let said = String::from_utf8(ended.stdout).unwrap() + &String::from_utf8(ended.stderr).unwrap();
    (said, ended.status.success())
}

/// The line about a subject.
pub fn line<'a>(said: &'a str, subject: &str) -> &'a str {
    said.lines().find(|line| line[8..].starts_with(subject)).unwrap_or_else(|| panic!("{subject}: {said}"))
}

/// Changes the database as its administrator.
pub async fn change(system: &System, sql: &str) {
    let mut admin = PgConnection::connect(&system.admin_url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut admin).await.unwrap();
}

#[tokio::test]
async fn the_doctor_finds_a_running_system_in_order_and_names_what_is_not() {
    let _turn = TURN.lock().await;
    let system = System::start(Mode::OneProcess).await;
    let (said, is_well) = asked(&system, &["doctor"], &[]).await;
    assert!(is_well, "{said}");
    for subject in [
        "database",
        "clock",
        "login",
        "login for events",
        "roles",
        "row-level security",
        "migrations",
        "events",
        "redis",
        "files",
    ] {
        assert!(line(&said, subject).starts_with("ok"), "{said}");
    }
    for module in system.ports.keys().filter(|module| **module != "router") {
        assert!(line(&said, &format!("module {module}")).starts_with("ok"), "{said}");
    }
    assert!(line(&said, "router").starts_with("ok"), "{said}");

    let (said, is_well) = asked(&system, &["doctor"], &[("DATABASE_URL", &system.admin_url)]).await;
    assert!(!is_well && line(&said, "login ").contains("can bypass row-level security"), "{said}");

    let other_key = "a-key-of-another-installation-0123456789";
    let (said, is_well) = asked(&system, &["doctor"], &[("SECRET_KEY", other_key)]).await;
    assert!(!is_well && line(&said, "module leave").starts_with("WRONG"), "{said}");
    assert!(!said.contains(other_key));

    change(
        &system,
        "alter table leave.request no force row level security;
         delete from employee._migration where version = 8;
         update leave._migration set checksum = '\\x00' where version = 2;
         insert into tenant._migration (version, description, success, checksum, execution_time)
             values (9000, 'of a newer version', true, '\\x00', 0)",
    )
    .await;
    let (said, is_well) = asked(&system, &["doctor", "--before-start"], &[]).await;
    assert!(!is_well, "{said}");
    assert!(line(&said, "row-level security").ends_with("in leave.request"), "{said}");
    assert!(line(&said, "migrations").contains("leave [2]"), "{said}");
    assert!(!said.contains("module leave"), "nobody is asked before the start: {said}");
    change(&system, "delete from leave._migration where version = 2").await;
    let (said, _) = asked(&system, &["doctor", "--before-start"], &[]).await;
    assert!(line(&said, "migrations").contains("employee [8], leave [2]"), "{said}");
}

#[tokio::test]
async fn the_doctor_says_where_nothing_answers() {
    let _turn = TURN.lock().await;
    let system = System::start(Mode::OneProcess).await;
    let nowhere = "postgres://somebody:with-a-password@127.0.0.1:1/innoerp";
    let (said, is_well) = asked(&system, &["doctor", "--before-start"], &[("DATABASE_URL", nowhere)]).await;
    assert!(!is_well && line(&said, "database").contains("127.0.0.1:1 does not let us in"), "{said}");
    assert!(!said.contains("with-a-password"), "{said}");
    let (said, is_well) = asked(
        &system,
        &["doctor"],
        &[("LEAVE_URL", "http://127.0.0.1:1"), ("ROUTER_URL", "http://127.0.0.1:1")],
    )
    .await;
    assert!(!is_well && line(&said, "module leave").starts_with("WRONG"), "{said}");
    assert!(
        line(&said, "router").starts_with("WRONG") && line(&said, "module auth").starts_with("ok"),
        "{said}"
    );
}

#[tokio::test]
async fn the_doctor_asks_the_brokers_and_redis_where_they_are_named() {
    let _turn = TURN.lock().await;
    let system = System::start(Mode::OneProcess).await;
    let ask = async |kafka: &str, redis: &str| {
        let named = [("KAFKA_BOOTSTRAP_SERVERS", kafka), ("REDIS_URL", redis)];
        asked(&system, &["doctor", "--before-start"], &named).await
    };
    let (said, is_well) = ask("127.0.0.1:1", "redis://:with-a-password@127.0.0.1:1").await;
    assert!(!is_well, "{said}");
    assert!(
        line(&said, "events").starts_with("WRONG") && line(&said, "redis").starts_with("WRONG"),
        "{said}"
    );
    assert!(!said.contains("with-a-password"), "{said}");
    let (Some(broker), Some(redis)) =
        (testing::Broker::start("the doctor asks brokers"), Redis::start("the doctor asks Redis", &[]).await)
    else {
        return;
    };
    let (said, is_well) = ask(&broker.address(), &redis.url()).await;
    assert!(is_well, "{said}");
    assert!(line(&said, "events").contains("Kafka answers, 1 brokers and 0 topics"), "{said}");
    assert!(line(&said, "redis").starts_with("ok"), "{said}");
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("innoerp-backup-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_backup_is_proved_by_restoring_it_and_a_bad_one_is_found_out() {
    let _turn = TURN.lock().await;
    let (system, folder) = (System::start(Mode::OneProcess).await, Folder::new());
    Company::new(&system).await;
    let file = folder.file("good.dump");
    let (said, is_taken) = asked(&system, &["backup", "create", &file], &[]).await;
    assert!(is_taken, "{said}");
    let (said, is_good) = asked(&system, &["backup", "verify", &file], &[]).await;
    assert!(is_good, "{said}");
    for subject in ["file", "restored", "rows", "migrations", "row-level security", "signing keys"] {
        assert!(line(&said, subject).starts_with("ok"), "{said}");
    }

    let (said, is_taken) = asked(&system, &["backup", "create", &file], &[]).await;
    assert!(!is_taken && said.contains("exists already"), "{said}");

    let (said, is_restored) = asked(&system, &["backup", "restore", &file], &[]).await;
    assert!(!is_restored && said.contains("is not empty"), "{said}");
    let other = format!("restored_{}", uuid::Uuid::now_v7().simple());
    change(&system, &format!("create database {other}")).await;
    let mut url: reqwest::Url = system.admin_url.parse().unwrap();
    url.set_path(&other);
    let (said, is_restored) =
        asked(&system, &["backup", "restore", &file], &[("DATABASE_OWNER_URL", url.as_str())]).await;
    assert!(is_restored, "{said}");
    let mut restored = PgConnection::connect(url.as_str()).await.unwrap();
    let organizations: i64 = sqlx::query_scalar("select count(*) from tenant.organization")
        .fetch_one(&mut restored)
        .await
        .unwrap();
    assert_eq!(organizations, 1);

    let second = folder.file("second.dump");
    let in_part = [("DATABASE_BACKUP_URL", system.service_url.as_str())];
    let (said, is_taken) = asked(&system, &["backup", "create", &second], &in_part).await;
    assert!(!is_taken && said.contains("does not read every organization's rows"), "{said}");
    assert!(!Path::new(&second).exists());

    // Rows that were lost on the way.
    let note = std::fs::read_to_string(format!("{file}.json")).unwrap();
    let mut other: serde_json::Value = serde_json::from_str(&note).unwrap();
    other["rows"]["tenant.organization"] = 7.into();
    std::fs::write(format!("{file}.json"), other.to_string()).unwrap();
    let (said, is_good) = asked(&system, &["backup", "verify", &file], &[]).await;
    assert!(!is_good && line(&said, "rows").contains("tenant.organization has 1 and had 7"), "{said}");

    // A file that broke off.
    std::fs::write(format!("{file}.json"), note).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let (said, is_good) = asked(&system, &["backup", "verify", &file], &[]).await;
    assert!(!is_good && line(&said, "file").starts_with("WRONG"), "{said}");
    assert!(line(&said, "restored").starts_with("WRONG"), "{said}");
}
