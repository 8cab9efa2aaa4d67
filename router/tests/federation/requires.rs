//! Fields that need others of the same entity (`@requires`).

use serde_json::{Value, json};

use crate::Federation;
use crate::toy::Toy;

/// The depot weighs, the post charges, the till adds up.
fn parcels() -> Federation {
    let stored = json!([
            { "id": "1", "grams{\"in\":\"G\"}": 100, "grams{\"in\":\"OZ\"}": 4, "size": { "high": 2, "wide": 3 },
                "content": { "__typename": "Glass", "name": "cup", "thin": true } },
            { "id": "2", "grams": null, "size": null, "content": { "__typename": "Iron", "name": "nail", "rust": 7 } },
    ]);
    let depot = Toy {
        name: "depot",
        sdl: r#"
            type Query { parcels: [Parcel!] }
            type Parcel @key(fields: "id") { id: ID! grams(in: Unit = G): Int size: Size content: Content }
            type Size @shareable { high: Int wide: Int }
            enum Unit { G OZ }
            interface Content { name: String }
            type Glass implements Content { name: String thin: Boolean }
            type Iron implements Content { name: String rust: Int }
        "#,
        data: json!({ "Query": { "parcels": stored }, "Parcel": stored }),
    };
    let post = Toy {
        name: "post",
        sdl: r#"
            type Parcel @key(fields: "id") {
              id: ID!
              grams(in: Unit = G): Int @external
              size: Size @external
              content: Content @external
              fee: String @requires(fields: "grams size { high }")
              exportFee: String @requires(fields: "grams(in: OZ)")
              care: String @requires(fields: "content { name ... on Glass { thin } ... on Iron { rust } }")
              tax: String @requires(fields: "sum")
              sum: String @external
            }
            type Size @shareable { high: Int wide: Int }
            enum Unit { G OZ }
            interface Content { name: String }
            type Glass implements Content { name: String @external thin: Boolean @external }
            type Iron implements Content { name: String @external rust: Int @external }
        "#,
        data: json!({ "Parcel": [
            { "id": "1", "fee": "=grams", "exportFee": "=grams", "care": "=content", "tax": "=sum" },
            { "id": "2", "fee": "=size", "exportFee": "=grams", "care": "=content", "tax": "=sum" },
        ] }),
    };
    let till = Toy {
        name: "till",
        sdl: r#"
            type Parcel @key(fields: "id") {
              id: ID!
              fee: String @external
              sum: String @requires(fields: "fee")
            }
        "#,
        data: json!({ "Parcel": [{ "id": "1", "sum": "=fee" }, { "id": "2", "sum": "=fee" }] }),
    };
    Federation::composed(&[depot, post, till])
}

fn parcels_of(answer: &Value) -> &Value {
    assert!(answer.get("errors").is_none(), "{answer}");
    &answer["data"]["parcels"]
}

#[tokio::test]
async fn what_is_required_goes_with_the_key_and_no_further() {
    let api = parcels();
    let answer = api.ask("{ parcels { fee } }").await;
    assert_eq!(*parcels_of(&answer), json!([{ "fee": "100" }, { "fee": "null" }]));
    assert_eq!(
        api.representations("post"),
        [
            json!({ "__typename": "Parcel", "grams": 100, "size": { "high": 2 }, "id": "1" }),
            json!({ "__typename": "Parcel", "grams": null, "size": null, "id": "2" }),
        ]
    );
}

#[tokio::test]
async fn what_is_required_with_arguments_leaves_the_clients_own_alone() {
    let api = parcels();
    let answer = api.ask("{ parcels { grams exportFee fee } }").await;
    let expected = json!([{ "grams": 100, "exportFee": "4", "fee": "100" }, { "grams": null, "exportFee": "null", "fee": "null" }]);
    assert_eq!(*parcels_of(&answer), expected);
    let answer = api.ask("{ parcels { grams(in: OZ) g: grams(in: G) exportFee } }").await;
    assert_eq!(parcels_of(&answer)[0], json!({ "grams": 4, "g": 100, "exportFee": "4" }));
}

#[tokio::test]
async fn what_is_required_of_an_interface_depends_on_the_object() {
    let answer = parcels().ask("{ parcels { care content { name } } }").await;
    let parcels = parcels_of(&answer);
    let care = |position: usize| -> Value {
        serde_json::from_str(parcels[position]["care"].as_str().unwrap()).unwrap()
    };
    assert_eq!(care(0), json!({ "__typename": "Glass", "name": "cup", "thin": true }));
    assert_eq!(care(1), json!({ "__typename": "Iron", "name": "nail", "rust": 7 }));
    assert_eq!(parcels[1]["content"], json!({ "name": "nail" }));
}

#[tokio::test]
async fn what_is_required_may_require_something_itself() {
    let api = parcels();
    let answer = api.ask("{ parcels { tax } }").await;
    assert_eq!(parcels_of(&answer)[0]["tax"], json!(r#""\"100\"""#));
    assert_eq!(api.called(), ["depot", "post", "till", "post"]);
}

#[tokio::test]
async fn what_is_left_out_requires_nothing() {
    let api = parcels();
    let document = "query($yes: Boolean!) { parcels { id tax @include(if: $yes) fee @skip(if: $yes) } }";
    let answer = api.ask_with(document, json!({ "yes": false })).await;
    assert_eq!(parcels_of(&answer)[0], json!({ "id": "1", "fee": "100" }));
    assert_eq!(api.called(), ["depot", "post"]);
    let answer = api.ask_with(document, json!({ "yes": true })).await;
    assert_eq!(parcels_of(&answer)[0], json!({ "id": "1", "tax": r#""\"100\"""# }));
}

/// Parts within parts: what a part costs needs its weight, which another subgraph knows; by another key besides.
fn parts() -> Federation {
    let store = Toy {
        name: "store",
        sdl: r#"
            type Query { part: Part }
            type Part @key(fields: "id") @key(fields: "code") {
              id: ID! code: String!
              grams: Int @external
              cost: String @requires(fields: "grams")
              within: Part @requires(fields: "grams")
            }
        "#,
        data: json!({
            "Query": { "part": { "id": "1", "code": "one" } },
            "Part": [
                { "id": "1", "code": "one", "cost": "=grams", "within": { "id": "2", "code": "two" } },
                { "id": "2", "code": "two", "cost": "=grams", "within": null },
            ],
        }),
    };
    let scales = Toy {
        name: "scales",
        sdl: r#"type Part @key(fields: "code") { code: String! grams: Int }"#,
        data: json!({ "Part": [{ "code": "one", "grams": 10 }, { "code": "two", "grams": 20 }] }),
    };
    Federation::composed(&[store, scales])
}

#[tokio::test]
async fn requirements_hold_for_an_entity_within_one_of_the_same_type() {
    let answer = parts().ask("{ part { id within { a: cost within { id } } cost } }").await;
    let within = json!({ "a": "20", "within": null });
    assert_eq!(answer, json!({ "data": { "part": { "id": "1", "within": within, "cost": "10" } } }));
}

/// What an author's name took with it is what the next subgraph has to be told.
#[tokio::test]
async fn what_an_error_keeps_from_being_asked_has_no_error_of_its_own() {
    let posts = Toy {
        name: "posts",
        sdl: r#"
            type Query { post: Post }
            type Post @key(fields: "id") { id: ID! author: Author! }
            type Author { name: String! years: Int! }
        "#,
        data: json!({ "Query": { "post": { "id": "1", "author": { "name": { "error": "gone" }, "years": 7 } } } }),
    };
    let ranks = Toy {
        name: "ranks",
        sdl: r#"
            type Post @key(fields: "id") {
              id: ID! author: Author! @external rank: String! @requires(fields: "author { years }")
            }
            type Author @external { years: Int! }
        "#,
        data: json!({ "Post": [{ "id": "1", "rank": "=author" }] }),
    };
    let api = Federation::composed(&[posts, ranks]);
    let answer = api.ask("{ post { rank author { name } } }").await;
    assert_eq!(answer["data"], json!({ "post": null }));
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["post", "author", "name"]));
}
