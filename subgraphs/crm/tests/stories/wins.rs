//! Deals that are won.

use crate::*;

const WIN: &str = "mutation($id: ID!, $input: DealWinInput!) { dealWin(id: $id, input: $input) {
    operation { id state steps { name state } deal { status stage { name } closedAt } } userErrors { field code } } }";

async fn win(client: &Client<'_>, id: &str, input: Value) -> Answer {
    client.run_with(WIN, json!({ "id": id, "input": input })).await
}

#[tokio::test]
async fn who_buys_becomes_a_customer_and_others_are_told_once() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    way(&client).await;
    let (ada, ltd) = (person(&client, "Lovelace", json!({})).await, company(&client, "Lovelace Ltd").await);
    let id = deal(
        &client,
        "Cameras",
        json!({ "amount": "10", "companyId": ltd, "contacts": [{ "contactId": ada }] }),
    )
    .await;
    let planned = win(&client, &id, json!({ "dryRun": true })).await.ok();
    assert_eq!(planned["dealWin"]["operation"]["state"], "PLANNED");
    assert_eq!(ask(&client, "deal", &id, "status").await["status"], "OPEN");
    let tries = (0..10).map(|_| win(&client, &id, json!({ "wantsInvoice": true })));
    let done: Vec<Answer> = futures::future::join_all(tries).await;
    // Whoever comes later finds a deal that was won.
    assert!(
        done.iter().all(|answer| answer.refusals().is_empty() || answer.refusals() == ["INVALID_TRANSITION"]),
        "{done:?}"
    );
    assert!(done.iter().any(|answer| answer.0["data"]["dealWin"]["operation"]["state"] == "DONE"));
    let now = ask(&client, "deal", &id, "status stage { name } probability").await;
    assert_eq!(now, json!({ "status": "WON", "stage": { "name": "Won" }, "probability": "100" }));
    let contacts = client.clone().on("contact");
    for contact in [&ada, &ltd] {
        assert_eq!(ask(&contacts, "contact", contact, "roles").await["roles"], json!(["CUSTOMER"]));
    }
    app.settle().await;
    let announced = app.announced().await;
    let won: Vec<_> = announced.iter().filter(|(kind, _)| kind == "crm.deal.won").collect();
    assert_eq!(won.len(), 1);
    assert_eq!((&won[0].1["amount"], &won[0].1["wantsInvoice"]), (&json!("10"), &json!(true)));
}

#[tokio::test]
async fn what_the_last_stage_asks_for_is_asked_before_anything_is_begun() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let way = way(&client).await;
    client.update("stage", way.stage("Won"), json!({ "requiredFields": ["LINES"] })).await.ok();
    let id = deal(&client, "Cameras", json!({ "amount": "10" })).await;
    assert_eq!(win(&client, &id, json!({})).await.refusals(), ["STAGE_REQUIRES"]);
    assert_eq!(scalar(&app, "select count(*) from crm.operation").await, 0);
}

#[tokio::test]
async fn a_win_that_is_called_off_reopens_the_deal_and_takes_the_role_back() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let way = way(&client).await;
    let ltd = company(&client, "Lovelace Ltd").await;
    let id = deal(
        &client,
        "Cameras",
        json!({ "amount": "10", "companyId": ltd, "stageId": way.stage("Negotiation") }),
    )
    .await;
    // Nobody can be told.
    let sql = "create function crm.broken() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
        create trigger broken before insert on crm.outbox for each row when (new.event_type = 'crm.deal.won') execute function crm.broken();";
    sqlx::raw_sql(sql).execute(&behind(&app).await).await.unwrap();
    let standing = win(&client, &id, json!({})).await.ok()["dealWin"]["operation"].clone();
    assert_eq!((&standing["state"], &standing["deal"]["status"]), (&json!("RUNNING"), &json!("WON")));
    client.act("operation", "Cancel", &text(&standing["id"])).await.ok();
    let now = ask(&client, "deal", &id, "status stage { name } closedAt").await;
    assert_eq!(now, json!({ "status": "OPEN", "stage": { "name": "Negotiation" }, "closedAt": null }));
    let contacts = client.clone().on("contact");
    assert_eq!(ask(&contacts, "contact", &ltd, "roles").await["roles"], json!([]));
}
