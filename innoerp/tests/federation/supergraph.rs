//! `innoerp router --supergraph FILE`.

use serde_json::json;

use crate::program::{Folder, Router, complaint};
use crate::shop;

/// The shop's supergraph as a composer of the federation writes it.
fn sdl(products: &str, reviews: &str) -> String {
    format!(
        r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{{ query: Query subscription: Subscription }}

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

scalar join__FieldSet
scalar link__Import
enum link__Purpose {{ SECURITY EXECUTION }}
enum join__Graph {{
  PRODUCTS @join__graph(name: "Products-1", url: "{products}")
  REVIEWS @join__graph(name: "reviews", url: "{reviews}")
}}

type Query @join__type(graph: PRODUCTS) @join__type(graph: REVIEWS) {{
  products: [Product!]! @join__field(graph: PRODUCTS)
  bestReviewed: Product! @join__field(graph: REVIEWS)
}}
type Subscription @join__type(graph: PRODUCTS) {{
  priceChanged: Product! @join__field(graph: PRODUCTS)
}}
type Product @join__type(graph: PRODUCTS, key: "upc") @join__type(graph: REVIEWS, key: "upc") {{
  upc: String!
  name: String! @join__field(graph: PRODUCTS)
  stars: Int! @join__field(graph: REVIEWS)
}}
"#
    )
}

#[tokio::test]
async fn a_ready_supergraph_is_served_without_a_database() {
    let (folder, products, reviews) = (Folder::new(), shop::products().await, shop::reviews().await);
    folder.write("supergraph.graphql", &sdl(&products.url(), &reviews.url()));
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

    // Development, as everywhere in this program, unless it is told otherwise.
    let schema = "{ __schema { queryType { name } } }";
    assert!(router.ask(schema).await["data"].is_object());
    router.stop().await;
    let router =
        Router::start(&folder, &["--supergraph", "supergraph.graphql", "--profile", "production"]).await;
    assert_eq!(router.ask(schema).await["errors"][0]["extensions"]["code"], "INTROSPECTION_DISABLED");
    router.stop().await;
}

#[tokio::test]
async fn what_is_no_supergraph_is_refused_in_one_sentence() {
    let folder = Folder::new();
    folder.write("plain.graphql", "type Query { me: ID }");
    folder.write("nowhere.graphql", &sdl("http://127.0.0.1:1/", "nowhere"));
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
