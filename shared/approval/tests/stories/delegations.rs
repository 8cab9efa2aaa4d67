//! Deciding for somebody else.

use approval::delegation::{self, DelegationCreateInput};
use approval::{Delegation, DelegationId};
use graphql::Date;

use super::*;

/// The days are in March 2026; it is the 2nd.
fn days(to: &Person, from: u32, last: u32) -> DelegationCreateInput {
    let day = |day| Date(chrono::NaiveDate::from_ymd_opt(2026, 3, day).unwrap());
    DelegationCreateInput {
        from_id: None,
        to_id: id(to),
        first_day: day(from),
        last_day: day(last),
        reason: Some("On holiday".to_owned()),
    }
}

async fn delegate(company: &Company, from: &Person, to: &Person) -> Delegation {
    delegation::create(&company.app.ctx(from, "employee"), days(to, 2, 20)).await.unwrap()
}

async fn end(company: &Company, by: &Person, id: DelegationId) -> Result<Delegation> {
    delegation::end(&company.app.ctx(by, "employee"), id).await
}

/// Somebody whose manager decides, that manager, and two more.
async fn office() -> (Company, Person, Person, Person, Person) {
    let company = Company::of(&[Role::Owner]).await;
    let (bob, ben) = (company.join(&[Role::Manager]).await, company.join(&[Role::Member]).await);
    let (dora, emil) = (company.join(&[Role::Member]).await, company.join(&[Role::Member]).await);
    let above = company.employ(&bob, None).await;
    company.employ(&ben, Some(above)).await;
    (company, bob, ben, dora, emil)
}

#[tokio::test]
async fn a_delegate_decides_on_behalf_of_whom_they_stand_in_for() {
    let (company, bob, ben, dora, _) = office().await;
    let (subject, _) = company.ask(&ben).await;
    assert_eq!(code(company.approve(&dora, subject).await), "NOT_APPROVER");
    delegate(&company, &bob, &dora).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob, &dora]));
    assert_eq!(company.inbox(&dora).await, [subject]);
    assert_eq!(company.approve(&dora, subject).await.unwrap(), Outcome::Approved);
    let behalf: Uuid = company.look("select on_behalf_of from approval.decision").await;
    assert_eq!(behalf, id(&bob).0);
    // Who stands in for somebody begins with what comes later, too.
    assert_eq!(company.ask(&ben).await.1, ids(&[&bob, &dora]));
}

#[tokio::test]
async fn a_delegate_of_one_of_all_speaks_for_that_one_and_for_themselves() {
    let company = Company::of(&[Role::Owner]).await;
    let (ann, bob) = (company.join(&[Role::Accountant]).await, company.join(&[Role::Accountant]).await);
    let (ben, dora) = (company.join(&[Role::Member]).await, company.join(&[Role::Member]).await);
    company.rule(rule(vec![by_role(Role::Accountant, Quorum::All)])).await;
    delegate(&company, &bob, &dora).await;
    let (subject, _) = company.ask(&ben).await;
    assert_eq!(company.approve(&dora, subject).await.unwrap(), Outcome::Waiting(ids(&[&ann])));
    assert_eq!(code(company.approve(&bob, subject).await), "ALREADY_DECIDED");
    assert_eq!(company.approve(&ann, subject).await.unwrap(), Outcome::Approved);
    delegate(&company, &bob, &ann).await;
    let (second, _) = company.ask(&ben).await;
    assert_eq!(company.approve(&ann, second).await.unwrap(), Outcome::Approved);
}

#[tokio::test]
async fn a_delegation_goes_no_further_than_to_the_delegate() {
    let (company, bob, ben, dora, emil) = office().await;
    delegate(&company, &bob, &dora).await;
    delegate(&company, &dora, &emil).await;
    let (subject, assignees) = company.ask(&ben).await;
    assert_eq!(assignees, ids(&[&bob, &dora]));
    assert_eq!(code(company.approve(&emil, subject).await), "NOT_APPROVER");
}

#[tokio::test]
async fn a_delegate_does_not_decide_on_their_own() {
    let (company, bob, ben, dora, _) = office().await;
    delegate(&company, &bob, &ben).await;
    let (subject, assignees) = company.ask(&ben).await;
    assert_eq!(assignees, ids(&[&bob]));
    assert_eq!(code(company.approve(&ben, subject).await), "OWN_REQUEST");
    // A delegate who may not come in decides on nothing, until they may.
    delegate(&company, &bob, &dora).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob, &dora]));
    company.member(&dora, &[Role::Member], false).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob]));
    company.member(&dora, &[Role::Member], true).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&bob, &dora]));
    // With whom they stand in for, the delegate is out of it.
    company.member(&bob, &[Role::Manager], false).await;
    assert_eq!(company.waits_for(subject).await, ids(&[&company.ada]));
}

#[tokio::test]
async fn an_ended_delegation_holds_no_more() {
    let (company, bob, ben, dora, emil) = office().await;
    let made = delegate(&company, &bob, &dora).await;
    let (subject, _) = company.ask(&ben).await;
    assert_eq!(code(end(&company, &dora, made.id).await), "FORBIDDEN");
    assert_eq!(code(end(&company, &emil, made.id).await), "NOT_FOUND");
    assert!(end(&company, &bob, made.id).await.unwrap().ended_at.is_some());
    assert_eq!(company.waits_for(subject).await, ids(&[&bob]));
    assert!(end(&company, &bob, made.id).await.is_ok());
}

#[tokio::test]
async fn a_delegation_begins_and_ends_by_its_days() {
    let (company, bob, ben, dora, _) = office().await;
    let ctx = company.app.ctx(&bob, "employee");
    delegation::create(&ctx, days(&dora, 4, 5)).await.unwrap();
    let (subject, assignees) = company.ask(&ben).await;
    assert_eq!(assignees, ids(&[&bob]));
    // Where Bob works it is the 4th an hour before it is in Greenwich.
    for (instant, decide) in [
        ("2026-03-03T22:59:00Z", vec![&bob]),
        ("2026-03-03T23:00:00Z", vec![&bob, &dora]),
        ("2026-03-05T22:59:00Z", vec![&bob, &dora]),
        ("2026-03-05T23:00:00Z", vec![&bob]),
    ] {
        company.until(instant);
        approval::follow(&company.app.database, "employee").await.unwrap();
        assert_eq!(company.waits_for(subject).await, ids(&decide), "{instant}");
    }
}

#[tokio::test]
async fn a_delegation_is_to_somebody_else_who_works_here_for_ninety_days_at_most() {
    let (company, bob, _, dora, emil) = office().await;
    let ctx = company.app.ctx(&bob, "employee");
    let client = company.join(&[Role::Client]).await;
    let create = |input| delegation::create(&ctx, input);
    let until =
        |last: &str| DelegationCreateInput { last_day: Date(last.parse().unwrap()), ..days(&dora, 2, 20) };
    assert_eq!(code(create(days(&bob, 2, 20)).await), "DELEGATION_TO_ONESELF");
    assert_eq!(code(create(days(&client, 2, 20)).await), "MEMBER_NOT_FOUND");
    assert_eq!(code(create(days(&Person::new(&[Role::Member]), 2, 20)).await), "MEMBER_NOT_FOUND");
    assert_eq!(code(create(until("2026-03-01")).await), "DELEGATION_DAYS_INVALID");
    assert_eq!(code(create(until("2026-05-31")).await), "DELEGATION_DAYS_INVALID");
    assert!(create(until("2026-05-30")).await.is_ok());
    // Others' is for the office alone, which does it for those who are ill.
    let of_emil = DelegationCreateInput { from_id: Some(id(&emil)), ..days(&dora, 2, 20) };
    assert_eq!(code(create(of_emil.clone()).await), "FORBIDDEN");
    let hr = company.join(&[Role::Hr]).await;
    let made = delegation::create(&company.app.ctx(&hr, "employee"), of_emil).await.unwrap();
    assert_eq!(made.from_membership_id, id(&emil));
}

#[tokio::test]
async fn a_delegation_is_not_for_days_that_are_over_where_one_works() {
    let (company, bob, _, dora, _) = office().await;
    let ctx = company.app.ctx(&bob, "employee");
    assert_eq!(code(delegation::create(&ctx, days(&dora, 1, 1)).await), "DELEGATION_OVER");
    assert!(delegation::create(&ctx, days(&dora, 1, 2)).await.is_ok(), "its last day is today");
    // Whoever is no employee has the organization's days: where it is the 3rd, the 2nd is over.
    let mut tx = company.tx().await;
    people::write::organization(&mut tx, Some("Pacific/Kiritimati")).await.unwrap();
    tx.commit(()).await.unwrap();
    company.until("2026-03-02T10:00:00Z");
    let ctx = company.app.ctx(&dora, "employee");
    assert_eq!(code(delegation::create(&ctx, days(&bob, 2, 2)).await), "DELEGATION_OVER");
    assert!(delegation::create(&ctx, days(&bob, 2, 3)).await.is_ok());
}

#[tokio::test]
async fn the_same_two_have_one_delegation_for_a_day() {
    let (company, bob, _, dora, emil) = office().await;
    let ctx = company.app.ctx(&bob, "employee");
    let create = |input| delegation::create(&ctx, input);
    let made = create(days(&dora, 5, 10)).await.unwrap();
    for (from, last) in [(5, 10), (10, 12), (3, 5), (6, 7), (3, 20)] {
        assert_eq!(code(create(days(&dora, from, last)).await), "DELEGATION_TWICE", "{from} to {last}");
    }
    for (to, from, last) in [(&dora, 3, 4), (&dora, 11, 12), (&emil, 5, 10)] {
        assert!(create(days(to, from, last)).await.is_ok());
    }
    delegation::create(&company.app.ctx(&dora, "employee"), days(&bob, 5, 10)).await.unwrap();
    end(&company, &bob, made.id).await.unwrap();
    assert!(create(days(&dora, 5, 10)).await.is_ok());
    let (one, other) = tokio::join!(create(days(&emil, 20, 21)), create(days(&emil, 21, 22)));
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|is_ok| **is_ok).count(), 1);
}

#[tokio::test]
async fn nobody_takes_the_decisions_of_others_upon_themselves() {
    let (company, bob, _, dora, _) = office().await;
    let hr = company.join(&[Role::Hr]).await;
    let ctx = company.app.ctx(&hr, "employee");
    for from in [&company.ada, &bob] {
        let to_me = DelegationCreateInput { from_id: Some(id(from)), ..days(&hr, 2, 20) };
        assert_eq!(code(delegation::create(&ctx, to_me).await), "DELEGATION_TO_ONESELF");
        let to_another = DelegationCreateInput { from_id: Some(id(from)), ..days(&dora, 2, 20) };
        assert!(delegation::create(&ctx, to_another).await.is_ok());
    }
}
