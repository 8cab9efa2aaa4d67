//! The catalogue for whoever has a link to it.

use crate::*;

const PAGE: &str = "query($key: String!, $after: String, $currency: String) {
    publicCatalog(key: $key, first: 2, after: $after, currency: $currency) {
        items { id sku name unitCode listPrice { amount currency } } endCursor hasNextPage } }";

async fn key_of(client: &Client<'_>, link: &str) -> String {
    let told =
        client.run_with("query($id: ID!) { catalogLink(id: $id) { key } }", json!({ "id": link })).await;
    text(&told.ok()["catalogLink"]["key"])
}

/// An office that shows three of five products, by a list and a link; answers the link and its key as well.
async fn shop() -> (App, Person, String, String) {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let list = json!({ "code": "ALL", "name": "All", "currency": "EUR", "audience": "EVERYBODY" });
    let list = client.create("priceList", list).await;
    for (name, is_public, is_active) in [
        ("Axe", true, true),
        ("Drill", true, true),
        ("Saw", true, true),
        ("Secret", false, true),
        ("Soon", true, false),
    ] {
        let cost = json!({ "amount": "3", "currency": "EUR" });
        let id = good(&client, name, json!({ "isPublic": is_public, "standardCost": cost })).await;
        client.create("price", json!({ "priceListId": list, "productId": id, "amount": "7.50" })).await;
        if is_active {
            client.act("product", "Activate", &id).await.ok();
        }
    }
    let link = client.create("catalogLink", json!({ "name": "Website" })).await;
    let key = key_of(&client, &link).await;
    (app, admin, link, key)
}

#[tokio::test]
async fn whoever_has_a_link_sees_what_customers_see_and_pages_through_it() {
    let (app, _, _, key) = shop().await;
    let nobody = app.as_nobody();
    let ask = async |after: &Value| {
        let told = nobody.run_with(PAGE, json!({ "key": key, "after": after, "currency": "EUR" })).await.ok();
        told["publicCatalog"].clone()
    };
    let first = ask(&Value::Null).await;
    let names = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|item| text(&item["name"])).collect()
    };
    assert_eq!((names(&first), &first["hasNextPage"]), (vec!["Axe".into(), "Drill".into()], &json!(true)));
    assert_eq!(
        (&first["items"][0]["listPrice"], &first["items"][0]["unitCode"]),
        (&json!({ "amount": "7.50", "currency": "EUR" }), &json!("PCS"))
    );
    let second = ask(&first["endCursor"]).await;
    assert_eq!((names(&second), &second["hasNextPage"]), (vec!["Saw".into()], &json!(false)));
    let query = "query($key: String!, $id: ID!) { publicCatalogItem(key: $key, id: $id) { name listPrice { amount } } }";
    let id = &first["items"][0]["id"];
    let told = nobody.run_with(query, json!({ "key": key, "id": id })).await.ok();
    assert_eq!(told["publicCatalogItem"], json!({ "name": "Axe", "listPrice": null }));
}

#[tokio::test]
async fn a_key_that_opens_nothing_answers_as_one_that_never_was_and_nothing_else_is_open() {
    let (app, admin, link, key) = shop().await;
    let (client, nobody) = (app.as_(&admin), app.as_nobody());
    let products = client.run("{ products(first: 100) { nodes { id name } } }").await.ok();
    let hidden: Vec<Value> = products["products"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| node["name"] == "Secret" || node["name"] == "Soon")
        .map(|node| node["id"].clone())
        .collect();
    assert_eq!(hidden.len(), 2);
    let item = "query($key: String!, $id: ID!) { publicCatalogItem(key: $key, id: $id) { name } }";
    let never = nobody.run_with(item, json!({ "key": key, "id": uuid::Uuid::now_v7() })).await;
    for id in hidden {
        let told = nobody.run_with(item, json!({ "key": key, "id": id })).await;
        assert_eq!(told.0, never.0);
    }
    client.act("catalogLink", "Archive", &link).await.ok();
    let other = nobody.run_with(PAGE, json!({ "key": "0".repeat(32) })).await;
    for key in [key.as_str(), "", "'; drop table x", &"f".repeat(32), &"ü".repeat(16)] {
        let told = nobody.run_with(PAGE, json!({ "key": key })).await;
        assert_eq!((&told.0, told.0["data"]["publicCatalog"].is_null()), (&other.0, true), "{key}");
    }
    client.act("catalogLink", "Restore", &link).await.ok();
    assert!(nobody.run_with(PAGE, json!({ "key": key })).await.ok()["publicCatalog"].is_object());
    // Costs, stock and everything else stay where they are.
    for query in [
        "{ catalog { nodes { name } } }",
        "{ products { nodes { name } } }",
        "{ catalogLinks { nodes { key } } }",
    ] {
        assert_eq!(nobody.run(query).await.codes(), ["UNAUTHENTICATED"], "{query}");
    }
    let sdl = (products::subgraph().sdl)();
    let begin = sdl.find("type PublicCatalogItem").unwrap();
    let shown = &sdl[begin..begin + sdl[begin..].find("\n}").unwrap()];
    let fields = shown.lines().filter_map(|line| line.trim().split_once(": "));
    let fields: Vec<&str> = fields.map(|(name, _)| name).filter(|name| !name.contains(' ')).collect();
    assert_eq!(
        fields,
        ["id", "sku", "kind", "name", "description", "billingInterval", "unitCode", "listPrice"]
    );
    let sales = app.as_(&admin.colleague(&[Role::Sales])).clone();
    assert_eq!(sales.try_create("catalogLink", json!({ "name": "Mine" })).await.codes(), ["FORBIDDEN"]);
}
