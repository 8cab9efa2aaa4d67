//! What `@requires` names is asked for, whatever the client asks for beside it.

use router::Supergraph;
use serde_json::json;

use crate::canned::{LINK, canned};
use crate::{Log, run};

#[tokio::test]
async fn a_requirement_keeps_its_arguments_beside_the_clients() {
    let log = Log::default();
    let a = format!(
        "{LINK} type Product @key(fields: \"upc\") {{
            upc: ID! category: Category @external
            isDear: Boolean @requires(fields: \"category {{ price(currency: \\\"USD\\\") }}\") }}
        type Category @external {{ price(currency: String!): Int }}"
    );
    let b = format!(
        "{LINK} type Query {{ products: [Product] }}
        type Product @key(fields: \"upc\") {{ upc: ID! category: Category }}
        type Category {{ price(currency: String!): Int }}"
    );
    // Whatever it is asked for as, the requirement's price is 1 and the client's 2.
    let prices = json!({ "price": 1, "_a_price": 2, "_internal_qp_alias_0": 1 });
    let products = json!({ "products": [{ "__typename": "Product", "upc": "7", "category": prices }] });
    let subgraphs = [
        canned("a", &a, &[("_entities", json!({ "_entities": [{ "isDear": true }] }))], &log),
        canned("b", &b, &[("price(currency: \"USD\")", products)], &log),
    ];
    let api = Supergraph::compose(&subgraphs).unwrap();
    let answer = run(&api, "{ products { isDear category { price(currency: \"EUR\") } } }").await;
    assert_eq!(answer["data"]["products"], json!([{ "isDear": true, "category": { "price": 2 } }]));
    let log = log.lock().unwrap();
    assert!(log.iter().any(|line| line.contains(r#""category":{"price":1}"#)), "{log:#?}");
}
