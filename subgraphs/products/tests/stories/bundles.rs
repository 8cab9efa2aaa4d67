//! What bundles cost, and why, wherever one asks.

use crate::*;

async fn price(client: &Client<'_>, list: &str, product: &str, amount: &str, more: Value) {
    let input = json!({ "priceListId": list, "productId": product, "amount": amount });
    client.create("price", with(input, more)).await;
}

async fn kit(client: &Client<'_>, name: &str, items: Value) -> String {
    let unit = piece(client).await;
    let input =
        json!({ "kind": "BUNDLE", "name": name, "unitId": unit, "isPublic": true, "bundleItems": items });
    let kit = client.create("product", input).await;
    client.act("product", "Activate", &kit).await.ok();
    kit
}

/// A list for everybody, a saw and nails, and a kit of both.
async fn shop(client: &Client<'_>) -> [String; 4] {
    let list = json!({ "code": "ALL", "name": "All", "currency": "EUR", "audience": "EVERYBODY" });
    let list = client.create("priceList", list).await;
    let (saw, nail) = (good(client, "Saw", json!({})).await, good(client, "Nail", json!({})).await);
    let items = json!([{ "productId": saw, "quantity": "1" }, { "productId": nail, "quantity": "100" }]);
    let kit = kit(client, "Kit", items).await;
    price(client, &list, &saw, "20", json!({})).await;
    price(client, &list, &nail, "0.05", json!({})).await;
    price(client, &list, &nail, "0.0325", json!({ "minQuantity": "100" })).await;
    [list, saw, nail, kit]
}

async fn resolve(client: &Client<'_>, product: &str, fields: &str) -> Value {
    let query = format!("query($input: PriceResolveInput!) {{ priceResolve(input: $input) {{ {fields} }} }}");
    let input = json!({ "productId": product, "quantity": "1", "currency": "EUR" });
    client.run_with(&query, json!({ "input": input })).await.ok()["priceResolve"].clone()
}

/// What the catalogue says of it: by itself, and by a link.
async fn shown(app: &App, client: &Client<'_>, key: &str, id: &str) -> [Value; 2] {
    let query = "query($id: ID!) { catalogItem(id: $id) { listPrice(currency: \"EUR\") { amount } } }";
    let own = client.run_with(query, json!({ "id": id })).await.ok()["catalogItem"]["listPrice"].clone();
    let query = "query($key: String!, $id: ID!) {
        publicCatalogItem(key: $key, id: $id, currency: \"EUR\") { listPrice { amount } } }";
    let linked = app.as_nobody().run_with(query, json!({ "key": key, "id": id })).await.ok();
    [own, linked["publicCatalogItem"]["listPrice"].clone()]
}

#[tokio::test]
async fn a_bundle_costs_the_same_in_the_catalogue_by_a_link_and_when_its_price_is_asked_for() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let [list, saw, _, kit_id] = shop(&client).await;
    let link = client.create("catalogLink", json!({ "name": "Website" })).await;
    let told =
        client.run_with("query($id: ID!) { catalogLink(id: $id) { key } }", json!({ "id": link })).await.ok();
    let key = text(&told["catalogLink"]["key"]);
    let large = kit(&client, "Large", json!([{ "productId": kit_id, "quantity": "2" }])).await;
    let bare = good(&client, "Bare", json!({})).await;
    let unpriced = json!([{ "productId": saw, "quantity": "1" }, { "productId": bare, "quantity": "1" }]);
    let unpriced = kit(&client, "Unpriced", unpriced).await;
    // 20 and 100 at 0.0325; of two kits at once as many nails hold, at the same price.
    let cases = [
        (&kit_id, json!({ "amount": "23.25" })),
        (&large, json!({ "amount": "46.50" })),
        (&unpriced, Value::Null),
    ];
    for (id, amount) in cases {
        assert_eq!(resolve(&client, id, "listPrice { amount }").await["listPrice"], amount);
        assert_eq!(shown(&app, &client, &key, id).await, [amount.clone(), amount.clone()]);
    }
    let found = client
        .run("{ products(filter: { priceBetween: { currency: \"EUR\", min: \"23\", max: \"24\" } }) { nodes { name } } }")
        .await
        .ok();
    assert_eq!(found["products"]["nodes"], json!([{ "name": "Kit" }]));
    // A price of its own comes before what its parts cost.
    price(&client, &list, &kit_id, "22", json!({})).await;
    let own = json!({ "amount": "22.00" });
    assert_eq!(resolve(&client, &kit_id, "listPrice { amount }").await["listPrice"], own);
    assert_eq!(shown(&app, &client, &key, &kit_id).await, [own.clone(), own]);
}

#[tokio::test]
async fn each_part_of_a_bundle_says_why_it_costs_what_it_does() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let [_, saw, _, kit_id] = shop(&client).await;
    client.create("discountRule", json!({ "name": "Saws", "percent": "10", "productId": saw })).await;
    let size = client.create("productAttribute", json!({ "name": "Size", "choices": ["S"] })).await;
    let shirt = good(&client, "Shirt", json!({ "attributeIds": [size] })).await;
    let small = json!({ "productId": shirt, "options": [{ "attributeId": size, "choice": "S" }] });
    let small = client.create("productVariant", small).await;
    let items = json!([{ "productId": kit_id, "quantity": "1" },
        { "productId": shirt, "variantId": small, "quantity": "1" }]);
    let large = kit(&client, "Large", items).await;
    let part = "product { name } variant { id } listPrice { amount } discountPercent unitPrice { amount } steps { outcome reason }";
    let told =
        resolve(&client, &large, &format!("steps {{ reason }} parts {{ {part} parts {{ {part} }} }}")).await;
    assert_eq!(told["steps"], json!([]));
    let [inner, worn] = [&told["parts"][0], &told["parts"][1]];
    assert_eq!((&inner["product"]["name"], &inner["listPrice"]["amount"]), (&json!("Kit"), &json!("23.25")));
    assert_eq!(inner["unitPrice"]["amount"], "21.25");
    assert_eq!((&worn["variant"]["id"], &worn["steps"]), (&json!(small), &json!([])));
    assert_eq!(
        inner["parts"][0],
        json!({ "product": { "name": "Saw" }, "variant": null, "listPrice": { "amount": "20.00" }, "discountPercent": "10",
            "unitPrice": { "amount": "18.00" }, "steps": [
                { "outcome": "CHOSEN", "reason": "20 EUR from 0 on, by list ALL: it counts." },
                { "outcome": "CHOSEN", "reason": "10 % off by rule Saws: it counts." }] })
    );
    assert_eq!(
        inner["parts"][1]["steps"],
        json!([{ "outcome": "CHOSEN", "reason": "0.0325 EUR from 100 on, by list ALL: it counts." },
            { "outcome": "OUTRANKED", "reason": "0.05 EUR from 0 on, by list ALL: another one comes before it." }])
    );
}
