//! `innoerp router --supergraph FILE`.

use serde_json::json;

use crate::program::{Folder, Router, complaint};
use crate::shop;

#[tokio::test]
async fn a_ready_supergraph_is_served_without_a_database() {
    let (folder, products, reviews) = (Folder::new(), shop::products().await, shop::reviews().await);
    folder.write("supergraph.graphql", &shop::supergraph(&products.url(), &reviews.url()));
    let router = Router::start(&folder, &["--supergraph", "supergraph.graphql"]).await;

    let answer = router.ask("{ products { name stars } bestReviewed { upc name } }").await;
    let expected = json!({ "data": {
        "products": [{ "name": "The table", "stars": 5 }, { "name": "The couch", "stars": 3 }],
        "bestReviewed": { "upc": "table", "name": "The table" },
    } });
    assert_eq!(answer, expected);
    let events = router.subscribe("subscription { priceChanged { name stars } }").await;
    let event =
        |name: &str, stars: i32| json!({ "data": { "priceChanged": { "name": name, "stars": stars } } });
    assert_eq!(events, [event("The couch", 3), event("The table", 5)]);

    // Nobody can log in to a router without callers.
    let refused = router.ask("{ __schema { queryType { name } } }").await;
    assert_eq!(refused["errors"][0]["message"], "this server does not show its schema");
    router.stop().await;
}

#[tokio::test]
async fn what_is_no_supergraph_is_refused_in_one_sentence() {
    let folder = Folder::new();
    folder.write("plain.graphql", "type Query { me: ID }");
    folder.write("nowhere.graphql", &shop::supergraph("http://127.0.0.1:1/", "nowhere"));
    for (file, expected) in [
        ("missing.graphql", "missing.graphql"),
        ("plain.graphql", "it names no subgraph by @join__graph"),
        ("nowhere.graphql", "subgraph reviews: its URL \"nowhere\" is none"),
    ] {
        let said = complaint(&folder, &["--supergraph", file]).await;
        assert!(said.starts_with("innoerp: ") && said.contains(expected), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
