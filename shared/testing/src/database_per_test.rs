//! A database per test, cloned from a template that was migrated once.

use std::sync::atomic::{AtomicBool, Ordering};

use database::cluster::Cluster;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use service::Subgraph;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// The URL of the cluster that the tests run on, as a superuser, without a database name's worth of meaning.
pub async fn admin_url() -> String {
    if let Ok(url) = std::env::var("INNOERP_TEST_DATABASE_URL") {
        return url;
    }
    tokio::task::spawn_blocking(|| Cluster::shared_for_tests().unwrap()).await.unwrap()
}

/// A fresh database with the schemas of `subgraphs`; answers its URL, as a superuser.
pub async fn fresh_database(subgraphs: &[Subgraph]) -> String {
    let admin_url = admin_url().await;
    let modules: Vec<_> = subgraphs.iter().map(Subgraph::migrations).collect();
    let template = template_name(&modules);
    let mut admin = PgConnection::connect(&admin_url).await.unwrap();
    // One process makes the template, the others wait for it.
    sqlx::query("select pg_advisory_lock(hashtext($1))").bind(&template).execute(&mut admin).await.unwrap();
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&template)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    if !exists {
        let making = format!("{template}_making");
        execute(&mut admin, format!("drop database if exists {making}")).await;
        execute(&mut admin, format!("create database {making}")).await;
        let making_url = with_database(&admin_url, &making);
        database::migrate::run(&making_url, &modules).await.unwrap();
        stand_in_for_absent_writers(&making_url, &modules).await;
        execute(&mut admin, format!("alter database {making} rename to {template}")).await;
    }
    sqlx::query("select pg_advisory_unlock_all()").execute(&mut admin).await.unwrap();
    drop_those_of_processes_that_ended(&mut admin).await;
    let name = format!("test_{}_{}", std::process::id(), uuid::Uuid::now_v7().simple());
    execute(&mut admin, format!("create database {name} template {template}")).await;
    admin.close().await.unwrap();
    with_database(&admin_url, &name)
}

/// Lets everybody write what modules that are not there write into what belongs to no module: a module that is tested alone
/// is told by its test who works here, and who decides.
async fn stand_in_for_absent_writers(url: &str, modules: &[database::migrate::Module<'_>]) {
    let mut admin = PgConnection::connect(url).await.unwrap();
    for (owner, tables) in [
        ("tenant", "people.organization, common.custom_field"),
        ("user", "people.member, approval.rule, approval.rule_step, approval.delegation"),
        ("employee", "people.employee, people.work_schedule, people.holiday"),
    ] {
        if modules.iter().all(|module| module.id != owner) {
            execute(&mut admin, format!("grant insert, update, delete on {tables} to innoerp_app")).await;
        }
    }
}

/// Each test binary is a process, which leaves its databases behind; all of them together would fill a small disk.
/// The first test of the next process drops them.
async fn drop_those_of_processes_that_ended(admin: &mut PgConnection) {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.swap(true, Ordering::Relaxed) {
        return;
    }
    let names: Vec<String> =
        sqlx::query_scalar(r"select datname::text from pg_database where datname like 'test\_%'")
            .fetch_all(&mut *admin)
            .await
            .unwrap();
    for name in names.iter().filter(|name| has_ended(name)) {
        // Another process may do the same at this moment, and a connection may still be closing.
        execute(admin, format!("drop database if exists {name} with (force)")).await;
    }
}

/// Whether the process that a database is named after is gone. Numbers are used again: then it is dropped later.
fn has_ended(database: &str) -> bool {
    let process = database.split('_').nth(1).and_then(|number| number.parse().ok()).and_then(Pid::from_raw);
    process.is_some_and(|process| test_kill_process(process) == Err(Errno::SRCH))
}

async fn execute(admin: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await.unwrap();
}

/// Another migration, another template.
fn template_name(modules: &[database::migrate::Module<'_>]) -> String {
    let mut hash = Sha256::new();
    hash.update(database::migrate::core_fingerprint());
    for module in modules {
        hash.update(format!("{module:?}"));
    }
    let hash = hash.finalize();
    format!("template_{}", hash[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn with_database(url: &str, name: &str) -> String {
    let (head, _) = url.rsplit_once('/').unwrap();
    format!("{head}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn databases_of_ended_processes_are_dropped_and_others_stay() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let ended = format!("test_{}_left", child.id());
        child.wait().unwrap();
        let mut admin = PgConnection::connect(&admin_url().await).await.unwrap();
        execute(&mut admin, format!("create database {ended}")).await;
        let own = fresh_database(&[]).await;
        let names: Vec<String> =
            sqlx::query_scalar("select datname::text from pg_database").fetch_all(&mut admin).await.unwrap();
        assert!(!names.contains(&ended), "{names:?}");
        assert!(names.iter().any(|name| own.ends_with(name)), "{names:?}");
    }
}
