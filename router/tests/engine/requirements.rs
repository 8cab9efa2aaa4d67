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
    let prices = json!({ "price": 2, "_r0_price": 1 });
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

#[tokio::test]
async fn a_requirement_without_arguments_keeps_its_value_beside_a_client_that_gives_some() {
    let log = Log::default();
    let a = format!(
        "{LINK} type Parcel @key(fields: \"id\") {{
            id: ID! weight(unit: String = \"g\"): Int @external fee: Int @requires(fields: \"weight\") }}"
    );
    let b = format!(
        "{LINK} type Query {{ parcel: Parcel }}
        type Parcel @key(fields: \"id\") {{ id: ID! weight(unit: String = \"g\"): Int }}"
    );
    let parcel = json!({ "parcel": { "__typename": "Parcel", "id": "7", "weight": 2000, "_a_weight": 2 } });
    let subgraphs = [
        canned("a", &a, &[("_entities", json!({ "_entities": [{ "fee": 5 }] }))], &log),
        canned("b", &b, &[("_a_weight:weight(unit: \"kg\")", parcel)], &log),
    ];
    let api = Supergraph::compose(&subgraphs).unwrap();
    let answer = run(&api, "{ parcel { weight(unit: \"kg\") fee } }").await;
    assert_eq!(answer, json!({ "data": { "parcel": { "weight": 2, "fee": 5 } } }));
    let log = log.lock().unwrap();
    assert!(log.iter().any(|line| line.contains(r#""weight":2000"#)), "{log:#?}");
}

#[tokio::test]
async fn a_requirement_with_arguments_keeps_its_value_beside_a_client_that_gives_none() {
    let log = Log::default();
    let a = format!(
        "{LINK} type Parcel @key(fields: \"id\") {{
            id: ID! weight(unit: String = \"g\"): Int @external
            fee: Int @requires(fields: \"weight(unit: \\\"kg\\\")\") }}"
    );
    let b = format!(
        "{LINK} type Query {{ parcel: Parcel }}
        type Parcel @key(fields: \"id\") {{ id: ID! weight(unit: String = \"g\"): Int }}"
    );
    let parcel = json!({ "parcel": { "__typename": "Parcel", "id": "7", "_r0_weight": 2, "weight": 2000 } });
    let subgraphs = [
        canned("a", &a, &[("_entities", json!({ "_entities": [{ "fee": 5 }] }))], &log),
        canned("b", &b, &[("_r0_weight:weight(unit: \"kg\")", parcel)], &log),
    ];
    let api = Supergraph::compose(&subgraphs).unwrap();
    let answer = run(&api, "{ parcel { weight fee } }").await;
    assert_eq!(answer, json!({ "data": { "parcel": { "weight": 2000, "fee": 5 } } }));
    let log = log.lock().unwrap();
    assert!(
        log.iter().any(|line| line.contains(r#""weight":2}"#) || line.contains(r#""weight":2,"#)),
        "{log:#?}"
    );
}
