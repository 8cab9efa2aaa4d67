//! A lead becomes a contact and a deal.

use crate::*;
use std::collections::BTreeSet;

const CONVERT: &str = "mutation($id: ID!, $input: LeadConvertInput!, $key: ID) { leadConvert(id: $id, input: $input, idempotencyKey: $key) {
    operation { id state errorCode steps { name state outcome } deal { id title amount { amount } } contact { id } company { id } }
    userErrors { field code } } }";

async fn convert(client: &Client<'_>, id: &str, input: Value) -> Answer {
    client.run_with(CONVERT, json!({ "id": id, "input": input })).await
}

fn operation(answer: Answer) -> Value {
    answer.ok()["leadConvert"]["operation"].clone()
}

fn steps(operation: &Value) -> Vec<String> {
    let steps = operation["steps"].as_array().unwrap().iter();
    steps.map(|step| format!("{} {}", text(&step["name"]), text(&step["state"]))).collect()
}

async fn ready(client: &Client<'_>) -> String {
    way(client).await;
    let more = json!({ "companyName": "Lovelace Ltd", "email": "ada@lovelace.example", "phone": "+43 664 1234567", "country": "AT",
        "estimatedValue": { "amount": "2500", "currency": "EUR" } });
    lead(client, "Lovelace", more).await
}

/// CRM-1.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_clients_who_convert_one_lead_at_once_get_one_contact_and_one_deal() {
    let (app, admin) = office().await;
    let rep = admin.colleague(&[Role::Sales]);
    app.join(&rep).await;
    let (client, other) = (app.as_(&admin), app.as_(&rep));
    let id = ready(&client).await;
    client.update("lead", &id, json!({ "ownerId": null })).await.ok();
    let tries = (0..50).map(|at| convert(if at % 2 == 0 { &client } else { &other }, &id, json!({})));
    let done: Vec<Value> = futures::future::join_all(tries).await.into_iter().map(operation).collect();
    let ids: BTreeSet<String> = done.iter().map(|operation| text(&operation["id"])).collect();
    assert_eq!(ids.len(), 1);
    assert!(done.iter().all(|operation| operation["state"] == "DONE"), "{done:?}");
    assert_eq!(scalar(&app, "select count(*) from contact.contact where kind = 'PERSON'").await, 1);
    assert_eq!(scalar(&app, "select count(*) from contact.contact where kind = 'COMPANY'").await, 1);
    assert_eq!(scalar(&app, "select count(*) from crm.deal").await, 1);
    assert_eq!(scalar(&app, "select count(*) from crm.lead where status = 'CONVERTED'").await, 1);
    app.settle().await;
    let announced = app.announced().await;
    let count = |name: &str| announced.iter().filter(|(kind, _)| kind == name).count();
    assert_eq!(
        (count("crm.lead.converted"), count("crm.deal.created"), count("contact.contact.created")),
        (1, 1, 2)
    );
}

#[tokio::test]
async fn what_a_lead_becomes_has_all_that_was_known_of_it() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let id = ready(&client).await;
    let call = client.create("activity", json!({ "kind": "CALL", "subject": "Hello", "leadId": id })).await;
    let done = operation(convert(&client, &id, json!({ "title": "Twenty cameras" })).await);
    assert_eq!(steps(&done), ["COMPANY DONE", "PERSON DONE", "DEAL DONE", "ACTIVITIES DONE", "LEAD DONE"]);
    assert_eq!(done["deal"]["amount"]["amount"], "2500.00");
    let contacts = client.clone().on("contact");
    let person = ask(
        &contacts,
        "contact",
        &text(&done["contact"]["id"]),
        "number name primaryEmail phones { value } roles
        parentCompany { id name } owner { id }",
    )
    .await;
    assert_eq!(person["parentCompany"], json!({ "id": done["company"]["id"], "name": "Lovelace Ltd" }));
    assert_eq!(
        (&person["name"], &person["primaryEmail"]),
        (&json!("Ada Lovelace"), &json!("ada@lovelace.example"))
    );
    assert_eq!(
        (&person["phones"][0]["value"], &person["roles"]),
        (&json!("+436641234567"), &json!(["LEAD"]))
    );
    assert_eq!(person["owner"]["id"], json!(admin.member().membership_id));
    // The contact module goes on with it as with any other.
    contacts.update("contact", &text(&done["contact"]["id"]), json!({ "jobTitle": "Countess" })).await.ok();
    let deal = ask(
        &client,
        "deal",
        &text(&done["deal"]["id"]),
        "title lead { id } company { id } primaryContact { id }",
    )
    .await;
    assert_eq!(deal["lead"]["id"], json!(id));
    assert_eq!(
        ask(&client, "activity", &call, "deal { id } contact { id }").await["deal"]["id"],
        done["deal"]["id"]
    );
    let now = ask(&client, "lead", &id, "status deal { id } contact { id } viewerPermissions").await;
    assert_eq!((&now["status"], &now["deal"]["id"]), (&json!("CONVERTED"), &done["deal"]["id"]));
    // Immutable from now on, by whatever way.
    assert_eq!(client.update("lead", &id, json!({ "lastName": "X" })).await.refusals(), ["LEAD_CONVERTED"]);
    assert_eq!(client.act("lead", "Qualify", &id).await.refusals(), ["LEAD_CONVERTED"]);
    let mut tx = app.system(&admin, "crm").await;
    let sql = "update crm.lead set status = 'NEW', converted_at = null";
    assert!(sqlx::raw_sql(sql).execute(tx.conn()).await.is_err());
    drop(tx);
    // Another lead of the same company and person finds both.
    let more = json!({ "companyName": "LOVELACE", "email": "ADA@lovelace.example" });
    let again = lead(&client, "Byron", more).await;
    let found = operation(convert(&client, &again, json!({ "wantsDeal": false })).await);
    assert_eq!(
        steps(&found),
        ["COMPANY DONE", "PERSON DONE", "DEAL SKIPPED", "ACTIVITIES DONE", "LEAD DONE"]
    );
    assert_eq!((&found["contact"], &found["company"]), (&done["contact"], &done["company"]));
    assert_eq!(found["steps"][0]["outcome"], "FOUND");
}

#[tokio::test]
async fn a_dry_run_says_what_would_become_of_it_and_changes_nothing() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let id = ready(&client).await;
    let planned = operation(convert(&client, &id, json!({ "dryRun": true })).await);
    assert_eq!(planned["state"], "PLANNED");
    assert_eq!(planned["steps"][1], json!({ "name": "PERSON", "state": "DONE", "outcome": "CREATED" }));
    app.settle().await;
    for table in ["contact.contact", "contact.party", "crm.deal", "crm.operation"] {
        assert_eq!(scalar(&app, &format!("select count(*) from {table}")).await, 0, "{table}");
    }
    assert!(!app.announced().await.iter().any(|(kind, _)| kind.starts_with("contact.")));
    // What would be refused is refused before anything is begun.
    let pipeline = json!({ "pipelineId": uuid::Uuid::now_v7() });
    assert_eq!(convert(&client, &id, pipeline).await.refusals(), ["PIPELINE_NOT_FOUND"]);
    assert_eq!(
        convert(&client, &id, json!({ "contactId": uuid::Uuid::now_v7() })).await.refusals(),
        ["CONTACT_NOT_FOUND"]
    );
    assert_eq!(scalar(&app, "select count(*) from crm.operation").await, 0);
}

/// Lets no person be made among the contacts, or lets them be made again.
async fn break_contacts(app: &App, is_broken: bool) {
    let sql = match is_broken {
        true => "create function contact.broken() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
            create trigger broken before insert on contact.contact for each row when (new.kind = 'PERSON')
            execute function contact.broken();",
        false => "drop trigger broken on contact.contact; drop function contact.broken;",
    };
    sqlx::raw_sql(sql).execute(&behind(app).await).await.unwrap();
}

/// CRM-1.
#[tokio::test]
async fn a_conversion_that_breaks_in_the_middle_is_taken_further_and_does_nothing_twice() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let id = ready(&client).await;
    break_contacts(&app, true).await;
    let standing = operation(convert(&client, &id, json!({})).await);
    assert_eq!((&standing["state"], &standing["errorCode"]), (&json!("RUNNING"), &json!("INTERNAL")));
    assert_eq!(
        steps(&standing),
        ["COMPANY DONE", "PERSON PENDING", "DEAL PENDING", "ACTIVITIES PENDING", "LEAD PENDING"]
    );
    assert_eq!(ask(&client, "lead", &id, "status").await["status"], "NEW");
    // Not before its time, and not while it is broken.
    run_jobs(&app).await;
    app.clock.advance(chrono::TimeDelta::seconds(120));
    run_jobs(&app).await;
    let now = ask(&client, "operation", &text(&standing["id"]), "state attempts").await;
    assert_eq!(now, json!({ "state": "RUNNING", "attempts": 2 }));
    break_contacts(&app, false).await;
    app.clock.advance(chrono::TimeDelta::seconds(600));
    run_jobs(&app).await;
    let now = ask(
        &client,
        "operation",
        &text(&standing["id"]),
        "state errorCode steps { name state } deal { title }",
    )
    .await;
    assert_eq!(
        (&now["state"], &now["errorCode"], &now["deal"]["title"]),
        (&json!("DONE"), &json!(null), &json!("Lovelace Ltd"))
    );
    assert_eq!(scalar(&app, "select count(*) from contact.contact").await, 2);
    assert_eq!(operation(convert(&client, &id, json!({})).await)["id"], standing["id"]);
    assert_eq!(scalar(&app, "select count(*) from crm.deal").await, 1);
}

/// CRM-1: a process that ended between two steps leaves what it had done, and no more.
#[tokio::test]
async fn a_conversion_whose_process_ended_is_done_by_another_one() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let id = ready(&client).await;
    break_contacts(&app, true).await;
    let standing = operation(convert(&client, &id, json!({})).await);
    break_contacts(&app, false).await;
    // As if nobody had come to note that it failed.
    sqlx::query("update crm.operation set attempts = 0, error_code = null, next_at = '2026-03-02T09:00:30Z'")
        .execute(&behind(&app).await)
        .await
        .unwrap();
    app.clock.advance(chrono::TimeDelta::seconds(31));
    let (one, two) = tokio::join!(run_jobs(&app), run_jobs(&app));
    let ((), ()) = (one, two);
    assert_eq!(ask(&client, "operation", &text(&standing["id"]), "state").await["state"], "DONE");
    assert_eq!(scalar(&app, "select count(*) from crm.deal").await, 1);
    assert_eq!(scalar(&app, "select count(*) from contact.contact").await, 2);
}

/// CRM-1.
#[tokio::test]
async fn a_conversion_that_is_called_off_leaves_nothing_that_was_made_for_it() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let id = ready(&client).await;
    let call = client.create("activity", json!({ "kind": "CALL", "subject": "Hello", "leadId": id })).await;
    // It breaks at the last step.
    let sql = "create function crm.broken() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
        create trigger broken before update on crm.lead for each row when (new.status = 'CONVERTED') execute function crm.broken();";
    sqlx::raw_sql(sql).execute(&behind(&app).await).await.unwrap();
    let standing = operation(convert(&client, &id, json!({})).await);
    assert_eq!(
        steps(&standing),
        ["COMPANY DONE", "PERSON DONE", "DEAL DONE", "ACTIVITIES DONE", "LEAD PENDING"]
    );
    client.act("operation", "Cancel", &text(&standing["id"])).await.ok();
    let now = ask(&client, "operation", &text(&standing["id"]), "state steps { name state }").await;
    assert_eq!(now["state"], "CANCELLED");
    assert_eq!(
        steps(&now),
        ["COMPANY UNDONE", "PERSON UNDONE", "DEAL UNDONE", "ACTIVITIES UNDONE", "LEAD PENDING"]
    );
    assert_eq!(scalar(&app, "select count(*) from contact.contact where archived_at is null").await, 0);
    assert_eq!(scalar(&app, "select count(*) from crm.deal where archived_at is null").await, 0);
    assert_eq!(
        ask(&client, "activity", &call, "deal { id } lead { id }").await,
        json!({ "deal": null, "lead": { "id": id } })
    );
    assert_eq!(
        client.act("operation", "Cancel", &text(&standing["id"])).await.refusals(),
        ["INVALID_TRANSITION"]
    );
    sqlx::raw_sql("drop trigger broken on crm.lead").execute(&behind(&app).await).await.unwrap();
    // Then it may be converted after all.
    let done = operation(convert(&client, &id, json!({})).await);
    assert!(done["state"] == "DONE" && done["id"] != standing["id"]);
}

#[tokio::test]
async fn a_conversion_that_is_sent_twice_with_its_key_is_one() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let id = ready(&client).await;
    let send = || client.run_with(CONVERT, json!({ "id": id, "input": {}, "key": "lead 7" }));
    let (one, two) = (operation(send().await), operation(send().await));
    assert_eq!(one["id"], two["id"]);
    assert_eq!(two["state"], "DONE");
}

#[tokio::test]
async fn whoever_converts_says_what_is_to_be_sold_or_the_deal_is_worth_what_was_estimated() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let id = ready(&client).await;
    let line = json!({ "description": "Camera", "quantity": "2", "unitPrice": "199.50" });
    let without_deal = json!({ "wantsDeal": false, "lines": [line] });
    assert_eq!(convert(&client, &id, without_deal).await.refusals(), ["NO_DEAL_WANTED"]);
    let unknown = with(line.clone(), json!({ "productId": uuid::Uuid::now_v7() }));
    assert_eq!(convert(&client, &id, json!({ "lines": [unknown] })).await.refusals(), ["PRODUCT_NOT_FOUND"]);
    assert_eq!(scalar(&app, "select count(*) from crm.operation").await, 0);
    let done = operation(convert(&client, &id, json!({ "lines": [line] })).await);
    assert_eq!((&done["state"], &done["deal"]["amount"]["amount"]), (&json!("DONE"), &json!("399.00")));
    let deal =
        ask(&client, "deal", &text(&done["deal"]["id"]), "lines { description amount { amount } }").await;
    assert_eq!(deal["lines"], json!([{ "description": "Camera", "amount": { "amount": "399.00" } }]));
    let lead = ask(&client, "lead", &id, "estimatedValue { amount }").await;
    assert_eq!(lead["estimatedValue"]["amount"], "2500.00", "what was estimated stays written down");
}
