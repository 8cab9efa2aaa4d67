//! What organizations want to know of people beside the rest, and tags.

use custom::{CustomFieldCreateInput, CustomFieldKind};
use serde_json::{Value, json};

use crate::*;

/// Adds a custom field to employees; answers its id.
pub async fn field(
    app: &App,
    person: &Person,
    key: &str,
    kind: CustomFieldKind,
    options: &[&str],
    is_required: bool,
) -> custom::CustomFieldId {
    let options = options.iter().map(|option| (*option).to_owned()).collect();
    let input = CustomFieldCreateInput {
        noun: "Employee".to_owned(),
        key: key.to_owned(),
        label: key.to_uppercase(),
        kind,
        options: Some(options),
        is_required: Some(is_required),
        is_confidential: None,
        position: None,
    };
    custom::create(&app.ctx(person, "employee"), input).await.unwrap().id
}

async fn fields(app: &App, person: &Person) -> [custom::CustomFieldId; 3] {
    [
        field(app, person, "shirt", CustomFieldKind::Select, &["S", "M"], false).await,
        field(app, person, "skills", CustomFieldKind::Multiselect, &["Rust", "SQL"], false).await,
        field(app, person, "badge", CustomFieldKind::Number, &[], false).await,
    ]
}

async fn shown(client: &Client<'_>, id: &str) -> Value {
    let query = format!("{{ employee(id: \"{id}\") {{ tags customFields {{ key value }} }} }}");
    client.run(&query).await.ok()["employee"].clone()
}

async fn found(client: &Client<'_>, filter: Value) -> Vec<String> {
    let query =
        "query($filter: EmployeeFilter) { employees(filter: $filter) { totalCount nodes { firstName } } }";
    let page = client.run_with(query, json!({ "filter": filter })).await.ok()["employees"].clone();
    let nodes = page["nodes"].as_array().unwrap();
    assert_eq!(page["totalCount"], nodes.len());
    nodes.iter().map(|node| text(&node["firstName"])).collect()
}

#[tokio::test]
async fn values_and_tags_are_shown_as_they_were_said() {
    let (app, hr) = office().await;
    fields(&app, &hr).await;
    let hr = app.as_(&hr);
    let more = json!({ "tags": ["Remote", " Night shift "], "customFields": [
        { "key": "badge", "value": "007.50" }, { "key": "skills", "value": "SQL,Rust" }] });
    let ada = hire(&hr, "Ada", "Lovelace", more).await;
    let expected = json!({ "tags": ["Remote", "Night shift"], "customFields": [
        { "key": "shirt", "value": null }, { "key": "skills", "value": "Rust,SQL" },
        { "key": "badge", "value": "7.5" }] });
    assert_eq!(shown(&hr, &ada).await, expected);
    let query = format!("{{ employee(id: \"{ada}\") {{ customFields {{ label kind }} }} }}");
    let told = hr.run(&query).await.ok();
    assert_eq!(told["employee"]["customFields"][1], json!({ "label": "SKILLS", "kind": "MULTISELECT" }));
}

#[tokio::test]
async fn a_client_that_knows_no_custom_fields_leaves_them_alone() {
    let (app, hr) = office().await;
    let [shirt, ..] = fields(&app, &hr).await;
    let ctx = app.ctx(&hr, "employee");
    let hr = app.as_(&hr);
    let more = json!({ "tags": ["Remote"], "customFields": [{ "key": "shirt", "value": "M" }] });
    let ada = hire(&hr, "Ada", "Lovelace", more).await;
    update(&hr, &ada, json!({ "version": 1, "firstName": "Augusta" })).await.ok();
    let other = json!({ "version": 2, "customFields": [{ "key": "badge", "value": "7" }] });
    update(&hr, &ada, other).await.ok();
    // A field that becomes required, or is archived, stands in the way of no other change.
    let is_required = async_graphql::MaybeUndefined::Value(true);
    let required = custom::CustomFieldUpdateInput { version: 1, is_required, ..Default::default() };
    custom::update(&ctx, shirt, required).await.unwrap();
    database::archive::<custom::CustomField>(&ctx, &custom::MANAGE, shirt).await.unwrap();
    update(&hr, &ada, json!({ "version": 3, "lastName": "Byron" })).await.ok();
    let expected = json!({ "tags": ["Remote"], "customFields": [
        { "key": "shirt", "value": "M" }, { "key": "skills", "value": null }, { "key": "badge", "value": "7" }] });
    assert_eq!(shown(&hr, &ada).await, expected);
    let cleared = json!({ "version": 4, "tags": [], "customFields": [{ "key": "shirt", "value": null }] });
    update(&hr, &ada, cleared).await.ok();
    let expected = json!({ "tags": [], "customFields": [
        { "key": "skills", "value": null }, { "key": "badge", "value": "7" }] });
    assert_eq!(shown(&hr, &ada).await, expected);
}

#[tokio::test]
async fn what_is_wrong_with_a_value_is_told_with_its_path() {
    let (app, hr) = office().await;
    fields(&app, &hr).await;
    field(&app, &hr, "visa", CustomFieldKind::Date, &[], true).await;
    // Another organization's fields are none of ours.
    let stranger = Person::new(&[Role::Owner]);
    field(&app, &stranger, "secret", CustomFieldKind::Text, &[], false).await;
    let hr = app.as_(&hr);
    let more = json!({ "tags": ["a,b"], "customFields": [{ "key": "shirt", "value": "XXL" },
        { "key": "secret", "value": "x" }, { "key": "visa", "value": "tomorrow" }] });
    let refused = try_hire(&hr, "Ada", "Lovelace", more).await;
    let paths: Vec<String> = refused.0["data"]["employeeCreate"]["userErrors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| format!("{} {}", text(&error["field"]), text(&error["code"])))
        .collect();
    let expected = [
        "customFields.0.value OPTION_UNKNOWN",
        "customFields.1.key CUSTOM_FIELD_NOT_FOUND",
        "customFields.2.value DATE_INVALID",
        "tags.0 TAG_INVALID",
    ];
    assert_eq!(paths, expected);
    assert_eq!(try_hire(&hr, "Ada", "Lovelace", json!({})).await.refusals(), ["REQUIRED"]);
    let many: Vec<Value> = (0..1000).map(|_| json!({ "key": "none", "value": "x".repeat(100) })).collect();
    let refused = try_hire(&hr, "Ada", "Lovelace", json!({ "customFields": many })).await;
    assert_eq!(refused.refusals(), ["OUT_OF_RANGE"]);
}

#[tokio::test]
async fn people_are_found_by_tag_and_by_value_at_home_only() {
    let (app, hr) = office().await;
    fields(&app, &hr).await;
    let stranger = Person::new(&[Role::Owner]);
    fields(&app, &stranger).await;
    let hr = app.as_(&hr);
    let with = |tags: &[&str], fields: Value| json!({ "tags": tags, "customFields": fields });
    let skills = |value: &str| json!([{ "key": "skills", "value": value }, { "key": "badge", "value": "7" }]);
    hire(&hr, "Ada", "A", with(&["Remote", "100%"], skills("Rust,SQL"))).await;
    hire(&hr, "Bob", "B", with(&["Remote first"], skills("SQL"))).await;
    hire(&hr, "Eve", "C", json!({})).await;
    hire(&app.as_(&stranger), "Mallory", "D", with(&["Remote"], skills("SQL"))).await;
    assert_eq!(found(&hr, json!({ "tag": "Remote" })).await, ["Ada"]);
    assert_eq!(found(&hr, json!({ "tag": "%" })).await, Vec::<String>::new());
    assert_eq!(found(&hr, json!({ "tag": "100%" })).await, ["Ada"]);
    let value = |key: &str, value: &str| json!({ "customField": { "key": key, "value": value } });
    assert_eq!(found(&hr, value("skills", "SQL")).await, ["Ada", "Bob"]);
    assert_eq!(found(&hr, value("skills", "SQL,Rust")).await, ["Ada"]);
    assert_eq!(found(&hr, value("badge", "7.0")).await, ["Ada", "Bob"]);
    assert_eq!(found(&hr, value("badge", "seven")).await, Vec::<String>::new());
    assert_eq!(found(&hr, value("nothing", "x")).await, Vec::<String>::new());
    let both =
        json!({ "tag": "Remote first", "customField": { "key": "skills", "value": "SQL" }, "search": "bob" });
    assert_eq!(found(&hr, both).await, ["Bob"]);
    for wrong in ["", "a,b", "\u{0}"] {
        let query = "query($tag: String) { employees(filter: { tag: $tag }) { nodes { id } } }";
        assert_eq!(hr.run_with(query, json!({ "tag": wrong })).await.codes(), ["VALIDATION_FAILED"]);
    }
}

#[tokio::test]
async fn tags_and_values_are_looked_up_by_their_indexes() {
    let (app, hr) = office().await;
    fields(&app, &hr).await;
    let sql = "insert into employee.employee (id, organization_id, number, first_name, last_name, work_email,
                   employment_type, joined_on, tags, custom_fields)
               select core.uuid_v7(), $1, 'X' || n, 'X', 'X', 'x' || n || '@x', 'FULL_TIME', '2026-01-05',
                   array['all', 'tag ' || n % 1000], jsonb_build_object('badge', (n % 1000)::text)
               from generate_series(1, 20000) n";
    let pool = sqlx::PgPool::connect(&app.admin_url).await.unwrap();
    sqlx::query(sql).bind(hr.member().organization_id.0).execute(&pool).await.unwrap();
    // What was just written waits beside the index until it is taken in.
    sqlx::query("vacuum analyze employee.employee").execute(&pool).await.unwrap();
    for condition in ["tags @> array['tag 7']", "custom_fields @> '{\"badge\": \"7\"}'"] {
        let plan =
            format!("explain select id from employee.employee where organization_id = $1 and {condition}");
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(plan))
            .bind(hr.member().organization_id.0)
            .fetch_all(&pool)
            .await
            .unwrap();
        let column = condition.split(' ').next().unwrap();
        let index = format!("employee_{column}_idx");
        assert!(plan.iter().any(|line| line.contains(&index)), "{plan:#?}");
    }
    let hr = app.as_(&hr);
    let query = "{ employees(filter: { tag: \"tag 7\", customField: { key: \"badge\", value: \"7\" } }) { totalCount } }";
    assert_eq!(hr.run(query).await.ok()["employees"]["totalCount"], 20);
    // What most have is found by walking the list.
    let query = "{ employees(first: 1, filter: { tag: \"all\", customField: { key: \"badge\", value: \"7\" } }) { totalCount } }";
    assert_eq!(hr.run(query).await.ok()["employees"]["totalCount"], 20);
    let query = "{ employees(first: 1, filter: { tag: \"all\" }) { totalCount nodes { tags } } }";
    let page = hr.run(query).await.ok()["employees"].clone();
    assert_eq!((&page["totalCount"], &page["nodes"][0]["tags"][0]), (&json!(20_000), &json!("all")));
}

#[tokio::test]
async fn a_history_tells_of_tags_and_of_each_value() {
    let (app, hr) = office().await;
    fields(&app, &hr).await;
    let hr = app.as_(&hr);
    let more = json!({ "tags": ["Remote"], "customFields": [{ "key": "shirt", "value": "S" }] });
    let ada = hire(&hr, "Ada", "Lovelace", more).await;
    let change = json!({ "version": 1, "tags": ["Remote", "Parent"], "customFields": [
        { "key": "shirt", "value": null }, { "key": "skills", "value": "SQL" }] });
    update(&hr, &ada, change).await.ok();
    let query = format!(
        "{{ employee(id: \"{ada}\") {{ history {{ nodes {{ changes {{ field before after }} }} }} }} }}"
    );
    let history = hr.run(&query).await.ok()["employee"]["history"]["nodes"].clone();
    let expected = json!([
        { "field": "customFields.shirt", "before": "S", "after": null },
        { "field": "customFields.skills", "before": null, "after": "[\"SQL\"]" },
        { "field": "tags", "before": "[\"Remote\"]", "after": "[\"Remote\",\"Parent\"]" },
    ]);
    assert_eq!(history[0]["changes"], expected);
    let first = history[1]["changes"].as_array().unwrap();
    assert!(first.contains(&json!({ "field": "customFields.shirt", "before": null, "after": "S" })));
}

#[tokio::test]
async fn confidential_values_are_for_those_who_look_after_the_employee() {
    let (app, hr) = office().await;
    let [manager, member, colleague] =
        [Role::Manager, Role::Member, Role::Member].map(|role| hr.colleague(&[role]));
    for person in [&manager, &member] {
        app.join(person).await;
    }
    let birth = field(&app, &hr, "birth", CustomFieldKind::Date, &[], false).await;
    field(&app, &hr, "badge", CustomFieldKind::Number, &[], false).await;
    let is_confidential = async_graphql::MaybeUndefined::Value(true);
    let change = custom::CustomFieldUpdateInput { version: 1, is_confidential, ..Default::default() };
    custom::update(&app.ctx(&hr, "employee"), birth, change).await.unwrap();
    let office = app.as_(&hr);
    let membership = |person: &Person| json!(person.member().membership_id);
    let boss = hire(&office, "Grace", "Hopper", json!({ "membershipId": membership(&manager) })).await;
    let more = json!({ "membershipId": membership(&member), "managerId": boss, "customFields": [
        { "key": "birth", "value": "1815-12-10" }, { "key": "badge", "value": "7" }] });
    assert_eq!(try_hire(&office, "Ada", "Lovelace", more.clone()).await.refusals(), ["DATE_INVALID"]);
    let mut more = more;
    more["customFields"][0]["value"] = json!("1990-12-10");
    let ada = hire(&office, "Ada", "Lovelace", more).await;
    let seen = async |person: &Person| {
        let query = format!(
            "{{ employee(id: \"{ada}\") {{ customFields {{ key value }} history {{ nodes {{ changes {{ field after }} }} }} }} }}"
        );
        let seen = app.as_(person).run(&query).await.ok().to_string();
        assert!(seen.contains("badge"));
        (seen.matches("1990-12-10").count(), seen.matches("birth").count())
    };
    for person in [&hr, &manager, &member] {
        assert_eq!(seen(person).await, (2, 2));
    }
    assert_eq!(seen(&colleague).await, (0, 0));
    // Nor does a filter tell whose it is; and it is no way to it for a manager either.
    let condition = json!({ "customField": { "key": "birth", "value": "1990-12-10" } });
    assert_eq!(found(&office, condition.clone()).await, ["Ada"]);
    for person in [&manager, &colleague] {
        assert_eq!(found(&app.as_(person), condition.clone()).await, [""; 0]);
    }
}
