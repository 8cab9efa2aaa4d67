//! What follows from the clock.

use chrono::TimeDelta;

use super::*;

impl Company {
    /// Lets time pass, and the job run.
    async fn pass(&self, time: TimeDelta) {
        self.app.clock.advance(time);
        approval::follow(&self.app.database, "employee").await.unwrap();
    }
}

#[tokio::test]
async fn a_step_that_falls_due_goes_to_the_office_as_well() {
    let company = Company::of(&[Role::Owner]).await;
    let (bob, hr) = (company.join(&[Role::Manager]).await, company.join(&[Role::Hr]).await);
    let ben = company.join(&[Role::Member]).await;
    let above = company.employ(&bob, None).await;
    company.employ(&ben, Some(above)).await;
    let due = |days| ApprovalRuleStepInput { due_in_days: Some(days), ..by_manager(1) };
    company.rule(rule(vec![due(3), due(2)])).await;
    let (subject, _) = company.ask(&ben).await;
    company.pass(TimeDelta::days(3) - TimeDelta::minutes(1)).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob]));
    company.pass(TimeDelta::minutes(1)).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob, &hr]));
    assert_eq!(company.inbox(&hr).await, [subject]);
    let carl = company.join(&[Role::Member]).await;
    assert_eq!(code(company.approve(&carl, subject).await), "NOT_APPROVER");
    // Passed, the next step has its own time, and waits for those of the office who have not decided.
    assert_eq!(company.approve(&hr, subject).await.unwrap(), Outcome::Waiting(ids(&[&bob])));
    company.pass(TimeDelta::days(2)).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob, &company.ada]));
    company.app.settle().await;
    let announced = company.app.announced().await;
    let told: Vec<_> = announced.iter().map(|(_, payload)| payload["assignees"].clone()).collect();
    let list = |people: &[&Person]| serde_json::to_value(ids(people)).unwrap();
    assert_eq!(told, [list(&[&hr]), list(&[&bob]), list(&[&company.ada])]);
}

#[tokio::test]
async fn what_never_falls_due_stays_with_whom_it_is() {
    let company = Company::of(&[Role::Owner]).await;
    let (bob, ben) = (company.join(&[Role::Manager]).await, company.join(&[Role::Member]).await);
    let above = company.employ(&bob, None).await;
    company.employ(&ben, Some(above)).await;
    let (subject, _) = company.ask(&ben).await;
    company.pass(TimeDelta::days(1_000)).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob]));
}

#[tokio::test]
async fn once_a_step_of_all_is_due_one_of_the_office_is_enough() {
    let company = Company::of(&[Role::Owner]).await;
    let (ann, bob) = (company.join(&[Role::Accountant]).await, company.join(&[Role::Accountant]).await);
    let (hr, ben) = (company.join(&[Role::Hr]).await, company.join(&[Role::Member]).await);
    let due = ApprovalRuleStepInput { due_in_days: Some(1), ..by_role(Role::Accountant, Quorum::All) };
    company.rule(rule(vec![due])).await;
    let (subject, _) = company.ask(&ben).await;
    company.approve(&ann, subject).await.unwrap();
    company.pass(TimeDelta::days(1)).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob, &hr]));
    assert_eq!(company.approve(&hr, subject).await.unwrap(), Outcome::Approved);
}

#[tokio::test]
async fn a_manager_decides_until_their_last_day_is_over() {
    let company = Company::of(&[Role::Owner]).await;
    let (bob, ben) = (company.join(&[Role::Manager]).await, company.join(&[Role::Member]).await);
    let above = company.employ(&bob, None).await;
    company.employ(&ben, Some(above)).await;
    let (subject, _) = company.ask(&ben).await;
    let mut tx = company.tx().await;
    people::write::left_on(&mut tx, above, Some("2026-03-04".parse().unwrap())).await.unwrap();
    tx.commit(()).await.unwrap();
    for (instant, decides) in [("2026-03-04T22:59:00Z", &bob), ("2026-03-04T23:01:00Z", &company.ada)] {
        company.until(instant);
        approval::follow(&company.app.database, "employee").await.unwrap();
        assert_eq!(company.waits_for(subject).await, ids(&[decides]), "{instant}");
    }
}

#[tokio::test]
async fn the_new_manager_of_what_waits_is_told_by_the_next_run() {
    let company = Company::of(&[Role::Owner]).await;
    let (bob, tina) = (company.join(&[Role::Manager]).await, company.join(&[Role::Manager]).await);
    let ben = company.join(&[Role::Member]).await;
    let (above, other) = (company.employ(&bob, None).await, company.employ(&tina, None).await);
    let employee = company.employ(&ben, Some(above)).await;
    company.ask(&ben).await;
    company.employee(record(employee, &ben, Some(other))).await;
    // Whatever runs at the same time does it once.
    let run = || approval::follow(&company.app.database, "employee");
    let (one, two) = tokio::join!(run(), run());
    one.and(two).unwrap();
    company.pass(TimeDelta::minutes(1)).await;
    company.app.settle().await;
    let announced = company.app.announced().await;
    let told: Vec<_> = announced.iter().map(|(_, payload)| payload["assignees"].clone()).collect();
    let list = |people: &[&Person]| serde_json::to_value(ids(people)).unwrap();
    assert_eq!(told, [list(&[&tina])]);
}

#[tokio::test]
async fn whoever_takes_over_what_waits_is_told_within_seconds() {
    let company = Company::of(&[Role::Owner]).await;
    let (bob, tina) = (company.join(&[Role::Manager]).await, company.join(&[Role::Manager]).await);
    let ben = company.join(&[Role::Member]).await;
    let (above, other) = (company.employ(&bob, None).await, company.employ(&tina, None).await);
    let employee = company.employ(&ben, Some(above)).await;
    let (subject, _) = company.ask(&ben).await;
    let tell = || approval::tell(&company.app.database, "employee");
    tell().await.unwrap();
    company.employee(record(employee, &ben, Some(other))).await;
    // Whatever runs at the same time does it once.
    let (one, two) = tokio::join!(tell(), tell());
    one.and(two).unwrap();
    tell().await.unwrap();
    company.app.settle().await;
    let announced = company.app.announced().await;
    let told: Vec<_> =
        announced.iter().map(|(event, payload)| (event.as_str(), &payload["assignees"])).collect();
    assert_eq!(told, [("approval.step.assigned", &serde_json::to_value(ids(&[&tina])).unwrap())]);
    assert_eq!(announced[0].1["subjectType"], "LeaveRequest");
    assert_eq!(announced[0].1["subjectId"], subject.to_string());
}
