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

#[tokio::test]
async fn a_supergraph_that_needs_what_is_not_here_is_refused_by_a_start_and_by_a_check() {
    let folder = Folder::new();
    let good = shop::supergraph("http://127.0.0.1:1/", "http://127.0.0.1:1/");
    let join = "@link(url: \"https://specs.apollo.dev/join/v0.3\", for: EXECUTION)";
    let lock = format!("{join} @link(url: \"https://example.org/lock/v1.0\", for: SECURITY)");
    for (sdl, named) in [
        (good.replace(join, &lock), "the feature https://example.org/lock v1.0 is for SECURITY"),
        (
            good.replace("name: String! @join__field(graph: PRODUCTS", "$0, overrideLabel: \"percent(100)\"")
                .replace("$0", "name: String! @join__field(graph: PRODUCTS"),
            "progressive override",
        ),
    ] {
        folder.write("shop.graphql", &sdl);
        for arguments in [&["--supergraph", "shop.graphql"][..], &["--supergraph", "shop.graphql", "--check"]]
        {
            let said = complaint(&folder, arguments).await;
            assert!(
                said.contains("shop.graphql: the supergraph cannot be served: ") && said.contains(named),
                "{said}"
            );
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
}
