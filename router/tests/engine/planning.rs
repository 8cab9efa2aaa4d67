//! What is asked of whom, in which order.

use crate::shop;

fn plan(document: &str) -> String {
    shop().prepare(document, None).unwrap().plan()
}

#[test]
fn one_subgraph_is_asked_once() {
    assert_eq!(plan("{ me { name } users { id } }"), "Fetch accounts\n  {me{name} users{id}}\n");
}

#[test]
fn independent_subgraphs_are_asked_together() {
    let plan = plan("{ me { name } products { name } }");
    assert!(plan.starts_with("Parallel\n  Fetch "), "{plan}");
}

#[test]
fn entities_are_asked_for_by_their_keys() {
    assert_eq!(
        plan("{ reviews { product { inStock } } }"),
        "Sequence
  Fetch reviews
    {reviews{product{upc}}}
  Fetch inventory
    at reviews.@.product
    with { ... on Product { upc } } as $representations
    query($representations:[_Any!]!){_entities(representations: $representations){...on Product{inStock}}}
"
    );
}

#[test]
fn the_same_question_at_two_places_is_one_call() {
    let plan = plan("{ a: product(upc: \"table\") { inStock } b: product(upc: \"couch\") { inStock } }");
    assert_eq!(plan.matches("Fetch inventory").count(), 1, "{plan}");
    assert!(plan.contains("at a\n") && plan.contains("at b\n"), "{plan}");
}

#[test]
fn mutations_of_different_subgraphs_are_never_parallel() {
    let plan = plan(
        "mutation { productOrder(upc: \"table\") { inStock } reviewAdd(upc: \"table\", body: \"x\") { body } }",
    );
    let order: Vec<_> = plan.lines().filter_map(|line| line.trim().strip_prefix("Fetch ")).collect();
    assert_eq!(order, ["products", "inventory", "reviews"]);
    assert!(!plan.contains("Parallel"), "{plan}");
}

#[test]
fn what_is_left_out_is_not_planned() {
    assert_eq!(plan("{ me { id } reviews @include(if: false) { id } }"), "Fetch accounts\n  {me{id}}\n");
    assert_eq!(plan("{ __typename __schema { queryType { name } } }"), "");
}
