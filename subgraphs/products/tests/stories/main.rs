//! Stories about products, prices and stock, through the schema, as people with roles.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

mod bundles;
mod catalogue;
mod files;
mod given;
mod kept;
mod parts;
mod prices;
mod rates;
mod rush;
mod shown;
mod stock;
mod variants;

use common::Role;
use serde_json::{Value, json};
use testing::{Answer, App, Client, Person};

/// The module beside that of contacts, with its own database, and an administrator.
async fn office() -> (App, Person) {
    (App::start(vec![products::subgraph(), contact::subgraph()]).await, Person::new(&[Role::Admin]))
}

/// Makes a contact; answers the id.
async fn company(client: &Client<'_>, name: &str) -> String {
    client.clone().on("contact").create("contact", json!({ "kind": "COMPANY", "legalName": name })).await
}

fn with(mut input: Value, more: Value) -> Value {
    for (field, value) in more.as_object().unwrap() {
        input[field] = value.clone();
    }
    input
}

/// The unit that pieces are counted in; made when it is not there.
async fn piece(client: &Client<'_>) -> String {
    let there = client.run("{ unitsOfMeasure(filter: { search: \"PCS\" }) { nodes { id } } }").await.ok();
    match there["unitsOfMeasure"]["nodes"][0]["id"].as_str() {
        Some(id) => id.to_owned(),
        None => client.create("unitOfMeasure", json!({ "code": "PCS", "name": "Piece" })).await,
    }
}

/// Makes a thing that is counted in pieces, as a draft; answers the id.
async fn good(client: &Client<'_>, name: &str, more: Value) -> String {
    let input = json!({ "kind": "GOOD", "name": name, "unitId": piece(client).await });
    client.create("product", with(input, more)).await
}

/// What a product says of some fields.
async fn ask(client: &Client<'_>, id: &str, fields: &str) -> Value {
    let query = format!("query($id: ID!) {{ product(id: $id) {{ {fields} }} }}");
    client.run_with(&query, json!({ "id": id })).await.ok()["product"].clone()
}

async fn update(client: &Client<'_>, id: &str, input: Value) -> Answer {
    client.update("product", id, input).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
