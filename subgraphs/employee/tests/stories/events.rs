//! What others hear: the payloads that they rely on.

use serde_json::json;

use crate::*;

#[tokio::test]
async fn a_working_life_is_announced_in_full_states() {
    let (app, hr) = office().await;
    let membership_id = hr.member().membership_id.to_string();
    app.join(&hr).await;
    let hr = app.as_(&hr);
    let boss = hire(&hr, "Grace", "Hopper", json!({})).await;
    let department = department(&hr, "RND").await;
    let place = location(&hr, "Europe/Berlin", None).await;
    let ada = json!({ "membershipId": membership_id, "managerId": boss, "departmentId": department,
        "workLocationId": place });
    let ada = hire(&hr, "Ada", "Lovelace", ada).await;
    update(&hr, &ada, json!({ "version": 1, "departmentId": null })).await.ok();
    terminate(&hr, &boss, Some(&ada)).await.ok();
    reinstate(&hr, &boss).await.ok();
    terminate_on(&hr, &boss, END_OF_MONTH, None).await.ok();
    // What is so already is announced no more.
    terminate_on(&hr, &boss, END_OF_MONTH, None).await.ok();
    rehire(&hr, &boss, json!({ "joinedOn": "2026-05-01" })).await.ok();
    app.settle().await;
    let state = |manager: Option<&str>, department: Option<&str>| {
        json!({ "employeeId": ada, "membershipId": membership_id, "managerId": manager, "departmentId": department,
            "joinedOn": "2026-01-05", "lastWorkingDay": null, "formerEmployments": [], "timeZone": "Europe/Berlin",
            "workScheduleId": null, "holidayCalendarId": null })
    };
    let hopper = |joined_on: &str, last: Option<&str>, former: serde_json::Value| {
        json!({ "employeeId": boss, "membershipId": null, "managerId": null, "departmentId": null,
            "joinedOn": joined_on, "lastWorkingDay": last, "formerEmployments": former, "timeZone": "UTC",
            "workScheduleId": null, "holidayCalendarId": null })
    };
    let first = json!([{ "joinedOn": "2026-01-05", "lastWorkingDay": "2026-03-31" }]);
    let expected = [
        ("employee.employee.hired", hopper("2026-01-05", None, json!([]))),
        ("employee.employee.hired", state(Some(&boss), Some(&department))),
        ("employee.employee.updated", state(Some(&boss), None)),
        ("employee.employee.updated", state(None, None)),
        ("employee.employee.terminated", hopper("2026-01-05", Some("2026-03-01"), json!([]))),
        ("employee.employee.reinstated", hopper("2026-01-05", None, json!([]))),
        ("employee.employee.terminated", hopper("2026-01-05", Some("2026-03-31"), json!([]))),
        ("employee.employee.rehired", hopper("2026-05-01", None, first)),
    ];
    let expected: Vec<_> = expected.map(|(name, payload)| (name.to_owned(), payload)).into();
    assert_eq!(app.announced().await, expected);
}

#[tokio::test]
async fn schedules_and_calendars_are_announced_whole() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let schedule = schedule(&hr, false).await;
    let shorter = json!({ "dayFractions": ["1", "1", "1", "0.50", "0", "0", "0"] });
    hr.update("workSchedule", &schedule, shorter).await.ok();
    let calendar = calendar(&hr, json!({})).await;
    let eve = json!({ "calendarId": calendar, "date": "2026-12-24", "name": "Eve", "isHalfDay": true });
    let eve = text(
        &hr.mutate("holidayAdd", "holiday", json!({ "input": eve })).await.ok()["holidayAdd"]["holiday"]["id"],
    );
    hr.run(&format!("mutation {{ holidayRemove(id: \"{eve}\") {{ userErrors {{ code }} }} }}")).await.ok();
    app.settle().await;
    let days = |thursday: &str| {
        let days = ["1", "1", "1", thursday, "0", "0", "0"];
        ("employee.schedule.changed".to_owned(), json!({ "workScheduleId": schedule, "dayFractions": days }))
    };
    let may_day = json!({ "date": "2026-05-01", "isHalfDay": false });
    let eve = json!({ "date": "2026-12-24", "isHalfDay": true });
    let holidays = |holidays: &[&serde_json::Value]| {
        (
            "employee.calendar.changed".to_owned(),
            json!({ "holidayCalendarId": calendar, "holidays": holidays }),
        )
    };
    let expected =
        [days("1"), days("0.5"), holidays(&[&may_day]), holidays(&[&may_day, &eve]), holidays(&[&may_day])];
    assert_eq!(app.announced().await, expected);
}

#[tokio::test]
async fn what_is_refused_was_never_said() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    try_hire(&hr, "Ada", "Lovelace", json!({ "departmentId": "00000000-0000-7000-8000-000000000000" })).await;
    app.settle().await;
    assert!(app.announced().await.is_empty());
}
