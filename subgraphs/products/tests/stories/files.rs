//! Products and prices from files and into files.

use testing::Statements;

use crate::*;

/// Takes a file in; answers how many rows were created, updated, unchanged, and what was wrong with each other one.
pub async fn import(client: &Client<'_>, noun: &str, csv: &str, more: Value) -> ([i64; 3], Vec<String>) {
    let kind = format!("{}{}", noun[..1].to_uppercase(), &noun[1..]);
    let document = format!(
        "mutation($input: {kind}ImportInput!) {{ {noun}Import(input: $input) {{
            report {{ created updated unchanged failed rows {{ line userErrors {{ field code }} }} }}
            userErrors {{ field code message }} }} }}"
    );
    let answer = client.run_with(&document, json!({ "input": with(json!({ "csv": csv }), more) })).await.ok();
    let report = &answer[format!("{noun}Import")]["report"];
    assert!(report.is_object(), "{answer}");
    let count = |name: &str| report[name].as_i64().unwrap();
    let rows = report["rows"].as_array().unwrap().iter().flat_map(|row| {
        row["userErrors"].as_array().unwrap().iter().map(|error| {
            format!("{} {} {}", row["line"], error["field"].as_str().unwrap_or("-"), text(&error["code"]))
        })
    });
    ([count("created"), count("updated"), count("unchanged")], rows.collect())
}

async fn products(client: &Client<'_>, csv: &str) -> ([i64; 3], Vec<String>) {
    import(client, "product", csv, json!({})).await
}

/// Everything of a list as a file.
pub async fn export(client: &Client<'_>, list: &str) -> String {
    text(&client.run(&format!("{{ {list}Export {{ csv }} }}")).await.ok()[format!("{list}Export")]["csv"])
}

const FILE: &str = "sku;name;kind;category;unit;status;standardCost;barcode;isPublic;tags\n\
    SAW-1;Hand saw;GOOD;Tools > Saws;PCS;ACTIVE;4.50 EUR;9001;true;a,b\n\
    ;Drill;;tools;;DRAFT;;;;\n\
    CARE;Care plan;SUBSCRIPTION;;Piece;ACTIVE;;;yes;\n";

/// The office with a unit and two categories, one below the other.
async fn furnished() -> (App, Person) {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let unit = piece(&client).await;
    let tools = client.create("productCategory", json!({ "name": "Tools", "unitId": unit })).await;
    client.create("productCategory", json!({ "name": "Saws", "parentId": tools })).await;
    (app, admin)
}

#[tokio::test]
async fn a_file_of_products_creates_and_changes_and_the_same_file_again_does_neither() {
    let (app, admin) = furnished().await;
    let client = app.as_(&admin);
    assert_eq!(import(&client, "product", FILE, json!({ "dryRun": true })).await, ([3, 0, 0], vec![]));
    assert_eq!(client.run("{ products { totalCount } }").await.ok()["products"]["totalCount"], 0);
    assert_eq!(products(&client, FILE).await, ([3, 0, 0], vec![]));
    assert_eq!(products(&client, FILE).await, ([0, 0, 3], vec![]));
    let changed = FILE.replace("Hand saw", "Fine saw").replace("DRAFT", "ACTIVE");
    assert_eq!(products(&client, &changed).await, ([0, 2, 1], vec![]));
    let fields = "sku name kind status barcode isPublic tags tracksInventory billingInterval category { name } unit { code }
        standardCost { amount currency }";
    let told = client.run(&format!("{{ products {{ nodes {{ {fields} }} }} }}")).await.ok();
    assert_eq!(
        told["products"]["nodes"],
        json!([
            { "sku": "CARE", "name": "Care plan", "kind": "SUBSCRIPTION", "status": "ACTIVE", "barcode": null, "isPublic": true,
              "tags": [], "tracksInventory": false, "billingInterval": "MONTH", "category": null, "unit": { "code": "PCS" },
              "standardCost": null },
            { "sku": "P-00001", "name": "Drill", "kind": "GOOD", "status": "ACTIVE", "barcode": null, "isPublic": false,
              "tags": [], "tracksInventory": true, "billingInterval": null, "category": { "name": "Tools" },
              "unit": { "code": "PCS" }, "standardCost": null },
            { "sku": "SAW-1", "name": "Fine saw", "kind": "GOOD", "status": "ACTIVE", "barcode": "9001", "isPublic": true,
              "tags": ["a", "b"], "tracksInventory": true, "billingInterval": null, "category": { "name": "Saws" },
              "unit": { "code": "PCS" }, "standardCost": { "amount": "4.50", "currency": "EUR" } },
        ])
    );
    // What goes out comes back unchanged, there and in an organization that has none of it.
    let csv = export(&client, "products").await;
    assert_eq!(products(&client, &csv).await, ([0, 0, 3], vec![]), "{csv}");
    app.settle().await;
    let created = |(kind, _): &&(String, Value)| kind == "products.product.created";
    assert_eq!(app.announced().await.iter().filter(created).count(), 3);
    let member = app.as_(&admin.colleague(&[Role::Sales])).clone();
    assert_eq!(member.run("{ productsExport { csv } }").await.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_row_of_products_is_told_at_its_line_and_the_others_are_done() {
    let (app, admin) = furnished().await;
    let client = app.as_(&admin);
    let (place, saw) = stock::furnished(&client).await;
    stock::receive(&client, &place, &saw, "1", "1").await;
    let sku = text(&ask(&client, &saw, "sku").await["sku"]);
    client.create("productCategory", json!({ "name": "Saws" })).await;
    client.create("unitOfMeasure", json!({ "code": "KG", "name": "Kilogram" })).await;
    let file = format!(
        "sku,name,kind,category,unit,status,standardCost,barcode,weightKg,tracksInventory\n\
         A,,GOOD,,PCS,,,,,\n\
         B,Axe,ROBOT,,PCS,,,,,\n\
         C,Axe,GOOD,Nowhere,PCS,,,,,\n\
         D,Axe,GOOD,Saws,PCS,,,,,\n\
         E,Axe,GOOD,,STONE,,,,,\n\
         F,Axe,GOOD,,,,,,,\n\
         G,Axe,GOOD,,PCS,,12,5 EUR,,\n\
         H,Axe,GOOD,,PCS,,12.5 EURO,,,\n\
         I,Axe,GOOD,,PCS,,,,heavy,\n\
         J,Axe,BUNDLE,,PCS,ACTIVE,,,,\n\
         K,Axe,SERVICE,,PCS,,,,,true\n\
         {sku},Saw,GOOD,,KG,,,,,\n\
         {sku},Saw,GOOD,,PCS,DRAFT,,,,\n\
         {sku},Saw,GOOD,,PCS,,,,,false\n\
         L,Axe,GOOD,,PCS,,,77,,\n\
         M,Hammer,GOOD,Tools>saws,PCS,,,77,,\n\
         l,Other,GOOD,,PCS,,,,,\n"
    );
    let (done, wrong) = products(&client, &file).await;
    assert_eq!(
        wrong,
        [
            "2 name REQUIRED",
            "3 kind CHOICE_UNKNOWN",
            "4 category PRODUCT_CATEGORY_NOT_FOUND",
            "5 category NAME_AMBIGUOUS",
            "6 unit UNIT_OF_MEASURE_NOT_FOUND",
            "7 unit REQUIRED",
            "8 standardCost MONEY_INVALID",
            "9 standardCost CURRENCY_UNKNOWN",
            "10 weightKg NUMBER_INVALID",
            "11 status INVALID_TRANSITION",
            "12 tracksInventory ONLY_GOODS",
            "13 unit UNIT_FIXED",
            "14 status INVALID_TRANSITION",
            "15 tracksInventory STOCK_LEFT",
            "17 barcode BARCODE_TAKEN",
            "18 sku SKU_TAKEN",
        ]
    );
    assert_eq!(done, [1, 0, 0]);
}

#[tokio::test]
async fn a_file_of_prices_creates_and_changes_and_no_two_hold_at_once() {
    let (app, admin) = furnished().await;
    let client = app.as_(&admin);
    products(&client, FILE).await;
    for code in ["RETAIL", "TRADE"] {
        let input = json!({ "code": code, "name": code, "currency": "EUR", "audience": "EVERYBODY" });
        client.create("priceList", input).await;
    }
    let file = "priceList,sku,minQuantity,amount,firstDay,lastDay\n\
        RETAIL,SAW-1,,12.50,,2026-12-31\n\
        retail,saw-1,,13,2027-01-01,\n\
        RETAIL,SAW-1,10,11,,\n\
        TRADE,CARE,0,5,,\n";
    let prices = async |csv: &str| import(&client, "price", csv, json!({})).await;
    assert_eq!(prices(file).await, ([4, 0, 0], vec![]));
    assert_eq!(prices(file).await, ([0, 0, 4], vec![]));
    assert_eq!(prices(&file.replace("12.50", "12.90")).await, ([0, 1, 3], vec![]));
    let (done, wrong) = prices(
        "priceList,sku,minQuantity,amount,firstDay,lastDay\n\
         NONE,SAW-1,,1,,\n\
         RETAIL,NONE,,1,,\n\
         RETAIL,SAW-1,,,,\n\
         RETAIL,SAW-1,,cheap,,\n\
         RETAIL,SAW-1,,-1,2030-01-01,\n\
         RETAIL,SAW-1,,1,2026-06-01,\n\
         RETAIL,SAW-1,,1,tomorrow,\n\
         TRADE,CARE,,5,,\n\
         TRADE,CARE,,6,,\n\
         TRADE,SAW-1,,6,2026-02-01,2026-01-01\n",
    )
    .await;
    assert_eq!(
        wrong,
        [
            "2 priceList PRICE_LIST_NOT_FOUND",
            "3 sku PRODUCT_NOT_FOUND",
            "4 amount REQUIRED",
            "5 amount NUMBER_INVALID",
            "6 amount OUT_OF_RANGE",
            "7 firstDay PRICE_OVERLAPS",
            "8 firstDay DATE_INVALID",
            "10 - ROW_TWICE",
            "11 lastDay DATE_OUT_OF_RANGE",
        ]
    );
    assert_eq!(done, [0, 0, 1]);
    let csv = export(&client, "prices").await;
    assert_eq!(prices(&csv).await, ([0, 0, 4], vec![]), "{csv}");
    app.settle().await;
    let changed = |(kind, _): &&(String, Value)| kind == "products.price.changed";
    // Of the first file two things by two lists, of the third one.
    assert_eq!(app.announced().await.iter().filter(changed).count(), 3);
}

#[tokio::test]
async fn prices_of_what_is_archived_come_back_as_they_went_out_and_no_others_do() {
    let (app, admin) = furnished().await;
    let client = app.as_(&admin);
    products(&client, FILE).await;
    for code in ["RETAIL", "OLD"] {
        let input = json!({ "code": code, "name": code, "currency": "EUR", "audience": "EVERYBODY" });
        let list = client.create("priceList", input).await;
        let rows = format!("priceList,sku,amount\n{code},SAW-1,12.50\n{code},P-00001,9\n");
        assert_eq!(import(&client, "price", &rows, json!({})).await.0, [2, 0, 0]);
        if code == "OLD" {
            client.act("priceList", "Archive", &list).await.ok();
        }
    }
    let size = client.create("productAttribute", json!({ "name": "Size", "choices": ["S"] })).await;
    let shirt = good(&client, "Shirt", json!({ "attributeIds": [size] })).await;
    let small =
        json!({ "productId": shirt, "sku": "SMALL", "options": [{ "attributeId": size, "choice": "S" }] });
    let small = client.create("productVariant", small).await;
    import(&client, "price", "priceList,sku,amount\nRETAIL,SMALL,20\n", json!({})).await;
    let found = client.run("{ productsByCode(code: \"SAW-1\") { product { id } } }").await.ok();
    let saw = text(&found["productsByCode"][0]["product"]["id"]);
    client.act("product", "Discontinue", &saw).await.ok();
    client.act("product", "Archive", &saw).await.ok();
    client.act("productVariant", "Archive", &small).await.ok();
    let csv = export(&client, "prices").await;
    assert_eq!(import(&client, "price", &csv, json!({})).await, ([0, 0, 5], vec![]), "{csv}");
    let (done, wrong) = import(
        &client,
        "price",
        "priceList,sku,minQuantity,amount\n\
         RETAIL,SAW-1,,13\n\
         RETAIL,SAW-1,5,12\n\
         RETAIL,SMALL,,21\n\
         OLD,P-00001,,10\n",
        json!({}),
    )
    .await;
    assert_eq!(
        wrong,
        [
            "2 sku PRODUCT_NOT_FOUND",
            "3 sku PRODUCT_NOT_FOUND",
            "4 sku PRODUCT_NOT_FOUND",
            "5 priceList PRICE_LIST_NOT_FOUND",
        ]
    );
    assert_eq!(done, [0, 0, 0]);
}

#[tokio::test]
async fn a_thousand_products_cost_as_many_statements_as_one() {
    let (app, admin) = furnished().await;
    let client = app.as_(&admin);
    let rows = |from: usize, count: usize| -> String {
        let rows = (from..from + count).map(|n| format!("N{n},Thing {n},Tools,PCS,{n}\n"));
        format!("sku,name,category,unit,barcode\n{}", rows.collect::<String>())
    };
    let statements = Statements::counted();
    assert_eq!(products(&client, &rows(0, 1)).await.0, [1, 0, 0]);
    let few = statements.take();
    assert_eq!(products(&client, &rows(1, 1_000)).await.0, [1_000, 0, 0]);
    let many = statements.take();
    assert!(many <= few + 2, "{few} for one row, {many} for 1,000");
    assert_eq!(products(&client, &rows(0, 1_001).replacen("Thing", "Item", 100)).await.0, [0, 100, 901]);
}
