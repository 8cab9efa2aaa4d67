//! Who hears what, and how often.

use common::Role;
use serde_json::json;
use testing::Person;
use uuid::Uuid;

use crate::office::{Request, balance, bodies, id, inbox, join, open, put, titles};

#[tokio::test]
async fn the_approver_hears_of_a_request_and_the_requester_of_the_decision() {
    let app = open().await;
    let asks = Person::new(&[Role::Member]);
    let decides = asks.colleague(&[Role::Manager]);
    let request = Request::of(&asks, &[&decides]);
    request.is(&app, "submitted", &asks).await;
    assert!(inbox(&app, &asks).await.is_empty());
    let told = inbox(&app, &decides).await.remove(0);
    assert_eq!(told["type"], "leave.request.submitted");
    assert_eq!(told["title"], "Leave request");
    assert_eq!(told["body"], "Leave from 9 to 13 March 2026 (5 days) waits for your decision.");
    assert_eq!(told["createdAt"], "2026-03-02T09:00:00+00:00");
    assert_eq!(told["readAt"], json!(null));
    assert_eq!(told["actor"]["id"], id(&asks).to_string());
    assert_eq!(told["link"], json!({ "type": "LeaveRequest", "id": request.id.to_string() }));
    request.is(&app, "approved", &decides).await;
    assert_eq!(titles(&app, &asks).await, ["Leave approved"]);
    assert_eq!(inbox(&app, &asks).await[0]["actor"]["id"], id(&decides).to_string());
    assert_eq!(titles(&app, &decides).await, ["Leave request"]);
}

#[tokio::test]
async fn a_rejection_reaches_the_requester_and_ones_own_decision_nobody() {
    let app = open().await;
    let asks = Person::new(&[Role::Owner]);
    let decides = asks.colleague(&[Role::Manager]);
    Request::of(&asks, &[&decides]).is(&app, "rejected", &decides).await;
    Request::of(&asks, &[&decides]).is(&app, "approved", &asks).await;
    assert_eq!(titles(&app, &asks).await, ["Leave rejected"]);
    assert!(inbox(&app, &decides).await.is_empty());
}

#[tokio::test]
async fn a_cancellation_reaches_those_who_were_told_but_for_who_cancelled() {
    let app = open().await;
    let asks = Person::new(&[Role::Member]);
    let (first, second, other) =
        (asks.colleague(&[Role::Manager]), asks.colleague(&[Role::Hr]), asks.colleague(&[Role::Hr]));
    let request = Request::of(&asks, &[&first, &second]);
    request.is(&app, "submitted", &asks).await;
    let request = request.decided_by(&first);
    request.is(&app, "approved", &first).await;
    request.is(&app, "cancelled", &second).await;
    assert_eq!(titles(&app, &asks).await, ["Leave cancelled", "Leave approved"]);
    assert_eq!(titles(&app, &first).await, ["Leave cancelled", "Leave request"]);
    assert_eq!(titles(&app, &second).await, ["Leave request"]);
    assert!(inbox(&app, &other).await.is_empty());
}

#[tokio::test]
async fn without_an_approver_hr_hears_then_admins_then_owners() {
    let app = open().await;
    let owner = Person::new(&[Role::Owner]);
    let (asks, admin) = (owner.colleague(&[Role::Member]), owner.colleague(&[Role::Admin]));
    let hr = owner.colleague(&[Role::Member]);
    let foreign_hr = Person::new(&[Role::Hr]);
    join(&app, &[&owner, &asks, &hr, &foreign_hr]).await;
    Request::of(&asks, &[]).is(&app, "submitted", &asks).await;
    assert_eq!(titles(&app, &owner).await.len(), 1);
    join(&app, &[&admin]).await;
    Request::of(&asks, &[]).is(&app, "submitted", &asks).await;
    assert_eq!(titles(&app, &admin).await.len(), 1);
    put(&app, &hr, &[Role::Member, Role::Hr], true).await;
    Request::of(&asks, &[]).is(&app, "submitted", &asks).await;
    // HR's own falls to the next.
    Request::of(&hr, &[]).is(&app, "submitted", &hr).await;
    let mut counts = Vec::new();
    for person in [&owner, &admin, &hr, &asks, &foreign_hr] {
        counts.push(titles(&app, person).await.len());
    }
    assert_eq!(counts, [1, 2, 1, 0, 0]);
}

#[tokio::test]
async fn who_is_suspended_or_removed_no_longer_hears_for_the_office() {
    let app = open().await;
    let owner = Person::new(&[Role::Owner]);
    let (asks, hr) = (owner.colleague(&[Role::Member]), owner.colleague(&[Role::Hr]));
    join(&app, &[&owner, &asks, &hr]).await;
    for (is_active, expected) in [(false, [0, 1]), (true, [1, 1]), (false, [1, 2])] {
        put(&app, &hr, &[Role::Hr], is_active).await;
        Request::of(&asks, &[]).is(&app, "submitted", &asks).await;
        assert_eq!([inbox(&app, &hr).await.len(), inbox(&app, &owner).await.len()], expected);
    }
}

#[tokio::test]
async fn an_owner_alone_hears_of_their_own_request() {
    let app = open().await;
    let owner = Person::new(&[Role::Owner]);
    join(&app, &[&owner]).await;
    Request::of(&owner, &[]).is(&app, "submitted", &owner).await;
    assert_eq!(titles(&app, &owner).await, ["Leave request"]);
    join(&app, &[&owner.colleague(&[Role::Member])]).await;
    Request::of(&owner, &[]).is(&app, "submitted", &owner).await;
    assert_eq!(titles(&app, &owner).await.len(), 1);
}

#[tokio::test]
async fn the_same_fact_is_told_once_however_often_it_is_announced() {
    let app = open().await;
    let asks = Person::new(&[Role::Member]);
    let decides = asks.colleague(&[Role::Manager]);
    let request = Request::of(&asks, &[&decides]);
    let envelope = request.envelope("submitted", &asks);
    app.publish(envelope.clone()).await;
    app.publish(envelope).await;
    // The same fact in another event.
    request.is(&app, "submitted", &asks).await;
    assert_eq!(inbox(&app, &decides).await.len(), 1);
}

#[tokio::test]
async fn an_event_that_makes_no_sense_is_set_aside_and_holds_nothing_up() {
    let app = open().await;
    let asks = Person::new(&[Role::Member]);
    let decides = asks.colleague(&[Role::Manager]);
    app.announce_raw(&asks, "leave.request.submitted", json!({ "requestId": Uuid::nil() })).await;
    Request::of(&asks, &[&decides]).is(&app, "submitted", &asks).await;
    assert_eq!(inbox(&app, &decides).await.len(), 1);
}

#[tokio::test]
async fn whoever_two_steps_wait_for_hears_of_both_and_once_of_each() {
    let app = open().await;
    let decides = Person::new(&[Role::Manager]);
    let (approval, subject) = (Uuid::now_v7(), Uuid::now_v7());
    let assigned = async |approval: Uuid, step: i32| {
        let payload = json!({ "approvalId": approval, "kind": "expense.claim", "subjectId": subject,
            "subjectType": "ExpenseClaim", "step": step, "assignees": [id(&decides)] });
        app.announce_raw(&decides, "approval.step.assigned", payload).await;
    };
    for step in [1, 2, 2] {
        assigned(approval, step).await;
    }
    let told = inbox(&app, &decides).await;
    let bodies: Vec<_> = told.iter().map(|told| told["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ["This expense claim waits for your decision."; 2]);
    assert_eq!(told[0]["link"], json!({ "type": "ExpenseClaim", "id": subject }));
    // What is asked for again is another approval.
    assigned(Uuid::now_v7(), 1).await;
    assert_eq!(inbox(&app, &decides).await.len(), 3);
}

#[tokio::test]
async fn what_is_said_of_a_step_is_what_was_said_of_the_thing() {
    let app = open().await;
    let asks = Person::new(&[Role::Member]);
    let (before, after) = (asks.colleague(&[Role::Manager]), asks.colleague(&[Role::Manager]));
    let request = Request::of(&asks, &[&before]);
    request.is(&app, "submitted", &asks).await;
    let payload = json!({ "approvalId": Uuid::now_v7(), "kind": "leave.request", "subjectId": request.id,
        "subjectType": "LeaveRequest", "step": 1, "assignees": [id(&after)] });
    app.announce_raw(&asks, "approval.step.assigned", payload).await;
    let waits = "Leave from 9 to 13 March 2026 (5 days) waits for your decision.";
    assert_eq!(bodies(&app, &after).await, [waits]);
    assert_eq!(bodies(&app, &before).await, [waits]);
}

#[tokio::test]
async fn whose_leave_it_is_hears_of_all_that_others_do_to_it_and_of_nothing_they_do_themselves() {
    let app = open().await;
    let asks = Person::new(&[Role::Member]);
    let hr = asks.colleague(&[Role::Hr]);
    join(&app, &[&asks, &hr]).await;
    for (by, count) in [(&asks, 0), (&hr, 7)] {
        let request = Request::of(&asks, &[&hr]);
        for verbed in ["submitted", "approved", "adjusted", "cancelled"] {
            request.is(&app, verbed, by).await;
        }
        Request::of(&asks, &[&hr]).is(&app, "rejected", by).await;
        balance(&app, by, "adjusted", &asks, "2").await;
        balance(&app, by, "overdrawn", &asks, "1").await;
        assert_eq!(titles(&app, &asks).await.len(), count);
    }
    let expected = [
        "Your leave balance is overdrawn by 1 day.",
        "Your leave balance was corrected by +2 days.",
        "Your leave from 9 to 13 March 2026 (5 days) was rejected.",
        "Your leave from 9 to 13 March 2026 (5 days) was cancelled.",
        "Your leave from 9 to 13 March 2026 was counted again and takes 5 days now.",
        "Your leave from 9 to 13 March 2026 (5 days) was approved.",
        "Leave from 9 to 13 March 2026 (5 days) was asked for on your behalf.",
    ];
    assert_eq!(bodies(&app, &asks).await, expected);
}

#[tokio::test]
async fn those_who_were_asked_to_decide_hear_that_it_is_not_needed_any_more() {
    let app = open().await;
    let asks = Person::new(&[Role::Member]);
    let (asked, other) = (asks.colleague(&[Role::Manager]), asks.colleague(&[Role::Hr]));
    let request = Request::of(&asks, &[&asked]);
    request.is(&app, "submitted", &asks).await;
    request.is(&app, "cancelled", &asks).await;
    assert_eq!(titles(&app, &asked).await, ["Leave withdrawn", "Leave request"]);
    let withdrawn = "Leave from 9 to 13 March 2026 (5 days) was withdrawn and needs no decision any more.";
    assert_eq!(bodies(&app, &asked).await[0], withdrawn);
    assert!(inbox(&app, &other).await.is_empty() && inbox(&app, &asks).await.is_empty());
}

#[tokio::test]
async fn the_office_hears_of_an_overdrawn_balance_but_for_whose_it_is_and_whose_deed() {
    let app = open().await;
    let owner = Person::new(&[Role::Owner]);
    let [asks, hr, other] = [Role::Member, Role::Hr, Role::Hr].map(|role| owner.colleague(&[role]));
    join(&app, &[&owner, &asks, &hr, &other]).await;
    balance(&app, &hr, "overdrawn", &asks, "-1.5").await;
    assert_eq!(bodies(&app, &asks).await, ["Your leave balance is overdrawn by 1.5 days."]);
    assert_eq!(bodies(&app, &other).await, ["A leave balance is overdrawn by 1.5 days."]);
    assert!(inbox(&app, &hr).await.is_empty() && inbox(&app, &owner).await.is_empty());
    // HR's own is for the others of HR to know.
    balance(&app, &owner, "overdrawn", &hr, "1").await;
    assert_eq!(bodies(&app, &hr).await, ["Your leave balance is overdrawn by 1 day."]);
    assert_eq!(inbox(&app, &other).await.len(), 2);
}

#[tokio::test]
async fn what_happens_again_is_told_again_and_once_for_each_event() {
    let app = open().await;
    let asks = Person::new(&[Role::Member]);
    let hr = asks.colleague(&[Role::Hr]);
    let request = Request::of(&asks, &[&hr]);
    let once = request.envelope("adjusted", &hr);
    for envelope in [once.clone(), once, request.envelope("adjusted", &hr)] {
        app.publish(envelope).await;
    }
    assert_eq!(inbox(&app, &asks).await.len(), 2);
}

#[tokio::test]
async fn whose_deed_it_is_the_event_may_say_itself() {
    let app = open().await;
    let asks = Person::new(&[Role::Member]);
    let hr = asks.colleague(&[Role::Hr]);
    let payload = json!({ "employeeId": Uuid::now_v7(), "membershipId": id(&asks), "leaveTypeId": Uuid::now_v7(),
        "days": "1", "actorMembershipId": id(&hr) });
    // Written down by the employee's own transaction, as a consequence of what HR did before.
    app.announce_raw(&asks, "leave.balance.adjusted", payload).await;
    assert_eq!(inbox(&app, &asks).await[0]["actor"]["id"], id(&hr).to_string());
}

#[tokio::test]
async fn who_keeps_a_warehouse_hears_of_what_runs_low_in_it_and_without_one_administrators_do() {
    let app = open().await;
    let keeps = Person::new(&[Role::Member]);
    let (admin, gone) = (keeps.colleague(&[Role::Admin]), keeps.colleague(&[Role::Manager]));
    join(&app, &[&keeps, &admin]).await;
    put(&app, &gone, &[Role::Manager], false).await;
    let low = |keepers: &[&Person]| {
        let keepers: Vec<_> = keepers.iter().map(|person| id(person)).collect();
        json!({ "productId": Uuid::now_v7(), "sku": "SAW-1", "available": "2.000", "minQuantity": "3",
            "warehouseCode": "MAIN", "keeperMembershipIds": keepers })
    };
    // Also of what they have taken themselves.
    app.announce_raw(&keeps, "products.stock.run_low", low(&[&keeps, &gone])).await;
    let body = "Product SAW-1 has 2 left in MAIN and is to be ordered again.";
    assert_eq!(bodies(&app, &keeps).await, [body]);
    assert!(inbox(&app, &admin).await.is_empty());
    app.announce_raw(&keeps, "products.stock.run_low", low(&[&gone])).await;
    assert_eq!(bodies(&app, &admin).await, [body]);
    assert_eq!(inbox(&app, &gone).await.len(), 0);
}
