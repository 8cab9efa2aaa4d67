//! Holiday calendars and their holidays.

use serde_json::json;

use crate::*;

#[tokio::test]
async fn a_calendar_shows_its_holidays_year_by_year() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let holidays = json!([
        { "date": "2026-12-24", "name": "Christmas Eve", "isHalfDay": true },
        { "date": "2026-05-01", "name": "May Day" },
        { "date": "2027-05-01", "name": "May Day" },
    ]);
    calendar(&hr, json!({ "holidays": holidays })).await;
    let query =
        "{ holidayCalendars { nodes { name isDefault one: holidays(year: 2026) { date name isHalfDay }
        next: holidays(year: 2027) { date } none: holidays(year: 2028) { date } } } }";
    let expected = json!({ "name": "Berlin", "isDefault": false,
        "one": [{ "date": "2026-05-01", "name": "May Day", "isHalfDay": false },
                { "date": "2026-12-24", "name": "Christmas Eve", "isHalfDay": true }],
        "next": [{ "date": "2027-05-01" }], "none": [] });
    assert_eq!(hr.run(query).await.ok()["holidayCalendars"]["nodes"][0], expected);
    let wrong = hr.run("{ holidayCalendars { nodes { holidays(year: 99999) { id } } } }").await;
    assert_eq!(wrong.codes(), ["VALIDATION_FAILED"]);
}

#[tokio::test]
async fn a_day_is_in_a_calendar_once() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let id = calendar(&hr, json!({})).await;
    let add = async |day: &str| {
        let input = json!({ "calendarId": id, "date": day, "name": "Day" });
        hr.mutate("holidayAdd", "holiday", json!({ "input": input })).await
    };
    assert_eq!(add("2026-05-01").await.refusals(), ["DAY_TAKEN"]);
    let added = text(&add("2026-12-25").await.ok()["holidayAdd"]["holiday"]["id"]);
    assert_eq!(add("2026-12-25").await.refusals(), ["DAY_TAKEN"]);
    let remove = format!(
        "mutation {{ holidayRemove(id: \"{added}\") {{ holidayCalendar {{ id }} userErrors {{ code }} }} }}"
    );
    assert_eq!(hr.run(&remove).await.ok()["holidayRemove"]["holidayCalendar"]["id"], id.as_str());
    assert_eq!(hr.run(&remove).await.codes(), ["NOT_FOUND"]);
    add("2026-12-25").await.ok();
    let twice = json!({ "name": "Twice", "holidays": [
        { "date": "2026-05-01", "name": "A" }, { "date": "2026-05-01", "name": "B" }] });
    let refused = hr.try_create("holidayCalendar", twice).await;
    assert_eq!(refused.refusals(), ["DAY_TAKEN"]);
}

#[tokio::test]
async fn one_schedule_and_one_calendar_are_the_default() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let (first, second) = (schedule(&hr, true).await, schedule(&hr, true).await);
    let (old, new) = (
        calendar(&hr, json!({ "isDefault": true })).await,
        calendar(&hr, json!({ "isDefault": true })).await,
    );
    let defaults = async |list: &str| {
        let nodes =
            hr.run(&format!("{{ {list} {{ nodes {{ id isDefault }} }} }}")).await.ok()[list]["nodes"].clone();
        let nodes = nodes.as_array().unwrap().clone();
        nodes
            .iter()
            .filter(|node| node["isDefault"] == true)
            .map(|node| text(&node["id"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(defaults("workSchedules").await, [second]);
    assert_eq!(defaults("holidayCalendars").await, [new]);
    let update = async |kind: &str, id: &str, is: bool| {
        hr.update(kind, id, json!({ "isDefault": is })).await.ok();
    };
    update("workSchedule", &first, true).await;
    assert_eq!(defaults("workSchedules").await, [first]);
    update("holidayCalendar", &old, true).await;
    update("holidayCalendar", &old, false).await;
    assert!(defaults("holidayCalendars").await.is_empty());
}

#[tokio::test]
async fn a_schedule_and_a_location_say_what_they_are() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let id = schedule(&hr, false).await;
    let shown = hr.run("{ workSchedules { nodes { name dayFractions hoursPerWeek isDefault } } }").await.ok();
    let expected = json!({ "name": "Four days", "dayFractions": ["1", "1", "1", "1", "0", "0", "0"],
        "hoursPerWeek": "32", "isDefault": false });
    assert_eq!(shown["workSchedules"]["nodes"][0], expected);
    let short = hr.update("workSchedule", &id, json!({ "dayFractions": ["1"] })).await;
    assert_eq!(short.refusals(), ["DAY_FRACTIONS_INVALID"]);
    let nowhere = json!({ "name": "Atlantis", "timeZone": "Atlantic/Atlantis" });
    let refused = hr.try_create("workLocation", nowhere).await;
    assert_eq!(refused.refusals(), ["TIME_ZONE_UNKNOWN"]);
    let calendar = calendar(&hr, json!({})).await;
    location(&hr, "Asia/Tokyo", Some(&calendar)).await;
    let shown = hr.run("{ workLocations { nodes { name timeZone holidayCalendar { id } } } }").await.ok();
    let expected =
        json!({ "name": "Asia/Tokyo", "timeZone": "Asia/Tokyo", "holidayCalendar": { "id": calendar } });
    assert_eq!(shown["workLocations"]["nodes"][0], expected);
}

#[tokio::test]
async fn a_holiday_that_changes_is_a_change_of_its_calendar_and_in_its_history() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let id = calendar(&hr, json!({ "holidays": [{ "date": "2026-05-01", "name": "May Day" }] })).await;
    let seen = async || {
        let query = format!(
            "{{ holidayCalendar(id: \"{id}\") {{ version history(first: 1) {{ nodes {{ action changes {{ field before after }} }} }} }} }}"
        );
        hr.run(&query).await.ok()["holidayCalendar"].clone()
    };
    let input = json!({ "calendarId": id, "date": "2026-12-25", "name": "Christmas" });
    let added = hr.mutate("holidayAdd", "holiday", json!({ "input": input })).await.ok();
    let christmas = text(&added["holidayAdd"]["holiday"]["id"]);
    let told = seen().await;
    assert_eq!(told["version"], 2);
    let expected = json!([{ "field": "holidays.2026-12-25.isHalfDay", "before": null, "after": "false" },
        { "field": "holidays.2026-12-25.name", "before": null, "after": "Christmas" }]);
    assert_eq!(told["history"]["nodes"][0]["action"], "UPDATED");
    let mut changes = told["history"]["nodes"][0]["changes"].as_array().unwrap().clone();
    changes.sort_by_key(|change| change["field"].to_string());
    assert_eq!(json!(changes), expected);
    // Whoever looked at the calendar before does not take the new day away without a word.
    let stale = json!({ "version": 1, "holidays": [] });
    assert_eq!(hr.update("holidayCalendar", &id, stale).await.refusals(), ["VERSION_CONFLICT"]);
    let renamed = json!({ "version": 1, "name": "Christmas Day" });
    hr.update("holiday", &christmas, renamed).await.ok();
    let told = seen().await;
    assert_eq!(told["version"], 3);
    let expected =
        json!([{ "field": "holidays.2026-12-25.name", "before": "Christmas", "after": "Christmas Day" }]);
    assert_eq!(told["history"]["nodes"][0]["changes"], expected);
    // Replaced by the same ones, they stay what they are, and nothing has happened.
    let same = json!({ "version": 3, "holidays": [{ "date": "2026-12-25", "name": "Christmas Day" },
        { "date": "2026-05-01", "name": "May Day" }] });
    hr.update("holidayCalendar", &id, same).await.ok();
    assert_eq!(seen().await["version"], 3);
    let fewer = json!({ "version": 3, "holidays": [{ "date": "2026-12-25", "name": "Christmas Day" }] });
    hr.update("holidayCalendar", &id, fewer).await.ok();
    let told = seen().await;
    assert_eq!(told["version"], 4);
    assert_eq!(told["history"]["nodes"][0]["changes"][0]["after"], json!(null));
}
