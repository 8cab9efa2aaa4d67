//! What the logins of the services could do by themselves, if somebody got them to run statements of theirs.

use sqlx::{Connection as _, PgConnection};

use crate::TURN;
use crate::company::Company;
use crate::system::{Mode, System};

/// What the server says to a statement.
async fn refused(login: &mut PgConnection, statement: &'static str) -> String {
    match sqlx::raw_sql(statement).execute(&mut *login).await {
        Ok(_) => panic!("it was let do: {statement}"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn the_services_login_is_never_the_relay_and_a_module_reads_no_other_modules_secrets() {
    let _turn = TURN.lock().await;
    let system = System::start(Mode::OneProcess).await;
    let _company = Company::new(&system).await;
    let mut service = PgConnection::connect(&system.service_url).await.unwrap();
    for statement in ["set role innoerp_relay", "set role innoerp_owner"] {
        assert!(refused(&mut service, statement).await.contains("permission denied"), "{statement}");
    }
    // As itself, the login has nothing either.
    for role in ["set role none", "set role innoerp_app", "set role innoerp_leave"] {
        sqlx::raw_sql(role).execute(&mut service).await.unwrap();
        for statement in [
            "select password_hash from auth.identity",
            "select private_key from auth.signing_key",
            "insert into auth.signing_key default values",
            "select payload from core.event_log",
            "insert into leave.audit_log (organization_id, action, table_name) values (gen_random_uuid(), 'UPDATE', 'x')",
        ] {
            assert!(
                refused(&mut service, statement).await.contains("permission denied"),
                "{role}: {statement}"
            );
        }
    }
    let mut relay = PgConnection::connect(&system.relay_url).await.unwrap();
    sqlx::raw_sql("set role innoerp_relay").execute(&mut relay).await.unwrap();
    for statement in
        ["update core.event_log set payload = '{}'", "select * from auth.identity", "set role innoerp_auth"]
    {
        assert!(refused(&mut relay, statement).await.contains("permission denied"), "{statement}");
    }
}

#[tokio::test]
async fn a_login_that_could_do_more_than_serve_is_refused_at_the_start() {
    let system = System::start(Mode::OneProcess).await;
    let mut wrong = system.command(&["serve", "leave"]);
    wrong.env("DATABASE_URL", &system.admin_url).stderr(std::process::Stdio::piped()).env("LEAVE_PORT", "0");
    let output = wrong.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("can bypass row-level security"), "{said}");
    let mut wrong = system.command(&["serve", "leave"]);
    wrong.env("DATABASE_URL", &system.relay_url).stderr(std::process::Stdio::piped()).env("LEAVE_PORT", "0");
    let output = wrong.output().await.unwrap();
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
