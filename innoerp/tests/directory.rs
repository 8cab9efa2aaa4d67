//! What one module says is known to the others in the same moment.
#![cfg(test)]

use common::{Permission, Role};
use innoerp::modules;
use serde_json::{Value, json};
use testing::{App, Client, Person};

/// An organization, made as signing up does, and its owner, who is an employee without a location.
async fn company(app: &App) -> (Person, Value) {
    let owner = Person::new(&[Role::Owner]);
    let mut tx = app.ctx(&owner, "tenant").begin(&Permission::PUBLIC).await.unwrap();
    sqlx::query("select tenant.organization_create($1, 'Acme', 'acme', null)")
        .bind(owner.member().organization_id)
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit(()).await.unwrap();
    app.join(&owner).await;
    let employee = json!({ "firstName": "The", "lastName": "Owner", "workEmail": "owner@acme.example",
        "joinedOn": "2026-01-05", "membershipId": owner.member().membership_id });
    app.as_(&owner).on("employee").create("employee", employee).await;
    let leave_type =
        json!({ "name": "Day off", "code": "OFF", "requiresBalance": false, "noticeDaysMin": 1 });
    let leave_type = app.as_(&owner).on("leave").create("leaveType", leave_type).await;
    (owner, json!(leave_type))
}

async fn set_time_zone(client: &Client<'_>, version: i32, zone: Option<&str>) {
    let update = "mutation($input: OrganizationUpdateInput!) {
        organizationUpdate(input: $input) { organization { timezone } userErrors { code } } }";
    client.run_with(update, json!({ "input": { "version": version, "timezone": zone } })).await.ok();
}

/// What stands in the way of a day off.
async fn problems(client: &Client<'_>, leave_type: &Value, day: &str) -> Vec<String> {
    let preview = "query($input: LeaveRequestSubmitInput!) {
        leaveRequestPreview(input: $input) { preview { problems { code } } userErrors { code } } }";
    let input = json!({ "leaveTypeId": leave_type, "firstDay": day, "lastDay": day });
    let answer = client.run_with(preview, json!({ "input": input })).await.ok();
    let problems = answer["leaveRequestPreview"]["preview"]["problems"].as_array().unwrap().clone();
    problems.iter().map(|problem| problem["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_organizations_time_zone_says_what_day_it_is_for_who_has_no_location() {
    let app = App::start(modules::all()).await;
    let (owner, leave_type) = company(&app).await;
    let (tenant, leave) = (app.as_(&owner).on("tenant"), app.as_(&owner).on("leave"));
    // 16:16 UTC on 2 March, when it is the 3rd in Apia: a day's notice for the 3rd is too short there.
    app.clock.advance(chrono::Duration::minutes(7 * 60 + 16));
    assert_eq!(problems(&leave, &leave_type, "2026-03-03").await, [""; 0]);
    set_time_zone(&tenant, 1, Some("Pacific/Apia")).await;
    assert_eq!(problems(&leave, &leave_type, "2026-03-03").await, ["NOTICE_TOO_SHORT"]);
    assert_eq!(problems(&leave, &leave_type, "2026-03-04").await, [""; 0]);
    set_time_zone(&tenant, 2, None).await;
    assert_eq!(problems(&leave, &leave_type, "2026-03-03").await, [""; 0]);
}
