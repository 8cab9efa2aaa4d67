//! What every noun of this module can do, told of one of them each.

use serde_json::json;

use crate::*;

#[tokio::test]
async fn what_is_archived_is_offered_no_more_and_comes_back() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let place = location(&hr, "Europe/Berlin", None).await;
    let ada = hire(&hr, "Ada", "Lovelace", json!({ "workLocationId": place })).await;
    hr.act("workLocation", "Archive", &place).await.ok();
    let list = "{ workLocations { totalCount } archived: workLocations(filter: { isArchived: true }) { totalCount } }";
    let counted = hr.run(list).await.ok();
    assert_eq!(
        (&counted["workLocations"]["totalCount"], &counted["archived"]["totalCount"]),
        (&json!(0), &json!(1))
    );
    // Who works there still does; nobody else begins to.
    let shown = hr.run(&format!("{{ employee(id: \"{ada}\") {{ location {{ name }} }} }}")).await.ok();
    assert_eq!(shown["employee"]["location"]["name"], "Europe/Berlin");
    update(&hr, &ada, json!({ "version": 1, "firstName": "Augusta" })).await.ok();
    let refused = try_hire(&hr, "Bob", "Noyce", json!({ "workLocationId": place })).await;
    assert_eq!(refused.refusals(), ["WORK_LOCATION_NOT_FOUND"]);
    hr.act("workLocation", "Restore", &place).await.ok();
    hire(&hr, "Bob", "Noyce", json!({ "workLocationId": place })).await;
}

#[tokio::test]
async fn a_code_is_free_again_when_its_department_is_archived() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let old = department(&hr, "RND").await;
    hr.act("department", "Archive", &old).await.ok();
    department(&hr, "RND").await;
    assert_eq!(hr.act("department", "Restore", &old).await.refusals(), ["TAKEN_MEANWHILE"]);
}

#[tokio::test]
async fn of_many_that_are_archived_each_has_its_own_answer() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let (one, other) = (department(&hr, "ONE").await, department(&hr, "OTHER").await);
    let unknown = "00000000-0000-7000-8000-000000000000";
    let document =
        "mutation($ids: [ID!]!, $key: ID) { departmentArchiveBulk(ids: $ids, idempotencyKey: $key) {
        results { department { code archivedAt } userErrors { code } } userErrors { code } } }";
    let variables = json!({ "ids": [one, unknown, other], "key": "put away" });
    let done = hr.run_with(document, variables.clone()).await.ok();
    let results = &done["departmentArchiveBulk"]["results"];
    assert_eq!(results[0]["department"]["code"], "ONE");
    assert_eq!(results[1], json!({ "department": null, "userErrors": [{ "code": "NOT_FOUND" }] }));
    assert!(results[2]["department"]["archivedAt"].is_string());
    assert_eq!(hr.run_with(document, variables).await.ok(), done, "sent again, it answers the same");
    let too_many = json!({ "ids": vec![unknown; 501] });
    assert_eq!(hr.run_with(document, too_many).await.codes(), ["VALIDATION_FAILED"]);
}

#[tokio::test]
async fn a_history_says_who_changed_what_and_when() {
    let (app, office) = office().await;
    let hr = app.as_(&office);
    let place = location(&hr, "Europe/Berlin", None).await;
    hr.update("workLocation", &place, json!({ "name": "Head office" })).await.ok();
    hr.act("workLocation", "Archive", &place).await.ok();
    let entries =
        "nodes { action actor { id } changes { field before after } } pageInfo { hasNextPage endCursor }";
    let query = format!("{{ workLocation(id: \"{place}\") {{ history(first: 2) {{ {entries} }} }} }}");
    let history = hr.run(&query).await.ok()["workLocation"]["history"].clone();
    let by = office.member().membership_id.to_string();
    assert_eq!(history["nodes"][0]["action"], "ARCHIVED");
    let renamed = json!([{ "field": "name", "before": "Europe/Berlin", "after": "Head office" }]);
    assert_eq!(
        history["nodes"][1],
        json!({ "action": "UPDATED", "actor": { "id": by }, "changes": renamed })
    );
    let after = &history["pageInfo"]["endCursor"];
    let query = format!("{{ workLocation(id: \"{place}\") {{ history(after: {after}) {{ {entries} }} }} }}");
    let rest = hr.run(&query).await.ok()["workLocation"]["history"].clone();
    assert_eq!(rest["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(rest["nodes"][0]["action"], "CREATED");
    assert_eq!(rest["pageInfo"]["hasNextPage"], false);
}

#[tokio::test]
async fn only_what_would_be_done_is_offered() {
    let (app, office) = office().await;
    let hr = app.as_(&office);
    let place = location(&hr, "Europe/Berlin", None).await;
    let default = schedule(&hr, true).await;
    let ada = hire(&hr, "Ada", "Lovelace", json!({})).await;
    let query = format!(
        "{{ workLocation(id: \"{place}\") {{ viewerPermissions }} workSchedule(id: \"{default}\") {{ viewerPermissions }}
            employee(id: \"{ada}\") {{ viewerPermissions }} }}"
    );
    let offered = hr.run(&query).await.ok();
    let of = |noun: &str| offered[noun]["viewerPermissions"].clone();
    assert_eq!(of("workLocation"), json!(["workLocationUpdate", "workLocationArchive"]));
    assert_eq!(of("workSchedule"), json!(["workScheduleUpdate"]));
    let of_one_who_works_here = json!([
        "employeeUpdate",
        "employeeTerminate",
        "employeeCorrectEmployments",
        "employeeAttach",
        "employeeDetach"
    ]);
    assert_eq!(of("employee"), of_one_who_works_here);
    let member = app.as_(&office.colleague(&[Role::Member])).run(&query).await.ok();
    assert_eq!(member["employee"]["viewerPermissions"], json!([]));
    terminate(&hr, &ada, None).await.ok();
    // References and certificates come when somebody has left.
    let of_one_who_left = json!([
        "employeeTerminate",
        "employeeReinstate",
        "employeeRehire",
        "employeeCorrectEmployments",
        "employeeAttach",
        "employeeDetach"
    ]);
    assert_eq!(hr.run(&query).await.ok()["employee"]["viewerPermissions"], of_one_who_left);
}

#[tokio::test]
async fn of_many_that_are_changed_each_has_its_own_answer() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let department = department(&hr, "RND").await;
    let (ada, bob) = (hire(&hr, "Ada", "Byron", json!({})).await, hire(&hr, "Bob", "Noyce", json!({})).await);
    let document = "mutation($rows: [EmployeeUpdateRow!]!) { employeeUpdateBulk(rows: $rows) {
        results { employee { firstName department { code } } userErrors { field code } } } }";
    let row = |id: &str, version: i32| json!({ "id": id, "input": { "version": version, "departmentId": department } });
    let done = hr.run_with(document, json!({ "rows": [row(&ada, 1), row(&bob, 7)] })).await.ok();
    let results = &done["employeeUpdateBulk"]["results"];
    assert_eq!(results[0]["employee"], json!({ "firstName": "Ada", "department": { "code": "RND" } }));
    assert_eq!(results[1]["userErrors"][0]["code"], "VERSION_CONFLICT");
}

#[tokio::test]
async fn null_is_refused_where_there_must_be_something() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let place = location(&hr, "Europe/Berlin", None).await;
    let refused = hr.update("workLocation", &place, json!({ "name": null, "timeZone": "Mars" })).await;
    assert_eq!(refused.refusals(), ["REQUIRED", "TIME_ZONE_UNKNOWN"]);
}

#[tokio::test]
async fn a_page_goes_on_where_the_one_before_ended_whatever_became_of_its_last_row() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    for code in ["A", "B", "C", "D"] {
        department(&hr, code).await;
    }
    let page = async |after: &Value| {
        let query = "query($after: String) { departments(sort: CODE, first: 2, after: $after) {
            nodes { id code } pageInfo { endCursor hasNextPage } } }";
        hr.run_with(query, json!({ "after": after })).await.ok()["departments"].clone()
    };
    let codes = |page: &Value| {
        let nodes = page["nodes"].as_array().unwrap();
        nodes.iter().map(|node| text(&node["code"])).collect::<Vec<_>>()
    };
    let first = page(&Value::Null).await;
    assert_eq!(codes(&first), ["A", "B"]);
    let last = text(&first["nodes"][1]["id"]);
    hr.update("department", &last, json!({ "code": "Z" })).await.ok();
    let second = page(&first["pageInfo"]["endCursor"]).await;
    assert_eq!(codes(&second), ["C", "D"]);
    assert_eq!(codes(&page(&second["pageInfo"]["endCursor"]).await), ["Z"]);
    let behind = sqlx::PgPool::connect(&app.admin_url).await.unwrap();
    sqlx::query("delete from employee.department where code = 'Z'").execute(&behind).await.unwrap();
    assert_eq!(codes(&page(&first["pageInfo"]["endCursor"]).await), ["C", "D"]);
}

#[tokio::test]
async fn a_cursor_that_somebody_has_bent_is_the_fault_of_whoever_sends_it() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    hire(&hr, "Ada", "Byron", json!({})).await;
    let page = hr.run("{ employees(sort: JOINED_ON) { pageInfo { endCursor } } }").await.ok();
    let cursor = URL_SAFE_NO_PAD.decode(text(&page["employees"]["pageInfo"]["endCursor"])).unwrap();
    for values in
        ["", "[]", "{", r#"{"joined_on":"no day"}"#, r#"{"joined_on":"2026-02-30"}"#, r#"{"joined_on":{}}"#]
    {
        let bent = URL_SAFE_NO_PAD.encode([&cursor[..20], values.as_bytes()].concat());
        let query = format!("{{ employees(sort: JOINED_ON, after: \"{bent}\") {{ nodes {{ id }} }} }}");
        assert_eq!(hr.run(&query).await.codes(), ["VALIDATION_FAILED"], "{values}");
    }
    let nul = URL_SAFE_NO_PAD.encode([&cursor[..20], br#"{"joined_on":"\u0000"}"#.as_slice()].concat());
    let query = format!("{{ employees(sort: JOINED_ON, after: \"{nul}\") {{ nodes {{ id }} }} }}");
    assert_eq!(hr.run(&query).await.codes(), ["VALIDATION_FAILED"]);
}
