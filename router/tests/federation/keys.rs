//! How subgraphs find each other's entities (`@key`).

use serde_json::json;

use crate::Federation;
use crate::toy::Toy;

/// A key of a nested object, and a list within it.
#[tokio::test]
async fn a_key_may_reach_into_objects_and_lists() {
    let orders = Toy {
        name: "orders",
        sdl: r#"
            type Query { basket: Basket }
            type Basket @key(fields: "lines { item { sku } }") { lines: [Line!]! }
            type Line @shareable { item: Item! }
            type Item @key(fields: "sku") { sku: ID! }
        "#,
        data: json!({ "Query": { "basket": { "lines": [{ "item": { "sku": "x" } }, { "item": { "sku": "y" } }] } } }),
    };
    let prices = Toy {
        name: "prices",
        sdl: r#"
            type Basket @key(fields: "lines { item { sku } }") { lines: [Line!]! @external total: Int }
            type Line @shareable { item: Item! }
            type Item @key(fields: "sku") { sku: ID! }
        "#,
        data: json!({ "Basket": [{
            "lines": [{ "item": { "sku": "x" } }, { "item": { "sku": "y" } }],
            "total": 42,
        }] }),
    };
    let api = Federation::composed(&[orders, prices]);
    let answer = api.ask("{ basket { total lines { item { sku } } } }").await;
    let lines = json!([{ "item": { "sku": "x" } }, { "item": { "sku": "y" } }]);
    assert_eq!(answer, json!({ "data": { "basket": { "total": 42, "lines": lines } } }));
}

/// One subgraph knows numbers, another names, the third both.
fn chain() -> Federation {
    let cars = Toy {
        name: "cars",
        sdl: r#"
            type Query { cars: [Car] }
            type Car @key(fields: "plate") { plate: ID! }
        "#,
        data: json!({ "Query": { "cars": [{ "plate": "A" }, { "plate": "B" }, { "plate": "C" }] } }),
    };
    let registry = Toy {
        name: "registry",
        sdl: r#"type Car @key(fields: "plate") @key(fields: "vin") { plate: ID! vin: ID }"#,
        data: json!({ "Car": [{ "plate": "A", "vin": "1" }, { "plate": "B", "vin": null }] }),
    };
    let factory = Toy {
        name: "factory",
        sdl: r#"type Car @key(fields: "vin") { vin: ID year: Int }"#,
        data: json!({ "Car": [{ "vin": "1", "year": 1999 }] }),
    };
    Federation::composed(&[cars, registry, factory])
}

#[tokio::test]
async fn a_way_leads_through_a_subgraph_that_knows_both_keys() {
    let answer = chain().ask("{ cars { plate year } }").await;
    let cars = json!([{ "plate": "A", "year": 1999 }, { "plate": "B", "year": null }, { "plate": "C", "year": null }]);
    assert_eq!(answer, json!({ "data": { "cars": cars } }));
}

#[tokio::test]
async fn nobody_is_looked_for_by_a_key_that_is_null_or_missing() {
    let api = chain();
    api.ask("{ cars { year } }").await;
    assert_eq!(api.representations("factory"), [json!({ "__typename": "Car", "vin": "1" })]);
}

/// Only the parent can be found: its child has no key.
#[tokio::test]
async fn a_child_without_a_key_is_found_through_its_parent() {
    let people = Toy {
        name: "people",
        sdl: r#"
            type Query { me: Person }
            type Person @key(fields: "id") { id: ID! address: Address @shareable }
            type Address { street: String @shareable }
        "#,
        data: json!({ "Query": { "me": { "id": "1", "address": { "street": "Elm" } } } }),
    };
    let post = Toy {
        name: "post",
        sdl: r#"
            type Person @key(fields: "id") { id: ID! address: Address @shareable }
            type Address { street: String @shareable code: String }
        "#,
        data: json!({ "Person": [{ "id": "1", "address": { "street": "Elm", "code": "0815" } }] }),
    };
    let api = Federation::composed(&[people, post]);
    let answer = api.ask("{ me { address { street code } } }").await;
    assert_eq!(answer, json!({ "data": { "me": { "address": { "street": "Elm", "code": "0815" } } } }));
}

/// A list in one subgraph meets the same list in another, element by element.
#[tokio::test]
async fn lists_from_two_subgraphs_are_merged_by_position() {
    let one = Toy {
        name: "one",
        sdl: r#"
            type Query { shop: Shop }
            type Shop @key(fields: "id") { id: ID! shelves: [Shelf] @shareable }
            type Shelf { height: Int }
        "#,
        data: json!({ "Query": { "shop": { "id": "s", "shelves": [{ "height": 1 }, { "height": 2 }, { "height": 3 }] } } }),
    };
    let two = Toy {
        name: "two",
        sdl: r#"
            type Shop @key(fields: "id") { id: ID! shelves: [Shelf] @shareable }
            type Shelf { width: Int }
        "#,
        data: json!({ "Shop": [{ "id": "s", "shelves": [{ "width": 4 }, { "width": 5 }, { "width": 6 }] }] }),
    };
    let api = Federation::composed(&[one, two]);
    let answer = api.ask("{ shop { shelves { height width } } }").await;
    let shelves =
        json!([{ "height": 1, "width": 4 }, { "height": 2, "width": 5 }, { "height": 3, "width": 6 }]);
    assert_eq!(answer, json!({ "data": { "shop": { "shelves": shelves } } }));
}

/// The key of a basket has what the baskets' own subgraph does not know of its items.
#[tokio::test]
async fn a_key_is_put_together_from_what_several_subgraphs_know() {
    let orders = Toy {
        name: "orders",
        sdl: r#"
            type Query { basket: Basket }
            type Basket @key(fields: "items { sku }") { items: [Item!]! }
            type Item @key(fields: "sku") { sku: ID! }
        "#,
        data: json!({ "Query": { "basket": { "items": [{ "sku": "x" }, { "sku": "y" }] } } }),
    };
    let stock = Toy {
        name: "stock",
        sdl: r#"type Item @key(fields: "sku") { sku: ID! shelf: Int @shareable }"#,
        data: json!({ "Item": [{ "sku": "x", "shelf": 1 }, { "sku": "y", "shelf": 2 }] }),
    };
    let prices = Toy {
        name: "prices",
        sdl: r#"
            type Basket @key(fields: "items { sku shelf }") { items: [Item!]! @external total: Int }
            type Item @key(fields: "sku shelf") { sku: ID! shelf: Int @shareable }
        "#,
        data: json!({ "Basket": [{
            "items": [
                { "sku": "x", "shelf": 1 },
                { "sku": "y", "shelf": 2 },
            ],
            "total": 42,
        }] }),
    };
    let api = Federation::composed(&[orders, stock, prices]);
    assert_eq!(api.ask("{ basket { total } }").await, json!({ "data": { "basket": { "total": 42 } } }));
    assert_eq!(api.called(), ["orders", "stock", "prices"]);
}

/// One that may be entered by no key answers all the same what it requires of its own objects.
#[tokio::test]
async fn whoever_gave_an_object_is_told_what_it_requires_though_none_may_ask_it_by_a_key() {
    let first = Toy {
        name: "first",
        sdl: r#"type B @key(fields: "id") { id: ID! f1: String } type Query { z: Int }"#,
        data: json!({ "Query": { "z": 1 }, "B": [{ "id": "1", "f1": "one" }] }),
    };
    let second = Toy {
        name: "second",
        sdl: r#"
            type Query { b: B }
            type B @key(fields: "id", resolvable: false) {
              id: ID! f1: String @external f2: String @requires(fields: "f1")
            }
        "#,
        data: json!({ "Query": { "b": { "id": "1" } }, "B": [{ "id": "1", "f2": "=f1" }] }),
    };
    let api = Federation::composed(&[first, second]);
    let answer = api.ask("{ b { id f2 } }").await;
    assert_eq!(answer, json!({ "data": { "b": { "id": "1", "f2": "\"one\"" } } }));
    assert_eq!(api.called(), ["second", "first", "second"]);
}
