//! What is kept for somebody, and handed out or let go in parts.

use crate::stock::{furnished, level, numbers, receive};
use crate::*;

/// Hands out what is kept, or lets go of it: a part when there is any, else all of it.
pub async fn end(client: &Client<'_>, verb: &str, id: &str, part: Value) -> Answer {
    let document = format!(
        "mutation($id: ID!, $input: StockReservationPartInput, $key: ID) {{
            stockReservation{verb}(id: $id, input: $input, idempotencyKey: $key) {{
                stockReservation {{ quantity status stockMove {{ quantity }}
                    parts {{ quantity status partOf {{ id }} stockMove {{ kind quantity reference }} }} }}
                userErrors {{ field code message }} }} }}"
    );
    let key = part["key"].clone();
    let input = if part["quantity"].is_null() {
        Value::Null
    } else {
        let mut input = part;
        input.as_object_mut().unwrap().remove("key");
        input
    };
    client.run_with(&document, json!({ "id": id, "input": input, "key": key })).await
}

/// Keeps so many for an order; answers the id.
pub async fn keep(client: &Client<'_>, place: &str, product: &str, quantity: &str) -> String {
    let input =
        json!({ "warehouseId": place, "productId": product, "quantity": quantity, "reference": "Order 7" });
    client.create("stockReservation", input).await
}

#[tokio::test]
async fn a_part_is_handed_out_now_another_let_go_and_the_rest_stays_kept() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    receive(&client, &place, &saw, "10", "2").await;
    let kept = keep(&client, &place, &saw, "10").await;
    let told = end(&client, "Fulfil", &kept, json!({ "quantity": "4" })).await.ok();
    assert_eq!(
        told["stockReservationFulfil"]["stockReservation"],
        json!({ "quantity": "6", "status": "OPEN", "stockMove": null, "parts": [
            { "quantity": "4", "status": "FULFILLED", "partOf": { "id": kept },
              "stockMove": { "kind": "ISSUE", "quantity": "4", "reference": "Order 7" } }] })
    );
    assert_eq!(numbers(level(&client, &place, &saw).await), ["6", "6", "0", "12"]);
    let told = end(&client, "Release", &kept, json!({ "quantity": "1" })).await.ok();
    let part = &told["stockReservationRelease"]["stockReservation"]["parts"][0];
    assert_eq!((&part["quantity"], &part["status"]), (&json!("1"), &json!("RELEASED")));
    assert_eq!((&part["partOf"]["id"], &part["stockMove"]), (&json!(kept), &Value::Null));
    assert_eq!(numbers(level(&client, &place, &saw).await), ["6", "5", "1", "12"]);
    for (part, code) in [
        (json!({ "quantity": "6" }), "NOT_ENOUGH_RESERVED"),
        (json!({ "quantity": "0" }), "OUT_OF_RANGE"),
        (json!({ "quantity": "-1" }), "OUT_OF_RANGE"),
        (json!({ "quantity": "0.5" }), "QUANTITY_UNEVEN"),
        (json!({ "quantity": "1", "unitId": uuid::Uuid::now_v7() }), "UNIT_OF_MEASURE_NOT_FOUND"),
    ] {
        for verb in ["Fulfil", "Release"] {
            assert_eq!(end(&client, verb, &kept, part.clone()).await.refusals(), [code], "{verb} {part}");
        }
    }
    let pair = json!({ "code": "PR", "name": "Pair", "baseId": piece(&client).await, "numerator": 2 });
    let pair = client.create("unitOfMeasure", pair).await;
    end(&client, "Fulfil", &kept, json!({ "quantity": "1", "unitId": pair })).await.ok();
    assert_eq!(numbers(level(&client, &place, &saw).await), ["4", "3", "1", "8"]);
    // All that is left is no part: the reservation itself is handed out, as without a part.
    let told = end(&client, "Fulfil", &kept, json!({ "quantity": "3" })).await.ok();
    let whole = &told["stockReservationFulfil"]["stockReservation"];
    assert_eq!((&whole["quantity"], &whole["status"]), (&json!("3"), &json!("FULFILLED")));
    assert_eq!((&whole["stockMove"]["quantity"], whole["parts"].as_array().unwrap().len()), (&json!("3"), 3));
    assert_eq!(numbers(level(&client, &place, &saw).await), ["1", "0", "1", "2"]);
    for verb in ["Fulfil", "Release"] {
        let late = end(&client, verb, &kept, json!({ "quantity": "1" })).await;
        assert_eq!(late.refusals(), ["INVALID_TRANSITION"], "{verb}");
    }
    let query = "query($id: ID!) { stockReservations(filter: { partOfId: $id }) { totalCount } }";
    let told = client.run_with(query, json!({ "id": kept })).await.ok();
    assert_eq!(told["stockReservations"]["totalCount"], 3);
    app.settle().await;
    let told: Vec<_> = app
        .announced()
        .await
        .into_iter()
        .filter(|(kind, _)| kind == "products.stock.reserved")
        .map(|(_, of)| (text(&of["status"]), text(&of["quantity"]), of["partOfId"] == json!(kept)))
        .collect();
    let said = |status: &str, quantity: &str, is_part| (status.to_owned(), quantity.to_owned(), is_part);
    assert_eq!(
        told[..5],
        [
            said("OPEN", "10", false),
            said("OPEN", "6", false),
            said("FULFILLED", "4", true),
            said("OPEN", "5", false),
            said("RELEASED", "1", true),
        ]
    );
}

#[tokio::test]
async fn a_part_is_itself_over_and_takes_the_right_that_the_whole_takes() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    receive(&client, &place, &saw, "10", "2").await;
    let kept = keep(&client, &place, &saw, "5").await;
    end(&client, "Release", &kept, json!({ "quantity": "2" })).await.ok();
    let query = "{ stockReservations(filter: { status: RELEASED }) { nodes { id viewerPermissions } } }";
    let told = client.run(query).await.ok();
    let part = &told["stockReservations"]["nodes"][0];
    assert_eq!(part["viewerPermissions"], json!([]));
    let late = end(&client, "Fulfil", &text(&part["id"]), json!({ "quantity": "1" })).await;
    assert_eq!(late.refusals(), ["INVALID_TRANSITION"]);
    let seller = app.as_(&admin.colleague(&[Role::Sales])).clone();
    let one = json!({ "quantity": "1" });
    assert_eq!(end(&seller, "Fulfil", &kept, one.clone()).await.codes(), ["FORBIDDEN"]);
    end(&seller, "Release", &kept, one.clone()).await.ok();
    let member = app.as_(&admin.colleague(&[Role::Member])).clone();
    assert_eq!(end(&member, "Release", &kept, one).await.codes(), ["FORBIDDEN"]);
    assert_eq!(numbers(level(&client, &place, &saw).await), ["10", "2", "8", "20"]);
    let query =
        "query($id: ID!) { stockReservation(id: $id) { history { nodes { changes { field after } } } } }";
    let told = client.run_with(query, json!({ "id": kept })).await.ok();
    assert!(told.to_string().contains("quantity"), "{told}");
}

#[tokio::test]
async fn a_part_that_is_handed_out_twice_with_its_key_goes_once() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    receive(&client, &place, &saw, "10", "2").await;
    let kept = keep(&client, &place, &saw, "10").await;
    let tries = (0..8).map(|_| end(&client, "Fulfil", &kept, json!({ "quantity": "3", "key": "parcel 1" })));
    for answer in futures::future::join_all(tries).await {
        answer.ok();
    }
    assert_eq!(numbers(level(&client, &place, &saw).await), ["7", "7", "0", "14"]);
}
