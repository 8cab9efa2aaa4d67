//! Everything at the same time.

use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sqlx::Connection as _;

use super::*;

const TASKS: u64 = 6;
const MOVES: usize = 3;
const ROUNDS: u64 = 60;

/// Who waits, as it is written down.
const WAITING: &str =
    "select coalesce(string_agg(format('%s %s %s', approval_id, membership_id, on_behalf_of), ' '
    order by approval_id, membership_id, on_behalf_of), '') from approval.assignee";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_directory_and_decisions_interleave_what_is_written_down_is_the_present() {
    let company = Company::of(&[Role::Owner]).await;
    let mut staff = Vec::new();
    for _ in 0..6 {
        let person = company.join(&[Role::Member]).await;
        let employee = company.employ(&person, None).await;
        staff.push((person, employee));
    }
    company.rule(rule(vec![by_manager(1), by_role(Role::Hr, Quorum::Any)])).await;
    // Looked at often: what was written by an older state is soon written anew.
    for round in 0..ROUNDS {
        join_all((0..TASKS).map(|task| busy(&company, &staff, round * TASKS + task))).await;
        let before: String = company.look(WAITING).await;
        assert_eq!(before, waiting_anew(&company).await, "round {round}");
    }
    assert!(company.look::<i64>("select count(*) from approval.decision").await > 0);
}

/// Who waits, worked out anew.
async fn waiting_anew(company: &Company) -> String {
    let mut conn = sqlx::PgConnection::connect(&company.app.admin_url).await.unwrap();
    sqlx::query("select set_config('app.organization_id', $1, false), set_config('app.now', $2, false)")
        .bind(company.organization().to_string())
        .bind(company.app.clock.now().to_rfc3339())
        .execute(&mut conn)
        .await
        .unwrap();
    let all = "select approval.refresh(array(select id from approval.approval))";
    sqlx::query(all).execute(&mut conn).await.unwrap();
    sqlx::query_scalar(WAITING).fetch_one(&mut conn).await.unwrap()
}

/// Asks, decides and changes the directory, one after the other, while others do the same.
async fn busy(company: &Company, staff: &[(Person, EmployeeId)], seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    for _ in 0..MOVES {
        let (at, other) = (chance.random_range(1..staff.len()), chance.random_range(0..staff.len()));
        let (person, employee) = &staff[at];
        match chance.random_range(0..4) {
            0 => drop(company.ask(person).await),
            1 => {
                let manager = &staff[chance.random_range(0..at)];
                company.employee(record(*employee, person, Some(manager.1))).await;
            }
            2 => {
                let role = if chance.random_bool(0.5) { Role::Hr } else { Role::Member };
                company.member(person, &[role], chance.random_bool(0.8)).await;
            }
            _ => {
                for subject in company.inbox(&staff[other].0).await {
                    // Meanwhile it may be somebody else's, or decided.
                    if let Err(error) = company.approve(&staff[other].0, subject).await {
                        assert!(matches!(error, Error::Refused(_)), "{error:?}");
                    }
                }
            }
        }
    }
}
