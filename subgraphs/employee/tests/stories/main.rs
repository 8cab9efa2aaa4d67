//! Stories about core HR, through the schema, as people with roles.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

mod calendars;
mod departments;
mod employees;
mod employments;
mod events;
mod exports;
mod fields;
mod files;
mod inheritance;
mod lists;
mod nouns;
mod rights;
mod tenancy;
mod terminations;

use common::Role;
use serde_json::{Value, json};
use testing::{Answer, App, Client, Person};

/// The module with its own database, and somebody of HR.
async fn office() -> (App, Person) {
    (App::start(vec![employee::subgraph()]).await, Person::new(&[Role::Hr]))
}

const CREATE: &str = "mutation($input: EmployeeCreateInput!, $key: ID) {
    employeeCreate(input: $input, idempotencyKey: $key) {
        employee { id number name version } userErrors { field code message } } }";

const UPDATE: &str = "mutation($id: ID!, $input: EmployeeUpdateInput!) {
    employeeUpdate(id: $id, input: $input) {
        employee { id name version manager { id } department { id } } userErrors { field code message } } }";

const TERMINATE: &str = "mutation($id: ID!, $input: EmployeeTerminateInput!, $key: ID) {
    employeeTerminate(id: $id, input: $input, idempotencyKey: $key) {
        employee { id status lastWorkingDay terminationType version } userErrors { field code message } } }";

/// What hiring somebody takes, with `more` on top.
fn input(first_name: &str, last_name: &str, more: Value) -> Value {
    let mut input = json!({
        "firstName": first_name,
        "lastName": last_name,
        "workEmail": format!("{first_name}.{last_name}@example.com"),
        "joinedOn": "2026-01-05",
    });
    for (field, value) in more.as_object().unwrap() {
        input[field] = value.clone();
    }
    input
}

async fn try_hire(client: &Client<'_>, first_name: &str, last_name: &str, more: Value) -> Answer {
    client.run_with(CREATE, json!({ "input": input(first_name, last_name, more) })).await
}

/// Hires somebody; answers their id.
async fn hire(client: &Client<'_>, first_name: &str, last_name: &str, more: Value) -> String {
    let hired = try_hire(client, first_name, last_name, more).await.ok();
    text(&hired["employeeCreate"]["employee"]["id"])
}

async fn update(client: &Client<'_>, id: &str, input: Value) -> Answer {
    client.run_with(UPDATE, json!({ "id": id, "input": input })).await
}

/// Yesterday and the last day of this month, by the clock of the stories: it is 2 March 2026.
const YESTERDAY: &str = "2026-03-01";
const END_OF_MONTH: &str = "2026-03-31";

/// Ends an employment yesterday.
async fn terminate(client: &Client<'_>, id: &str, reassign_to: Option<&str>) -> Answer {
    terminate_on(client, id, YESTERDAY, reassign_to).await
}

async fn terminate_on(client: &Client<'_>, id: &str, day: &str, reassign_to: Option<&str>) -> Answer {
    let input =
        json!({ "lastWorkingDay": day, "terminationType": "RESIGNATION", "reassignReportsTo": reassign_to });
    client.run_with(TERMINATE, json!({ "id": id, "input": input })).await
}

async fn reinstate(client: &Client<'_>, id: &str) -> Answer {
    let document = "mutation($id: ID!) { employeeReinstate(id: $id) {
        employee { id status lastWorkingDay terminationType version } userErrors { field code message } } }";
    client.run_with(document, json!({ "id": id })).await
}

async fn rehire(client: &Client<'_>, id: &str, input: Value) -> Answer {
    let document = "mutation($id: ID!, $input: EmployeeRehireInput!) { employeeRehire(id: $id, input: $input) {
        employee { id number status joinedOn lastWorkingDay version formerEmployments { joinedOn lastWorkingDay } }
        userErrors { field code message } } }";
    client.run_with(document, json!({ "id": id, "input": input })).await
}

async fn correct(
    client: &Client<'_>,
    id: &str,
    version: &Value,
    employments: Value,
    heir: Option<&str>,
) -> Answer {
    let document = "mutation($id: ID!, $input: EmployeeCorrectEmploymentsInput!) {
        employeeCorrectEmployments(id: $id, input: $input) {
            employee { version status joinedOn lastWorkingDay terminationType nextJoinedOn
                formerEmployments { joinedOn lastWorkingDay terminationType } }
            userErrors { field code message } } }";
    let input = json!({ "version": version, "employments": employments, "reassignReportsTo": heir });
    client.run_with(document, json!({ "id": id, "input": input })).await
}

async fn department(client: &Client<'_>, code: &str) -> String {
    client.create("department", json!({ "name": code, "code": code })).await
}

async fn calendar(client: &Client<'_>, more: Value) -> String {
    let mut input = json!({ "name": "Berlin", "holidays": [{ "date": "2026-05-01", "name": "May Day" }] });
    for (field, value) in more.as_object().unwrap() {
        input[field] = value.clone();
    }
    client.create("holidayCalendar", input).await
}

async fn schedule(client: &Client<'_>, is_default: bool) -> String {
    let input = json!({ "name": "Four days", "dayFractions": ["1", "1", "1", "1.0", "0", "0", "0"],
        "hoursPerWeek": "32", "isDefault": is_default });
    client.create("workSchedule", input).await
}

async fn location(client: &Client<'_>, time_zone: &str, calendar_id: Option<&str>) -> String {
    let input = json!({ "name": time_zone, "timeZone": time_zone, "holidayCalendarId": calendar_id });
    client.create("workLocation", input).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
