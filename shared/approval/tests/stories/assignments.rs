//! What waits for whom follows the directory, in the transactions that change it.

use common::EmployeeId;

use super::*;

/// Ben, who reports to Bob, who reports to Tina; and somebody of HR.
struct Line {
    company: Company,
    tina: (Person, EmployeeId),
    bob: (Person, EmployeeId),
    ben: (Person, EmployeeId),
    hr: Person,
}

async fn line() -> Line {
    let company = Company::of(&[Role::Owner]).await;
    let (tina, bob) = (company.join(&[Role::Manager]).await, company.join(&[Role::Manager]).await);
    let (ben, hr) = (company.join(&[Role::Member]).await, company.join(&[Role::Hr]).await);
    let top = company.employ(&tina, None).await;
    let middle = company.employ(&bob, Some(top)).await;
    let below = company.employ(&ben, Some(middle)).await;
    Line { company, tina: (tina, top), bob: (bob, middle), ben: (ben, below), hr }
}

#[tokio::test]
async fn when_the_manager_changes_the_new_one_is_assigned_at_once() {
    let Line { company, tina, bob, ben, .. } = line().await;
    let (subject, assignees) = company.ask(&ben.0).await;
    assert_eq!(assignees, ids(&[&bob.0]));
    company.employee(record(ben.1, &ben.0, Some(tina.1))).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&tina.0]));
    assert!(company.inbox(&bob.0).await.is_empty());
    assert_eq!(company.inbox(&tina.0).await, [subject]);
    assert_eq!(code(company.approve(&bob.0, subject).await), "NOT_APPROVER");
    assert_eq!(company.approve(&tina.0, subject).await.unwrap(), Outcome::Approved);
}

#[tokio::test]
async fn a_change_high_up_reaches_what_waits_for_a_manager_of_managers() {
    let Line { company, tina, bob, ben, hr } = line().await;
    company.rule(rule(vec![by_manager(2)])).await;
    let (subject, assignees) = company.ask(&ben.0).await;
    assert_eq!(assignees, ids(&[&tina.0]));
    let other = company.join(&[Role::Manager]).await;
    let above = company.employ(&other, None).await;
    company.employee(record(bob.1, &bob.0, Some(above))).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&other]));
    company.employee(record(bob.1, &bob.0, None)).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&hr]));
}

#[tokio::test]
async fn when_the_manager_leaves_or_is_suspended_the_office_decides_until_they_are_back() {
    let Line { company, bob, ben, hr, .. } = line().await;
    let (subject, _) = company.ask(&ben.0).await;
    let mut tx = company.tx().await;
    people::write::left_on(&mut tx, bob.1, Some("2026-03-01".parse().unwrap())).await.unwrap();
    tx.commit(()).await.unwrap();
    assert_eq!(company.waits_for(subject).await, ids(&[&hr]));
    let mut tx = company.tx().await;
    people::write::left_on(&mut tx, bob.1, None).await.unwrap();
    tx.commit(()).await.unwrap();
    assert_eq!(company.waits_for(subject).await, ids(&[&bob.0]));
    company.member(&bob.0, &[Role::Manager], false).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&hr]));
    company.member(&bob.0, &[Role::Manager], true).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob.0]));
}

#[tokio::test]
async fn what_fell_to_the_office_goes_with_its_people() {
    let company = Company::of(&[Role::Owner]).await;
    let ben = company.join(&[Role::Member]).await;
    let (subject, assignees) = company.ask(&ben).await;
    assert_eq!(assignees, ids(&[&company.ada]));
    let hr = company.join(&[Role::Hr]).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&hr]));
    let other = company.join(&[Role::Hr, Role::Member]).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&hr, &other]));
    company.member(&hr, &[Role::Member], true).await;
    company.member(&other, &[Role::Hr], false).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&company.ada]));
}

#[tokio::test]
async fn a_role_is_whoever_holds_it_now() {
    let company = Company::of(&[Role::Owner]).await;
    let (ann, bob) = (company.join(&[Role::Accountant]).await, company.join(&[Role::Member]).await);
    let ben = company.join(&[Role::Member]).await;
    company.rule(rule(vec![by_role(Role::Accountant, Quorum::Any)])).await;
    let (subject, _) = company.ask(&ben).await;
    company.member(&bob, &[Role::Accountant], true).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&ann, &bob]));
    company.member(&ann, &[Role::Member], true).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob]));
    // Whoever asks has no part in it, and neither has the employee whom it is for.
    company.member(&ben, &[Role::Accountant], true).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob]));
}

#[tokio::test]
async fn neither_who_asks_nor_whom_it_is_for_decides() {
    let Line { company, bob, ben, hr, .. } = line().await;
    let asked = Subject { requester: id(&bob.0), employee_id: Some(ben.1), ..subject(&bob.0) };
    let subject = asked.id.0;
    assert_eq!(company.ask_for(&bob.0, asked).await, ids(&[&hr]));
    for own in [&bob.0, &ben.0] {
        assert_eq!(code(company.approve(own, subject).await), "OWN_REQUEST");
    }
    assert_eq!(company.approve(&hr, subject).await.unwrap(), Outcome::Approved);
}

#[tokio::test]
async fn where_nobody_else_works_one_decides_oneself_and_the_trail_says_so() {
    let company = Company::of(&[Role::Owner]).await;
    company.join(&[Role::Client]).await;
    let (subject, assignees) = company.ask(&company.ada).await;
    assert_eq!(assignees, ids(&[&company.ada]));
    assert_eq!(company.approve(&company.ada, subject).await.unwrap(), Outcome::Approved);
    assert!(company.look::<bool>("select is_own from approval.decision").await);
    // As soon as somebody else is of the office, one's own waits for them.
    let (second, _) = company.ask(&company.ada).await;
    let ben = company.join(&[Role::Member]).await;
    assert_eq!(company.waits_for(second).await, ids(&[&company.ada]));
    company.member(&ben, &[Role::Hr], true).await;
    assert_eq!(company.waits_for(second).await, ids(&[&ben]));
    assert_eq!(code(company.approve(&company.ada, second).await), "OWN_REQUEST");
    // Who is not of the office does not decide on their own because nobody else can.
    let (third, _) = company.ask(&ben).await;
    company.member(&ben, &[Role::Member], true).await;
    company.member(&company.ada, &[Role::Owner], false).await;
    let carl = company.join(&[Role::Member]).await;
    assert!(company.waits_for(third).await.is_empty());
    assert_eq!(code(company.approve(&ben, third).await), "OWN_REQUEST");
    company.member(&carl, &[Role::Admin], true).await;
    assert_eq!(company.waits_for(third).await, ids(&[&carl]));
}

#[tokio::test]
async fn who_begins_while_the_manager_is_being_replaced_waits_for_the_new_one() {
    let Line { company, tina, bob, ben, .. } = line().await;
    for round in 0..10 {
        let (before, after) = if round % 2 == 0 { (&bob, &tina) } else { (&tina, &bob) };
        company.employee(record(ben.1, &ben.0, Some(before.1))).await;
        let mut asking = company.tx_of(&ben.0).await;
        let asked = subject(&ben.0);
        let subject = asked.id.0;
        assert_eq!(approval::begin(&mut asking, asked).await.unwrap(), ids(&[&before.0]));
        let replace = company.employee(record(ben.1, &ben.0, Some(after.1)));
        let end = async {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            asking.commit(()).await.unwrap();
        };
        tokio::join!(replace, end);
        assert_eq!(company.waits_for(subject).await, ids(&[&after.0]));
    }
}

#[tokio::test]
async fn those_for_whom_something_comes_to_wait_later_are_told_once() {
    let Line { company, tina, bob, ben, .. } = line().await;
    company.rule(rule(vec![by_manager(1), by_manager(2)])).await;
    let (subject, _) = company.ask(&ben.0).await;
    company.approve(&bob.0, subject).await.unwrap();
    company.approve(&tina.0, subject).await.unwrap();
    company.app.settle().await;
    let announced = company.app.announced().await;
    let told: Vec<_> = announced
        .iter()
        .map(|(event, payload)| {
            let whom = payload.get("assignees").or(payload.get("decidedBy")).unwrap();
            (event.as_str(), whom.to_string().contains(&id(&bob.0).to_string()), payload["step"].as_i64())
        })
        .collect();
    assert_eq!(
        told,
        [("approval.step.assigned", false, Some(2)), ("approval.approval.decided", false, None),]
    );
    assert_eq!(announced[1].1["isApproved"], true);
    assert_eq!(announced[1].1["subjectId"], subject.to_string());
}
