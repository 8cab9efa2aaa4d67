//! Products, variants, categories, units and bundles.

use crate::*;

/// A colour with two choices and a size with three.
async fn attributes(admin: &Client<'_>) -> (String, String) {
    let colour =
        admin.create("productAttribute", json!({ "name": "Colour", "choices": ["Red", "Blue"] })).await;
    let size = admin.create("productAttribute", json!({ "name": "Size", "choices": ["S", "M", "L"] })).await;
    (colour, size)
}

#[tokio::test]
async fn a_product_says_what_it_is_and_its_category_what_it_does_not_say() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let piece = piece(&admin).await;
    let top = admin
        .create(
            "productCategory",
            json!({ "name": "Tools", "unitId": piece, "taxGroup": "FULL", "incomeAccount": "4000" }),
        )
        .await;
    let saws = admin
        .create("productCategory", json!({ "name": "Saws", "parentId": top, "incomeAccount": "4100" }))
        .await;
    let saw = admin
        .create("product", json!({ "kind": "GOOD", "name": "Hand saw", "categoryId": saws, "expenseAccount": "5000",
            "barcode": "4006381333931", "standardCost": { "amount": "7.125", "currency": "EUR" }, "tags": ["Wood"],
            "weightKg": "0.45" }))
        .await;
    let told = ask(&admin, &saw, "sku status kind tracksInventory unit { code } taxGroup weightKg
        terms { taxGroup incomeAccount expenseAccount } standardCost { amount currency } category { parent { name } }").await;
    assert_eq!(
        told,
        json!({ "sku": "P-00001", "status": "DRAFT", "kind": "GOOD", "tracksInventory": true, "unit": { "code": "PCS" },
            "taxGroup": null, "weightKg": "0.45",
            "terms": { "taxGroup": "FULL", "incomeAccount": "4100", "expenseAccount": "5000" },
            "standardCost": { "amount": "7.125", "currency": "EUR" }, "category": { "parent": { "name": "Tools" } } })
    );
    let found = |filter: String| {
        let admin = admin.clone();
        async move {
            let query = format!("{{ products(filter: {{ {filter} }}) {{ totalCount }} }}");
            admin.run(&query).await.ok()["products"]["totalCount"].clone()
        }
    };
    for filter in [
        "search: \"saw hand\"".to_owned(),
        "search: \"p-00001\"".to_owned(),
        "search: \"4006381\"".to_owned(),
        format!("categoryId: \"{top}\""),
        "kind: GOOD".to_owned(),
        "status: DRAFT".to_owned(),
        "tag: \"Wood\"".to_owned(),
        "inStock: false".to_owned(),
    ] {
        assert_eq!(found(filter.clone()).await, 1, "{filter}");
    }
    for filter in ["kind: SERVICE", "isPublic: true", "inStock: true", "isArchived: true"] {
        assert_eq!(found(filter.to_owned()).await, 0, "{filter}");
    }
    let read = "{ productsByCode(code: \"4006381333931\") { product { id } variantId } }";
    assert_eq!(
        admin.run(read).await.ok()["productsByCode"],
        json!([{ "product": { "id": saw }, "variantId": null }])
    );
}

#[tokio::test]
async fn what_a_product_costs_the_organization_is_told_to_those_alone_who_may_know() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let saw = good(&client, "Saw", json!({ "standardCost": { "amount": "7", "currency": "EUR" } })).await;
    let fields = "standardCost { amount } history(first: 5) { nodes { changes { field } } }";
    for (role, may_know) in
        [(Role::Manager, true), (Role::Accountant, true), (Role::Sales, false), (Role::Member, false)]
    {
        let told = ask(&app.as_(&admin.colleague(&[role])), &saw, fields).await;
        assert_eq!(told["standardCost"].is_object(), may_know, "{role:?}");
        assert_eq!(told["history"].to_string().contains("standardCost"), may_know, "{role:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_product_is_told_at_each_field() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let piece = piece(&admin).await;
    let input = json!({ "kind": "SERVICE", "name": " ", "unitId": piece, "tracksInventory": true, "billingInterval": "MONTH",
        "weightKg": "1.1234567", "standardCost": { "amount": "1.00001", "currency": "EURO" } });
    let answer = admin.try_create("product", input).await;
    assert_eq!(
        answer.refusals(),
        [
            "NAME_INVALID",
            "CURRENCY_UNKNOWN",
            "TOO_MANY_DECIMALS",
            "ONLY_GOODS",
            "ONLY_SUBSCRIPTIONS",
            "TOO_MANY_DECIMALS"
        ]
    );
    let input = json!({ "kind": "GOOD", "name": "Saw" });
    assert_eq!(admin.try_create("product", input).await.refusals(), ["REQUIRED"]);
}

/// PRD-1.
#[tokio::test]
async fn of_all_products_and_variants_no_two_have_the_same_number_or_barcode_not_even_when_made_at_once() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let (colour, _) = attributes(&admin).await;
    let shirt =
        good(&admin, "Shirt", json!({ "sku": "SHIRT", "attributeIds": [colour], "barcode": "111" })).await;
    let red = json!({ "productId": shirt, "options": [{ "attributeId": colour, "choice": "Red" }], "sku": "RED", "barcode": "222" });
    let red = admin.create("productVariant", red).await;
    let piece = piece(&admin).await;
    let another = |more: Value| with(json!({ "kind": "GOOD", "name": "Other", "unitId": piece }), more);
    for (more, code) in [
        (json!({ "sku": "shirt" }), "SKU_TAKEN"),
        (json!({ "sku": "red" }), "SKU_TAKEN"),
        (json!({ "barcode": "111" }), "BARCODE_TAKEN"),
        (json!({ "barcode": "222" }), "BARCODE_TAKEN"),
    ] {
        assert_eq!(admin.try_create("product", another(more.clone())).await.refusals(), [code], "{more}");
    }
    let blue = json!({ "productId": shirt, "options": [{ "attributeId": colour, "choice": "Blue" }], "sku": "SHIRT" });
    assert_eq!(admin.try_create("productVariant", blue).await.refusals(), ["SKU_TAKEN"]);
    // What is archived keeps its number: old documents name it.
    admin.act("productVariant", "Archive", &red).await.ok();
    assert_eq!(admin.try_create("product", another(json!({ "sku": "RED" }))).await.refusals(), ["SKU_TAKEN"]);
    let tries =
        (0..16).map(|_| admin.try_create("product", another(json!({ "sku": "ONCE", "barcode": "333" }))));
    let done = futures::future::join_all(tries).await;
    assert_eq!(done.iter().filter(|answer| answer.refusals().is_empty()).count(), 1);
    // A number that was given back is free.
    update(&admin, &shirt, json!({ "sku": "BLOUSE", "barcode": null })).await.ok();
    admin.create("product", another(json!({ "sku": "SHIRT", "barcode": "111" }))).await;
}

#[tokio::test]
async fn variants_are_the_combinations_of_choices_each_once() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let (colour, size) = attributes(&admin).await;
    let shirt = good(&admin, "Shirt", json!({ "sku": "S", "attributeIds": [colour, size] })).await;
    let variant = |options: Value| json!({ "productId": shirt, "options": options });
    let red_m = json!([{ "attributeId": size, "choice": "M" }, { "attributeId": colour, "choice": "Red" }]);
    let first = admin.create("productVariant", variant(red_m.clone())).await;
    for (options, code) in [
        (red_m, "VARIANT_TAKEN"),
        (json!([{ "attributeId": colour, "choice": "Red" }]), "OPTIONS_INCOMPLETE"),
        (
            json!([{ "attributeId": colour, "choice": "Green" }, { "attributeId": size, "choice": "M" }]),
            "CHOICE_UNKNOWN",
        ),
        (
            json!([{ "attributeId": colour, "choice": "Red" }, { "attributeId": uuid::Uuid::now_v7(), "choice": "M" }]),
            "PRODUCT_ATTRIBUTE_NOT_FOUND",
        ),
    ] {
        assert_eq!(admin.try_create("productVariant", variant(options)).await.refusals(), [code]);
    }
    let generate = "mutation($id: ID!) { productVariantGenerate(input: { productId: $id }) { product { variants { id name } } userErrors { code } } }";
    let made = admin.run_with(generate, json!({ "id": shirt })).await.ok();
    let variants = made["productVariantGenerate"]["product"]["variants"].as_array().unwrap().clone();
    assert_eq!(variants.len(), 6);
    let names: Vec<_> = variants.iter().map(|variant| text(&variant["name"])).collect();
    assert!(
        names.contains(&"Shirt, Red, M".to_owned()) && names.contains(&"Shirt, Blue, L".to_owned()),
        "{names:?}"
    );
    let again = admin.run_with(generate, json!({ "id": shirt })).await.ok();
    assert_eq!(again["productVariantGenerate"]["product"]["variants"].as_array().unwrap().len(), 6);
    assert!(variants.iter().any(|variant| variant["id"] == json!(first)));
    assert_eq!(
        update(&admin, &shirt, json!({ "attributeIds": [colour] })).await.refusals(),
        ["HAS_VARIANTS"]
    );
    let fewer = admin.update("productAttribute", &colour, json!({ "choices": ["Blue"] })).await;
    assert_eq!(fewer.refusals(), ["CHOICE_USED"]);
    admin.update("productAttribute", &colour, json!({ "choices": ["Blue", "Green", "Red"] })).await.ok();
}

#[tokio::test]
async fn a_product_goes_its_way_and_tells_of_it_and_what_may_be_done_follows() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let saw = good(&client, "Saw", json!({})).await;
    let may = |told: &Value, what: &str| told["viewerPermissions"].as_array().unwrap().contains(&json!(what));
    let told = ask(&client, &saw, "viewerPermissions").await;
    assert!(
        may(&told, "productActivate") && may(&told, "productArchive") && !may(&told, "productDiscontinue")
    );
    client.act("product", "Activate", &saw).await.ok();
    assert_eq!(client.act("product", "Activate", &saw).await.refusals(), ["INVALID_TRANSITION"]);
    assert_eq!(client.act("product", "Archive", &saw).await.refusals(), ["INVALID_TRANSITION"]);
    let box_ = client.create("unitOfMeasure", json!({ "code": "BOX", "name": "Box" })).await;
    assert_eq!(update(&client, &saw, json!({ "unitId": box_ })).await.refusals(), ["UNIT_FIXED"]);
    client.act("product", "Discontinue", &saw).await.ok();
    client.act("product", "Archive", &saw).await.ok();
    assert_eq!(client.act("product", "Activate", &saw).await.refusals(), ["ARCHIVED"]);
    app.settle().await;
    let told: Vec<String> = app.announced().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(
        told,
        [
            "products.product.created",
            "products.product.updated",
            "products.product.updated",
            "products.product.archived"
        ]
    );
}

/// PRD-3.
#[tokio::test]
async fn an_archived_product_stays_readable_for_documents_that_name_it_and_is_offered_no_more() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let (saw, piece) = (good(&client, "Saw", json!({})).await, piece(&client).await);
    client.act("product", "Archive", &saw).await.ok();
    assert_eq!(ask(&client, &saw, "name sku").await, json!({ "name": "Saw", "sku": "P-00001" }));
    let entities = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Product { name } } }";
    let found =
        client.run_with(entities, json!({ "r": [{ "__typename": "Product", "id": saw }] })).await.ok();
    assert_eq!(found["_entities"], json!([{ "name": "Saw" }]));
    assert_eq!(client.run("{ products { totalCount } }").await.ok()["products"]["totalCount"], 0);
    let kit = json!({ "kind": "BUNDLE", "name": "Kit", "unitId": piece, "bundleItems": [{ "productId": saw, "quantity": "1" }] });
    assert_eq!(client.try_create("product", kit).await.refusals(), ["PRODUCT_NOT_FOUND"]);
}

/// PRD-5.
#[tokio::test]
async fn no_bundle_is_made_of_itself_through_others_not_even_when_two_change_at_once() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let (saw, piece) = (good(&admin, "Saw", json!({})).await, piece(&admin).await);
    let kit = |name: &str, of: &str| {
        admin.create(
            "product",
            json!({ "kind": "BUNDLE", "name": name, "unitId": piece,
            "bundleItems": [{ "productId": of, "quantity": "2" }] }),
        )
    };
    let small = kit("Small", &saw).await;
    let large = kit("Large", &small).await;
    let of = |id: &str, of: &str| {
        let (admin, id, of) = (admin.clone(), id.to_owned(), of.to_owned());
        async move { update(&admin, &id, json!({ "bundleItems": [{ "productId": of, "quantity": "1" }] })).await }
    };
    assert_eq!(of(&small, &large).await.refusals(), ["BUNDLE_CYCLE"]);
    assert_eq!(of(&small, &small).await.refusals(), ["BUNDLE_CYCLE"]);
    let told = ask(&admin, &large, "bundleItems { quantity product { name } }").await;
    assert_eq!(told["bundleItems"], json!([{ "quantity": "2", "product": { "name": "Small" } }]));
    for _ in 0..8 {
        let (one, other) = (kit("One", &saw).await, kit("Other", &saw).await);
        let (first, second) = tokio::join!(of(&one, &other), of(&other, &one));
        let refused: Vec<_> = [&first, &second].iter().flat_map(|answer| answer.refusals()).collect();
        assert_eq!(refused, ["BUNDLE_CYCLE"]);
    }
}

/// PRD-7.
#[tokio::test]
async fn a_quantity_goes_from_unit_to_unit_exactly() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let metre = admin.create("unitOfMeasure", json!({ "code": "M", "name": "Metre", "decimals": 6 })).await;
    let unit = |code: &str, numerator: i32, denominator: i32, decimals: i32| {
        admin.create(
            "unitOfMeasure",
            json!({ "code": code, "name": code, "baseId": metre, "numerator": numerator,
            "denominator": denominator, "decimals": decimals }),
        )
    };
    let inch = unit("IN", 254, 10_000, 4).await;
    let third = unit("THIRD", 1, 3, 2).await;
    let convert = |quantity: &'static str, from: String, to: String| {
        let admin = admin.clone();
        async move {
            let query = "query($q: Decimal!, $f: ID!, $t: ID!) { unitOfMeasureConvert(quantity: $q, fromId: $f, toId: $t) {
                quantity isExact numerator denominator } }";
            admin.run_with(query, json!({ "q": quantity, "f": from, "t": to })).await
        }
    };
    let told = convert("10", inch.clone(), metre.clone()).await.ok();
    assert_eq!(
        told["unitOfMeasureConvert"],
        json!({ "quantity": "0.254", "isExact": true, "numerator": "127", "denominator": "500" })
    );
    let told = convert("1", metre.clone(), inch.clone()).await.ok();
    assert_eq!(
        told["unitOfMeasureConvert"],
        json!({ "quantity": "39.370079", "isExact": false, "numerator": "5000", "denominator": "127" })
    );
    let told = convert("2", third.clone(), inch).await.ok();
    assert_eq!(told["unitOfMeasureConvert"]["denominator"], "381");
    let piece = piece(&admin).await;
    assert_eq!(convert("1", piece.clone(), third.clone()).await.codes(), ["VALIDATION_FAILED"]);
    // Whole dozens alone are counted; what five pieces are of one is told all the same.
    let dozen = json!({ "code": "DZ", "name": "Dozen", "baseId": piece, "numerator": 12 });
    let dozen = admin.create("unitOfMeasure", dozen).await;
    for (quantity, dozens, is_exact) in [("5", "0.416667", false), ("6", "0.5", true)] {
        let told = convert(quantity, piece.clone(), dozen.clone()).await.ok()["unitOfMeasureConvert"].clone();
        assert_eq!((&told["quantity"], &told["isExact"]), (&json!(dozens), &json!(is_exact)));
    }
    let too_fine = convert("0.0000001", piece, dozen).await;
    assert_eq!(too_fine.codes(), ["VALIDATION_FAILED"]);
    assert!(too_fine.0.to_string().contains("six decimals"), "{:?}", too_fine.0);
    let nested = json!({ "code": "X", "name": "X", "baseId": third, "numerator": 2 });
    assert_eq!(admin.try_create("unitOfMeasure", nested).await.refusals(), ["UNIT_NOT_BASE"]);
    let baseless = json!({ "code": "X", "name": "X", "numerator": 2 });
    assert_eq!(admin.try_create("unitOfMeasure", baseless).await.refusals(), ["REQUIRED"]);
}
