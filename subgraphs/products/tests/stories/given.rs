//! What products and prices name of other modules', and what other modules are told of them.

use sqlx::Row as _;
use uuid::Uuid;

use crate::*;

/// A contact of each kind that nobody begins to name: one that never was, one that is archived, one of another organization.
async fn nobody(app: &App, client: &Client<'_>) -> [String; 3] {
    let gone = company(client, "Gone").await;
    client.clone().on("contact").act("contact", "Archive", &gone).await.ok();
    let stranger = Person::new(&[Role::Admin]);
    [Uuid::now_v7().to_string(), gone, company(&app.as_(&stranger), "Theirs").await]
}

/// What is refused of something, with the fields.
fn refused(answer: &Answer, mutation: &str) -> Vec<String> {
    let errors = answer.0["data"][mutation]["userErrors"].as_array().unwrap().iter();
    errors.map(|error| format!("{} {}", text(&error["field"]), text(&error["code"]))).collect()
}

#[tokio::test]
async fn vendors_customers_and_segments_that_are_not_there_are_named_by_nothing_new() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (mill, unit) = (company(&client, "Mill").await, piece(&client).await);
    let product =
        |vendors: Value| json!({ "kind": "GOOD", "name": "Saw", "unitId": unit, "vendorIds": vendors });
    let list = |more: Value| with(json!({ "code": "OWN", "name": "Own", "currency": "EUR" }), more);
    for none in nobody(&app, &client).await {
        let answer = client.try_create("product", product(json!([mill, none]))).await;
        assert_eq!(refused(&answer, "productCreate"), ["vendorIds.1 CONTACT_NOT_FOUND"]);
        let own = json!({ "audience": "CUSTOMER", "customerIds": [none, mill] });
        let answer = client.try_create("priceList", list(own)).await;
        assert_eq!(refused(&answer, "priceListCreate"), ["customerIds.0 CONTACT_NOT_FOUND"]);
    }
    let contacts = client.clone().on("contact");
    let old = contacts.create("segment", json!({ "name": "Old", "kind": "STATIC" })).await;
    contacts.act("segment", "Archive", &old).await.ok();
    for none in [Uuid::now_v7().to_string(), old] {
        let trade = json!({ "audience": "SEGMENT", "segmentId": none });
        let answer = client.try_create("priceList", list(trade)).await;
        assert_eq!(refused(&answer, "priceListCreate"), ["segmentId SEGMENT_NOT_FOUND"]);
    }
    // What names somebody already goes on doing so when they are archived.
    let saw = client.create("product", product(json!([mill]))).await;
    let own =
        client.create("priceList", list(json!({ "audience": "CUSTOMER", "customerIds": [mill] }))).await;
    contacts.act("contact", "Archive", &mill).await.ok();
    update(&client, &saw, json!({ "vendorIds": [mill], "name": "Fine saw" })).await.ok();
    client.update("priceList", &own, json!({ "customerIds": [mill], "name": "Theirs" })).await.ok();
    let none = Uuid::now_v7();
    let answer = update(&client, &saw, json!({ "vendorIds": [mill, none] })).await;
    assert_eq!(answer.refusals(), ["CONTACT_NOT_FOUND"]);
}

#[tokio::test]
async fn other_modules_are_told_which_products_and_variants_are_not_in_use() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let size = client.create("productAttribute", json!({ "name": "Size", "choices": ["S", "M"] })).await;
    let shirt = good(&client, "Shirt", json!({ "attributeIds": [size] })).await;
    let variant =
        |choice: &str| json!({ "productId": shirt, "options": [{ "attributeId": size, "choice": choice }] });
    let small = client.create("productVariant", variant("S")).await;
    let medium = client.create("productVariant", variant("M")).await;
    let saw = good(&client, "Saw", json!({})).await;
    client.act("product", "Archive", &saw).await.ok();
    client.act("productVariant", "Archive", &medium).await.ok();
    let theirs = good(&app.as_(&Person::new(&[Role::Admin])), "Theirs", json!({})).await;
    let sorted = |mut ids: Vec<Uuid>| {
        ids.sort_unstable();
        ids
    };
    let ids = |of: &[&String]| -> Vec<Uuid> { sorted(of.iter().map(|id| id.parse().unwrap()).collect()) };
    let missing = async || {
        let mut tx = app.system(&admin, "contact").await;
        let row = sqlx::query("select missing_products, missing_variants from products.missing($1, $2)")
            .bind(ids(&[&shirt, &saw, &theirs]))
            .bind(ids(&[&small, &medium]))
            .fetch_one(tx.conn())
            .await
            .unwrap();
        (sorted(row.get(0)), sorted(row.get(1)))
    };
    assert_eq!(missing().await, (ids(&[&saw, &theirs]), ids(&[&medium])));
    // Nor is a variant in use whose product is not.
    client.act("product", "Archive", &shirt).await.ok();
    assert_eq!(missing().await, (ids(&[&shirt, &saw, &theirs]), ids(&[&small, &medium])));
}
