//! Variants of products from files and into files.

use testing::Statements;

use crate::files::{export, import};
use crate::*;

/// A shirt in two colours and two sizes, and a saw without variants; the sizes are called what a file must set apart.
async fn shop() -> (App, Person) {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    piece(&client).await;
    for (name, choices) in [("Colour", json!(["Red", "Dark blue"])), ("Size; EU", json!(["M", "38=40"]))] {
        client.create("productAttribute", json!({ "name": name, "choices": choices })).await;
    }
    let file =
        "sku,name,unit,attributes,tracksInventory\nSHIRT,Shirt,PCS,Colour; size\\; eu,\nSAW,Saw,PCS,,\n";
    assert_eq!(import(&client, "product", file, json!({})).await, ([2, 0, 0], vec![]));
    (app, admin)
}

async fn variants(client: &Client<'_>, csv: &str) -> ([i64; 3], Vec<String>) {
    import(client, "productVariant", csv, json!({})).await
}

/// All variants of all products, archived ones aside: number, barcode and name.
async fn shown(client: &Client<'_>) -> Value {
    let told = client.run("{ productVariants { nodes { sku barcode name } } }").await.ok();
    told["productVariants"]["nodes"].clone()
}

const FILE: &str = "sku,variantOf,attributes,barcode\n\
    RED-M,shirt,Colour=Red; Size\\; EU=M,777\n\
    ,SHIRT,size\\; eu=38\\=40; colour=red,\n\
    ,SHIRT,Colour=dark blue; Size\\; EU=M,778\n";

#[tokio::test]
async fn a_row_with_the_number_of_a_product_makes_a_variant_and_the_same_file_again_none() {
    let (app, admin) = shop().await;
    let client = app.as_(&admin);
    assert_eq!(import(&client, "productVariant", FILE, json!({ "dryRun": true })).await, ([3, 0, 0], vec![]));
    assert_eq!(shown(&client).await, json!([]));
    assert_eq!(variants(&client, FILE).await, ([3, 0, 0], vec![]));
    assert_eq!(
        shown(&client).await,
        json!([
            { "sku": "RED-M", "barcode": "777", "name": "Shirt, Red, M" },
            { "sku": "SHIRT-02", "barcode": null, "name": "Shirt, Red, 38=40" },
            { "sku": "SHIRT-03", "barcode": "778", "name": "Shirt, Dark blue, M" },
        ])
    );
    assert_eq!(variants(&client, FILE).await, ([0, 0, 3], vec![]));
    // By number, and by barcode; what a file does not say stays as it is.
    assert_eq!(variants(&client, "sku,barcode\nred-m,779\n").await, ([0, 1, 0], vec![]));
    assert_eq!(variants(&client, "barcode,isArchived\n779,false\n").await, ([0, 0, 1], vec![]));
    let create = json!({ "mode": "CREATE" });
    let told = import(&client, "productVariant", FILE, create).await;
    assert_eq!(told, ([0, 0, 0], ["2", "3", "4"].map(|line| format!("{line} - ALREADY_THERE")).to_vec()));
    app.settle().await;
    let told = app.announced().await;
    let changed = told.iter().filter(|(kind, _)| kind == "products.product.updated").count();
    assert_eq!(changed, 1, "the product is told of once, when it has more variants than before");
    let member = app.as_(&admin.colleague(&[Role::Sales])).clone();
    assert_eq!(member.run("{ productVariantsExport { csv } }").await.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn products_and_their_variants_come_back_as_they_went_out_and_make_the_same_elsewhere() {
    let (app, admin) = shop().await;
    let client = app.as_(&admin);
    variants(&client, FILE).await;
    let found = client.run("{ productVariants { nodes { id } } }").await.ok();
    let archived = text(&found["productVariants"]["nodes"][1]["id"]);
    client.act("productVariant", "Archive", &archived).await.ok();
    let (products, in_use) = (export(&client, "products").await, export(&client, "productVariants").await);
    let query = "{ productVariantsExport(filter: { isArchived: true }) { csv } }";
    let away = text(&client.run(query).await.ok()["productVariantsExport"]["csv"]);
    assert_eq!(import(&client, "product", &products, json!({})).await, ([0, 0, 2], vec![]), "{products}");
    assert_eq!(variants(&client, &in_use).await, ([0, 0, 2], vec![]), "{in_use}");
    assert_eq!(variants(&client, &away).await, ([0, 0, 1], vec![]), "{away}");
    // Of a product that is archived they come back, too.
    let found = client.run("{ productsByCode(code: \"SHIRT\") { product { id } } }").await.ok();
    let shirt = text(&found["productsByCode"][0]["product"]["id"]);
    client.act("product", "Archive", &shirt).await.ok();
    assert_eq!(variants(&client, &in_use).await, ([0, 0, 2], vec![]));
    assert_eq!(variants(&client, &away).await, ([0, 0, 1], vec![]));
    let back = away.replace(",true", ",false");
    assert_eq!(variants(&client, &back).await, ([0, 0, 0], vec!["2 variantOf PRODUCT_NOT_FOUND".to_owned()]));
    let stranger = Person::new(&[Role::Admin]);
    let elsewhere = app.as_(&stranger);
    piece(&elsewhere).await;
    for (name, choices) in [("Colour", json!(["Red", "Dark blue"])), ("Size; EU", json!(["M", "38=40"]))] {
        elsewhere.create("productAttribute", json!({ "name": name, "choices": choices })).await;
    }
    assert_eq!(import(&elsewhere, "product", &products, json!({})).await, ([2, 0, 0], vec![]));
    assert_eq!(variants(&elsewhere, &in_use).await, ([2, 0, 0], vec![]));
    assert_eq!(variants(&elsewhere, &away).await, ([1, 0, 0], vec![]));
    assert_eq!(export(&elsewhere, "productVariants").await, in_use);
}

#[tokio::test]
async fn what_is_wrong_with_a_row_of_variants_is_told_at_its_line_and_the_others_are_done() {
    let (app, admin) = shop().await;
    let client = app.as_(&admin);
    variants(&client, FILE).await;
    let (done, wrong) = variants(
        &client,
        "sku,variantOf,attributes,barcode,isArchived\n\
         A,NONE,Colour=Red; Size\\; EU=M,,\n\
         B,,Colour=Red; Size\\; EU=M,,\n\
         C,SHIRT,,,\n\
         D,SHIRT,Colour,,\n\
         E,SHIRT,Colour=Green; Size\\; EU=M,,\n\
         F,SHIRT,Colour=Red; Weight=M,,\n\
         G,SHIRT,Colour=Red,,\n\
         H,SHIRT,Colour=Red; Size\\; EU=M,,\n\
         I,SAW,Colour=Red,,\n\
         SAW,SHIRT,Colour=Dark blue; Size\\; EU=38\\=40,,\n\
         J,SHIRT,Colour=Dark blue; Size\\; EU=38\\=40,777,\n\
         RED-M,SAW,,777,\n\
         RED-M,SHIRT,Colour=Dark blue; Size\\; EU=M,777,\n\
         SHIRT-02,,,,perhaps\n\
         SHIRT-03,RED-M,,,\n\
         SHIRT-03,,,779,\n\
         SHIRT-03,,,780,\n",
    )
    .await;
    assert_eq!(
        wrong,
        [
            "2 variantOf PRODUCT_NOT_FOUND",
            "3 variantOf REQUIRED",
            "4 attributes REQUIRED",
            "5 attributes ATTRIBUTES_INVALID",
            "6 attributes CHOICE_UNKNOWN",
            "7 attributes PRODUCT_ATTRIBUTE_NOT_FOUND",
            "8 attributes OPTIONS_INCOMPLETE",
            "9 attributes VARIANT_TAKEN",
            "10 variantOf NO_ATTRIBUTES",
            "11 sku SKU_TAKEN",
            "12 barcode BARCODE_TAKEN",
            "13 variantOf VARIANT_STAYS",
            "14 attributes VARIANT_STAYS",
            "15 isArchived BOOLEAN_INVALID",
            "16 variantOf PRODUCT_NOT_FOUND",
            "18 - ROW_TWICE",
        ]
    );
    assert_eq!(done, [0, 1, 0]);
    // By which attributes they differ stays, once there are any; a variant is in no file of products.
    let products = "sku,attributes\nSHIRT,Colour\nSAW,Weight\nRED-M,\n";
    assert_eq!(
        import(&client, "product", products, json!({})).await.1,
        ["2 attributes HAS_VARIANTS", "3 attributes PRODUCT_ATTRIBUTE_NOT_FOUND", "4 sku SKU_TAKEN"]
    );
}

#[tokio::test]
async fn a_variant_is_archived_and_restored_by_a_file_unless_some_of_it_is_left() {
    let (app, admin) = shop().await;
    let client = app.as_(&admin);
    variants(&client, FILE).await;
    let found = client.run("{ productsByCode(code: \"RED-M\") { product { id } variantId } }").await.ok();
    let (shirt, red) =
        (&found["productsByCode"][0]["product"]["id"], &found["productsByCode"][0]["variantId"]);
    client.act("product", "Activate", &text(shirt)).await.ok();
    let place =
        client.create("warehouse", json!({ "code": "MAIN", "name": "Main", "currency": "EUR" })).await;
    let some = json!({ "warehouseId": place, "productId": shirt, "variantId": red, "quantity": "1", "unitCost": "1" });
    stock::move_(&client, "Receive", some).await.ok();
    let file = "sku,isArchived\nRED-M,true\nSHIRT-02,yes\n";
    assert_eq!(variants(&client, file).await, ([0, 1, 0], vec!["2 isArchived STOCK_LEFT".to_owned()]));
    assert_eq!(variants(&client, "sku,isArchived\nRED-M,\nSHIRT-02,\n").await, ([0, 0, 2], vec![]));
    assert_eq!(shown(&client).await.as_array().unwrap().len(), 2);
    assert_eq!(variants(&client, "sku,isArchived\nSHIRT-02,no\n").await, ([0, 1, 0], vec![]));
    assert_eq!(shown(&client).await.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn hundreds_of_variants_cost_as_many_statements_as_one() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    piece(&client).await;
    let choices: Vec<String> = (0..200).map(|at| format!("No {at}")).collect();
    client.create("productAttribute", json!({ "name": "Model", "choices": choices })).await;
    let products = "sku,name,unit,attributes\nA,A,PCS,Model\nB,B,PCS,Model\n";
    assert_eq!(import(&client, "product", products, json!({})).await.0, [2, 0, 0]);
    let rows = |from: usize, count: usize| -> String {
        let rows = (from..from + count).map(|n| format!("{},Model=No {},{n}\n", ["A", "B"][n % 2], n / 2));
        format!("variantOf,attributes,barcode\n{}", rows.collect::<String>())
    };
    let statements = Statements::counted();
    assert_eq!(variants(&client, &rows(0, 1)).await.0, [1, 0, 0]);
    let few = statements.take();
    assert_eq!(variants(&client, &rows(1, 399)).await.0, [399, 0, 0]);
    let many = statements.take();
    assert!(many <= few + 2, "{few} for one row, {many} for 399");
    assert_eq!(variants(&client, &rows(0, 400)).await.0, [0, 0, 400]);
}
