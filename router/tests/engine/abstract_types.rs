//! Interfaces and unions, wherever fragments and conditions stand.

use router::Supergraph;
use serde_json::json;

use crate::canned::{LINK, canned};
use crate::{Log, noted, run, run_with, shop};

#[tokio::test]
async fn a_conditional_fragment_on_a_union_itself_is_planned() {
    let document = "query ($x: Boolean!) { search {
        ... @skip(if: $x) { __typename ... on Book @include(if: $x) { pages } ... on Book { title } } } }";
    let answer = run_with(&shop(), document, json!({ "x": false })).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    assert!(answer["data"]["search"][0].get("__typename").is_some(), "{answer}");
    let answer = run_with(&shop(), document, json!({ "x": true })).await;
    assert_eq!(answer["data"]["search"][0], json!({}), "{answer}");
}

#[tokio::test]
async fn a_field_under_its_own_name_as_alias_is_the_field() {
    let answer = run(&shop(), "{ users { reviews { id } reviews: reviews { id } } }").await;
    assert_eq!(answer["data"]["users"][1]["reviews"], json!([{ "id": "r3" }]), "{answer}");
}

/// Videos and articles, which one of the subgraphs takes for one object type.
fn library(log: &Log) -> Supergraph {
    let a = format!(
        "{LINK} type Query {{ newest: Media }}
        interface Media @key(fields: \"id\") {{ id: ID! title: String }}
        type Article implements Media @key(fields: \"id\") {{ id: ID! title: String }}
        type Video implements Media @key(fields: \"id\") {{ id: ID! title: String }}"
    );
    let b = format!(
        "{LINK} type Query {{ best: Media }}
        type Media @interfaceObject @key(fields: \"id\") {{ id: ID! views: Int }}"
    );
    let found = json!({ "_entities": [{ "__typename": "Article", "title": "On rivers" }] });
    let known = json!({ "_entities": [{ "__typename": "Media", "id": "7" }] });
    let best = json!({ "best": { "__typename": "Media", "id": "7" } });
    let subgraphs = [
        canned("a", &a, &[("_entities", found)], log),
        canned("b", &b, &[("_entities", known), ("best", best)], log),
    ];
    Supergraph::compose(&subgraphs).unwrap()
}

#[tokio::test]
async fn an_object_of_a_type_that_is_not_asked_for_is_not_asked_for() {
    let log = Log::default();
    let document = "{ best { ... on Article { id } ... on Video { id } } }";
    let answer = run(&library(&log), document).await;
    assert_eq!(answer, json!({ "data": { "best": { "id": "7" } } }));
    let log = log.lock().unwrap();
    assert!(!log.iter().any(|line| line.contains(r#"[{"__typename":"Media"}]"#)), "{log:#?}");
}

#[tokio::test]
async fn what_no_object_can_be_is_not_asked_for() {
    // A book is found, and a product is found, but no book is a product.
    let document = "{ search { ... on Book { ...F title } } }
        fragment F on Found { ... on Product { inStock } }";
    let (api, log) = noted();
    let answer = run(&api, document).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    assert!(!log.lock().unwrap().iter().any(|line| line.starts_with("inventory")), "{answer}");
}
