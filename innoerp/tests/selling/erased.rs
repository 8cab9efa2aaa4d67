//! Who was erased among the contacts is named by no product and by no price list.

use crate::*;

#[tokio::test]
async fn nothing_is_bought_from_or_priced_for_somebody_who_was_erased() {
    let shop = Shop::new().await;
    let (contacts, products) = (shop.on("contact"), shop.on("products"));
    let person =
        |name: &'static str| contacts.create("contact", json!({ "kind": "PERSON", "lastName": name }));
    let (ada, twin, other) = (person("Lovelace").await, person("Lovelace").await, person("Byron").await);
    let saw = shop.product("GOOD", "Saw", json!({ "vendorIds": [other, twin, ada] })).await;
    let list = json!({ "code": "OWN", "name": "Own", "currency": "EUR", "audience": "CUSTOMER",
        "customerIds": [ada, twin, other] });
    let list = products.create("priceList", list).await;
    let merge = json!({ "input": { "winnerId": ada, "loserId": twin } });
    let document =
        "mutation($input: ContactMergeInput!) { contactMerge(input: $input) { userErrors { code } } }";
    contacts.run_with(document, merge).await.ok();
    shop.app.settle().await;
    let before = ask(&products, "product", &saw, "version vendors { id }").await;
    assert_eq!(before["vendors"].as_array().unwrap().len(), 3);
    let document =
        "mutation($input: ContactEraseInput!) { contactErase(input: $input) { userErrors { code } } }";
    contacts.run_with(document, json!({ "input": { "contactId": ada } })).await.ok();
    shop.app.settle().await;
    let now = ask(&products, "product", &saw, "version vendors { id }").await;
    assert_eq!(now["vendors"], json!([{ "id": other }]));
    assert_eq!(now["version"].as_i64(), before["version"].as_i64().map(|version| version + 1));
    let now = ask(&products, "priceList", &list, "version customers { id }").await;
    assert_eq!(now, json!({ "version": 2, "customers": [{ "id": other }] }));
    // Told twice, it changes nothing more.
    let again = json!({ "contactId": ada, "mergedIds": [twin] });
    shop.app.announce_raw(&shop.owner, "contact.contact.erased", again).await;
    assert_eq!(ask(&products, "priceList", &list, "version").await["version"], 2);
}
