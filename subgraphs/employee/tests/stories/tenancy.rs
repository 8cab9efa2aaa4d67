//! Another organization's ids are as good as none.

use serde_json::{Value, json};

use crate::*;

const UNKNOWN: &str = "00000000-0000-7000-8000-000000000000";

/// An id of every noun, made by somebody.
async fn nouns(client: &Client<'_>) -> Vec<(&'static str, String)> {
    let calendar_id = calendar(client, json!({})).await;
    vec![
        ("Employee", hire(client, "Ada", "Lovelace", json!({})).await),
        ("Department", department(client, "RND").await),
        ("WorkLocation", location(client, "Europe/Berlin", None).await),
        ("WorkSchedule", schedule(client, false).await),
        ("HolidayCalendar", calendar_id),
    ]
}

fn id<'a>(nouns: &'a [(&'static str, String)], noun: &str) -> &'a str {
    &nouns.iter().find(|(name, _)| *name == noun).unwrap().1
}

/// The answer's bytes; the ids asked for are no difference.
fn bytes(answer: &Answer, id: &str) -> String {
    answer.0.to_string().replace(id, "<id>")
}

#[tokio::test]
async fn entities_are_found_at_home_and_nowhere_else() {
    let (app, hr) = office().await;
    let nouns = nouns(&app.as_(&hr)).await;
    let stranger = Person::new(&[Role::Owner]);
    let query = "query($of: [_Any!]!) { _entities(representations: $of) { __typename
        ... on Employee { id } ... on Department { id } ... on WorkLocation { id } ... on WorkSchedule { id }
        ... on HolidayCalendar { id } } }";
    for (noun, id) in &nouns {
        let of = |id: &str| json!({ "of": [{ "__typename": noun, "id": id }] });
        let home = app.as_(&hr.colleague(&[Role::Member])).run_with(query, of(id)).await.ok();
        assert_eq!(home["_entities"], json!([{ "__typename": noun, "id": id }]));
        let foreign = app.as_(&stranger).run_with(query, of(id)).await;
        let missing = app.as_(&stranger).run_with(query, of(UNKNOWN)).await;
        assert_eq!(bytes(&foreign, id), bytes(&missing, UNKNOWN), "{noun}");
        assert_eq!(foreign.ok()["_entities"], json!([null]));
    }
}

#[tokio::test]
async fn queries_and_changes_know_no_foreign_id() {
    let (app, hr) = office().await;
    let nouns = nouns(&app.as_(&hr)).await;
    let stranger = Person::new(&[Role::Owner]);
    let stranger = app.as_(&stranger);
    let holidays = "{ holidayCalendars { nodes { holidays(year: 2026) { id } } } }";
    let holiday =
        text(&app.as_(&hr).run(holidays).await.ok()["holidayCalendars"]["nodes"][0]["holidays"][0]["id"]);
    for (id, document, input) in [
        (id(&nouns, "Employee"), "query($id: ID!) { employee(id: $id) { id } }", json!(null)),
        (
            id(&nouns, "Employee"),
            "query($id: ID!) { employees(filter: { managerId: $id }) { nodes { id } } }",
            json!(null),
        ),
        (
            id(&nouns, "Department"),
            "query($id: ID!) { employees(filter: { departmentId: $id }) { nodes { id } } }",
            json!(null),
        ),
        (id(&nouns, "Employee"), UPDATE, json!({ "version": 1, "firstName": "Eve" })),
        (
            id(&nouns, "Employee"),
            TERMINATE,
            json!({ "lastWorkingDay": "2026-03-31", "terminationType": "DEATH" }),
        ),
        (
            id(&nouns, "Department"),
            "mutation($id: ID!, $input: DepartmentUpdateInput!) { departmentUpdate(id: $id, input: $input) { userErrors { code } } }",
            json!({ "version": 1, "name": "Taken" }),
        ),
        (
            id(&nouns, "WorkLocation"),
            "mutation($id: ID!, $input: WorkLocationUpdateInput!) { workLocationUpdate(id: $id, input: $input) { userErrors { code } } }",
            json!({ "version": 1, "name": "Taken" }),
        ),
        (
            id(&nouns, "WorkSchedule"),
            "mutation($id: ID!, $input: WorkScheduleUpdateInput!) { workScheduleUpdate(id: $id, input: $input) { userErrors { code } } }",
            json!({ "version": 1, "name": "Taken" }),
        ),
        (
            id(&nouns, "HolidayCalendar"),
            "mutation($id: ID!, $input: HolidayCalendarUpdateInput!) { holidayCalendarUpdate(id: $id, input: $input) { userErrors { code } } }",
            json!({ "version": 1, "name": "Taken" }),
        ),
        (&holiday, "mutation($id: ID!) { holidayRemove(id: $id) { userErrors { code } } }", json!(null)),
        (
            id(&nouns, "HolidayCalendar"),
            "mutation($id: ID!) { holidayAdd(input: { calendarId: $id, date: \"2026-12-25\", name: \"Day\" }) { userErrors { code } } }",
            json!(null),
        ),
    ] {
        let foreign = stranger.run_with(document, json!({ "id": id, "input": input })).await;
        let missing = stranger.run_with(document, json!({ "id": UNKNOWN, "input": input })).await;
        assert_eq!(bytes(&foreign, id), bytes(&missing, UNKNOWN), "{document}");
        let found = foreign.0.to_string();
        assert!(document.starts_with("query") || found.contains("NOT_FOUND"), "{document}: {found}");
    }
}

#[tokio::test]
async fn references_to_foreign_ids_are_refused_like_missing_ones() {
    let (app, hr) = office().await;
    let foreign = nouns(&app.as_(&hr)).await;
    let own = Person::new(&[Role::Hr]);
    let own = app.as_(&own);
    let bob = hire(&own, "Bob", "Noyce", json!({})).await;
    let department = department(&own, "OWN").await;
    for (field, noun, code) in [
        ("managerId", "Employee", "EMPLOYEE_NOT_FOUND"),
        ("departmentId", "Department", "DEPARTMENT_NOT_FOUND"),
        ("workLocationId", "WorkLocation", "WORK_LOCATION_NOT_FOUND"),
        ("workScheduleId", "WorkSchedule", "WORK_SCHEDULE_NOT_FOUND"),
        ("holidayCalendarId", "HolidayCalendar", "HOLIDAY_CALENDAR_NOT_FOUND"),
    ] {
        let id = id(&foreign, noun);
        let create = async |id: &str| try_hire(&own, "Eve", "Moneypenny", json!({ field: id })).await;
        same(create(id).await, create(UNKNOWN).await, code);
        let change = async |id: &str| update(&own, &bob, json!({ "version": 1, field: id })).await;
        same(change(id).await, change(UNKNOWN).await, code);
    }
    for (field, noun, code) in
        [("parentId", "Department", "DEPARTMENT_NOT_FOUND"), ("headId", "Employee", "EMPLOYEE_NOT_FOUND")]
    {
        let id = id(&foreign, noun);
        let create = async |id: &str| {
            let input = json!({ "name": "New", "code": "NEW", field: id });
            own.try_create("department", input).await
        };
        same(create(id).await, create(UNKNOWN).await, code);
        let change = async |id: &str| own.update("department", &department, json!({ field: id })).await;
        same(change(id).await, change(UNKNOWN).await, code);
    }
    let in_place = async |id: &str| {
        let input = json!({ "name": "Here", "timeZone": "UTC", "holidayCalendarId": id });
        own.try_create("workLocation", input).await
    };
    let calendar = id(&foreign, "HolidayCalendar");
    same(in_place(calendar).await, in_place(UNKNOWN).await, "HOLIDAY_CALENDAR_NOT_FOUND");
    hire(&own, "Report", "Three", json!({ "managerId": bob })).await;
    let heir = async |id: &str| terminate(&own, &bob, Some(id)).await;
    same(heir(id(&foreign, "Employee")).await, heir(UNKNOWN).await, "EMPLOYEE_NOT_FOUND");
}

#[track_caller]
fn same(foreign: Answer, missing: Answer, code: &str) {
    assert_eq!(foreign.0.to_string(), missing.0.to_string());
    assert_eq!(foreign.refusals(), [code]);
}

#[tokio::test]
async fn lists_show_ones_own_organization_only() {
    let (app, hr) = office().await;
    nouns(&app.as_(&hr)).await;
    let stranger = Person::new(&[Role::Owner]);
    for list in ["employees", "departments", "workLocations", "workSchedules", "holidayCalendars"] {
        let query = format!("{{ {list} {{ nodes {{ id }} }} }}");
        let own: Value = app.as_(&hr).run(&query).await.ok();
        assert_eq!(own[list]["nodes"].as_array().unwrap().len(), 1, "{list}");
        assert_eq!(app.as_(&stranger).run(&query).await.ok()[list]["nodes"], json!([]), "{list}");
    }
}
