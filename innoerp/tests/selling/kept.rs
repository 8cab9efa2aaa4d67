//! What is kept for deals: once for each piece of their lines, whether a quote is accepted or the deal is won.

use crate::*;

impl Shop {
    /// What is or was kept for a deal: what has become of it, how much, and where.
    async fn kept(&self, deal: &str) -> Vec<String> {
        let query = "query($id: ID!) { stockReservations(filter: { dealId: $id }, first: 50) { nodes {
            status quantity warehouse { code } } } }";
        let told = self.on("products").run_with(query, json!({ "id": deal })).await.ok();
        let said = |node: &Value| {
            let [status, quantity, code] =
                [&node["status"], &node["quantity"], &node["warehouse"]["code"]].map(text);
            format!("{status} {quantity} {code}")
        };
        let mut kept: Vec<String> =
            told["stockReservations"]["nodes"].as_array().unwrap().iter().map(said).collect();
        kept.sort();
        kept
    }

    /// How much of a product is promised in all.
    async fn reserved(&self, product: &str) -> Vec<String> {
        let told = ask(&self.on("products"), "product", product, "stockLevels { reserved }").await;
        told["stockLevels"].as_array().unwrap().iter().map(|level| text(&level["reserved"])).collect()
    }

    /// The same once more, as it comes when somebody is told twice.
    async fn tell_again(&self, deal: &str) {
        let accepted = json!({ "quoteId": uuid::Uuid::now_v7(), "dealId": deal, "number": "Q-1" });
        for (kind, payload) in [
            ("crm.quote.accepted", accepted),
            ("crm.deal.won", json!({ "dealId": deal })),
            ("crm.deal.reopened", json!({ "dealId": deal })),
        ] {
            self.app.announce_raw(&self.owner, kind, payload).await;
        }
    }
}

#[tokio::test]
async fn what_is_there_is_kept_from_acceptance_on_and_let_go_when_the_deal_goes_on_or_is_lost() {
    let shop = Shop::new().await;
    let saw = shop.product("GOOD", "Saw", json!({})).await;
    let advice = shop.product("SERVICE", "Advice", json!({})).await;
    shop.receive(&shop.place, &saw, "6").await;
    let deal = shop.deal(&[(&saw, "10"), (&advice, "1")]).await;
    shop.app.settle().await;
    assert!(shop.kept(&deal).await.is_empty(), "nothing is promised that nobody has agreed on");
    shop.accept(&deal).await;
    assert_eq!(shop.kept(&deal).await, ["OPEN 6 MAIN"]);
    let query =
        "query($id: ID!) { stockReservations(filter: { dealId: $id }) { nodes { reference deal { id } } } }";
    let told = shop.on("products").run_with(query, json!({ "id": deal })).await.ok();
    let number = ask(&shop.on("crm"), "deal", &deal, "number").await["number"].clone();
    assert_eq!(told["stockReservations"]["nodes"][0], json!({ "reference": number, "deal": { "id": deal } }));
    shop.tell_again(&deal).await;
    assert_eq!(shop.kept(&deal).await, ["OPEN 6 MAIN"]);
    // What has come in since is kept when the deal is won, and no piece twice.
    shop.receive(&shop.place, &saw, "2").await;
    shop.win(&deal).await;
    shop.tell_again(&deal).await;
    assert_eq!(shop.kept(&deal).await, ["OPEN 2 MAIN", "OPEN 6 MAIN"]);
    assert_eq!(shop.reserved(&saw).await, ["8"]);
    // The quote was accepted before the deal was closed: it goes on without a promise.
    shop.reopen(&deal).await;
    assert_eq!(shop.kept(&deal).await, ["RELEASED 2 MAIN", "RELEASED 6 MAIN"]);
    assert_eq!(shop.reserved(&saw).await, ["0"]);
    shop.app.clock.advance(chrono::TimeDelta::hours(1));
    shop.accept(&deal).await;
    assert_eq!(shop.reserved(&saw).await, ["8"]);
    let reason = shop.on("crm").create("lostReason", json!({ "name": "Too dear" })).await;
    let lost = json!({ "id": deal, "input": { "reasonId": reason } });
    shop.on("crm").mutate("dealLose", "deal", lost).await.ok();
    shop.app.settle().await;
    assert_eq!(shop.reserved(&saw).await, ["0"]);
    shop.tell_again(&deal).await;
    assert_eq!(shop.reserved(&saw).await, ["0"]);
}

#[tokio::test]
async fn what_was_handed_out_counts_and_what_somebody_let_go_is_not_kept_again() {
    let shop = Shop::new().await;
    let saw = shop.product("GOOD", "Saw", json!({})).await;
    shop.receive(&shop.place, &saw, "6").await;
    let deal = shop.deal(&[(&saw, "10")]).await;
    shop.accept(&deal).await;
    let query =
        "query($id: ID!) { stockReservations(filter: { dealId: $id, status: OPEN }) { nodes { id } } }";
    let told = shop.on("products").run_with(query, json!({ "id": deal })).await.ok();
    let kept = text(&told["stockReservations"]["nodes"][0]["id"]);
    for (verb, quantity) in [("Fulfil", "3"), ("Release", "1")] {
        let part = format!(
            "mutation($id: ID!, $input: StockReservationPartInput) {{
                stockReservation{verb}(id: $id, input: $input) {{ userErrors {{ code }} }} }}"
        );
        let arguments = json!({ "id": kept, "input": { "quantity": quantity } });
        shop.on("products").run_with(&part, arguments).await.ok();
    }
    // All ten were looked for once: six were there, of which one was let go by hand. Four are still to be kept.
    shop.receive(&shop.place, &saw, "20").await;
    shop.win(&deal).await;
    assert_eq!(shop.kept(&deal).await, ["FULFILLED 3 MAIN", "OPEN 2 MAIN", "OPEN 4 MAIN", "RELEASED 1 MAIN"]);
    shop.reopen(&deal).await;
    assert_eq!(shop.reserved(&saw).await, ["0"]);
    // Agreed on once more, all but what they have is kept.
    shop.win(&deal).await;
    let open: Vec<String> =
        shop.kept(&deal).await.into_iter().filter(|one| one.starts_with("OPEN")).collect();
    assert_eq!(open, ["OPEN 7 MAIN"]);
}

#[tokio::test]
async fn one_place_gives_it_all_or_the_fullest_first_and_lines_that_no_shelf_can_give_fail_nothing() {
    let shop = Shop::new().await;
    let annex = json!({ "code": "ANNEX", "name": "Annex", "currency": "EUR" });
    let annex = shop.on("products").create("warehouse", annex).await;
    let saw = shop.product("GOOD", "Saw", json!({})).await;
    let untracked = shop.product("GOOD", "Sand", json!({ "tracksInventory": false })).await;
    shop.receive(&shop.place, &saw, "5").await;
    shop.receive(&annex, &saw, "3").await;
    // Pieces are not parted: of two and a half two are kept.
    let small = shop.deal(&[(&saw, "2.5"), (&untracked, "4")]).await;
    shop.win(&small).await;
    assert_eq!(shop.kept(&small).await, ["OPEN 2 ANNEX"]);
    let large = shop.deal(&[(&saw, "9")]).await;
    shop.win(&large).await;
    assert_eq!(shop.kept(&large).await, ["OPEN 1 ANNEX", "OPEN 5 MAIN"]);
    let late = shop.deal(&[(&saw, "1")]).await;
    shop.win(&late).await;
    assert!(shop.kept(&late).await.is_empty());
    let behind = sqlx::PgPool::connect(&shop.app.admin_url).await.unwrap();
    let delayed: i64 =
        sqlx::query_scalar("select count(*) from core.delayed_event").fetch_one(&behind).await.unwrap();
    assert_eq!(delayed, 0, "what cannot be kept is no failure");
}

#[tokio::test]
async fn of_eight_deals_that_are_won_at_once_no_two_have_the_same_piece() {
    let shop = Shop::new().await;
    let saw = shop.product("GOOD", "Saw", json!({})).await;
    shop.receive(&shop.place, &saw, "10").await;
    let mut deals = Vec::new();
    for _ in 0..8 {
        deals.push(shop.deal(&[(&saw, "3")]).await);
    }
    let won = deals.iter().map(|deal| {
        let arguments = json!({ "id": deal, "input": {} });
        let crm = shop.on("crm");
        async move { crm.mutate("dealWin", "operation", arguments).await }
    });
    let won: Vec<Answer> = futures::future::join_all(won).await;
    for answer in won {
        answer.ok();
    }
    shop.app.settle().await;
    assert_eq!(shop.reserved(&saw).await, ["10"]);
    let mut kept = Vec::new();
    for deal in &deals {
        kept.extend(shop.kept(deal).await);
    }
    kept.sort();
    assert_eq!(kept, ["OPEN 1 MAIN", "OPEN 3 MAIN", "OPEN 3 MAIN", "OPEN 3 MAIN"]);
}
