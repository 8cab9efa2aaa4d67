//! Stories of ends of leave years: what moves on, what lapses, what is given anew, and what is entered afterwards.

use serde_json::{Value, json};

use crate::office::Office;

/// A policy of so many days at once, of which so many move on for three months.
async fn upfront(office: &Office, days: &str, carried: &str) -> String {
    let line = json!({ "daysPerYear": days, "carryForwardDaysMax": carried, "carryForwardMonths": 3 });
    office.policy(&format!("{days} and {carried}"), line).await
}

/// Everybody's balance at the ends of these days.
async fn balances<const N: usize>(office: &Office, days: [&str; N]) -> [String; N] {
    let mut balances = [const { String::new() }; N];
    for (balance, day) in balances.iter_mut().zip(days) {
        *balance = office.balance(day).await;
    }
    balances
}

#[tokio::test]
async fn half_a_day_that_is_left_moves_on_as_half_a_day() {
    let office = Office::new().await;
    office.assign(&upfront(&office, "5", "5").await, "2026-01-01").await;
    let until_noon = office.company.submission("2026-12-07", "2026-12-10");
    let until_noon = until_noon.replace("lastDay:", "lastPart: AM, lastDay:");
    let asked = office.me().run(&until_noon).await.ok();
    assert_eq!(asked["leaveRequestSubmit"]["leaveRequest"]["days"], "3.5");
    let id = crate::company::text(&asked["leaveRequestSubmit"]["leaveRequest"]["id"]);
    office.company.act(&office.company.hr, "Approve", &id).await.ok();
    assert_eq!(balances(&office, ["2026-12-31", "2027-01-01", "2027-04-01"]).await, ["1.5", "6.5", "5"]);
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn of_what_moved_on_only_what_was_not_taken_lapses() {
    for (last_day, left) in [("2027-02-02", "24"), ("2027-02-05", "24"), ("2027-02-10", "21")] {
        let office = Office::new().await;
        office.assign(&office.p().await, "2026-01-01").await;
        office.at("2027-01-04T12:00:00Z");
        office.granted("2027-02-01", last_day).await;
        assert_eq!(office.balance("2027-04-01").await, left, "taken until {last_day}");
        office.at("2027-04-02T12:00:00Z");
        (leave::subgraph().jobs[0].run)(office.company.app.runtime().clone()).await.unwrap();
        assert_eq!(office.balance("2027-04-02").await, left);
        office.company.assert_books_balance().await;
    }
}

#[tokio::test]
async fn no_more_moves_on_than_is_left_nor_than_may() {
    let office = Office::new().await;
    office.assign(&upfront(&office, "21", "7").await, "2026-01-01").await;
    assert_eq!(office.balance("2027-01-01").await, "28");
    office.granted("2026-12-01", "2026-12-21").await;
    assert_eq!(balances(&office, ["2026-12-31", "2027-01-01"]).await, ["6", "27"]);
}

#[tokio::test]
async fn what_was_taken_before_the_turn_of_the_year_is_not_taken_again_after_it() {
    let office = Office::new().await;
    office.assign(&upfront(&office, "20", "0").await, "2026-01-01").await;
    office.granted("2026-12-07", "2026-12-18").await;
    assert_eq!(balances(&office, ["2026-12-31", "2027-01-01"]).await, ["10", "20"]);
    // Asked for and not decided, it is held in its own year alone.
    office.asked("2026-12-21", "2026-12-22").await;
    assert_eq!(office.has("2027-01-04").await, ("20".into(), "20".into()));
}

#[tokio::test]
async fn a_limit_that_is_taken_back_carries_nothing_any_more() {
    let office = Office::new().await;
    let p = office.p().await;
    office.assign(&p, "2026-01-01").await;
    assert_eq!(office.balance("2027-01-01").await, "29");
    let line = |carried: Value| {
        let annual = &office.company.annual;
        json!({ "lines": [{ "leaveTypeId": annual, "daysPerYear": "24", "carryForwardDaysMax": carried }] })
    };
    office.update_policy(&p, line(json!("0"))).await.ok();
    assert_eq!(office.balance("2027-01-01").await, "24");
    office.update_policy(&p, line(Value::Null)).await.ok();
    assert_eq!(office.balance("2027-01-01").await, "48");
}

#[tokio::test]
async fn months_go_on_giving_after_the_year_has_turned() {
    let office = Office::new().await;
    let line = json!({ "daysPerYear": "12", "accrual": "MONTHLY", "carryForwardDaysMax": "0" });
    office.assign(&office.policy("M", line).await, "2026-01-01").await;
    let days = ["2026-12-31", "2027-01-01", "2027-01-31", "2027-02-01", "2027-03-01", "2027-12-31"];
    assert_eq!(balances(&office, days).await, ["12", "1", "1", "2", "3", "12"]);
}

#[tokio::test]
async fn twelve_months_of_any_amount_come_to_that_amount_and_all_of_it_can_be_taken() {
    for per_year in ["25", "10", "7", "22.5", "0.25"] {
        let office = Office::new().await;
        let line = json!({ "daysPerYear": per_year, "accrual": "MONTHLY", "carryForwardDaysMax": "0" });
        office.assign(&office.policy("M", line).await, "2026-01-01").await;
        let has = (per_year.to_owned(), per_year.to_owned());
        assert_eq!(office.has("2026-12-31").await, has);
        assert_eq!(office.has("2027-12-31").await, has);
    }
}

#[tokio::test]
async fn a_past_leave_of_last_year_that_is_called_off_moves_on_after_all() {
    let office = Office::new().await;
    office.assign(&upfront(&office, "5", "5").await, "2026-01-01").await;
    let id = office.granted("2026-12-07", "2026-12-11").await;
    office.at("2027-01-11T12:00:00Z");
    assert_eq!(office.balance("2027-01-11").await, "5");
    assert_eq!(office.company.act(&office.person, "Cancel", &id).await.refusals(), ["ALREADY_TAKEN"]);
    office.company.act(&office.company.hr, "Cancel", &id).await.ok();
    assert_eq!(office.status(&id).await.0, "CANCELLED");
    assert_eq!(balances(&office, ["2026-12-31", "2027-01-11", "2027-04-01"]).await, ["5", "10", "5"]);
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn leave_of_last_year_that_is_entered_after_what_moved_on_has_lapsed_changes_nothing_since() {
    let office = Office::new().await;
    office.assign(&upfront(&office, "5", "5").await, "2026-01-01").await;
    office.at("2027-05-03T12:00:00Z");
    (leave::subgraph().jobs[0].run)(office.company.app.runtime().clone()).await.unwrap();
    let entered = office.company.submission("2026-12-07", "2026-12-09");
    let entered = entered.replace("firstDay:", &format!("employeeId: \"{}\", firstDay:", office.employee));
    office.hr().run(&entered).await.ok();
    assert_eq!(balances(&office, ["2027-01-01", "2027-03-31", "2027-04-01"]).await, ["10", "10", "5"]);
    let data =
        office.hr().run("{ leaveRequests(filter: { status: [PENDING] }) { nodes { id } } }").await.ok();
    let id = crate::company::text(&data["leaveRequests"]["nodes"][0]["id"]);
    office.company.act(&office.company.manager, "Approve", &id).await.ok();
    assert_eq!(balances(&office, ["2027-01-01", "2027-03-31", "2027-04-01"]).await, ["7", "7", "5"]);
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn another_policy_from_new_year_on_takes_over_what_the_one_before_lets_move_on() {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    office.assign(&office.p2().await, "2027-01-01").await;
    assert_eq!(balances(&office, ["2026-12-31", "2027-01-01", "2027-04-01"]).await, ["24", "35", "30"]);
}

#[tokio::test]
async fn a_year_that_began_on_29_february_begins_on_the_28th_where_there_is_none() {
    let office = Office::new().await;
    office.correct(office.entry("2024-02-29")).await;
    let line = json!({ "leaveTypeId": office.company.annual, "daysPerYear": "24", "carryForwardDaysMax": "5",
        "carryForwardMonths": 3 });
    let policy = json!({ "name": "Anniversary", "leaveYear": "ANNIVERSARY", "lines": [line] });
    let policy = office.hr().create("leavePolicy", policy).await;
    office.assign(&policy, "2024-02-29").await;
    let days =
        ["2025-02-27", "2025-02-28", "2027-02-27", "2027-02-28", "2028-02-28", "2028-02-29", "2028-05-29"];
    assert_eq!(balances(&office, days).await, ["24", "29", "24", "29", "24", "29", "24"]);
    office.at("2028-02-01T12:00:00Z");
    // The day itself is one of work, and paid by the year that begins on it.
    let id = office.granted("2028-02-28", "2028-03-01").await;
    assert_eq!(office.status(&id).await.1, "3");
    assert_eq!(balances(&office, ["2028-02-28", "2028-02-29"]).await, ["23", "28"]);
}

#[tokio::test]
async fn a_balance_is_overdrawn_up_to_its_limit_and_the_next_year_pays() {
    let office = Office::new().await;
    office.hr().update("leaveType", &office.company.annual, json!({ "overdraftDays": "2" })).await.ok();
    office.assign(&upfront(&office, "5", "5").await, "2026-01-01").await;
    let over = office.ask("2026-12-07", "2026-12-16").await;
    assert_eq!(over.refusals(), ["BALANCE_TOO_LOW"]);
    let message = &over.0["data"]["leaveRequestSubmit"]["userErrors"][0]["message"];
    assert_eq!(*message, "the balance is 1 day short");
    office.granted("2026-12-07", "2026-12-15").await;
    assert_eq!(office.ask("2026-12-21", "2026-12-21").await.refusals(), ["BALANCE_TOO_LOW"]);
    assert_eq!(balances(&office, ["2026-12-31", "2027-01-01"]).await, ["-2", "3"]);
    assert!(office.told("leave.balance.overdrawn").await.is_empty(), "what may be is nothing to tell of");
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn leave_over_new_year_is_paid_by_both_years_and_given_back_to_both() {
    let office = Office::new().await;
    office.assign(&upfront(&office, "5", "2").await, "2026-01-01").await;
    let id = office.granted("2026-12-28", "2027-01-06").await;
    // Four days of the old year and four of the new one, which begins with the one that was left.
    assert_eq!(balances(&office, ["2026-12-31", "2027-01-01", "2027-01-06"]).await, ["1", "5", "2"]);
    office.company.act(&office.person, "Cancel", &id).await.ok();
    assert_eq!(balances(&office, ["2026-12-31", "2027-01-01"]).await, ["5", "7"]);
    office.company.assert_books_balance().await;
}
