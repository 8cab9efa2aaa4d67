//! Who hears of stock, and for how long it is kept for somebody.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::time::timeout;

use crate::stock::{furnished, issue, level, receive};
use crate::*;

type Answers = BoxStream<'static, Answer>;

async fn next(answers: &mut Answers) -> Value {
    let answer = timeout(Duration::from_secs(20), answers.next()).await.expect("nothing came").unwrap();
    answer.ok()["stockChanged"].clone()
}

/// Looks at stock, and waits until the process listens.
async fn look(app: &App, person: &Person, ids: &str) -> Answers {
    let mut answers = app.as_(person).subscribe(&format!(
        "subscription {{ stockChanged{ids} {{ productId product {{ name stockLevels {{ onHand available }} }} }} }}"
    ));
    assert_eq!(next(&mut answers).await, json!({ "productId": null, "product": null }));
    answers
}

async fn reserve(client: &Client<'_>, place: &str, product: &str, more: Value) -> Answer {
    let input = with(json!({ "warehouseId": place, "productId": product, "quantity": "4" }), more);
    client.try_create("stockReservation", input).await
}

/// What is available of something.
async fn available(client: &Client<'_>, place: &str, product: &str) -> String {
    level(client, place, product).await[2].parse::<rust_decimal::Decimal>().unwrap().normalize().to_string()
}

#[tokio::test]
async fn whoever_looks_at_stock_is_told_of_what_comes_goes_and_is_promised_and_of_no_other_tenants() {
    let (app, admin) = office().await;
    let (member, stranger) = (admin.colleague(&[Role::Member]), Person::new(&[Role::Admin]));
    for person in [&admin, &member, &stranger] {
        app.join(person).await;
    }
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    let theirs = app.as_(&stranger);
    let (their_place, their_saw) = furnished(&theirs).await;
    app.settle().await;
    let mut looking = look(&app, &member, "").await;
    receive(&theirs, &their_place, &their_saw, "99", "1").await;
    receive(&client, &place, &saw, "10", "4").await;
    app.settle().await;
    let told = next(&mut looking).await;
    assert_eq!(told["productId"], json!(saw));
    assert_eq!(told["product"]["stockLevels"][0]["onHand"], "10");
    reserve(&client, &place, &saw, json!({})).await.ok();
    app.settle().await;
    assert_eq!(next(&mut looking).await["product"]["stockLevels"][0]["available"], "6");
    for (person, code) in
        [(Some(&stranger.colleague(&[Role::Client])), "FORBIDDEN"), (None, "UNAUTHENTICATED")]
    {
        let mut answers = match person {
            Some(person) => app.as_(person).subscribe("subscription { stockChanged { productId } }"),
            None => app.as_nobody().subscribe("subscription { stockChanged { productId } }"),
        };
        assert_eq!(answers.next().await.unwrap().codes(), [code]);
    }
}

#[tokio::test]
async fn what_is_kept_until_a_day_is_anybodys_after_it_and_whoever_extends_it_keeps_it() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    receive(&client, &place, &saw, "10", "4").await;
    // It is 2 March.
    assert_eq!(
        reserve(&client, &place, &saw, json!({ "lastDay": "2026-03-01" })).await.refusals(),
        ["DATE_OUT_OF_RANGE"]
    );
    let made = async |day: &str| {
        let made = reserve(&client, &place, &saw, json!({ "lastDay": day })).await.ok();
        text(&made["stockReservationCreate"]["stockReservation"]["id"])
    };
    let (one, other) = (made("2026-03-02").await, made("2026-03-03").await);
    assert_eq!(available(&client, &place, &saw).await, "2");
    let lapse = async || {
        for job in products::subgraph().jobs {
            (job.run)(app.runtime().clone()).await.unwrap();
        }
    };
    lapse().await;
    assert_eq!(available(&client, &place, &saw).await, "2");
    let extend = "mutation($id: ID!, $input: StockReservationExtendInput!) {
        stockReservationExtend(id: $id, input: $input) { stockReservation { lastDay } userErrors { code } } }";
    let longer = json!({ "id": other, "input": { "version": 1, "lastDay": "2026-03-31" } });
    client.run_with(extend, longer.clone()).await.ok();
    assert_eq!(client.run_with(extend, longer).await.refusals(), ["VERSION_CONFLICT"]);
    app.clock.advance(chrono::TimeDelta::hours(40));
    lapse().await;
    lapse().await;
    assert_eq!(available(&client, &place, &saw).await, "6");
    let query = "{ stockReservations(filter: { status: LAPSED }) { nodes { id history { nodes { changes { field after } } } } } }";
    let told = client.run(query).await.ok();
    assert_eq!(told["stockReservations"]["nodes"][0]["id"], json!(one));
    assert!(told.to_string().contains("LAPSED"), "{told}");
    for verb in ["Fulfil", "Release"] {
        assert_eq!(
            client.act("stockReservation", verb, &one).await.refusals(),
            ["INVALID_TRANSITION"],
            "{verb}"
        );
    }
    app.settle().await;
    let lapsed = |(kind, payload): &&(String, Value)| {
        kind == "products.stock.reserved" && payload["status"] == "LAPSED"
    };
    assert_eq!(app.announced().await.iter().filter(lapsed).count(), 1);
}

#[tokio::test]
async fn those_who_keep_a_warehouse_are_named_when_something_runs_low() {
    let (app, admin) = office().await;
    let (keeper, gone) = (admin.colleague(&[Role::Member]), admin.colleague(&[Role::Client]));
    for person in [&admin, &keeper, &gone] {
        app.join(person).await;
    }
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    let name = |person: &Person| person.member().membership_id.to_string();
    let refused = client.update("warehouse", &place, json!({ "keeperIds": [name(&gone)] })).await;
    assert_eq!(refused.refusals(), ["MEMBER_NOT_FOUND"]);
    client.update("warehouse", &place, json!({ "keeperIds": [name(&keeper), name(&keeper)] })).await.ok();
    let told = client.run("{ warehouses { nodes { keepers { id } } } }").await.ok();
    assert_eq!(told["warehouses"]["nodes"][0]["keepers"], json!([{ "id": name(&keeper) }]));
    let rule = json!({ "warehouseId": place, "productId": saw, "minQuantity": "3", "targetQuantity": "10" });
    client.create("reorderRule", rule).await;
    receive(&client, &place, &saw, "10", "4").await;
    issue(&client, &place, &saw, "8").await.ok();
    app.settle().await;
    let (_, low) =
        app.announced().await.into_iter().find(|(kind, _)| kind == "products.stock.run_low").unwrap();
    assert_eq!(low["keeperMembershipIds"], json!([name(&keeper)]));
    assert_eq!((&low["warehouseCode"], &low["available"]), (&json!("MAIN"), &json!("2")));
}

#[tokio::test]
async fn products_are_found_by_what_they_cost_anybody_by_those_who_may_read_prices() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let list = client
        .create(
            "priceList",
            json!({ "code": "ALL", "name": "All", "currency": "EUR", "audience": "EVERYBODY" }),
        )
        .await;
    let sale =
        json!({ "code": "SALE", "name": "Sale", "currency": "EUR", "audience": "EVERYBODY", "priority": 9 });
    let sale = client.create("priceList", sale).await;
    for (name, amount, reduced) in [("Axe", "10", None), ("Saw", "20", Some("9.99")), ("Drill", "90", None)] {
        let id = good(&client, name, json!({})).await;
        client.create("price", json!({ "priceListId": list, "productId": id, "amount": amount })).await;
        if let Some(amount) = reduced {
            client.create("price", json!({ "priceListId": sale, "productId": id, "amount": amount })).await;
        }
    }
    good(&client, "Priceless", json!({})).await;
    let found = async |client: &Client<'_>, range: &str| {
        let query =
            format!("{{ products(filter: {{ priceBetween: {{ {range} }} }}) {{ nodes {{ name }} }} }}");
        client.run(&query).await
    };
    let names = |answer: Answer| -> Vec<String> {
        answer.ok()["products"]["nodes"].as_array().unwrap().iter().map(|node| text(&node["name"])).collect()
    };
    for (range, wanted) in [
        ("currency: \"EUR\", min: \"10\", max: \"20\"", vec!["Axe"]),
        ("currency: \"EUR\", max: \"10\"", vec!["Axe", "Saw"]),
        ("currency: \"EUR\"", vec!["Axe", "Drill", "Saw"]),
        ("currency: \"USD\"", vec![]),
    ] {
        assert_eq!(names(found(&client, range).await), wanted, "{range}");
    }
    assert_eq!(found(&client, "currency: \"euro\"").await.codes(), ["VALIDATION_FAILED"]);
    let member = app.as_(&admin.colleague(&[Role::Member])).clone();
    assert_eq!(found(&member, "currency: \"EUR\"").await.codes(), ["FORBIDDEN"]);
}
