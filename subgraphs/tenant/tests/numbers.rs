//! Stories about number series.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod world;

use common::{Permission, Role};
use database::Series;
use serde_json::{Value, json};
use testing::{Answer, App, Person};
use world::world;

const LIST: &str = "query($sort: NumberSeriesSort, $after: String, $search: String) {
    numberSeriesList(sort: $sort, after: $after, filter: { search: $search }) { totalCount pageInfo { endCursor }
        nodes { id key pattern isYearly nextNumber version viewerPermissions } } }";

/// Takes a number, as a module does that makes a document.
async fn take(app: &App, person: &Person, key: &'static str, year: i32) -> String {
    let series =
        Series { key, pattern: "{year}-{number:3}", is_yearly: true, place: ("common.number_series", "key") };
    let mut tx = app.ctx(person, "tenant").begin(&Permission::PUBLIC).await.unwrap();
    let number = tx.next_number(&series, year).await.unwrap();
    tx.commit(()).await.unwrap();
    number
}

async fn list(app: &App, person: &Person, variables: Value) -> Answer {
    app.as_(person).run_with(LIST, variables).await
}

async fn update(app: &App, person: &Person, id: &Value, input: Value) -> Answer {
    const UPDATE: &str = "mutation($id: ID!, $input: NumberSeriesUpdateInput!) {
        numberSeriesUpdate(id: $id, input: $input) {
            numberSeries { pattern isYearly version } userErrors { field code } } }";
    app.as_(person).run_with(UPDATE, json!({ "id": id, "input": input })).await
}

#[tokio::test]
async fn an_admin_says_what_the_next_numbers_look_like() {
    let (app, owner) = world("acme").await;
    let admin = owner.colleague(&[Role::Admin]);
    for _ in 0..2 {
        take(&app, &owner, "finance.invoice", 2026).await;
    }
    let seen = list(&app, &admin, json!({})).await.ok()["numberSeriesList"]["nodes"][0].clone();
    assert_eq!((&seen["nextNumber"], &seen["version"]), (&json!("2026-003"), &json!(1)));
    assert_eq!(seen["viewerPermissions"], json!(["numberSeriesUpdate"]));
    let input = json!({ "version": 1, "pattern": "INV-{number:5}", "isYearly": false });
    let changed = update(&app, &admin, &seen["id"], input.clone()).await.ok();
    assert_eq!(changed["numberSeriesUpdate"]["numberSeries"]["version"], 2);
    assert_eq!(take(&app, &owner, "finance.invoice", 2027).await, "INV-00003");
    assert_eq!(update(&app, &admin, &seen["id"], input).await.refusals(), ["VERSION_CONFLICT"]);
    for (input, code) in [
        (json!({ "version": 2, "pattern": "INV" }), "PATTERN_INVALID"),
        (json!({ "version": 2, "isYearly": true }), "YEAR_MISSING"),
        (json!({ "version": 2, "pattern": null }), "REQUIRED"),
    ] {
        assert_eq!(update(&app, &admin, &seen["id"], input).await.refusals(), [code]);
    }
    const HISTORY: &str = "query($id: ID!) { numberSeries(id: $id) { history { nodes { action actor { id }
        changes { field before after } } } } }";
    let history = app.as_(&owner).run_with(HISTORY, json!({ "id": seen["id"] })).await.ok();
    let changed = &history["numberSeries"]["history"]["nodes"][1];
    assert_eq!(changed["actor"]["id"], json!(admin.member().membership_id));
    let pattern = json!({ "field": "pattern", "before": "{year}-{number:3}", "after": "INV-{number:5}" });
    assert!(changed["changes"].as_array().unwrap().contains(&pattern), "{history:#}");
}

#[tokio::test]
async fn everybody_who_works_here_reads_them_and_only_who_administers_changes_them() {
    let (app, owner) = world("acme").await;
    take(&app, &owner, "finance.invoice", 2026).await;
    take(&app, &owner, "sales.quote", 2026).await;
    let member = owner.colleague(&[Role::Member]);
    let seen = list(&app, &member, json!({})).await.ok()["numberSeriesList"].clone();
    assert_eq!(seen["totalCount"], 2);
    assert_eq!(seen["nodes"][0]["viewerPermissions"], json!([]));
    let refused = update(&app, &member, &seen["nodes"][0]["id"], json!({ "version": 1 })).await;
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    let found = list(&app, &member, json!({ "search": "QUOTE" })).await.ok();
    assert_eq!(found["numberSeriesList"]["nodes"][0]["key"], "sales.quote");
    let other_order = json!({ "sort": "KEY_DESC", "after": seen["pageInfo"]["endCursor"] });
    assert_eq!(list(&app, &member, other_order).await.codes(), ["VALIDATION_FAILED"]);
    let stranger = Person::new(&[Role::Owner]);
    assert_eq!(list(&app, &stranger, json!({})).await.ok()["numberSeriesList"]["totalCount"], 0);
}
