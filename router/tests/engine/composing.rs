use router::Supergraph;
use serde_json::json;

use crate::{local, run, shop, subgraphs};

fn without(absent: &[&str]) -> Supergraph {
    let present: Vec<_> =
        subgraphs().into_iter().filter(|subgraph| !absent.contains(&subgraph.name.as_str())).collect();
    Supergraph::compose(&present).unwrap()
}

#[test]
fn every_subset_composes() {
    let all = subgraphs();
    for mask in 1..1_u32 << all.len() {
        let chosen: Vec<_> =
            (0..all.len()).filter(|bit| mask & (1 << bit) != 0).map(|bit| all[bit].clone()).collect();
        let names: Vec<_> = chosen.iter().map(|subgraph| subgraph.name.as_str()).collect();
        if let Err(error) = Supergraph::compose(&chosen) {
            panic!("{names:?}: {error}");
        }
    }
}

#[test]
fn an_absent_module_leaves_no_trace() {
    let api = without(&["reviews"]);
    assert!(!api.api_sdl().contains("Review"), "{}", api.api_sdl());
    assert!(!api.api_sdl().contains("reviews"));
    assert!(!api.api_sdl().contains("join__"));
}

#[test]
fn a_field_whose_requirement_has_no_owner_is_not_offered() {
    let api = without(&["products"]);
    assert!(!api.api_sdl().contains("shippingCost"), "{}", api.api_sdl());
    // What needs the key only stays.
    assert!(api.api_sdl().contains("inStock"));
    assert!(!api.api_sdl().contains("price"));
}

#[tokio::test]
async fn a_stub_keeps_its_key_and_the_fields_of_others() {
    let api = without(&["products"]);
    let answer = run(&api, "{ reviews { product { upc inStock } } }").await;
    assert_eq!(
        answer["data"]["reviews"][1],
        json!({ "product": { "upc": "couch", "inStock": false } }),
        "{answer}"
    );
    let api = without(&["accounts"]);
    let answer = run(&api, "{ reviews { author { id reviews { id } } } }").await;
    assert_eq!(answer["data"]["reviews"][2]["author"], json!({ "id": "2", "reviews": [{ "id": "r3" }] }));
}

#[tokio::test]
async fn a_disabled_field_fails_as_a_made_up_one() {
    let disabled = run(&without(&["reviews"]), "{ reviews { id } }").await.to_string();
    let invented = run(&without(&["reviews"]), "{ inventd { id } }").await.to_string();
    assert_eq!(disabled.replace("reviews", "X"), invented.replace("inventd", "X"));
    let disabled = run(&without(&["reviews"]), "{ me { reviews { id } } }").await.to_string();
    let invented = run(&without(&["reviews"]), "{ me { inventd { id } } }").await.to_string();
    assert_eq!(disabled.replace("reviews", "X"), invented.replace("inventd", "X"));
}

#[test]
fn a_subgraph_that_cannot_be_read_is_named() {
    let mut all = subgraphs();
    all[2].sdl = "type Query { broken".into();
    let error = Supergraph::compose(&all).err().unwrap().to_string();
    assert!(error.contains("reviews"), "{error}");
}

#[test]
fn a_contradiction_is_an_error() {
    let mut all = subgraphs();
    let sdl = "type Query { stockCount: String } extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])";
    let mut other = local("other", crate::shop::inventory::executable());
    other.sdl = sdl.into();
    all.push(other);
    let error = Supergraph::compose(&all).err().unwrap().to_string();
    assert!(error.contains("stockCount"), "{error}");
}

#[test]
fn the_api_keeps_descriptions() {
    assert!(shop().api_sdl().contains("Fails for the couch"), "{}", shop().api_sdl());
}
