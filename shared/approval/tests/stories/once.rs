//! Each decides once, and on nothing that is or was their own.

use approval::delegation::{self, DelegationCreateInput};
use common::EmployeeId;
use graphql::Date;

use super::*;

async fn delegate(company: &Company, from: &Person, to: &Person) {
    let day = |day: &str| Date(day.parse().unwrap());
    let input = DelegationCreateInput {
        from_id: None,
        to_id: id(to),
        first_day: day("2026-03-02"),
        last_day: day("2026-03-20"),
        reason: None,
    };
    delegation::create(&company.app.ctx(from, "employee"), input).await.unwrap();
}

#[tokio::test]
async fn the_office_decides_once_on_an_approval_and_not_on_step_after_step() {
    let company = Company::of(&[Role::Owner]).await;
    let (ann, bob) = (company.join(&[Role::Accountant]).await, company.join(&[Role::Member]).await);
    let (hr, other) = (company.join(&[Role::Hr]).await, company.join(&[Role::Hr]).await);
    let ben = company.join(&[Role::Member]).await;
    let steps = vec![by_member(&bob), by_member(&ann), by_member(&ann)];
    company.rule(rule(steps)).await;
    let (subject, _) = company.ask(&ben).await;
    let office = async |person: &Person| company.decide_by(&ALL, person, subject, Verdict::Approved).await;
    assert!(company.is_offered(&hr, subject).await);
    assert_eq!(office(&hr).await.unwrap(), Outcome::Waiting(ids(&[&ann])));
    assert!(!company.is_offered(&hr, subject).await);
    assert_eq!(code(office(&hr).await), "ALREADY_DECIDED");
    let rejected = company.decide_by(&ALL, &hr, subject, Verdict::Rejected).await;
    assert_eq!(code(rejected), "ALREADY_DECIDED");
    // Somebody else of the office may, and those whom a step names.
    assert!(company.is_offered(&other, subject).await);
    assert_eq!(office(&other).await.unwrap(), Outcome::Waiting(ids(&[&ann])));
    assert_eq!(code(office(&other).await), "ALREADY_DECIDED");
    assert_eq!(company.approve(&ann, subject).await.unwrap(), Outcome::Approved);
    // What is asked for again is another approval.
    let again = Subject { id: subject.into(), ..super::subject(&ben) };
    company.ask_for(&ben, again).await;
    assert_eq!(office(&hr).await.unwrap(), Outcome::Waiting(ids(&[&ann])));
}

#[tokio::test]
async fn a_step_that_falls_to_the_office_waits_for_those_who_have_not_decided() {
    let company = Company::of(&[Role::Owner]).await;
    let (hr, ben) = (company.join(&[Role::Hr]).await, company.join(&[Role::Member]).await);
    let nobody = || by_role(Role::Accountant, Quorum::Any);
    company.rule(rule(vec![nobody(), nobody(), nobody()])).await;
    let (subject, assignees) = company.ask(&ben).await;
    assert_eq!(assignees, ids(&[&hr]));
    assert_eq!(company.approve(&hr, subject).await.unwrap(), Outcome::Waiting(ids(&[&company.ada])));
    assert_eq!(code(company.approve(&hr, subject).await), "ALREADY_DECIDED");
    // Where all have decided, they do so again: better they than nobody.
    assert_eq!(company.approve(&company.ada, subject).await.unwrap(), Outcome::Waiting(ids(&[&hr])));
    assert_eq!(company.approve(&hr, subject).await.unwrap(), Outcome::Approved);
}

#[tokio::test]
async fn a_step_that_is_due_does_not_wait_for_those_of_the_office_who_have_decided() {
    let company = Company::of(&[Role::Owner]).await;
    let (ann, ben) = (company.join(&[Role::Accountant]).await, company.join(&[Role::Member]).await);
    let (hr, other) = (company.join(&[Role::Hr]).await, company.join(&[Role::Hr]).await);
    let due = ApprovalRuleStepInput { due_in_days: Some(1), ..by_member(&ann) };
    company.rule(rule(vec![by_role(Role::Hr, Quorum::Any), due])).await;
    let (subject, _) = company.ask(&ben).await;
    company.approve(&hr, subject).await.unwrap();
    company.until("2026-03-04T09:00:00Z");
    approval::follow(&company.app.database, "employee").await.unwrap();
    assert_eq!(company.waits_for(subject).await, ids(&[&ann, &other]));
}

#[tokio::test]
async fn a_quorum_of_all_is_not_fulfilled_by_one_who_repeats() {
    let company = Company::of(&[Role::Owner]).await;
    let (ann, bob) =
        (company.join(&[Role::Accountant, Role::Hr]).await, company.join(&[Role::Accountant]).await);
    let ben = company.join(&[Role::Member]).await;
    company.rule(rule(vec![by_role(Role::Accountant, Quorum::All)])).await;
    let (subject, _) = company.ask(&ben).await;
    let ann_approves = async || company.decide_by(&ALL, &ann, subject, Verdict::Approved).await;
    assert_eq!(ann_approves().await.unwrap(), Outcome::Waiting(ids(&[&bob])));
    assert!(!company.is_offered(&ann, subject).await);
    assert_eq!(code(ann_approves().await), "ALREADY_DECIDED");
    // Of somebody for whom they stand in, they are asked as well.
    delegate(&company, &bob, &ann).await;
    assert!(company.is_offered(&ann, subject).await);
    assert_eq!(ann_approves().await.unwrap(), Outcome::Approved);
}

#[tokio::test]
async fn who_was_spoken_for_has_decided() {
    let company = Company::of(&[Role::Owner]).await;
    let (ann, bob) =
        (company.join(&[Role::Accountant, Role::Hr]).await, company.join(&[Role::Accountant]).await);
    let (ben, dora) = (company.join(&[Role::Member]).await, company.join(&[Role::Member]).await);
    company.rule(rule(vec![by_role(Role::Accountant, Quorum::All)])).await;
    delegate(&company, &ann, &dora).await;
    let (subject, _) = company.ask(&ben).await;
    assert_eq!(company.approve(&dora, subject).await.unwrap(), Outcome::Waiting(ids(&[&bob])));
    let again = company.decide_by(&ALL, &ann, subject, Verdict::Approved).await;
    assert_eq!(code(again), "ALREADY_DECIDED");
}

#[tokio::test]
async fn whoever_two_steps_name_decides_on_both_but_not_in_one_go() {
    let company = Company::of(&[Role::Owner]).await;
    let (boss, ben) = (company.join(&[Role::Manager]).await, company.join(&[Role::Member]).await);
    let above = company.employ(&boss, None).await;
    company.employ(&ben, Some(above)).await;
    company.rule(rule(vec![by_manager(1), by_member(&boss)])).await;
    let (subject, _) = company.ask(&ben).await;
    // A list that names a thing twice means the step that was seen.
    let mut tx = company.tx_of(&boss).await;
    let mut approve =
        async || approval::decide::<Leave>(&mut tx, subject.into(), id(&boss), Verdict::Approved, None).await;
    assert_eq!(approve().await.unwrap(), Outcome::Waiting(ids(&[&boss])));
    assert_eq!(code(approve().await), "ALREADY_DECIDED");
    tx.commit(()).await.unwrap();
    assert_eq!(company.approve(&boss, subject).await.unwrap(), Outcome::Approved);
}

#[tokio::test]
async fn what_was_ones_own_when_it_was_asked_for_stays_so() {
    let company = Company::of(&[Role::Owner]).await;
    let (hr, admin) = (company.join(&[Role::Hr]).await, company.join(&[Role::Admin]).await);
    let employee = company.employ(&hr, None).await;
    let asked = Subject { employee_id: Some(employee), ..subject(&admin) };
    let subject = asked.id.0;
    assert_eq!(company.ask_for(&admin, asked).await, ids(&[&company.ada]));
    company.employee(people::Person { membership_id: None, ..record(employee, &hr, None) }).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&company.ada]));
    assert!(!company.is_offered(&hr, subject).await);
    let own = company.decide_by(&ALL, &hr, subject, Verdict::Approved).await;
    assert_eq!(code(own), "OWN_REQUEST");
    // And whose it becomes does not decide either; whoever asked does, where nobody else is left.
    company.employee(record(employee, &company.ada, None)).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&admin]));
    assert_eq!(code(company.approve(&company.ada, subject).await), "OWN_REQUEST");
}

#[tokio::test]
async fn customers_and_vendors_hold_nothing_up() {
    let company = Company::of(&[Role::Owner]).await;
    let (client, hr) = (company.join(&[Role::Client]).await, company.join(&[Role::Hr]).await);
    let ben = company.join(&[Role::Member]).await;
    let above = company.employ(&client, None).await;
    let below: EmployeeId = company.employ(&ben, Some(above)).await;
    let (subject, assignees) = company.ask(&ben).await;
    assert_eq!(assignees, ids(&[&hr]));
    company.member(&client, &[Role::Client, Role::Manager], true).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&client]));
    company.member(&client, &[Role::Supplier], true).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&hr]));
    // Nor as somebody's delegate.
    let (bob, dora) = (company.join(&[Role::Manager]).await, company.join(&[Role::Member]).await);
    let other = company.employ(&bob, None).await;
    company.employee(record(below, &ben, Some(other))).await;
    delegate(&company, &bob, &dora).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob, &dora]));
    company.member(&dora, &[Role::Client], true).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob]));
}
