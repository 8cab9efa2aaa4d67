//! Price lists, prices, discounts, and what something costs whom.

use crate::*;

async fn list(client: &Client<'_>, code: &str, more: Value) -> String {
    let input = json!({ "code": code, "name": code, "currency": "EUR", "audience": "EVERYBODY" });
    client.create("priceList", with(input, more)).await
}

async fn price(client: &Client<'_>, list: &str, product: &str, amount: &str, more: Value) -> String {
    client
        .create("price", with(json!({ "priceListId": list, "productId": product, "amount": amount }), more))
        .await
}

const RESOLVE: &str = "query($input: PriceResolveInput!) { priceResolve(input: $input) {
    listPrice { amount } discountPercent unitPrice { amount currency } total { amount } priceList { code }
    steps { outcome reason price { minQuantity } discountRule { name } } parts { product { name } quantity unitPrice { amount } } } }";

async fn resolve(client: &Client<'_>, product: &str, quantity: &str, more: Value) -> Value {
    let input = with(json!({ "productId": product, "quantity": quantity, "currency": "EUR" }), more);
    client.run_with(RESOLVE, json!({ "input": input })).await.ok()["priceResolve"].clone()
}

/// PRD-2.
#[tokio::test]
async fn the_price_is_the_customers_before_the_segments_before_everybodys_and_says_why() {
    let (app, admin) = office().await;
    app.join(&admin).await;
    let admin = app.as_(&admin);
    let saw = good(&admin, "Saw", json!({})).await;
    let customer = company(&admin, "Mill").await;
    let trade = json!({ "name": "Trade", "kind": "STATIC" });
    let segment = admin.clone().on("contact").create("segment", trade).await;
    let all = list(&admin, "ALL", json!({ "priority": 900 })).await;
    let trade = list(&admin, "TRADE", json!({ "audience": "SEGMENT", "segmentId": segment })).await;
    let own = list(&admin, "OWN", json!({ "audience": "CUSTOMER", "customerIds": [customer] })).await;
    let dollars = list(&admin, "USD", json!({ "currency": "USD", "priority": 1000 })).await;
    price(&admin, &all, &saw, "10", json!({})).await;
    price(&admin, &all, &saw, "9", json!({ "minQuantity": "100" })).await;
    price(&admin, &all, &saw, "7", json!({ "lastDay": "2026-02-28", "minQuantity": "1" })).await;
    price(&admin, &trade, &saw, "8.50", json!({})).await;
    price(&admin, &own, &saw, "8", json!({ "minQuantity": "10" })).await;
    price(&admin, &dollars, &saw, "11", json!({})).await;
    let told = resolve(&admin, &saw, "5", json!({})).await;
    assert_eq!((&told["unitPrice"]["amount"], &told["total"]["amount"]), (&json!("10.00"), &json!("50.00")));
    let steps: Vec<_> = told["steps"].as_array().unwrap().iter().map(|step| text(&step["reason"])).collect();
    assert_eq!(
        steps,
        [
            "11 USD from 0 on, by list USD: the list is in another currency.",
            "9 EUR from 100 on, by list ALL: it holds from a larger quantity on.",
            "7 EUR from 1 on, by list ALL: it does not hold on that day.",
            "10 EUR from 0 on, by list ALL: it counts.",
        ]
    );
    let code = |told: &Value| text(&told["priceList"]["code"]);
    let buyer = json!({ "customerId": customer, "segmentIds": [segment] });
    assert_eq!(code(&resolve(&admin, &saw, "5", json!({ "segmentIds": [segment] })).await), "TRADE");
    // The customer's own list has no price for so few.
    assert_eq!(code(&resolve(&admin, &saw, "5", buyer.clone()).await), "TRADE");
    let told = resolve(&admin, &saw, "10", buyer).await;
    assert_eq!((code(&told), &told["unitPrice"]["amount"]), ("OWN".to_owned(), &json!("8.00")));
    assert_eq!(resolve(&admin, &saw, "100", json!({})).await["unitPrice"]["amount"], "9.00");
    assert_eq!(
        resolve(&admin, &saw, "5", json!({ "on": "2026-02-28" })).await["unitPrice"]["amount"],
        "7.00"
    );
    let nothing = resolve(&admin, &saw, "5", json!({ "currency": "CHF" })).await;
    assert_eq!((&nothing["unitPrice"], &nothing["total"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_variant_has_its_own_price_or_the_products() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let size = admin.create("productAttribute", json!({ "name": "Size", "choices": ["S", "XL"] })).await;
    let shirt = good(&admin, "Shirt", json!({ "attributeIds": [size] })).await;
    let variant =
        |choice: &str| json!({ "productId": shirt, "options": [{ "attributeId": size, "choice": choice }] });
    let small = admin.create("productVariant", variant("S")).await;
    let large = admin.create("productVariant", variant("XL")).await;
    let all = list(&admin, "ALL", json!({})).await;
    price(&admin, &all, &shirt, "20", json!({})).await;
    price(&admin, &all, &shirt, "25", json!({ "variantId": large })).await;
    for (variant, amount) in [(&small, "20.00"), (&large, "25.00")] {
        assert_eq!(
            resolve(&admin, &shirt, "1", json!({ "variantId": variant })).await["unitPrice"]["amount"],
            amount
        );
    }
    assert_eq!(resolve(&admin, &shirt, "1", json!({})).await["unitPrice"]["amount"], "20.00");
}

/// PRD-4.
#[tokio::test]
async fn of_one_thing_from_one_quantity_on_a_list_has_one_price_a_day_not_even_when_entered_at_once() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let saw = good(&admin, "Saw", json!({})).await;
    let all = list(&admin, "ALL", json!({})).await;
    let first =
        price(&admin, &all, &saw, "10", json!({ "firstDay": "2026-01-01", "lastDay": "2026-06-30" })).await;
    let attempt = |amount: &str, more: Value| {
        let input = with(json!({ "priceListId": all, "productId": saw, "amount": amount }), more);
        let admin = admin.clone();
        async move { admin.try_create("price", input).await }
    };
    for more in [
        json!({}),
        json!({ "firstDay": "2026-06-30" }),
        json!({ "lastDay": "2026-01-01" }),
        json!({ "firstDay": "2026-03-01", "lastDay": "2026-03-01", "minQuantity": "0.000" }),
    ] {
        assert_eq!(attempt("11", more.clone()).await.refusals(), ["PRICE_OVERLAPS"], "{more}");
    }
    let turned = attempt("11", json!({ "firstDay": "2027-01-02", "lastDay": "2027-01-01" })).await;
    assert_eq!(turned.refusals(), ["DATE_OUT_OF_RANGE"]);
    price(&admin, &all, &saw, "11", json!({ "firstDay": "2026-07-01" })).await;
    price(&admin, &all, &saw, "9", json!({ "minQuantity": "10" })).await;
    let longer = admin.update("price", &first, json!({ "lastDay": null })).await;
    assert_eq!(longer.refusals(), ["PRICE_OVERLAPS"]);
    let other = list(&admin, "OTHER", json!({})).await;
    let tries = (0..16).map(|n| {
        let input = json!({ "priceListId": other, "productId": saw, "amount": n.to_string() });
        admin.try_create("price", input)
    });
    let done = futures::future::join_all(tries).await;
    assert_eq!(done.iter().filter(|answer| answer.refusals().is_empty()).count(), 1);
    assert!(
        done.iter().all(|answer| answer.refusals().is_empty() || answer.refusals() == ["PRICE_OVERLAPS"])
    );
}

#[tokio::test]
async fn a_discount_comes_off_the_list_price_and_one_alone_does() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let tools = admin.create("productCategory", json!({ "name": "Tools" })).await;
    let saws = admin.create("productCategory", json!({ "name": "Saws", "parentId": tools })).await;
    let saw = good(&admin, "Saw", json!({ "categoryId": saws })).await;
    let all = list(&admin, "ALL", json!({})).await;
    price(&admin, &all, &saw, "19.99", json!({})).await;
    let rule = |name: &str, percent: &str, more: Value| {
        admin.create("discountRule", with(json!({ "name": name, "percent": percent }), more))
    };
    rule("Everything", "1", json!({})).await;
    rule("Tools", "15", json!({ "categoryId": tools })).await;
    rule("Many saws", "20", json!({ "productId": saw, "minQuantity": "10" })).await;
    rule("Another list", "90", json!({ "priceListId": list(&admin, "X", json!({})).await, "priority": 9 }))
        .await;
    let told = resolve(&admin, &saw, "3", json!({})).await;
    assert_eq!(told["discountPercent"], "15");
    // 3 × 16.9915, rounded once.
    assert_eq!(
        (&told["unitPrice"]["amount"], &told["total"]["amount"]),
        (&json!("16.9915"), &json!("50.97"))
    );
    let outcomes: Vec<_> =
        told["steps"].as_array().unwrap().iter().map(|step| text(&step["outcome"])).collect();
    assert_eq!(outcomes, ["CHOSEN", "OTHER_LIST", "QUANTITY_TOO_SMALL", "CHOSEN", "OUTRANKED"]);
    assert_eq!(resolve(&admin, &saw, "10", json!({})).await["discountPercent"], "20");
    let both = json!({ "name": "Both", "percent": "1", "productId": saw, "categoryId": saws });
    assert_eq!(admin.try_create("discountRule", both).await.refusals(), ["ONE_OR_OTHER"]);
}

#[tokio::test]
async fn a_bundle_without_a_price_of_its_own_costs_what_its_parts_do() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let (saw, nail, piece) =
        (good(&admin, "Saw", json!({})).await, good(&admin, "Nail", json!({})).await, piece(&admin).await);
    let items = json!([{ "productId": saw, "quantity": "1" }, { "productId": nail, "quantity": "100" }]);
    let kit = admin
        .create("product", json!({ "kind": "BUNDLE", "name": "Kit", "unitId": piece, "bundleItems": items }))
        .await;
    let all = list(&admin, "ALL", json!({})).await;
    price(&admin, &all, &saw, "20", json!({})).await;
    assert_eq!(resolve(&admin, &kit, "2", json!({})).await["unitPrice"], Value::Null, "a part has no price");
    price(&admin, &all, &nail, "0.05", json!({})).await;
    price(&admin, &all, &nail, "0.0325", json!({ "minQuantity": "150" })).await;
    let told = resolve(&admin, &kit, "2", json!({})).await;
    assert_eq!((&told["unitPrice"]["amount"], &told["total"]["amount"]), (&json!("23.25"), &json!("46.50")));
    assert_eq!(
        told["parts"],
        json!([{ "product": { "name": "Saw" }, "quantity": "2", "unitPrice": { "amount": "20.00" } },
            { "product": { "name": "Nail" }, "quantity": "200", "unitPrice": { "amount": "0.0325" } }])
    );
    price(&admin, &all, &kit, "22", json!({})).await;
    let told = resolve(&admin, &kit, "2", json!({})).await;
    assert_eq!((&told["unitPrice"]["amount"], &told["parts"]), (&json!("22.00"), &json!([])));
}

#[tokio::test]
async fn many_prices_change_by_so_many_per_cent_from_a_day_on_and_first_it_is_shown() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let tools = client.create("productCategory", json!({ "name": "Tools" })).await;
    let saw = good(&client, "Saw", json!({ "categoryId": tools })).await;
    let nail = good(&client, "Nail", json!({})).await;
    let all = list(&client, "ALL", json!({})).await;
    price(&client, &all, &saw, "19.99", json!({})).await;
    price(&client, &all, &saw, "17.5", json!({ "minQuantity": "10", "lastDay": "2026-12-31" })).await;
    price(&client, &all, &nail, "0.05", json!({})).await;
    app.settle().await;
    let before = app.announced().await.len();
    let adjust = |input: Value| {
        let (client, all) = (client.clone(), all.clone());
        async move {
            let document = "mutation($id: ID!, $input: PriceListAdjustInput!) { priceListAdjust(id: $id, input: $input) {
                adjustment { count isDryRun changes { product { name } variant { id } before { amount } after { amount } } } userErrors { code } } }";
            client.run_with(document, json!({ "id": all, "input": input })).await
        }
    };
    let dry = adjust(json!({ "percent": "3.5", "firstDay": "2026-07-01", "dryRun": true })).await.ok();
    let dry = dry["priceListAdjust"]["adjustment"].clone();
    assert_eq!(
        (&dry["count"], &dry["isDryRun"]),
        (&json!(2), &json!(true)),
        "0.05 rounds to what it is: {dry}"
    );
    let on = |day: &'static str, quantity: &'static str| {
        let (client, saw) = (client.clone(), saw.clone());
        async move { resolve(&client, &saw, quantity, json!({ "on": day })).await["unitPrice"]["amount"].clone() }
    };
    assert_eq!(on("2026-07-01", "1").await, "19.99", "a dry run changes nothing");
    let done = adjust(json!({ "percent": "3.5", "categoryId": tools, "firstDay": "2026-07-01" })).await.ok();
    assert_eq!(done["priceListAdjust"]["adjustment"]["changes"], dry["changes"]);
    for (day, quantity, amount) in [
        ("2026-06-30", "1", "19.99"),
        ("2026-07-01", "1", "20.69"),
        ("2026-06-30", "10", "17.50"),
        ("2026-12-31", "10", "18.11"),
        ("2027-01-01", "10", "20.69"),
    ] {
        assert_eq!(on(day, quantity).await, amount, "{day} {quantity}");
    }
    app.settle().await;
    let told: Vec<_> = app.announced().await.split_off(before);
    assert_eq!(told.len(), 1, "once for each product: {told:?}");
    assert_eq!((told[0].0.as_str(), &told[0].1["productId"]), ("products.price.changed", &json!(saw)));
    adjust(json!({ "percent": "-10" })).await.ok();
    assert_eq!(on("2026-03-02", "1").await, "17.99");
    for percent in ["-100", "1000.1", "0.00001"] {
        assert!(!adjust(json!({ "percent": percent })).await.refusals().is_empty(), "{percent}");
    }
    let member = app.as_(&admin.colleague(&[Role::Sales]));
    let document = "mutation($id: ID!) { priceListAdjust(id: $id, input: { percent: \"1\", dryRun: true }) { userErrors { code } } }";
    assert_eq!(member.run_with(document, json!({ "id": all })).await.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn of_prices_that_change_at_once_each_says_of_which_variant_it_is() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let size = admin.create("productAttribute", json!({ "name": "Size", "choices": ["S"] })).await;
    let shirt = good(&admin, "Shirt", json!({ "attributeIds": [size] })).await;
    let small = json!({ "productId": shirt, "options": [{ "attributeId": size, "choice": "S" }] });
    let small = admin.create("productVariant", small).await;
    let all = list(&admin, "ALL", json!({})).await;
    price(&admin, &all, &shirt, "10", json!({})).await;
    price(&admin, &all, &shirt, "12", json!({ "variantId": small })).await;
    let document = "mutation($id: ID!) { priceListAdjust(id: $id, input: { percent: \"10\", dryRun: true }) {
        adjustment { changes { variant { id } after { amount } } } userErrors { code } } }";
    let told = admin.run_with(document, json!({ "id": all })).await.ok();
    let changes = told["priceListAdjust"]["adjustment"]["changes"].as_array().unwrap().clone();
    assert_eq!(changes.len(), 2);
    for change in [
        json!({ "variant": null, "after": { "amount": "11.00" } }),
        json!({ "variant": { "id": small }, "after": { "amount": "13.20" } }),
    ] {
        assert!(changes.contains(&change), "{change} in {changes:?}");
    }
}

#[tokio::test]
async fn a_price_list_stays_the_customers_when_contacts_are_merged_and_parted() {
    let (app, admin) = office().await;
    app.join(&admin).await;
    let client = app.as_(&admin);
    let [winner, stranger, loser] =
        [company(&client, "Mill Ltd").await, company(&client, "Yard").await, company(&client, "Mill").await];
    let saw = good(&client, "Saw", json!({})).await;
    let own = list(&client, "OWN", json!({ "audience": "CUSTOMER", "customerIds": [loser] })).await;
    price(&client, &own, &saw, "5", json!({})).await;
    let of = |id: &str| {
        let (client, id) = (client.clone(), id.to_owned());
        async move {
            let entities = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Contact { priceList { code } } } }";
            let r = json!([{ "__typename": "Contact", "id": id }]);
            client.run_with(entities, json!({ "r": r })).await.ok()["_entities"][0].clone()
        }
    };
    let costs = |id: &str| {
        let (client, saw, id) = (client.clone(), saw.clone(), id.to_owned());
        async move {
            resolve(&client, &saw, "1", json!({ "customerId": id })).await["unitPrice"]["amount"].clone()
        }
    };
    assert_eq!(
        (of(&loser).await, of(&winner).await),
        (json!({ "priceList": { "code": "OWN" } }), Value::Null)
    );
    let two = json!({ "contactId": winner, "loserId": loser });
    app.announce_raw(&admin, "contact.contact.merged", two.clone()).await;
    assert_eq!(of(&winner).await, json!({ "priceList": { "code": "OWN" } }));
    assert_eq!(
        (costs(&winner).await, costs(&loser).await, costs(&stranger).await),
        (json!("5.00"), json!("5.00"), Value::Null)
    );
    app.announce_raw(&admin, "contact.contact.unmerged", two).await;
    assert_eq!((costs(&winner).await, costs(&loser).await), (Value::Null, json!("5.00")));
    let member = app.as_(&admin.colleague(&[Role::Member]));
    let input = json!({ "productId": saw, "quantity": "1", "currency": "EUR" });
    assert_eq!(member.run_with(RESOLVE, json!({ "input": input })).await.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn nobody_learns_by_the_price_of_a_customer_whom_a_colleague_keeps_to_themselves() {
    let (app, admin) = office().await;
    let [one, other] = [(); 2].map(|()| admin.colleague(&[Role::Sales]));
    for person in [&admin, &one, &other] {
        app.join(person).await;
    }
    let client = app.as_(&admin);
    let saw = good(&client, "Saw", json!({})).await;
    let mill = company(&app.as_(&one), "Mill").await;
    let own = list(&client, "OWN", json!({ "audience": "CUSTOMER", "customerIds": [mill] })).await;
    price(&client, &own, &saw, "5", json!({})).await;
    let of = |id: &str| json!({ "input": { "productId": saw, "quantity": "1", "currency": "EUR", "customerId": id } });
    for seen in [&admin, &one] {
        let told = app.as_(seen).run_with(RESOLVE, of(&mill)).await.ok();
        assert_eq!(told["priceResolve"]["unitPrice"]["amount"], "5.00");
    }
    let [kept, none] = [mill, uuid::Uuid::now_v7().to_string()].map(|id| of(&id));
    let kept = app.as_(&other).run_with(RESOLVE, kept).await;
    let none = app.as_(&other).run_with(RESOLVE, none).await;
    assert_eq!(
        (kept.codes(), &kept.0["errors"][0]["message"]),
        (vec!["VALIDATION_FAILED"], &none.0["errors"][0]["message"])
    );
}

#[tokio::test]
async fn customers_see_what_is_meant_for_them_with_its_price_and_nothing_else() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let saw = good(
        &client,
        "Saw",
        json!({ "isPublic": true, "standardCost": { "amount": "3", "currency": "EUR" } }),
    )
    .await;
    let draft = good(&client, "Draft", json!({ "isPublic": true })).await;
    let secret = good(&client, "Secret", json!({})).await;
    for id in [&saw, &secret] {
        client.act("product", "Activate", id).await.ok();
    }
    let all = list(&client, "ALL", json!({})).await;
    price(&client, &all, &saw, "20", json!({})).await;
    price(&client, &all, &saw, "10", json!({ "minQuantity": "50" })).await;
    let customer = app.as_(&admin.colleague(&[Role::Client]));
    let query =
        "{ catalog { totalCount nodes { id sku name unitCode listPrice(currency: \"EUR\") { amount } } } }";
    let told = customer.run(query).await.ok();
    assert_eq!(
        told["catalog"],
        json!({ "totalCount": 1, "nodes": [{ "id": saw, "sku": "P-00001", "name": "Saw", "unitCode": "PCS",
            "listPrice": { "amount": "20.00" } }] })
    );
    for hidden in [&draft, &secret] {
        let one = customer
            .run_with("query($id: ID!) { catalogItem(id: $id) { name } }", json!({ "id": hidden }))
            .await
            .ok();
        assert_eq!(one["catalogItem"], Value::Null);
    }
    assert_eq!(customer.run("{ products { totalCount } }").await.codes(), ["FORBIDDEN"]);
    assert_eq!(
        customer.run("{ catalog(filter: { search: \"sa\" }) { totalCount } }").await.ok()["catalog"]["totalCount"],
        1
    );
}
