//! Callers read their own writes, across modules: no script has to sleep.

use chrono::{Datelike as _, Days, NaiveDate, Utc, Weekday};
use serde_json::json;

use crate::client::Client;
use crate::company::{Company, text};
use crate::system::System;

pub async fn all(system: &System, people: usize) {
    people_are_hired_in_four_requests_each(system, people).await;
    what_follows_in_another_module_is_there_at_the_next_request(system).await;
    a_module_is_there_at_the_next_request_of_whoever_switched_it_on(system).await;
}

/// A Monday, some weeks ahead.
fn monday() -> NaiveDate {
    let mut day = Utc::now().date_naive() + Days::new(21);
    while day.weekday() != Weekday::Mon {
        day = day + Days::new(1);
    }
    day
}

async fn submit(
    client: &Client<'_>,
    employee: &str,
    leave_type: &str,
    first: NaiveDate,
    last: NaiveDate,
) -> String {
    let mutation = "mutation($input: LeaveRequestSubmitInput!) { leaveRequestSubmit(input: $input) {
        leaveRequest { id } userErrors { code message } } }";
    let input =
        json!({ "employeeId": employee, "leaveTypeId": leave_type, "firstDay": first, "lastDay": last });
    let data = client.run_with(mutation, json!({ "input": input })).await.ok();
    text(&data, "/leaveRequestSubmit/leaveRequest/id")
}

async fn people_are_hired_in_four_requests_each(system: &System, people: usize) {
    let company = Company::new(system).await;
    let hr = company.join("hr", "HR").await;
    let annual = company.create("leaveType", json!({ "name": "Annual leave", "code": "ANNUAL" })).await;
    let lines = json!([{ "leaveTypeId": annual, "daysPerYear": "25" }]);
    let policy = company.create("leavePolicy", json!({ "name": "Standard", "lines": lines })).await;
    let (first_day, monday) = (Utc::now().date_naive() - Days::new(30), monday());
    for number in 0..people {
        let input = json!({ "firstName": "New", "lastName": format!("Joiner {number}"), "joinedOn": first_day,
            "workEmail": format!("joiner{number}@{}.example", company.name) });
        let employee = company.create("employee", input).await;
        let assign = "mutation($input: LeavePolicyAssignInput!) { leavePolicyAssign(input: $input) {
            employee { id } userErrors { code message } } }";
        let input = json!({ "employeeId": employee, "policyId": policy, "firstDay": first_day });
        company.owner.run_with(assign, json!({ "input": input })).await.ok();
        let id = submit(&company.owner, &employee, &annual, monday, monday).await;
        let approve = "mutation($id: ID!) { leaveRequestApprove(id: $id) { leaveRequest { status } userErrors { code message } } }";
        let done = hr.run_with(approve, json!({ "id": id })).await.ok();
        assert_eq!(text(&done, "/leaveRequestApprove/leaveRequest/status"), "APPROVED");
    }
}

async fn what_follows_in_another_module_is_there_at_the_next_request(system: &System) {
    let company = Company::new(system).await;
    let annual = company.create("leaveType", json!({ "name": "Annual leave", "code": "ANNUAL" })).await;
    let lines = json!([{ "leaveTypeId": annual, "daysPerYear": "25" }]);
    company.create("leavePolicy", json!({ "name": "Standard", "isDefault": true, "lines": lines })).await;
    let calendar = company.create("holidayCalendar", json!({ "name": "Here", "isDefault": true })).await;
    let input = json!({ "firstName": "A", "lastName": "B", "joinedOn": "2024-01-01",
        "workEmail": format!("a@{}.example", company.name) });
    let employee = company.create("employee", input).await;
    let monday = monday();
    let id = submit(&company.owner, &employee, &annual, monday, monday + Days::new(4)).await;
    let days = format!("{{ leaveRequest(id: \"{id}\") {{ days }} }}");
    for round in 0..10 {
        let add = "mutation($input: HolidayAddInput!) { holidayAdd(input: $input) { holiday { id } userErrors { code message } } }";
        let input = json!({ "calendarId": calendar, "date": monday, "name": format!("Day {round}") });
        let holiday = text(
            &company.owner.run_with(add, json!({ "input": input })).await.ok(),
            "/holidayAdd/holiday/id",
        );
        assert_eq!(text(&company.owner.run(&days).await.ok(), "/leaveRequest/days"), "4", "round {round}");
        let delete = "mutation($id: ID!) { holidayRemove(id: $id) { userErrors { code } } }";
        company.owner.run_with(delete, json!({ "id": holiday })).await.ok();
        assert_eq!(text(&company.owner.run(&days).await.ok(), "/leaveRequest/days"), "5", "round {round}");
    }
}

async fn a_module_is_there_at_the_next_request_of_whoever_switched_it_on(system: &System) {
    let company = Company::new(system).await;
    for _ in 0..3 {
        company.switch("leave", false).await.ok();
        let gone = company.owner.run("{ leaveTypes { nodes { id } } }").await;
        assert_eq!(gone.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
        company.switch("leave", true).await.ok();
        company.owner.run("{ leaveTypes { nodes { id } } }").await.ok();
    }
}
