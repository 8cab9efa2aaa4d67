//! Letting people go.

use serde_json::json;

use crate::*;

#[tokio::test]
async fn an_employment_that_has_ended_is_not_changed() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let ada = hire(&hr, "Ada", "Lovelace", json!({})).await;
    let left = terminate(&hr, &ada, None).await.ok();
    let expected = json!({ "id": ada, "status": "TERMINATED", "lastWorkingDay": YESTERDAY,
        "terminationType": "RESIGNATION", "version": 2 });
    assert_eq!(left["employeeTerminate"]["employee"], expected);
    let changed = update(&hr, &ada, json!({ "version": 2, "firstName": "Augusta" })).await;
    assert_eq!(changed.refusals(), ["EMPLOYEE_TERMINATED"]);
}

#[tokio::test]
async fn nobody_leaves_before_they_came() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let ada = hire(&hr, "Ada", "Lovelace", json!({ "joinedOn": "2026-04-01" })).await;
    assert_eq!(terminate(&hr, &ada, None).await.refusals(), ["DATE_OUT_OF_RANGE"]);
}

#[tokio::test]
async fn whoever_leads_others_leaves_only_with_a_successor() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let top = hire(&hr, "Top", "One", json!({})).await;
    let leaver = hire(&hr, "Middle", "Two", json!({ "managerId": top })).await;
    let heir = hire(&hr, "Low", "Three", json!({ "managerId": leaver })).await;
    let peer = hire(&hr, "Low", "Four", json!({ "managerId": leaver })).await;
    let below = hire(&hr, "Lowest", "Five", json!({ "managerId": peer })).await;
    let headed = json!({ "name": "Research", "code": "RND", "headId": leaver });
    hr.create("department", headed).await;

    assert_eq!(terminate(&hr, &leaver, None).await.refusals(), ["HAS_REPORTS"]);
    assert_eq!(terminate(&hr, &leaver, Some(&leaver)).await.refusals(), ["EMPLOYEE_NOT_FOUND"]);
    assert_eq!(terminate(&hr, &leaver, Some(&below)).await.refusals(), ["REASSIGN_CYCLE"]);
    terminate(&hr, &leaver, Some(&heir)).await.ok();

    let manager_of = async |id: &str| {
        let shown = hr.run(&format!("{{ employee(id: \"{id}\") {{ manager {{ id }} }} }}")).await.ok();
        text(&shown["employee"]["manager"]["id"])
    };
    assert_eq!(manager_of(&heir).await, top);
    assert_eq!(manager_of(&peer).await, heir);
    let departments = hr.run("{ departments { nodes { head { id } } } }").await.ok();
    assert_eq!(departments["departments"]["nodes"][0]["head"]["id"], heir.as_str());
}

#[tokio::test]
async fn somebody_who_left_neither_leads_nor_takes_over() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let gone = hire(&hr, "Gone", "One", json!({})).await;
    let leaver = hire(&hr, "Leaver", "Two", json!({})).await;
    hire(&hr, "Report", "Three", json!({ "managerId": leaver })).await;
    terminate(&hr, &gone, None).await.ok();
    assert_eq!(terminate(&hr, &leaver, Some(&gone)).await.refusals(), ["EMPLOYEE_NOT_FOUND"]);
    let under = try_hire(&hr, "New", "Four", json!({ "managerId": gone })).await;
    assert_eq!(under.refusals(), ["EMPLOYEE_NOT_FOUND"]);
    let headed = json!({ "name": "Research", "code": "RND", "headId": gone });
    assert_eq!(hr.try_create("department", headed).await.refusals(), ["EMPLOYEE_NOT_FOUND"]);
}

#[tokio::test]
async fn a_termination_sent_twice_counts_once() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let ada = hire(&hr, "Ada", "Lovelace", json!({})).await;
    let with = |day: &str| {
        json!({ "id": ada, "key": "bye",
            "input": { "lastWorkingDay": day, "terminationType": "RETIREMENT" } })
    };
    let first = hr.run_with(TERMINATE, with("2026-03-31")).await.ok();
    assert_eq!(hr.run_with(TERMINATE, with("2026-03-31")).await.ok(), first);
    assert_eq!(hr.run_with(TERMINATE, with("2026-04-30")).await.codes(), ["IDEMPOTENCY_MISMATCH"]);
}
