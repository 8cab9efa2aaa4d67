//! Drafts of quotes say that something in them costs another amount by now, and stay as they were written.

use crate::*;

impl Shop {
    /// Whether a quote says that prices have changed, and what it comes to.
    async fn marked(&self, quote: &str) -> (bool, String) {
        let told = ask(&self.on("crm"), "quote", quote, "pricesChangedAt total { amount }").await;
        (!told["pricesChangedAt"].is_null(), text(&told["total"]["amount"]))
    }

    async fn reprice(&self, price: &str, amount: &str) {
        self.on("products").update("price", price, json!({ "amount": amount })).await.ok();
        self.app.settle().await;
    }

    /// How often whoever looks after the deal was told.
    async fn told(&self) -> usize {
        let told = self.on("notification").run("{ notifications(first: 50) { nodes { type } } }").await.ok();
        let nodes = told["notifications"]["nodes"].as_array().unwrap().clone();
        nodes.iter().filter(|node| node["type"] == "crm.quote.prices_changed").count()
    }
}

#[tokio::test]
async fn a_draft_is_marked_once_until_its_lines_are_written_anew_and_its_amounts_stay() {
    let shop = Shop::new().await;
    let (saw, plane) =
        (shop.product("GOOD", "Saw", json!({})).await, shop.product("GOOD", "Plane", json!({})).await);
    let mut prices = Vec::new();
    for (currency, product) in [("EUR", &saw), ("USD", &saw), ("EUR", &plane)] {
        let code = format!("L{}", prices.len());
        let list = json!({ "code": code, "name": code, "currency": currency, "audience": "EVERYBODY" });
        let list = shop.on("products").create("priceList", list).await;
        let price = json!({ "priceListId": list, "productId": product, "amount": "10" });
        prices.push(shop.on("products").create("price", price).await);
    }
    shop.app.settle().await;
    let deal = shop.deal(&[(&saw, "1")]).await;
    let draft = shop.on("crm").create("quote", json!({ "dealId": deal })).await;
    let other = shop.deal(&[(&saw, "1")]).await;
    let sent = shop.on("crm").create("quote", json!({ "dealId": other })).await;
    shop.on("crm").act("quote", "Send", &sent).await.ok();
    shop.app.settle().await;
    // Before it was written, in another currency, of something else: none of its affair.
    shop.reprice(&prices[1], "11").await;
    shop.reprice(&prices[2], "11").await;
    assert_eq!(shop.marked(&draft).await, (false, "10.00".to_owned()));
    shop.reprice(&prices[0], "12").await;
    assert_eq!(shop.marked(&draft).await, (true, "10.00".to_owned()));
    assert_eq!(shop.marked(&sent).await, (false, "10.00".to_owned()), "what was sent holds as it is");
    shop.reprice(&prices[0], "13").await;
    assert_eq!(shop.told().await, 1);
    let announced = shop.app.announced().await;
    let changed = announced.iter().filter(|(kind, _)| kind == "crm.quote.prices_changed");
    assert_eq!(changed.count(), 1);
    // Other words are no new lines.
    shop.on("crm").update("quote", &draft, json!({ "terms": "30 days" })).await.ok();
    assert!(shop.marked(&draft).await.0);
    let lines = json!([{ "productId": saw, "description": "Saw", "quantity": "1", "unitPrice": "13" }]);
    shop.on("crm").update("quote", &draft, json!({ "lines": lines })).await.ok();
    assert_eq!(shop.marked(&draft).await, (false, "13.00".to_owned()));
    shop.reprice(&prices[0], "14").await;
    assert_eq!((shop.marked(&draft).await, shop.told().await), ((true, "13.00".to_owned()), 2));
    shop.on("crm").act("quote", "Send", &draft).await.ok();
    assert!(!shop.marked(&draft).await.0, "whoever sends it stands by what it says");
}
