//! Stories about contacts, through the schema, as people with roles.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

mod broken;
mod consents;
mod contacts;
mod erasure;
mod files;
mod live;
mod many;
mod merges;
mod segments;
mod sight;
mod talks;
mod vcards;

use common::Role;
use serde_json::{Value, json};
use testing::{Answer, App, Client, Person};

/// The module with its own database, and an administrator.
async fn office() -> (App, Person) {
    (App::start(vec![contact::subgraph()]).await, Person::new(&[Role::Admin]))
}

fn with(mut input: Value, more: Value) -> Value {
    for (field, value) in more.as_object().unwrap() {
        input[field] = value.clone();
    }
    input
}

/// Makes a person; answers the id.
async fn person(client: &Client<'_>, first: &str, last: &str, more: Value) -> String {
    client
        .create("contact", with(json!({ "kind": "PERSON", "firstName": first, "lastName": last }), more))
        .await
}

/// Makes a company; answers the id.
async fn company(client: &Client<'_>, name: &str, more: Value) -> String {
    client.create("contact", with(json!({ "kind": "COMPANY", "legalName": name }), more)).await
}

async fn try_company(client: &Client<'_>, name: &str, more: Value) -> Answer {
    client.try_create("contact", with(json!({ "kind": "COMPANY", "legalName": name }), more)).await
}

/// What a contact says of some fields.
async fn ask(client: &Client<'_>, id: &str, fields: &str) -> Value {
    let query = format!("query($id: ID!) {{ contact(id: $id) {{ {fields} }} }}");
    client.run_with(&query, json!({ "id": id })).await.ok()["contact"].clone()
}

async fn update(client: &Client<'_>, id: &str, input: Value) -> Answer {
    client.update("contact", id, input).await
}

/// The names in a list of contacts.
async fn names(client: &Client<'_>, filter: &str) -> Vec<String> {
    let query = format!("{{ contacts(first: 100, filter: {{ {filter} }}) {{ nodes {{ name }} }} }}");
    let data = client.run(&query).await.ok();
    data["contacts"]["nodes"].as_array().unwrap().iter().map(|node| text(&node["name"])).collect()
}

const MERGE: &str = "mutation($input: ContactMergeInput!) { contactMerge(input: $input) {
    result { contact { id name } changes { field before after } merge { id loserName } } userErrors { field code } } }";

async fn merge(client: &Client<'_>, winner: &str, loser: &str, more: Value) -> Answer {
    let input = with(json!({ "winnerId": winner, "loserId": loser }), more);
    client.run_with(MERGE, json!({ "input": input })).await
}

async fn consent(client: &Client<'_>, id: &str, is_granted: bool) -> Answer {
    let input = json!({ "contactId": id, "channel": "EMAIL", "purpose": "newsletter", "isGranted": is_granted,
        "source": "web form" });
    let document = "mutation($input: ContactConsentInput!) { contactConsentRecord(input: $input) {
        contact { id } userErrors { field code } } }";
    client.run_with(document, json!({ "input": input })).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
