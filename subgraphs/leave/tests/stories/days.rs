//! Stories of single days: halves of them, their beginning where somebody works, and those on which nobody does.

use rust_decimal::{Decimal, dec};
use serde_json::json;
use uuid::Uuid;

use crate::company::text;
use crate::office::{Office, day};

/// Asks for a part of a day, of a leave type.
async fn ask_part(office: &Office, leave_type: &str, on: &str, part: &str) -> testing::Answer {
    let submission = office.company.submission(on, on).replace(&office.company.annual, leave_type);
    office.me().run(&submission.replace("lastDay:", &format!("firstPart: {part}, lastDay:"))).await
}

async fn office_with_p() -> Office {
    let office = Office::new().await;
    office.assign(&office.p().await, "2026-01-01").await;
    office
}

#[tokio::test]
async fn a_whole_day_and_a_half_of_it_overlap_today_as_on_any_other_day() {
    let office = office_with_p().await;
    office.at("2026-11-30T12:00:00Z");
    let annual = office.company.annual.clone();
    office.ask("2026-11-30", "2026-11-30").await.ok();
    for part in ["AM", "PM", "FULL"] {
        assert_eq!(ask_part(&office, &annual, "2026-11-30", part).await.refusals(), ["OVERLAPS"]);
    }
    ask_part(&office, &annual, "2026-12-01", "PM").await.ok();
    assert_eq!(ask_part(&office, &annual, "2026-12-01", "FULL").await.refusals(), ["OVERLAPS"]);
}

#[tokio::test]
async fn two_halves_of_one_day_may_be_of_different_leave_types_and_never_the_same_half() {
    let office = office_with_p().await;
    let sick = office.company.create_type(r#"name: "Sick", code: "SICK", requiresBalance: false"#).await;
    let annual = office.company.annual.clone();
    ask_part(&office, &annual, "2026-12-01", "AM").await.ok();
    assert_eq!(ask_part(&office, &sick, "2026-12-01", "AM").await.refusals(), ["OVERLAPS"]);
    ask_part(&office, &sick, "2026-12-01", "PM").await.ok();
    assert_eq!(office.has("2026-12-31").await, ("24".into(), "23.5".into()));
}

#[tokio::test]
async fn half_a_day_on_which_nobody_works_is_no_leave() {
    let office = office_with_p().await;
    office.company.set_holidays(&["2026-12-08"]).await;
    let annual = office.company.annual.clone();
    for (on, part) in [("2026-12-08", "AM"), ("2026-12-08", "PM"), ("2026-12-06", "AM")] {
        assert_eq!(ask_part(&office, &annual, on, part).await.refusals(), ["NOTHING_TO_TAKE"], "{on} {part}");
    }
    // Before and after it, it is not counted.
    let id = office.granted("2026-12-07", "2026-12-09").await;
    assert_eq!(office.status(&id).await.1, "2");
}

#[tokio::test]
async fn a_holiday_in_the_afternoon_that_is_entered_late_calls_off_the_afternoon_and_no_more() {
    let office = office_with_p().await;
    let annual = office.company.annual.clone();
    let mut ids = Vec::new();
    for (on, part) in [("2026-12-08", "PM"), ("2026-12-09", "AM"), ("2026-12-10", "FULL")] {
        let asked = ask_part(&office, &annual, on, part).await.ok();
        ids.push(text(&asked["leaveRequestSubmit"]["leaveRequest"]["id"]));
        office.company.act(&office.company.hr, "Approve", &ids[ids.len() - 1]).await.ok();
    }
    let afternoons = ["2026-12-08", "2026-12-09", "2026-12-10"].map(|on| (day(on), true));
    let mut tx = office.company.app.system(&office.company.hr, "leave").await;
    people::write::holidays(&mut tx, office.company.calendar, &afternoons).await.unwrap();
    tx.commit(()).await.unwrap();
    let payload = json!({ "holidayCalendarId": office.company.calendar });
    office.company.app.announce_raw(&office.company.hr, "employee.calendar.changed", payload).await;
    let now: Vec<_> =
        [office.status(&ids[0]).await, office.status(&ids[1]).await, office.status(&ids[2]).await]
            .into_iter()
            .map(|(status, days)| format!("{status} {days}"))
            .collect();
    assert_eq!(now, ["CANCELLED 0.5", "APPROVED 0.5", "APPROVED 0.5"]);
    assert_eq!(office.balance("2026-12-31").await, "23");
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn who_works_mornings_takes_half_a_day_for_the_whole_of_one() {
    let office = office_with_p().await;
    let schedule = Uuid::now_v7();
    let mut fractions = [dec!(0.5); 7];
    fractions[5..].fill(Decimal::ZERO);
    let mut tx = office.company.app.system(&office.company.hr, "leave").await;
    people::write::work_schedule(&mut tx, schedule, &fractions, dec!(20)).await.unwrap();
    tx.commit(()).await.unwrap();
    office.correct(people::Person { work_schedule_id: Some(schedule), ..office.entry("2026-01-01") }).await;
    let id = office.granted("2026-12-07", "2026-12-11").await;
    assert_eq!(office.status(&id).await.1, "2.5");
    let annual = office.company.annual.clone();
    assert_eq!(ask_part(&office, &annual, "2026-12-14", "PM").await.refusals(), ["NOTHING_TO_TAKE"]);
    let morning = ask_part(&office, &annual, "2026-12-14", "AM").await.ok();
    assert_eq!(morning["leaveRequestSubmit"]["leaveRequest"]["days"], "0.5");
}

#[tokio::test]
async fn a_day_begins_where_somebody_works_also_where_the_clocks_skip_midnight() {
    let office = office_with_p().await;
    // In Santiago the night to 5 September 2027 has no midnight: after 23:59:59 it is one o'clock.
    let entry = people::Person { time_zone: "America/Santiago".to_owned(), ..office.entry("2026-01-01") };
    office.correct(entry).await;
    let strict = office
        .company
        .create_type(r#"name: "Strict", code: "STRICT", noticeDaysMin: 3, requiresBalance: false"#)
        .await;
    let problems = async |on: &str| {
        let query = "query($input: LeaveRequestSubmitInput!) { leaveRequestPreview(input: $input) {
            preview { problems { code } } userErrors { code } } }";
        let input = json!({ "leaveTypeId": strict, "firstDay": on, "lastDay": on });
        let data = office.me().run_with(query, json!({ "input": input })).await.ok();
        data["leaveRequestPreview"]["preview"]["problems"].as_array().unwrap().len()
    };
    office.at("2027-09-04T12:00:00Z");
    let id = office.granted("2027-09-06", "2027-09-07").await;
    office.at("2027-09-06T02:59:59Z");
    assert_eq!(problems("2027-09-08").await, 0, "it is the 5th still, a second before midnight");
    office.at("2027-09-06T03:00:00Z");
    assert_eq!(problems("2027-09-08").await, 1);
    let cancelled = office.company.act(&office.person, "Cancel", &id).await.ok();
    let left = &cancelled["leaveRequestCancel"]["leaveRequest"];
    assert_eq!((&left["lastDay"], &left["days"]), (&json!("2027-09-06"), &json!("1")));
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn leave_goes_on_over_two_employments_that_follow_one_another_and_over_no_gap() {
    let office = office_with_p().await;
    let until = people::Period { first_day: day("2026-01-01"), last_day: day("2026-12-31") };
    let again = |first_day: &str| people::Person { former: vec![until].into(), ..office.entry(first_day) };
    office.company.set(again("2027-02-01"), "rehired").await;
    // In the notice period the running employment's leave is what it was, and the next one's is there already.
    assert_eq!(office.balance("2026-12-31").await, "24");
    assert_eq!(office.balance("2027-02-01").await, "22");
    assert_eq!(office.ask("2026-12-28", "2027-01-06").await.refusals(), ["NOT_EMPLOYED"]);
    assert_eq!(office.ask("2027-01-11", "2027-01-12").await.refusals(), ["NOT_EMPLOYED"]);
    office.granted("2026-12-14", "2026-12-14").await;
    office.granted("2027-02-01", "2027-02-02").await;
    assert_eq!(
        (office.balance("2026-12-31").await, office.balance("2027-02-02").await),
        ("23".into(), "20".into())
    );
    office.company.set(again("2027-01-01"), "rehired").await;
    let id = office.granted("2026-12-28", "2027-01-06").await;
    assert_eq!(office.status(&id).await.1, "8");
    // Each is paid by its own: who begins again begins at nothing.
    assert_eq!(
        (office.balance("2026-12-31").await, office.balance("2027-02-02").await),
        ("19".into(), "18".into())
    );
    office.company.assert_books_balance().await;
}

#[tokio::test]
async fn a_weekend_within_a_leave_does_not_make_it_too_long() {
    let office = office_with_p().await;
    let short = office
        .company
        .create_type(r#"name: "Short", code: "SHORT", consecutiveDaysMax: 5, requiresBalance: false"#)
        .await;
    let ask = async |first: &str, last: &str| {
        let submission = office.company.submission(first, last).replace(&office.company.annual, &short);
        office.me().run(&submission).await.refusals().join(" ")
    };
    assert_eq!(ask("2026-12-03", "2026-12-10").await, "TOO_MANY_DAYS");
    assert_eq!(ask("2026-12-03", "2026-12-09").await, "");
}
