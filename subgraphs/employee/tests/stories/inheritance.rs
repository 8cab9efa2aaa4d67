//! What holds for somebody who has nothing of their own, and who hears of it when it changes.

use serde_json::{Value, json};

use crate::*;

const SHOWN: &str = "query($id: ID!) { employee(id: $id) { location { timeZone } workSchedule { id } holidayCalendar { id } } }";

async fn in_effect(client: &Client<'_>, id: &str) -> (Value, Value) {
    let shown = client.run_with(SHOWN, json!({ "id": id })).await.ok()["employee"].clone();
    (shown["workSchedule"]["id"].clone(), shown["holidayCalendar"]["id"].clone())
}

/// The events of a kind that were announced since the last `count` of any kind.
async fn announced_since(app: &App, count: usize, kind: &str) -> Vec<Value> {
    app.settle().await;
    let events = app.announced().await.into_iter().skip(count);
    events.filter(|(name, _)| name == kind).map(|(_, payload)| payload).collect()
}

async fn count(app: &App) -> usize {
    app.settle().await;
    app.announced().await.len()
}

#[tokio::test]
async fn ones_own_comes_before_the_locations_before_the_organizations() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let ada = hire(&hr, "Ada", "Lovelace", json!({})).await;
    assert_eq!(in_effect(&hr, &ada).await, (json!(null), json!(null)));
    let (schedule_of_all, calendar_of_all) =
        (schedule(&hr, true).await, calendar(&hr, json!({ "isDefault": true })).await);
    assert_eq!(in_effect(&hr, &ada).await, (json!(schedule_of_all), json!(calendar_of_all)));
    let calendar_of_place = calendar(&hr, json!({})).await;
    let place = location(&hr, "Asia/Tokyo", Some(&calendar_of_place)).await;
    update(&hr, &ada, json!({ "version": 1, "workLocationId": place })).await.ok();
    assert_eq!(in_effect(&hr, &ada).await, (json!(schedule_of_all), json!(calendar_of_place)));
    let (own_schedule, own_calendar) = (schedule(&hr, false).await, calendar(&hr, json!({})).await);
    let own = json!({ "version": 2, "workScheduleId": own_schedule, "holidayCalendarId": own_calendar });
    update(&hr, &ada, own).await.ok();
    assert_eq!(in_effect(&hr, &ada).await, (json!(own_schedule), json!(own_calendar)));
}

#[tokio::test]
async fn a_new_default_is_announced_for_those_whom_it_reaches() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let own = schedule(&hr, false).await;
    let heir = hire(&hr, "Ada", "Lovelace", json!({})).await;
    let other_heir = hire(&hr, "Bob", "Noyce", json!({})).await;
    hire(&hr, "Own", "Schedule", json!({ "workScheduleId": own })).await;
    let gone = hire(&hr, "Gone", "Girl", json!({})).await;
    terminate(&hr, &gone, None).await.ok();
    let before = count(&app).await;
    let of_all = schedule(&hr, true).await;
    let updated = announced_since(&app, before, "employee.employee.updated").await;
    let reached: Vec<_> = updated.iter().map(|payload| text(&payload["employeeId"])).collect();
    assert_eq!(reached, [heir, other_heir]);
    assert!(updated.iter().all(|payload| payload["workScheduleId"] == of_all.as_str()));
    // What changes nothing for anybody is not announced for anybody.
    let before = count(&app).await;
    schedule(&hr, false).await;
    assert!(announced_since(&app, before, "employee.employee.updated").await.is_empty());
}

#[tokio::test]
async fn a_changed_location_is_announced_for_its_people() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let place = location(&hr, "Europe/Berlin", None).await;
    let here = hire(&hr, "Ada", "Lovelace", json!({ "workLocationId": place })).await;
    hire(&hr, "Bob", "Noyce", json!({})).await;
    let calendar = calendar(&hr, json!({})).await;
    let before = count(&app).await;
    let change = async |input| hr.update("workLocation", &place, input).await;
    change(json!({ "name": "Office" })).await.ok();
    assert!(announced_since(&app, before, "employee.employee.updated").await.is_empty());
    change(json!({ "timeZone": "Asia/Tokyo", "holidayCalendarId": calendar })).await.ok();
    let updated = announced_since(&app, before, "employee.employee.updated").await;
    assert_eq!(updated.len(), 1);
    assert_eq!(updated[0]["employeeId"], here.as_str());
    assert_eq!(
        (&updated[0]["timeZone"], &updated[0]["holidayCalendarId"]),
        (&json!("Asia/Tokyo"), &json!(calendar))
    );
    assert_eq!(change(json!({ "timeZone": "Mars" })).await.refusals(), ["TIME_ZONE_UNKNOWN"]);
    change(json!({ "holidayCalendarId": null })).await.ok();
    let updated = announced_since(&app, before, "employee.employee.updated").await;
    assert_eq!(updated[1]["holidayCalendarId"], json!(null));
}

#[tokio::test]
async fn the_days_of_who_has_no_location_belong_to_the_organizations_time_zone() {
    let (app, office) = office().await;
    let hr = app.as_(&office);
    let zone_of = async |id: &str| {
        let mut tx = app.system(&office, "employee").await;
        people::find(&mut tx, id.parse().unwrap()).await.unwrap().time_zone
    };
    let set = async |zone: Option<&str>| {
        let mut tx = app.system(&office, "employee").await;
        people::write::organization(&mut tx, zone).await.unwrap();
        tx.commit(()).await.unwrap();
    };
    let before = hire(&hr, "Ada", "Lovelace", json!({})).await;
    assert_eq!(zone_of(&before).await, "UTC");
    set(Some("Pacific/Apia")).await;
    let place = location(&hr, "Asia/Tokyo", None).await;
    let elsewhere = hire(&hr, "Bob", "Noyce", json!({ "workLocationId": place })).await;
    let after = hire(&hr, "Eve", "Moneypenny", json!({})).await;
    let mut zones = Vec::new();
    for id in [&before, &after, &elsewhere] {
        zones.push(zone_of(id).await);
    }
    assert_eq!(zones, ["Pacific/Apia", "Pacific/Apia", "Asia/Tokyo"]);
    // It is 2 March, 22:00 in Apia: in two hours the day is over there, and not in Tokyo.
    for id in [&before, &elsewhere] {
        terminate_on(&hr, id, "2026-03-02", None).await.ok();
    }
    app.clock.advance(chrono::Duration::hours(2));
    let gone = hr.run("{ employees(filter: { status: TERMINATED }) { nodes { id } } }").await.ok();
    assert_eq!(gone["employees"]["nodes"], json!([{ "id": before }]));
    // Whoever moves to nowhere in particular inherits it, and when it is cleared nothing is left but UTC.
    update(&hr, &elsewhere, json!({ "version": 2, "workLocationId": null })).await.ok();
    assert_eq!(zone_of(&elsewhere).await, "Pacific/Apia");
    set(None).await;
    assert_eq!(zone_of(&after).await, "UTC");
}

#[tokio::test]
async fn another_time_zone_of_the_organization_is_announced_for_those_whom_it_reaches() {
    let (app, office) = office().await;
    let hr = app.as_(&office);
    let here = hire(&hr, "Ada", "Lovelace", json!({})).await;
    let place = location(&hr, "Asia/Tokyo", None).await;
    hire(&hr, "Bob", "Noyce", json!({ "workLocationId": place })).await;
    let gone = hire(&hr, "Gone", "Girl", json!({})).await;
    terminate(&hr, &gone, None).await.ok();
    let mut tx = app.system(&office, "employee").await;
    people::write::organization(&mut tx, Some("Pacific/Apia")).await.unwrap();
    tx.commit(()).await.unwrap();
    let before = count(&app).await;
    let payload = json!({ "organizationId": office.member().organization_id, "timezone": "Pacific/Apia" });
    app.announce_raw(&office, "tenant.organization.updated", payload).await;
    let updated = announced_since(&app, before, "employee.employee.updated").await;
    assert_eq!(updated.len(), 1);
    assert_eq!((&updated[0]["employeeId"], &updated[0]["timeZone"]), (&json!(here), &json!("Pacific/Apia")));
}
