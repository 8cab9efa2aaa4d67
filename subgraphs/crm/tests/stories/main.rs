//! Stories about selling, through the schema, as people with roles.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

mod boards;
mod conversions;
mod deals;
mod files;
mod forecasts;
mod forms;
mod leads;
mod links;
mod quotes;
mod sight;
mod wins;

use common::Role;
use serde_json::{Value, json};
use testing::{Answer, App, Client, Person};

/// The module beside that of contacts, with its own database, and an administrator.
async fn office() -> (App, Person) {
    let (app, admin) =
        (App::start(vec![crm::subgraph(), contact::subgraph()]).await, Person::new(&[Role::Admin]));
    app.join(&admin).await;
    (app, admin)
}

fn with(mut input: Value, more: Value) -> Value {
    for (field, value) in more.as_object().unwrap() {
        input[field] = value.clone();
    }
    input
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

/// The pipeline that everything is in, and its stages by their names.
struct Way {
    id: String,
    stages: Vec<(String, String)>,
}

impl Way {
    fn stage(&self, name: &str) -> &str {
        &self.stages.iter().find(|(known, _)| known == name).unwrap().1
    }
}

/// Makes the pipeline that is the default: Qualification, Proposal, Negotiation, Won, Lost.
async fn way(client: &Client<'_>) -> Way {
    let id =
        client.create("pipeline", json!({ "name": "Sales", "currency": "EUR", "isDefault": true })).await;
    let query = format!("{{ pipeline(id: \"{id}\") {{ stages {{ id name }} }} }}");
    let data = client.run(&query).await.ok();
    let stages = data["pipeline"]["stages"].as_array().unwrap().iter();
    let stages = stages.map(|stage| (text(&stage["name"]), text(&stage["id"]))).collect();
    Way { id, stages }
}

async fn lead(client: &Client<'_>, last: &str, more: Value) -> String {
    client.create("lead", with(json!({ "firstName": "Ada", "lastName": last }), more)).await
}

async fn deal(client: &Client<'_>, title: &str, more: Value) -> String {
    client.create("deal", with(json!({ "title": title }), more)).await
}

/// What one of a noun says of some fields.
async fn ask(client: &Client<'_>, noun: &str, id: &str, fields: &str) -> Value {
    let query = format!("query($id: ID!) {{ {noun}(id: $id) {{ {fields} }} }}");
    client.run_with(&query, json!({ "id": id })).await.ok()[noun].clone()
}

/// Does something with one that takes an input as well.
async fn act(client: &Client<'_>, mutation: &str, noun: &str, id: &str, input: Value) -> Answer {
    client.mutate(mutation, noun, json!({ "id": id, "input": input })).await
}

async fn person(client: &Client<'_>, last: &str, more: Value) -> String {
    let contacts = client.clone().on("contact");
    contacts.create("contact", with(json!({ "kind": "PERSON", "lastName": last }), more)).await
}

async fn company(client: &Client<'_>, name: &str) -> String {
    client.clone().on("contact").create("contact", json!({ "kind": "COMPANY", "legalName": name })).await
}

/// Looks, and writes, behind row-level security.
async fn behind(app: &App) -> sqlx::PgPool {
    sqlx::PgPool::connect(&app.admin_url).await.unwrap()
}

async fn scalar(app: &App, sql: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&behind(app).await).await.unwrap()
}

/// A member who may not come in any more, as the user module says it.
async fn suspend(app: &App, member: &Person) {
    sqlx::query("update people.member set is_active = false where id = $1")
        .bind(member.member().membership_id.0)
        .execute(&behind(app).await)
        .await
        .unwrap();
}

async fn run_jobs(app: &App) {
    for job in crm::subgraph().jobs {
        (job.run)(app.runtime().clone()).await.unwrap();
    }
}
