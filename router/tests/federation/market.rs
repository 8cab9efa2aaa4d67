//! A shop, what customers say of its products, what it has of them, and what goes with what: an interface that is an
//! object type to others, keys of which some know one, and requirements across all of it.

use serde_json::json;

use crate::Federation;
use crate::toy::Toy;

fn market() -> Federation {
    let product = |kind: &str, id: &str| json!({ "__typename": kind, "id": id, "sku": format!("s{id}"), "title": id, "rank": 4, "weight": 2, "price": 3, "dim": { "w": 1, "h": 2 } });
    let plain = |id: &str| json!({ "id": id, "sku": format!("s{id}"), "title": id, "rank": 4, "weight": 2, "price": 3, "dim": { "w": 1, "h": 2 } });
    let shop = Toy {
        name: "products",
        sdl: r#"
            type Query { product: Product book: Book topProduct: Product }
            interface Product @key(fields: "id") @key(fields: "sku") { id: ID! sku: String! title: String rank: Int }
            type Dim @shareable { w: Int h: Int }
            type Book implements Product @key(fields: "id") @key(fields: "sku") { id: ID! sku: String! title: String rank: Int weight: Int price: Int dim: Dim }
            type Movie implements Product @key(fields: "id") @key(fields: "sku") { id: ID! sku: String! title: String rank: Int }
            type Gadget implements Product @key(fields: "id") @key(fields: "sku") { id: ID! sku: String! title: String rank: Int weight: Int price: Int dim: Dim }
        "#,
        data: json!({ "Query": { "product": product("Gadget", "p1"), "book": product("Book", "p9"), "topProduct": product("Movie", "p4") },
            "Book": [plain("p9"), plain("p8")], "Movie": [plain("p4")], "Gadget": [plain("p1")] }),
    };
    let review = |id: &str| json!({ "id": format!("r{id}"), "body": "good", "product": { "id": id } });
    let said = |id: &str| json!({ "id": id, "avgStars": 2, "reviews": [review(id)], "hot": "=rank" });
    let reviews = Toy {
        name: "reviews",
        sdl: r#"
            type Query { reviews: [Review] }
            type Review @key(fields: "id") { id: ID! body: String product: Product }
            type Product @key(fields: "id") @interfaceObject {
              id: ID! avgStars: Int reviews(first: Int): [Review!]! rank: Int @external hot: String @requires(fields: "rank")
            }
        "#,
        data: json!({ "Query": { "reviews": [review("p4"), review("p9")] },
            "Product": [said("p1"), said("p4"), said("p8"), said("p9")], "Review": [review("p4")] }),
    };
    let inventory = Toy {
        name: "inventory",
        sdl: r#"
            type Query { none: Int }
            type Dim @shareable { w: Int h: Int }
            type Book @key(fields: "id") { id: ID! weight: Int @external price: Int @external dim: Dim @external
              shipping: String @requires(fields: "weight price dim { w h }") inStock: Boolean }
            type Gadget @key(fields: "id") { id: ID! weight: Int @external price: Int @external dim: Dim @external
              shipping: String @requires(fields: "weight price dim { w h }") inStock: Boolean }
        "#,
        data: json!({ "Book": [{ "id": "p9", "shipping": "=dim", "inStock": true }, { "id": "p8", "shipping": "=dim", "inStock": true }],
            "Gadget": [{ "id": "p1", "shipping": "=dim", "inStock": true }] }),
    };
    let accounts = Toy {
        name: "accounts",
        sdl: r#"
            type Query { me: Int }
            type Book @key(fields: "sku") { sku: String! related: [Book] }
        "#,
        data: json!({ "Book": [{ "sku": "sp9", "related": [{ "sku": "sp8" }] }, { "sku": "sp8", "related": [{ "sku": "sp9" }] }] }),
    };
    Federation::composed(&[shop, reviews, inventory, accounts])
}

#[tokio::test]
async fn objects_of_an_interface_are_asked_of_everybody_who_knows_them() {
    let dim = r#"{"h":2,"w":1}"#;
    for (question, expected) in [
        ("topProduct { ... on Movie { avgStars } }", json!({ "topProduct": { "avgStars": 2 } })),
        (
            "topProduct { ... on Movie { reviews { body } } }",
            json!({ "topProduct": { "reviews": [{ "body": "good" }] } }),
        ),
        ("topProduct { id hot title }", json!({ "topProduct": { "id": "p4", "hot": "4", "title": "p4" } })),
        (
            "reviews { product { title hot } }",
            json!({ "reviews": [
                { "product": { "title": "p4", "hot": "4" } }, { "product": { "title": "p9", "hot": "4" } },
            ] }),
        ),
        (
            "reviews { product { ... on Movie { hot } ... on Book { inStock related { title hot } } } }",
            json!({ "reviews": [
                { "product": { "hot": "4" } },
                { "product": { "inStock": true, "related": [{ "title": "p8", "hot": "4" }] } },
            ] }),
        ),
        (
            "book { avgStars related { shipping } }",
            json!({ "book": { "avgStars": 2, "related": [{ "shipping": dim }] } }),
        ),
        (
            "book { avgStars related { inStock hot } }",
            json!({ "book": { "avgStars": 2, "related": [{ "inStock": true, "hot": "4" }] } }),
        ),
        (
            "product { ... on Movie { reviews { id } } ... on Gadget { reviews(first: 1) { id } } }",
            json!({ "product": { "reviews": [{ "id": "rp1" }] } }),
        ),
        ("product { ... on Gadget { shipping hot } }", json!({ "product": { "shipping": dim, "hot": "4" } })),
    ] {
        // Which of an object's keys comes first is the subgraph's affair.
        let answer = market().ask(&format!("{{ {question} }}")).await.to_string();
        let answer = answer.replace(r#"{\"w\":1,\"h\":2}"#, r#"{\"h\":2,\"w\":1}"#);
        assert_eq!(answer, json!({ "data": expected }).to_string(), "{question}");
    }
}
