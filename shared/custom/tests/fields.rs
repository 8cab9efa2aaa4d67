//! Stories about custom fields, through the schema of a module that serves them.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use async_graphql::{EmptySubscription, Schema};
use common::{Permission, Role};
use custom::{CustomField, CustomFieldMutation, CustomFieldQuery};
use serde_json::{Value, json};
use service::{Noun, Subgraph};
use sqlx::migrate::Migrator;
use testing::{Answer, App, Client, Person};

const PERMISSIONS: &[&Permission] = &[&custom::READ, &custom::MANAGE];
static MIGRATOR: Migrator = Migrator::DEFAULT;

fn schema() -> Schema<CustomFieldQuery, CustomFieldMutation, EmptySubscription> {
    service::schema(CustomFieldQuery, CustomFieldMutation, EmptySubscription).finish()
}

/// A module that does nothing else.
fn desk() -> Subgraph {
    Subgraph {
        id: "desk",
        name: "Desk",
        description: "Serves custom fields.",
        is_core: true,
        requires: &[],
        port: 0,
        permissions: PERMISSIONS,
        nouns: vec![Noun::of::<CustomField>()],
        migrator: &MIGRATOR,
        events: Vec::new(),
        consumers: &[],
        jobs: &[],
        sdl: || service::sdl(&schema()),
        executable: |runtime| service::guard("desk", PERMISSIONS, schema(), runtime),
        routes: None,
        public: None,
    }
}

async fn office() -> (App, Person) {
    (App::start(vec![desk()]).await, Person::new(&[Role::Hr]))
}

async fn create(client: &Client<'_>, key: &str, more: Value) -> Answer {
    let mut input = json!({ "noun": "Employee", "key": key, "label": key.to_uppercase(), "kind": "TEXT" });
    for (field, value) in more.as_object().unwrap() {
        input[field] = value.clone();
    }
    client.try_create("customField", input).await
}

const LIST: &str = "query($filter: CustomFieldFilter) { customFields(filter: $filter) { totalCount nodes {
    noun key label kind options isRequired position version archivedAt viewerPermissions } } }";

#[tokio::test]
async fn fields_stand_in_their_order_and_say_what_they_are() {
    let (app, hr) = office().await;
    let office = app.as_(&hr);
    let options = json!({ "kind": "SELECT", "options": [" S ", "M"], "position": 2, "isRequired": true });
    create(&office, "shirt_size", options).await.ok();
    create(&office, "note", json!({ "position": 1 })).await.ok();
    create(&office, "note", json!({ "noun": "Department" })).await.ok();
    let member = app.as_(&hr.colleague(&[Role::Member]));
    let shown = member.run_with(LIST, json!({ "filter": { "noun": "Employee" } })).await.ok();
    let expected = json!({ "totalCount": 2, "nodes": [
        { "noun": "Employee", "key": "note", "label": "NOTE", "kind": "TEXT", "options": [], "isRequired": false,
          "position": 1, "version": 1, "archivedAt": null, "viewerPermissions": [] },
        { "noun": "Employee", "key": "shirt_size", "label": "SHIRT_SIZE", "kind": "SELECT", "options": ["S", "M"],
          "isRequired": true, "position": 2, "version": 1, "archivedAt": null, "viewerPermissions": [] },
    ] });
    assert_eq!(shown["customFields"], expected);
    let stranger = app.as_(&Person::new(&[Role::Owner]));
    assert_eq!(stranger.run_with(LIST, json!({})).await.ok()["customFields"]["totalCount"], 0);
}

#[tokio::test]
async fn a_field_that_could_not_be_used_is_not_made() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let many: Vec<String> = (0..201).map(|n| n.to_string()).collect();
    for (key, more, code) in [
        ("Shirt", json!({}), "KEY_INVALID"),
        ("1st", json!({}), "KEY_INVALID"),
        ("a-b", json!({}), "KEY_INVALID"),
        ("note", json!({ "noun": "employee; drop" }), "NOUN_INVALID"),
        ("note", json!({ "label": " " }), "NAME_INVALID"),
        ("note", json!({ "position": -1 }), "OUT_OF_RANGE"),
        ("note", json!({ "options": ["S"] }), "OUT_OF_RANGE"),
        ("note", json!({ "kind": "SELECT" }), "OUT_OF_RANGE"),
        ("note", json!({ "kind": "SELECT", "options": many }), "OUT_OF_RANGE"),
        ("note", json!({ "kind": "SELECT", "options": ["S", "S "] }), "OPTION_TWICE"),
        ("note", json!({ "kind": "MULTISELECT", "options": ["S,M"] }), "OPTION_INVALID"),
    ] {
        assert_eq!(create(&hr, key, more.clone()).await.refusals(), [code], "{key} {more}");
    }
    create(&hr, "note", json!({})).await.ok();
    assert_eq!(create(&hr, "note", json!({})).await.refusals(), ["KEY_TAKEN"]);
}

#[tokio::test]
async fn a_noun_has_so_many_fields_and_no_more() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    for n in 0..custom::FIELDS_MAX {
        create(&hr, &format!("f{n}"), json!({})).await.ok();
    }
    assert_eq!(create(&hr, "one_more", json!({})).await.refusals(), ["TOO_MANY_CUSTOM_FIELDS"]);
    create(&hr, "one_more", json!({ "noun": "Department" })).await.ok();
}

#[tokio::test]
async fn a_field_is_changed_archived_and_restored_and_keeps_its_key() {
    let (app, hr) = office().await;
    let hr = app.as_(&hr);
    let made = create(&hr, "shirt", json!({ "kind": "SELECT", "options": ["S"] })).await.ok();
    let id = made["customFieldCreate"]["customField"]["id"].as_str().unwrap().to_owned();
    hr.update("customField", &id, json!({ "label": "Shirt", "options": ["S", "M"] })).await.ok();
    let late = hr.update("customField", &id, json!({ "version": 1, "label": "Late" })).await;
    assert_eq!(late.refusals(), ["VERSION_CONFLICT"]);
    let emptied = hr.update("customField", &id, json!({ "options": [] })).await;
    assert_eq!(emptied.refusals(), ["OUT_OF_RANGE"]);
    hr.act("customField", "Archive", &id).await.ok();
    assert_eq!(create(&hr, "shirt", json!({})).await.refusals(), ["KEY_TAKEN"]);
    let archived = hr.run_with(LIST, json!({ "filter": { "isArchived": true } })).await.ok();
    assert_eq!(archived["customFields"]["nodes"][0]["viewerPermissions"][1], "customFieldRestore");
    hr.act("customField", "Restore", &id).await.ok();
    let history = format!(
        "{{ customField(id: \"{id}\") {{ label history {{ nodes {{ action changes {{ field before after }} }} }} }} }}"
    );
    let shown = hr.run(&history).await.ok()["customField"].clone();
    assert_eq!(shown["label"], "Shirt");
    let actions: Vec<&Value> =
        shown["history"]["nodes"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["RESTORED", "ARCHIVED", "UPDATED", "CREATED"]);
}

#[tokio::test]
async fn only_the_people_office_defines_fields_and_all_staff_see_them() {
    let (app, hr) = office().await;
    for role in [Role::Member, Role::Manager, Role::Sales] {
        let somebody = app.as_(&hr.colleague(&[role]));
        assert_eq!(create(&somebody, "note", json!({})).await.codes(), ["FORBIDDEN"]);
        somebody.run_with(LIST, json!({})).await.ok();
    }
    let client = app.as_(&hr.colleague(&[Role::Client]));
    assert_eq!(client.run_with(LIST, json!({})).await.codes(), ["FORBIDDEN"]);
    assert_eq!(app.as_nobody().run_with(LIST, json!({})).await.codes(), ["UNAUTHENTICATED"]);
}
