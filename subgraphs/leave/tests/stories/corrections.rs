//! Stories about what is entered late or corrected: balances follow, whatever the order.

use serde_json::{Value, json};

use crate::office::{Office, day};

#[tokio::test]
async fn next_years_balance_has_what_will_move_on() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    assert_eq!(office.balance("2027-01-01").await, "29");
    assert_eq!(office.preview("2027-01-04", "2027-02-09").await, (vec![], "2".into()));
    office.ask("2027-01-04", "2027-02-09").await.ok();
}

#[tokio::test]
async fn what_is_decided_in_the_new_year_on_the_old_one_counts_for_what_moved_on() {
    let office = Office::new().await;
    let q = office.policy("Q", json!({ "daysPerYear": "5", "carryForwardDaysMax": "5" })).await;
    office.assign(&q, "2026-01-01").await;
    office.at("2026-12-20T12:00:00Z");
    let id = office.asked("2026-12-21", "2026-12-23").await;
    office.at("2027-01-02T12:00:00Z");
    let job = leave::subgraph().jobs[0];
    (job.run)(office.company.app.runtime().clone()).await.unwrap();
    office.company.act(&office.company.hr, "Approve", &id).await.ok();
    assert_eq!(office.has("2027-01-02").await, ("7".into(), "7".into()));
    (job.run)(office.company.app.runtime().clone()).await.unwrap();
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn whoever_slept_over_two_ends_of_years_comes_to_the_same() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    office.granted("2026-12-07", "2026-12-08").await;
    office.at("2028-02-01T12:00:00Z");
    (leave::subgraph().jobs[0].run)(office.company.app.runtime().clone()).await.unwrap();
    assert_eq!(office.balance("2028-02-01").await, "29");
    assert_eq!(office.balance("2028-04-01").await, "24");
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn a_request_is_paid_by_what_is_there_on_each_of_its_days() {
    let office = Office::new().await;
    office.correct(office.entry("2026-11-01")).await;
    office.assign(&office.monthly().await, "2026-11-01").await;
    assert_eq!(office.balance("2026-11-30").await, "2");
    office.granted("2026-11-30", "2026-12-02").await;
    office.ask("2026-12-03", "2026-12-03").await.ok();
}

#[tokio::test]
async fn what_lapses_within_a_request_lapses_as_between_two() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    office.at("2028-01-03T12:00:00Z");
    office.granted("2028-03-30", "2028-04-04").await;
    assert_eq!(office.balance("2028-04-10").await, "22");
}

#[tokio::test]
async fn another_policy_within_a_year_does_not_eat_what_moved_on() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    office.assign(&office.p2().await, "2027-07-01").await;
    assert_eq!(office.balance("2027-04-02").await, "12");
    assert_eq!(office.balance("2027-03-31").await, "17");
}

#[tokio::test]
async fn what_is_available_can_be_asked_for_and_no_more() {
    let office = Office::new().await;
    office.correct(office.entry("2026-11-01")).await;
    office.assign(&office.monthly().await, "2026-11-01").await;
    office.granted("2026-12-07", "2026-12-09").await;
    assert_eq!(office.has("2026-11-29").await, ("2".into(), "1".into()));
    assert_eq!(office.preview("2026-11-30", "2026-11-30").await, (vec![], "0".into()));
    assert_eq!(office.preview("2026-11-30", "2026-12-01").await.0, ["BALANCE_TOO_LOW"]);
}

#[tokio::test]
async fn leave_without_a_balance_has_none() {
    let office = Office::new().await;
    let sick = office.company.create_type(r#"name: "Sick", code: "SICK", requiresBalance: false"#).await;
    let submission = office.company.submission("2026-11-30", "2026-11-30");
    let submission = submission.replace(&office.company.annual, &sick);
    office.me().run(&submission).await.ok();
    let query = "{ leaveBalances { leaveType { code } balance available pending taken } }";
    let data = office.me().run(query).await.ok();
    let expected = json!([{ "leaveType": { "code": "SICK" }, "balance": null, "available": null, "pending": "1", "taken": "0" }]);
    assert_eq!(data["leaveBalances"], expected);
}

#[tokio::test]
async fn a_first_day_put_right_gives_what_it_should_have() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    office.correct(office.entry("2026-11-01")).await;
    assert_eq!(office.balance("2026-11-29").await, "4");
    office.correct(office.entry("2026-01-01")).await;
    assert_eq!(office.balance("2026-11-29").await, "24");
    // Given from the first day on, as it was thought to be, it follows that day wherever it moves.
    office.correct(office.entry("2026-11-01")).await;
    office.assign(&office.p2().await, "2026-11-01").await;
    assert_eq!(office.balance("2026-11-29").await, "5");
    office.correct(office.entry("2026-07-01")).await;
    assert_eq!(office.balance("2026-11-29").await, "15");
}

#[tokio::test]
async fn leave_before_a_first_day_that_moves_is_called_off() {
    let office = Office::new().await;
    office.correct(office.entry("2027-01-01")).await;
    office.assign(&office.p().await, "2027-01-01").await;
    let id = office.granted("2027-01-04", "2027-01-08").await;
    office.correct(office.entry("2027-03-01")).await;
    assert_eq!(office.status(&id).await.0, "CANCELLED");
    assert_eq!(office.balance("2027-12-31").await, "20");
    let told = office.told("leave.request.cancelled").await;
    let me = json!(office.person.member().membership_id);
    assert_eq!((&told[0]["requesterMembershipId"], &told[0]["days"]), (&me, &json!("5")));
    assert_eq!(told[0]["actorMembershipId"], Value::Null);
}

#[tokio::test]
async fn leave_after_a_last_day_and_on_new_holidays_is_called_off_and_those_concerned_are_told() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    let (on_holiday, after) =
        (office.asked("2026-12-18", "2026-12-18").await, office.asked("2026-12-21", "2026-12-22").await);
    office.company.set_holidays(&["2026-12-18"]).await;
    assert_eq!(office.status(&on_holiday).await.0, "CANCELLED");
    let gone = people::Person { left_on: Some(day("2026-12-16")), ..office.entry("2026-01-01") };
    office.company.set(gone, "terminated").await;
    assert_eq!(office.status(&after).await.0, "CANCELLED");
    let approved = office.company.act(&office.company.hr, "Approve", &after).await;
    assert_eq!(approved.refusals(), ["INVALID_TRANSITION"]);
    let told = office.told("leave.request.cancelled").await;
    let manager = json!([office.company.manager.member().membership_id]);
    assert_eq!(
        told.iter().map(|event| &event["approverMembershipIds"]).collect::<Vec<_>>(),
        [&manager, &manager]
    );
}

#[tokio::test]
async fn a_holiday_that_is_entered_late_gives_its_day_back() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    let id = office.granted("2026-12-07", "2026-12-09").await;
    office.at("2026-12-20T12:00:00Z");
    office.company.set_holidays(&["2026-12-08"]).await;
    assert_eq!(office.status(&id).await, ("APPROVED".into(), "2".into()));
    assert_eq!(office.balance("2026-12-20").await, "22");
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn a_holiday_taken_back_from_what_is_spent_is_told_of_once() {
    let office = Office::new().await;
    let q = office.policy("Q", json!({ "daysPerYear": "5", "carryForwardDaysMax": "0" })).await;
    office.assign(&q, "2026-01-01").await;
    office.company.set_holidays(&["2026-12-08"]).await;
    office.granted("2026-12-07", "2026-12-14").await;
    assert_eq!(office.has("2026-12-31").await, ("0".into(), "0".into()));
    office.company.set_holidays(&[]).await;
    assert_eq!(office.has("2026-11-29").await, ("5".into(), "-1".into()));
    office.correct(office.entry("2026-01-01")).await;
    let told = office.told("leave.balance.overdrawn").await;
    let days: Vec<_> = told.iter().map(|event| (&event["employeeId"], &event["days"])).collect();
    assert_eq!(days, [(&json!(office.employee), &json!("1"))]);
}

#[tokio::test]
async fn a_statement_says_how_a_balance_came_about() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    let id = office.granted("2026-12-07", "2026-12-07").await;
    let query =
        "query($type: ID!, $to: Date!) { leaveStatement(leaveTypeId: $type, from: \"2026-12-01\", to: $to) {
        openingBalance closingBalance entries { day kind days balance requestId } } }";
    let variables = json!({ "type": office.company.annual, "to": "2027-04-01" });
    let data = office.me().run_with(query, variables.clone()).await.ok();
    let entry = |day: &str, kind: &str, days: &str, balance: &str, request: Option<&str>| json!({ "day": day, "kind": kind, "days": days, "balance": balance, "requestId": request });
    let expected = json!({ "openingBalance": "24", "closingBalance": "24", "entries": [
        entry("2026-12-07", "TAKE", "-1", "23", Some(&id)),
        entry("2027-01-01", "LAPSE", "-23", "0", None),
        entry("2027-01-01", "CARRY_FORWARD", "5", "5", None),
        entry("2027-01-01", "ACCRUE", "24", "29", None),
        entry("2027-04-01", "LAPSE", "-5", "24", None),
    ] });
    assert_eq!(data["leaveStatement"], expected);
    let far = office.me().run_with(query, json!({ "type": office.company.annual, "to": "2030-01-01" })).await;
    assert_eq!(far.codes(), ["VALIDATION_FAILED"]);
    let stranger = testing::Person::new(&[common::Role::Hr]);
    let seen = office.company.app.as_(&stranger).run_with(query, variables).await.ok();
    assert_eq!(seen["leaveStatement"], Value::Null);
}

#[tokio::test]
async fn past_leave_that_a_mistaken_first_or_last_day_cut_is_whole_again_once_it_is_put_right() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    let id = office.granted("2026-12-07", "2026-12-10").await;
    office.at("2027-01-15T12:00:00Z");
    let right = || office.entry("2026-01-01");
    let gone = people::Person { left_on: Some(day("2026-12-08")), ..right() };
    let came_late = people::Person { joined_on: day("2026-12-09"), ..right() };
    let later = people::Person { left_on: Some(day("2027-06-30")), ..right() };
    let back = people::Person { joined_on: day("2025-12-01"), ..right() };
    for (mistaken, put_right) in
        [(gone.clone(), right()), (came_late.clone(), right()), (gone, later), (came_late, back)]
    {
        office.correct(mistaken).await;
        assert_eq!(office.status(&id).await, ("APPROVED".into(), "2".into()));
        office.correct(put_right).await;
        assert_eq!(office.status(&id).await, ("APPROVED".into(), "4".into()));
        assert_eq!(office.balance("2026-12-31").await, "20");
    }
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn granted_leave_that_a_mistaken_first_or_last_day_called_off_comes_back_and_for_no_later_employment() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    let taken = office.granted("2026-12-07", "2026-12-10").await;
    let planned = office.granted("2027-02-01", "2027-02-02").await;
    let asked = office.asked("2027-02-08", "2027-02-08").await;
    office.at("2027-01-15T12:00:00Z");
    let right = || office.entry("2026-01-01");
    let gone = people::Person { left_on: Some(day("2026-12-01")), ..right() };
    let status = async |id: &String| office.status(id).await.0;
    office.correct(gone.clone()).await;
    for id in [&taken, &planned, &asked] {
        assert_eq!(status(id).await, "CANCELLED");
    }
    office.correct(right()).await;
    assert_eq!(office.status(&taken).await, ("APPROVED".into(), "4".into()));
    assert_eq!(office.status(&planned).await, ("APPROVED".into(), "2".into()));
    assert_eq!(status(&asked).await, "CANCELLED", "what was only asked for is asked for again");
    assert_eq!(office.balance("2026-12-31").await, "20");

    office.correct(gone).await;
    let former = vec![people::Period { first_day: day("2026-01-01"), last_day: day("2026-12-01") }];
    let rehired = people::Person { joined_on: day("2027-01-01"), former: former.into(), ..right() };
    office.correct(rehired).await;
    assert_eq!(status(&planned).await, "CANCELLED", "whoever is hired again asks again");
    let again = office.granted("2027-02-01", "2027-02-01").await;
    office.correct(right()).await;
    assert_eq!(status(&planned).await, "CANCELLED", "no day is taken twice");
    assert_eq!((status(&again).await, status(&taken).await), ("APPROVED".into(), "APPROVED".into()));
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn a_former_last_day_that_is_put_right_cuts_and_mends_the_leave_of_that_employment() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    let id = office.granted("2026-12-07", "2026-12-10").await;
    office.at("2027-03-15T12:00:00Z");
    let until = |last_day: &str| {
        let former = vec![people::Period { first_day: day("2026-01-01"), last_day: day(last_day) }];
        people::Person { joined_on: day("2027-02-01"), former: former.into(), ..office.entry("2026-01-01") }
    };
    for (last_day, days) in [("2026-12-31", "4"), ("2026-12-08", "2"), ("2026-12-31", "4")] {
        office.correct(until(last_day)).await;
        assert_eq!(office.status(&id).await, ("APPROVED".into(), days.into()), "{last_day}");
    }
    assert_eq!(office.balance("2026-12-31").await, "20");
    // They never came back, and had never gone.
    office.correct(office.entry("2026-01-01")).await;
    assert_eq!(office.balance("2026-12-31").await, "20");
    assert_eq!(office.balance("2027-03-15").await, "29");
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn leave_that_came_to_nothing_but_holidays_comes_back_with_the_working_days() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    let id = office.granted("2026-12-07", "2026-12-08").await;
    office.company.set_holidays(&["2026-12-07", "2026-12-08"]).await;
    assert_eq!(office.status(&id).await.0, "CANCELLED");
    office.company.set_holidays(&["2026-12-07"]).await;
    assert_eq!(office.status(&id).await, ("APPROVED".into(), "1".into()));
    let again = office.granted("2026-12-14", "2026-12-14").await;
    office.company.set_holidays(&["2026-12-07", "2026-12-08", "2026-12-14"]).await;
    office.company.set_holidays(&[]).await;
    assert_eq!(office.status(&id).await, ("APPROVED".into(), "2".into()));
    assert_eq!(office.status(&again).await, ("APPROVED".into(), "1".into()));
}
