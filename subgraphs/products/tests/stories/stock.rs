//! What is in stock, what came and went, and what it is worth.

use crate::*;

/// A warehouse, and a product of which something may be there.
pub async fn furnished(client: &Client<'_>) -> (String, String) {
    let place =
        client.create("warehouse", json!({ "code": "MAIN", "name": "Main", "currency": "EUR" })).await;
    let saw = good(client, "Saw", json!({})).await;
    client.act("product", "Activate", &saw).await.ok();
    (place, saw)
}

pub async fn move_(client: &Client<'_>, verb: &str, input: Value) -> Answer {
    client.mutate(&format!("stockMove{verb}"), "stockMove", json!({ "input": input })).await
}

pub async fn receive(client: &Client<'_>, place: &str, product: &str, quantity: &str, cost: &str) -> String {
    let input = json!({ "warehouseId": place, "productId": product, "quantity": quantity, "unitCost": cost });
    text(&move_(client, "Receive", input).await.ok()["stockMoveReceive"]["stockMove"]["id"])
}

pub async fn issue(client: &Client<'_>, place: &str, product: &str, quantity: &str) -> Answer {
    move_(client, "Issue", json!({ "warehouseId": place, "productId": product, "quantity": quantity })).await
}

/// What is there of a product in a warehouse: on hand, reserved, available, worth.
pub async fn level(client: &Client<'_>, place: &str, product: &str) -> [String; 4] {
    let query = "query($w: ID!, $p: ID!) { stockLevels(filter: { warehouseId: $w, productId: $p }) { nodes {
        onHand reserved available value { amount } } } }";
    let told = client.run_with(query, json!({ "w": place, "p": product })).await.ok();
    let node = told["stockLevels"]["nodes"][0].clone();
    [&node["onHand"], &node["reserved"], &node["available"], &node["value"]["amount"]].map(text)
}

/// Numbers without zeros behind.
pub fn numbers(level: [String; 4]) -> [String; 4] {
    level.map(|number| number.parse::<rust_decimal::Decimal>().unwrap().normalize().to_string())
}

/// PRD-8.
#[tokio::test]
async fn what_is_there_is_worth_the_average_of_what_was_paid_and_what_goes_takes_its_share_with_it() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    receive(&client, &place, &saw, "10", "4").await;
    receive(&client, &place, &saw, "5", "7").await;
    assert_eq!(numbers(level(&client, &place, &saw).await), ["15", "0", "15", "75"]);
    let gone = issue(&client, &place, &saw, "4").await.ok();
    let id = text(&gone["stockMoveIssue"]["stockMove"]["id"]);
    let told = client
        .run_with(
            "query($id: ID!) { stockMove(id: $id) { kind cost { amount currency } } }",
            json!({ "id": id }),
        )
        .await
        .ok();
    assert_eq!(
        told["stockMove"],
        json!({ "kind": "ISSUE", "cost": { "amount": "20.00", "currency": "EUR" } })
    );
    receive(&client, &place, &saw, "3", "3.3333").await;
    assert_eq!(numbers(level(&client, &place, &saw).await), ["14", "0", "14", "64.9999"]);
    for quantity in ["5", "5", "4"] {
        issue(&client, &place, &saw, quantity).await.ok();
    }
    // Whoever takes the last of it takes all that it is worth.
    assert_eq!(numbers(level(&client, &place, &saw).await), ["0", "0", "0", "0"]);
    app.settle().await;
    let costs: Vec<_> =
        app.announced().await.into_iter().filter(|(kind, _)| kind == "products.stock.changed").collect();
    assert_eq!(costs.len(), 7, "each move is told once");
    assert_eq!(
        (&costs[2].1["kind"], &costs[2].1["cost"], &costs[2].1["moveId"]),
        (&json!("ISSUE"), &json!("20"), &json!(id))
    );
}

#[tokio::test]
async fn nothing_is_taken_that_is_not_there_unless_the_warehouse_lets_one() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    assert_eq!(issue(&client, &place, &saw, "1").await.refusals(), ["NOT_ENOUGH_STOCK"]);
    receive(&client, &place, &saw, "2", "5").await;
    assert_eq!(issue(&client, &place, &saw, "2.000001").await.refusals(), ["QUANTITY_UNEVEN"]);
    assert_eq!(issue(&client, &place, &saw, "3").await.refusals(), ["NOT_ENOUGH_STOCK"]);
    let missing = json!({ "warehouseId": place, "productId": saw, "quantity": "-3", "note": "Lost." });
    assert_eq!(move_(&client, "Adjust", missing).await.refusals(), ["NOT_ENOUGH_STOCK"]);
    client.update("warehouse", &place, json!({ "allowsNegative": true })).await.ok();
    issue(&client, &place, &saw, "6").await.ok();
    assert_eq!(numbers(level(&client, &place, &saw).await), ["-4", "0", "-4", "-20"]);
    assert_eq!(
        client.update("warehouse", &place, json!({ "allowsNegative": false })).await.refusals(),
        ["STOCK_LEFT"]
    );
    // What comes in is worth what was paid for it, whatever was thought of what had gone before.
    receive(&client, &place, &saw, "10", "8").await;
    assert_eq!(numbers(level(&client, &place, &saw).await), ["6", "0", "6", "48"]);
    let moves = client
        .run("{ stockMoves(filter: { kind: REVALUATION }) { nodes { quantity cost { amount } } } }")
        .await
        .ok();
    assert_eq!(moves["stockMoves"]["nodes"][0]["cost"]["amount"], "12.00");
}

#[tokio::test]
async fn things_are_carried_adjusted_and_moves_are_taken_back_once() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (main, saw) = furnished(&client).await;
    let shop = client.create("warehouse", json!({ "code": "SHOP", "name": "Shop", "currency": "EUR" })).await;
    let abroad =
        client.create("warehouse", json!({ "code": "ZRH", "name": "Zurich", "currency": "CHF" })).await;
    let came = receive(&client, &main, &saw, "10", "4").await;
    let carry = |to: String, quantity: &'static str| {
        let input =
            json!({ "fromWarehouseId": main, "toWarehouseId": to, "productId": saw, "quantity": quantity });
        let client = client.clone();
        async move { move_(&client, "Transfer", input).await }
    };
    carry(shop.clone(), "3").await.ok();
    assert_eq!(numbers(level(&client, &main, &saw).await), ["7", "0", "7", "28"]);
    assert_eq!(numbers(level(&client, &shop, &saw).await), ["3", "0", "3", "12"]);
    assert_eq!(carry(main.clone(), "1").await.refusals(), ["SAME_WAREHOUSE"]);
    assert_eq!(carry(abroad, "1").await.refusals(), ["CURRENCIES_DIFFER"]);
    let found =
        json!({ "warehouseId": shop, "productId": saw, "quantity": "2", "note": "Behind the shelf." });
    let found = text(&move_(&client, "Adjust", found).await.ok()["stockMoveAdjust"]["stockMove"]["id"]);
    assert_eq!(numbers(level(&client, &shop, &saw).await), ["5", "0", "5", "20"]);
    let back = |id: String| {
        let client = client.clone();
        async move {
            let document = "mutation($id: ID!) { stockMoveReverse(id: $id, input: { note: \"Wrong.\" }) {
                stockMove { reversalOf { id } } userErrors { code } } }";
            client.run_with(document, json!({ "id": id })).await
        }
    };
    let told = back(found.clone()).await.ok();
    assert_eq!(told["stockMoveReverse"]["stockMove"]["reversalOf"]["id"], json!(found));
    assert_eq!(back(found).await.refusals(), ["ALREADY_REVERSED"]);
    assert_eq!(back(came).await.refusals(), ["NOT_ENOUGH_STOCK"], "three of the ten are elsewhere");
    assert_eq!(numbers(level(&client, &shop, &saw).await), ["3", "0", "3", "12"]);
    assert_eq!(client.act("warehouse", "Archive", &shop).await.refusals(), ["STOCK_LEFT"]);
    client.act("product", "Discontinue", &saw).await.ok();
    assert_eq!(client.act("product", "Archive", &saw).await.refusals(), ["STOCK_LEFT"]);
    assert_eq!(update(&client, &saw, json!({ "tracksInventory": false })).await.refusals(), ["STOCK_LEFT"]);
}

#[tokio::test]
async fn a_quantity_in_boxes_comes_in_as_pieces() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    let piece = piece(&client).await;
    let dozen = client
        .create(
            "unitOfMeasure",
            json!({ "code": "DZ", "name": "Dozen", "baseId": piece, "numerator": 12, "decimals": 2 }),
        )
        .await;
    let input = |quantity: &str| json!({ "warehouseId": place, "productId": saw, "quantity": quantity, "unitId": dozen, "unitCost": "1" });
    move_(&client, "Receive", input("1.5")).await.ok();
    assert_eq!(numbers(level(&client, &place, &saw).await), ["18", "0", "18", "18"]);
    assert_eq!(move_(&client, "Receive", input("0.1")).await.refusals(), ["QUANTITY_UNEVEN"]);
}

#[tokio::test]
async fn what_is_a_draft_not_tracked_or_has_variants_is_refused_with_the_reason() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, _) = furnished(&client).await;
    let (piece, draft) = (piece(&client).await, good(&client, "Draft", json!({})).await);
    let work = client.create("product", json!({ "kind": "SERVICE", "name": "Work", "unitId": piece })).await;
    client.act("product", "Activate", &work).await.ok();
    let size = client.create("productAttribute", json!({ "name": "Size", "choices": ["S"] })).await;
    let shirt = good(&client, "Shirt", json!({ "attributeIds": [size] })).await;
    let small = json!({ "productId": shirt, "options": [{ "attributeId": size, "choice": "S" }] });
    let small = client.create("productVariant", small).await;
    client.act("product", "Activate", &shirt).await.ok();
    let input = |product: &str| json!({ "warehouseId": place, "productId": product, "quantity": "1", "unitCost": "1" });
    assert_eq!(move_(&client, "Receive", input(&draft)).await.refusals(), ["PRODUCT_DRAFT"]);
    assert_eq!(move_(&client, "Receive", input(&work)).await.refusals(), ["NOT_TRACKED"]);
    assert_eq!(move_(&client, "Receive", input(&shirt)).await.refusals(), ["VARIANT_REQUIRED"]);
    move_(&client, "Receive", with(input(&shirt), json!({ "variantId": small }))).await.ok();
    let told = ask(&client, &shirt, "stockLevels { onHand variant { id } }").await;
    assert_eq!(told["stockLevels"][0]["variant"]["id"], json!(small));
    let no_cost = json!({ "warehouseId": place, "productId": shirt, "variantId": small, "quantity": "1" });
    assert_eq!(move_(&client, "Receive", no_cost).await.refusals(), ["REQUIRED"]);
    let member = app.as_(&admin.colleague(&[Role::Member]));
    assert_eq!(move_(&member, "Receive", input(&shirt)).await.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn a_count_puts_right_what_was_found_and_leaves_what_came_and_went_meanwhile() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    receive(&client, &place, &saw, "10", "2").await;
    let lines = json!([{ "productId": saw, "counted": "8" }]);
    let count = client
        .create("stockCount", json!({ "warehouseId": place, "note": "Year's end", "lines": lines }))
        .await;
    assert_eq!(client.act("stockCount", "Post", &count).await.refusals(), ["INVALID_TRANSITION"]);
    issue(&client, &place, &saw, "3").await.ok();
    client.act("stockCount", "Finish", &count).await.ok();
    let late = client.update("stockCount", &count, json!({ "lines": [] })).await;
    assert_eq!(late.refusals(), ["INVALID_TRANSITION"]);
    client.act("stockCount", "Post", &count).await.ok();
    assert_eq!(client.act("stockCount", "Post", &count).await.refusals(), ["INVALID_TRANSITION"]);
    assert_eq!(numbers(level(&client, &place, &saw).await), ["5", "0", "5", "10"]);
    let told = client
        .run_with(
            "query($id: ID!) { stockCount(id: $id) { status lines { expected counted difference } } }",
            json!({ "id": count }),
        )
        .await
        .ok();
    assert_eq!(
        told["stockCount"],
        json!({ "status": "POSTED", "lines": [{ "expected": "10", "counted": "8", "difference": "-2" }] })
    );
}

#[tokio::test]
async fn a_count_that_finds_less_than_is_promised_is_posted_and_says_what_cannot_be_kept() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    receive(&client, &place, &saw, "10", "2").await;
    let kept = json!({ "warehouseId": place, "productId": saw, "quantity": "9" });
    let kept = client.create("stockReservation", kept).await;
    let lines = json!([{ "productId": saw, "counted": "1" }]);
    let count = client.create("stockCount", json!({ "warehouseId": place, "lines": lines })).await;
    client.act("stockCount", "Finish", &count).await.ok();
    let document = "mutation($id: ID!) { stockCountPost(id: $id) {
        stockCount { overpromised { product { id } onHand reserved available } } userErrors { code } } }";
    let told = client.run_with(document, json!({ "id": count })).await.ok();
    assert_eq!(
        told["stockCountPost"]["stockCount"]["overpromised"],
        json!([{ "product": { "id": saw }, "onHand": "1", "reserved": "9", "available": "-8" }])
    );
    client.act("stockReservation", "Release", &kept).await.ok();
    let query = "query($id: ID!) { stockCount(id: $id) { overpromised { id } } }";
    let told = client.run_with(query, json!({ "id": count })).await.ok();
    assert_eq!(told["stockCount"]["overpromised"], json!([]));
}

#[tokio::test]
async fn a_move_that_was_taken_back_is_told_to_be_so_however_little_is_left() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    let came = receive(&client, &place, &saw, "10", "4").await;
    let back = || {
        let document = "mutation($id: ID!) { stockMoveReverse(id: $id, input: { note: \"Wrong.\" }) {
            stockMove { id } userErrors { code } } }";
        client.run_with(document, json!({ "id": came }))
    };
    back().await.ok();
    assert_eq!(back().await.refusals(), ["ALREADY_REVERSED"]);
}

#[tokio::test]
async fn a_variant_of_which_something_is_left_or_promised_is_not_archived() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, _) = furnished(&client).await;
    let size = client.create("productAttribute", json!({ "name": "Size", "choices": ["S"] })).await;
    let shirt = good(&client, "Shirt", json!({ "attributeIds": [size] })).await;
    let small = json!({ "productId": shirt, "options": [{ "attributeId": size, "choice": "S" }] });
    let small = client.create("productVariant", small).await;
    client.act("product", "Activate", &shirt).await.ok();
    let some = json!({ "warehouseId": place, "productId": shirt, "variantId": small, "quantity": "3" });
    move_(&client, "Receive", with(some.clone(), json!({ "unitCost": "1" }))).await.ok();
    let kept = client.create("stockReservation", some).await;
    assert_eq!(client.act("productVariant", "Archive", &small).await.refusals(), ["STOCK_LEFT"]);
    client.act("stockReservation", "Fulfil", &kept).await.ok();
    client.act("productVariant", "Archive", &small).await.ok();
    client.act("productVariant", "Restore", &small).await.ok();
}

async fn suggestions(client: &Client<'_>) -> Value {
    let told =
        client.run("{ reorderSuggestions { available quantity rule { product { name } } } }").await.ok();
    told["reorderSuggestions"].clone()
}

#[tokio::test]
async fn what_runs_low_is_told_once_and_suggested_in_whole_boxes() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (place, saw) = furnished(&client).await;
    receive(&client, &place, &saw, "10", "2").await;
    let rule = json!({ "warehouseId": place, "productId": saw, "minQuantity": "5", "targetQuantity": "20", "multiple": "12" });
    client.create("reorderRule", rule.clone()).await;
    assert_eq!(client.try_create("reorderRule", rule).await.refusals(), ["RULE_TAKEN"]);
    assert_eq!(suggestions(&client).await, json!([]));
    for quantity in ["4", "2", "1"] {
        issue(&client, &place, &saw, quantity).await.ok();
    }
    assert_eq!(
        suggestions(&client).await,
        json!([{ "available": "3", "quantity": "24", "rule": { "product": { "name": "Saw" } } }])
    );
    app.settle().await;
    let low: Vec<_> =
        app.announced().await.into_iter().filter(|(kind, _)| kind == "products.stock.run_low").collect();
    assert_eq!(low.len(), 1);
    assert_eq!((&low[0].1["available"], &low[0].1["sku"]), (&json!("4"), &json!("P-00001")));
}
