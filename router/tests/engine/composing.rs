//! Which subgraphs make which schema.

use futures::StreamExt;
use graphql::Executable;
use router::{Subgraph, Supergraph};
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

#[tokio::test]
async fn a_subgraph_may_have_entities_only() {
    let mut all = subgraphs();
    all[3] = local("inventory", crate::shop::entities_only());
    let answer = run(&Supergraph::compose(&all).unwrap(), "{ products { inStock } }").await;
    assert_eq!(answer["data"]["products"][0], json!({ "inStock": true }));
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

#[test]
fn a_stub_that_cannot_be_resolved_leads_on_by_its_key() {
    let leave = silent(
        "leave",
        "type Query { leaves: [Leave!]! } type Leave { employee: Employee! }
         type Employee @key(fields: \"id\", resolvable: false) { id: ID! }",
    );
    let attendance = silent("attendance", "type Employee @key(fields: \"id\") { id: ID! hours: Int }");
    let employee = silent("employee", "type Employee @key(fields: \"id\") { id: ID! name: String! }");
    let api = Supergraph::compose(&[leave.clone(), attendance, employee]).unwrap();
    let operation = api.prepare("{ leaves { employee { id hours name } } }", None).unwrap();
    assert_eq!(operation.subgraphs().collect::<Vec<_>>(), ["attendance", "employee", "leave"]);
    let api = Supergraph::compose(&[leave]).unwrap();
    let operation = api.prepare("{ leaves { employee { __typename id } } }", None).unwrap();
    assert_eq!(operation.subgraphs().collect::<Vec<_>>(), ["leave"]);
}

/// A subgraph that is never called.
fn silent(name: &str, sdl: &str) -> Subgraph {
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\", \"@external\", \"@requires\"])";
    let executable = Executable::new(
        format!("{sdl} {link}"),
        |_| Box::pin(std::future::pending()),
        |_| futures::stream::empty().boxed(),
    );
    local(name, executable)
}

#[test]
fn pruning_goes_on_until_nothing_hangs_in_the_air() {
    let root = silent("root", "type Query { t: T } type T @key(fields: \"id\") { id: ID! }");
    let x = silent("x", "type T @key(fields: \"id\") { id: ID! x: X } type X { value: Int }");
    let y = silent(
        "y",
        "type T @key(fields: \"id\") { id: ID! x: X @external y: Y @requires(fields: \"x { value }\") }
         type X { value: Int @external } type Y { deep: OnlyY } type OnlyY { n: Int }",
    );
    let z = silent(
        "z",
        "type T @key(fields: \"id\") { id: ID! y: Y @external z: Int @requires(fields: \"y { deep { n } }\") }
         type Y { deep: OnlyY @external } type OnlyY { n: Int @external }",
    );
    let all = [root, x, y, z];
    let api = Supergraph::compose(&all).unwrap();
    assert!(api.api_sdl().contains("z: Int"), "{}", api.api_sdl());
    let api = Supergraph::compose(&[all[0].clone(), all[2].clone(), all[3].clone()]).unwrap();
    let types: Vec<_> = api.api_sdl().lines().filter(|line| line.starts_with("type ")).collect();
    assert_eq!(types.len(), 2, "{types:?}");
    assert!(!api.api_sdl().contains("z: Int") && !api.api_sdl().contains("y: Y"), "{}", api.api_sdl());
}
